use std::collections::BTreeSet;

use etaflow::{Accounts, EdgeId, Network, Span, Summary as EngineSummary, View};

use super::forecasts::Forecast;
use super::latency::LatencyGauge;
use super::outages::CAUGHT_UP_WITHIN;
use crate::fault::{FaultCounts, GarbageKind};
use crate::report::{Accounting, Bound, FaultCount, Machine, Outage, Report, Sample, Setting, Summary};
use crate::scenario::{BoundDirection, BoundLimit, BoundMetric, ClockMode, NetworkSource, Scenario};
use crate::world::World;

/// What is left when a run has ended.
pub(super) struct Ended<'a> {
    pub(super) summary: EngineSummary,
    pub(super) wall: Span,
    pub(super) stream: Span,
    pub(super) gauge: &'a LatencyGauge,
    pub(super) outages: Vec<Outage>,
    pub(super) samples: (u64, Vec<Sample>),
    pub(super) forecast: Forecast,
    pub(super) faults: FaultCounts,
    pub(super) trips_min: Option<u64>,
    pub(super) traffic_mape: Option<f64>,
}

pub(super) fn report(scenario: &Scenario, network: &Network, world: &World, ended: Ended<'_>) -> Report {
    let (lag_max_events, samples) = ended.samples;
    let wall_s = ended.wall.secs_f64();
    let (latency_ms, latency_outage_ms) = match scenario.clock {
        ClockMode::Wall => ended.gauge.totals(),
        // When time runs as fast as it can nothing is ever late.
        ClockMode::Max => (None, None),
    };
    let accounts = &ended.summary.accounts;
    let mut summary = Summary {
        scenario: scenario.name.clone(),
        description: scenario.description.clone(),
        seed: scenario.seed,
        duration_s: ended.stream.secs_f64(),
        wall_s,
        accounting: accounting(accounts),
        events_per_s: accounting(accounts).taken() as f64 / wall_s.max(1e-9),
        latency_ms,
        latency_outage_ms,
        lag_max_events,
        catch_up_s: None,
        eta: ended.forecast.eta(),
        score: None,
        state_digest: ended.summary.state_digest.to_string(),
        outputs_digest: ended.summary.outputs_digest.to_string(),
        outages: ended.outages,
        faults: faults(&ended.faults),
        bounds: Vec::new(),
        configuration: configuration(scenario, network, world),
        machine: Machine::here(),
    };
    summary.catch_up_s = summary.longest_catch_up_s();
    summary.configuration.extend([
        setting("edge traversals seen", accounts.traversals),
        setting("outputs", ended.summary.outputs),
        setting("trips whose arrival times are scored", ended.forecast.trips_scored),
        setting("trips that had not arrived, and are not scored", ended.forecast.open().count()),
        setting("output batches that came too fast to be scored", ended.forecast.missed),
        setting("caught up when behind by", format!("{} ms of events", CAUGHT_UP_WITHIN.millis())),
    ]);
    let measured = Measured { trips_min: ended.trips_min, effects_repeated: None, traffic_mape: ended.traffic_mape };
    hold(&mut summary, scenario, &measured);
    Report { summary, samples }
}

/// Holds what was measured against the bounds of a scenario.
pub(super) fn hold(summary: &mut Summary, scenario: &Scenario, measured: &Measured) {
    let (bounds, unmeasured): (Vec<&BoundLimit>, Vec<&BoundLimit>) =
        scenario.bounds.iter().partition(|bound| scenario.clock == ClockMode::Wall || !bound.metric.needs_wall());
    if !unmeasured.is_empty() {
        let names: Vec<_> = unmeasured.iter().map(|bound| bound.metric.name()).collect();
        summary.configuration.push(setting("bounds that only a run by the wall can hold", names.join(", ")));
    }
    let held = bounds
        .into_iter()
        .map(|bound| {
            let (name, value) = (bound.metric.name(), measured.value(bound.metric, summary));
            let unit = unit(bound.metric);
            match bound.metric.direction() {
                BoundDirection::AtMost => Bound::at_most(name, unit, bound.limit, value),
                BoundDirection::AtLeast => Bound::at_least(name, unit, bound.limit, value),
            }
        })
        .collect();
    summary.bounds = held;
}

/// The same accounts, with names.
pub(super) fn accounting(accounts: &Accounts) -> Accounting {
    Accounting {
        offered: accounts.offered,
        accepted: accounts.accepted,
        refused: accounts.refused,
        conflated: accounts.conflated,
        duplicate: accounts.duplicate,
        dead_lettered: accounts.dead_lettered.iter().map(|(reason, &n)| (reason.name().to_owned(), n)).collect(),
    }
}

pub(super) fn setting(name: &str, value: impl ToString) -> Setting {
    Setting { name: name.to_owned(), value: value.to_string() }
}

/// What the summary does not hold.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Measured {
    pub(super) trips_min: Option<u64>,
    pub(super) effects_repeated: Option<u64>,
    pub(super) traffic_mape: Option<f64>,
}

impl Measured {
    fn value(&self, metric: BoundMetric, summary: &Summary) -> Option<f64> {
        let latency = summary.latency_ms;
        match metric {
            BoundMetric::LatencyP50 => latency.map(|latency| latency.p50),
            BoundMetric::LatencyP99 => latency.map(|latency| latency.p99),
            BoundMetric::LatencyP999 => latency.map(|latency| latency.p999),
            BoundMetric::CatchUp => summary.catch_up_s,
            BoundMetric::CatchUpForecast => {
                let errors = summary.outages.iter().map(|outage| outage.forecast_error);
                errors.collect::<Option<Vec<f64>>>()?.into_iter().reduce(f64::max)
            }
            BoundMetric::EffectsRepeated => self.effects_repeated.map(|repeated| repeated as f64),
            BoundMetric::LagMax => Some(summary.lag_max_events as f64),
            BoundMetric::EventsPerSecond => Some(summary.events_per_s),
            BoundMetric::OfferedPerSecond => Some(summary.accounting.offered as f64 / summary.wall_s.max(1e-9)),
            BoundMetric::TripsUnderWay => self.trips_min.map(|trips| trips as f64),
            BoundMetric::EtaMae => summary.eta.all.mae_s,
            BoundMetric::EtaMape => summary.eta.all.mape,
            BoundMetric::EtaCoverage => summary.eta.all.coverage,
            BoundMetric::TrafficMape => self.traffic_mape,
            BoundMetric::Unaccounted => {
                Some(summary.accounting.offered.abs_diff(summary.accounting.accounted_for()) as f64)
            }
        }
    }
}

const fn unit(metric: BoundMetric) -> &'static str {
    match metric {
        BoundMetric::LatencyP50 | BoundMetric::LatencyP99 | BoundMetric::LatencyP999 => "ms",
        BoundMetric::CatchUp | BoundMetric::EtaMae => "s",
        BoundMetric::LagMax | BoundMetric::Unaccounted => "events",
        BoundMetric::EffectsRepeated => "effects",
        BoundMetric::EventsPerSecond | BoundMetric::OfferedPerSecond => "events/s",
        BoundMetric::TripsUnderWay => "trips",
        BoundMetric::CatchUpForecast | BoundMetric::EtaMape | BoundMetric::EtaCoverage | BoundMetric::TrafficMape => {
            "share"
        }
    }
}

/// The mean relative error of the speeds that the engine knew in the end, over the edges that somebody is on then.
pub(super) fn traffic_mape(view: &View, world: &World, network: &Network) -> Option<f64> {
    let truth = world.truth();
    let drivers = u64::from(world.config().drivers);
    let edges: BTreeSet<EdgeId> = (0..drivers).filter_map(|driver| Some(truth.driver(driver)?.position.edge)).collect();
    let mut errors = Vec::with_capacity(edges.len());
    for edge in edges {
        let length_m = network.length(edge).0;
        let true_mps = length_m / (f64::from(truth.travel_time(edge)) / 1e3);
        let known_mps = view.edge_speed(edge).value.speed.0;
        if true_mps > 0.0 && !truth.is_closed(edge) {
            errors.push((known_mps - true_mps).abs() / true_mps);
        }
    }
    (!errors.is_empty()).then(|| errors.iter().sum::<f64>() / errors.len() as f64)
}

pub(super) fn faults(counts: &FaultCounts) -> Vec<FaultCount> {
    let count = |name: &str, detail: &str, injected: u64| FaultCount {
        name: name.to_owned(),
        detail: detail.to_owned(),
        injected,
    };
    let mut faults = vec![
        count("late", "delivered much later than they were made", counts.late),
        count("out of order", "overtaken by others", counts.out_of_order),
        count("twice", "delivered again", counts.twice),
        count("burst", "held back by a silent gateway, then delivered at once", counts.burst),
        count("lost", "never delivered", counts.lost),
        count("tunnel", "never delivered, no satellites were seen", counts.tunnel),
        count("clock skew", "with a time by a wrong clock", counts.skewed),
        count("jump", "somewhere else", counts.jumped),
    ];
    for kind in GarbageKind::ALL {
        faults.push(count("garbage", kind.name(), counts.garbage_of(kind)));
    }
    faults.retain(|fault| fault.injected > 0);
    faults
}

pub(super) fn configuration(scenario: &Scenario, network: &Network, world: &World) -> Vec<Setting> {
    let source = match &scenario.network {
        NetworkSource::City { seed, .. } => format!("a made-up city, seed {seed}"),
        NetworkSource::File(path) => path.display().to_string(),
    };
    let world = world.config();
    vec![
        setting("network", source),
        setting("nodes", network.node_count()),
        setting("edges", network.edge_count()),
        setting("drivers", world.drivers),
        setting("fixes of each driver", format!("{} Hz", world.fix_rate_hz)),
        setting("trips under way", world.trips_under_way),
        setting(
            "clock",
            match scenario.clock {
                ClockMode::Wall => "the wall's",
                ClockMode::Max => "as fast as it can",
            },
        ),
        setting("shards", scenario.engine.shards),
        setting("tick", format!("{} ms", scenario.engine.tick.millis())),
        setting(
            "full bus",
            match scenario.engine.bus {
                crate::scenario::BusPolicy::Await => "await",
                crate::scenario::BusPolicy::Refuse => "refuse",
                crate::scenario::BusPolicy::Conflate => "conflate",
            },
        ),
    ]
}
