use etaflow::{Accounts, Network, Span};
use etaflow_serve::Ended as EngineEnded;

use crate::fault::FaultCounts;
use crate::report::{Machine, Outage, Report, Sample, Summary};
use crate::run::report::{Measured, accounting, configuration, faults, hold, setting};
use crate::scenario::Scenario;
use crate::world::World;

/// What is left when a run has ended.
pub(super) struct Ended {
    /// What the writer has let in; all that is in the log counts as accepted.
    pub(super) accounts: Accounts,
    /// What the engine has made of it; `None` if it was dead at the end.
    pub(super) engine: Option<EngineEnded>,
    pub(super) outages: Vec<Outage>,
    pub(super) samples: (u64, Vec<Sample>),
    pub(super) faults: FaultCounts,
    pub(super) trips_min: Option<u64>,
    pub(super) effects: u64,
    pub(super) effects_repeated: u64,
    pub(super) stream: Span,
    pub(super) wall: Span,
}

pub(super) fn report(scenario: &Scenario, network: &Network, world: &World, ended: Ended) -> Report {
    let (lag_max_events, samples) = ended.samples;
    let wall_s = ended.wall.secs_f64();
    let engine = ended.engine.unwrap_or_default();
    let mut accounting = accounting(&ended.accounts);
    // What the log holds is accepted only if the engine could use it.
    accounting.accepted = engine.accepted;
    for (reason, count) in engine.dead_lettered {
        *accounting.dead_lettered.entry(reason).or_default() += count;
    }
    let mut summary = Summary {
        scenario: scenario.name.clone(),
        description: scenario.description.clone(),
        seed: scenario.seed,
        duration_s: ended.stream.secs_f64(),
        wall_s,
        events_per_s: accounting.taken() as f64 / wall_s.max(1e-9),
        accounting,
        lag_max_events,
        state_digest: engine.state_digest,
        outputs_digest: engine.outputs_digest,
        outages: ended.outages,
        faults: faults(&ended.faults),
        configuration: configuration(scenario, network, world),
        machine: Machine::here(),
        ..Summary::default()
    };
    summary.catch_up_s = summary.longest_catch_up_s();
    summary.configuration.extend([
        setting("engine", "a process of its own, which an outage kills"),
        setting("records in the log", engine.records),
        setting("outputs", engine.outputs),
        setting("effects told to the outside", ended.effects),
        setting("effects told more than once", ended.effects_repeated),
        setting("caught up when", "it says that it is live: behind by no more than 1 s"),
    ]);
    let effects_repeated = Some(ended.effects_repeated);
    hold(&mut summary, scenario, &Measured { trips_min: ended.trips_min, effects_repeated, traffic_mape: None });
    Report { summary, samples }
}
