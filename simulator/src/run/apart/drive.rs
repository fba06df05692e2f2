use std::collections::BTreeSet;
use std::sync::Arc;

use etaflow::{
    Clock, DiskStorage, EffectId, EngineConfig, JournalSink, Network, Publisher, Span, Timestamp, WallClock, Writer,
    WriterConfig,
};

use super::child::Setup;
use super::outages::Outages;
use super::report::{Ended, report};
use super::samples::Sampler;
use crate::fault::FaultInjector;
use crate::report::{Progress, ProgressStyle};
use crate::run::failure::Failure;
use crate::run::interrupt::{Interrupt, interrupt};
use crate::run::network::network;
use crate::run::offer::offer;
use crate::run::pace::Pace;
use crate::run::scenario::policy;
use crate::run::start::Finished;
use crate::scenario::Scenario;
use crate::world::World;

/// How long an engine may take to come up, or to catch up at the end.
const PATIENCE: Span = Span::from_secs(60);

/// How often is looked whether it has.
const LOOK: std::time::Duration = std::time::Duration::from_millis(20);

/// The name of the file that the engine tells the outside's news to.
const EFFECTS: &str = "effects";

/// Runs a scenario to its end, or until somebody interrupts it.
pub(in crate::run) async fn run(scenario: &Scenario) -> Result<Finished, Failure> {
    let network = network(&scenario.network)?;
    let setup = set_up(scenario, &network)?;
    let clock = WallClock::new();
    let storage = Arc::new(DiskStorage::create(&setup.directory)?);
    let writer = Writer::open(storage, &writer_config(scenario))?;
    let outages = Outages::new(setup, &scenario.outages)?;
    let start = clock.now() + scenario.setup_time();
    let world = World::new(Arc::clone(&network), scenario.world.clone(), scenario.seed, start);
    let (drivers, gateways) = (scenario.world.drivers, scenario.world.gateways);
    let faults = FaultInjector::new(scenario.faults.clone(), scenario.seed, start, drivers, gateways);
    let mut drive = Drive {
        scenario,
        publisher: writer.publisher(policy(scenario.engine.bus)),
        writer,
        world,
        faults,
        clock,
        start,
        outages,
        sampler: Sampler::default(),
        trips_min: u64::MAX,
    };
    let interrupted = drive.through(interrupt()?).await?;
    drive.end(&network, interrupted).await
}

/// An empty directory for the engine, and a file of the network for it to read.
fn set_up(scenario: &Scenario, network: &Network) -> Result<Setup, Failure> {
    let directory = scenario.out.join("engine");
    match std::fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => std::fs::create_dir_all(&directory)?,
    }
    let path = scenario.out.join("roads.network");
    network.save(&path).map_err(|source| Failure::Roads { path: path.clone(), source })?;
    Ok(Setup { directory, network: path, shards: scenario.engine.shards, effects: EFFECTS.to_owned() })
}

fn writer_config(scenario: &Scenario) -> WriterConfig {
    WriterConfig { tick: scenario.engine.tick, ..EngineConfig::default().writer() }
}

struct Drive<'a> {
    scenario: &'a Scenario,
    writer: Writer,
    publisher: Publisher,
    world: World,
    faults: FaultInjector,
    clock: WallClock,
    start: Timestamp,
    outages: Outages,
    sampler: Sampler,
    /// The fewest trips that were under way, after the warm-up.
    trips_min: u64,
}

impl Drive<'_> {
    /// Lets the world pass; true if it was interrupted.
    async fn through(&mut self, mut interrupted_by: Interrupt) -> Result<bool, Failure> {
        let Self { scenario, clock, start, .. } = self;
        let (scenario, start) = (*scenario, *start);
        let mut pace = Pace::wall(clock.clone(), start, start, 1.0);
        let end = start + scenario.duration;
        let warm = start + scenario.warm_after();
        let duration_s = Some(scenario.duration.secs_f64());
        let mut progress = Progress::new(ProgressStyle::of_stderr(), &scenario.name, duration_s);
        let (mut emissions, mut deliveries) = (Vec::new(), Vec::new());
        let interrupted = loop {
            let now = tokio::select! {
                biased;
                () = &mut interrupted_by => break true,
                now = pace.next() => now,
            };
            let until = now.min(end);
            if until > start {
                self.world.advance(until, &mut emissions);
                self.faults.inject(&mut emissions, until, &mut deliveries);
                offer(&mut self.publisher, &mut deliveries, None).await?;
            }
            let passed = now.since(start);
            let trips = self.world.truth().counts().trips_under_way;
            if until >= warm {
                self.trips_min = self.trips_min.min(trips);
            }
            let log_end = self.writer.log().end().0;
            if let Some(note) = self.outages.step(passed, log_end)? {
                progress.note(&note);
            }
            let offered = self.writer.accounts().offered;
            let engine = (self.outages.offset(), self.outages.status());
            if let Some(sample) = self.sampler.step(passed, offered, log_end, engine, trips) {
                progress.update(passed, sample);
            }
            if now >= end && (self.outages.is_over() || now >= end + PATIENCE) {
                break false;
            }
        };
        self.faults.finish(&mut deliveries);
        offer(&mut self.publisher, &mut deliveries, None).await?;
        progress.finish();
        Ok(interrupted)
    }

    /// Waits until the engine has taken everything, ends it, and sees what it came to.
    async fn end(mut self, network: &Arc<Network>, interrupted: bool) -> Result<Finished, Failure> {
        self.publisher.acknowledge().await?;
        let log_end = self.writer.log().end().0;
        let since = self.clock.now();
        while self.outages.offset() < log_end && self.clock.now().since(since) < PATIENCE && !interrupted {
            self.outages.step(self.clock.now().since(self.start), log_end)?;
            tokio::time::sleep(LOOK).await;
        }
        let stream = self.clock.now().min(self.start + self.scenario.duration).since(self.start);
        let wall = self.clock.now().since(self.start);
        drop(self.publisher);
        // The writer first: nothing comes after what the engine ends with.
        let written = self.writer.shutdown().await?;
        let outages = self.outages.finish(stream)?;
        let (effects, effects_repeated) = effects(&outages.setup)?;
        let ended = Ended {
            accounts: written.accounts,
            engine: outages.ended,
            outages: outages.done,
            samples: self.sampler.finish(),
            faults: *self.faults.counts(),
            trips_min: (self.trips_min != u64::MAX).then_some(self.trips_min),
            effects,
            effects_repeated,
            stream,
            wall,
        };
        let report = report(self.scenario, network, &self.world, ended);
        Ok(Finished { report, words: outages.words, interrupted })
    }
}

/// How many effects the journal has, and how many of them are there a second time: each has an id of its own.
fn effects(setup: &Setup) -> Result<(u64, u64), Failure> {
    let storage = DiskStorage::open(&setup.directory)?;
    let effects = JournalSink::read(&storage, &setup.effects)?;
    let different: BTreeSet<EffectId> = effects.iter().map(|effect| effect.id).collect();
    Ok((effects.len() as u64, (effects.len() - different.len()) as u64))
}
