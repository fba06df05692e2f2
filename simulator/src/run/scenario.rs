use std::path::PathBuf;
use std::sync::Arc;

use etaflow::{
    Clock, Engine, EngineConfig, Event, Network, Observer, Policy, PublishError, Publisher, Span, Time, Timestamp,
    WallClock,
};

use super::failure::Failure;
use super::forecasts::{CAPACITY, Forecast, Forecasts};
use super::interrupt::interrupt;
use super::latency::LatencyGauge;
use super::network::network;
use super::outages::Outages;
use super::pace::Pace;
use super::report::{Ended, report};
use super::samples::Sampler;
use super::start::Finished;
use crate::cli::RunArgs;
use crate::fault::{Delivery, FaultInjector, Offered};
use crate::report::{Progress, ProgressStyle};
use crate::scenario::{BusPolicy, ClockMode, LOG_RECORDS, Overrides, Scenario};
use crate::world::World;

/// The scenario that runs when none is named.
const DEFAULT: &str = include_str!("../../../scenarios/default.toml");

/// When a run that is not by the wall begins: 2023-11-14T22:13:20Z.
const STREAM_START: Timestamp = Timestamp::from_secs(1_700_000_000);

/// For how long the world goes on after the engine has ended, and by how much at a time.
const AFTERMATH_MAX: Span = Span::from_secs(300);
const AFTERMATH_STEP: Span = Span::from_secs(1);

/// How long it takes to set a world up, at least, and for so many drivers.
const SETUP_MIN: Span = Span::from_millis(1_500);
const SETUP_DRIVERS_PER_S: i64 = 15_000;

/// The scenario that the command line asks for, and the folder of its reports.
pub(super) fn read(args: &RunArgs) -> Result<(Scenario, PathBuf), Failure> {
    let overrides = Overrides {
        network: args.network.clone(),
        seed: args.seed,
        duration: args.duration,
        rate: args.rate,
        drivers: args.drivers.map(u64::from),
        shards: args.output.shards.map(u64::from),
        out: args.output.out.clone(),
    };
    let scenario = match &args.scenario {
        Some(path) => Scenario::read(path, &overrides)?,
        None => Scenario::parse(DEFAULT, &overrides)?,
    };
    let folder = scenario.out.clone();
    Ok((scenario, folder))
}

/// Runs a scenario to its end, or until somebody interrupts it.
pub(super) async fn run(scenario: &Scenario) -> Result<Finished, Failure> {
    let network = network(&scenario.network)?;
    let clock = WallClock::new();
    let wall = scenario.clock == ClockMode::Wall;
    let setup = SETUP_MIN.micros() + i64::from(scenario.world.drivers) * 1_000_000 / SETUP_DRIVERS_PER_S;
    let start = if wall { clock.now() + Span::from_micros(setup) } else { STREAM_START };
    let world = World::new(Arc::clone(&network), scenario.world.clone(), scenario.seed, start);
    let faults = FaultInjector::new(
        scenario.faults.clone(),
        scenario.seed,
        start,
        scenario.world.drivers,
        scenario.world.gateways,
    );
    let gauge = Arc::new(LatencyGauge::new(clock.clone(), scenario.engine.shards));
    let observer: Option<Arc<dyn Observer>> = if wall { Some(Arc::clone(&gauge) as _) } else { None };
    let engine = Engine::start_observed(Arc::clone(&network), &engine_config(scenario, start), observer)?;
    let forecasts = Forecasts::collect(engine.outputs("forecasts", CAPACITY), Arc::clone(engine.dictionary()), false)?;
    let pace = if wall { Pace::wall(clock.clone(), start, start, 1.0) } else { Pace::max(start) };
    let begun = if wall { start } else { clock.now() };
    let interval = Span::from_millis(if wall { 1_000 } else { 250 });
    let mut drive = Drive {
        scenario,
        publisher: engine.publisher(policy(scenario.engine.bus)),
        engine,
        world,
        faults,
        gauge,
        clock,
        begun,
        start,
        reached: start,
        outages: Outages::new(&scenario.outages, f64::from(scenario.world.drivers) * scenario.world.fix_rate_hz),
        sampler: Sampler::new(interval),
        trips_min: u64::MAX,
    };
    let interrupted = drive.through(pace).await?;
    drive.end(&network, forecasts, interrupted).await
}

fn engine_config(scenario: &Scenario, start: Timestamp) -> EngineConfig {
    let mut config = EngineConfig { tick: scenario.engine.tick, ..EngineConfig::default() };
    config.pipeline.shards = scenario.engine.shards;
    config.log.records_max = LOG_RECORDS;
    if scenario.clock == ClockMode::Max {
        config.time = Time::Scenario { start };
    }
    config
}

const fn policy(bus: BusPolicy) -> Policy {
    match bus {
        BusPolicy::Await => Policy::Await,
        BusPolicy::Refuse => Policy::Refuse,
        BusPolicy::Conflate => Policy::Conflate,
    }
}

struct Drive<'a> {
    scenario: &'a Scenario,
    publisher: Publisher,
    engine: Engine,
    world: World,
    faults: FaultInjector,
    gauge: Arc<LatencyGauge>,
    clock: WallClock,
    /// When the wall showed the start.
    begun: Timestamp,
    /// The same in stream time.
    start: Timestamp,
    /// How far the world has come; to the end, unless it was interrupted.
    reached: Timestamp,
    outages: Outages,
    sampler: Sampler,
    /// The fewest trips that were under way, after the warm-up.
    trips_min: u64,
}

impl Drive<'_> {
    /// Lets the world pass; true if it was interrupted.
    async fn through(&mut self, mut pace: Pace) -> Result<bool, Failure> {
        let end = self.start + self.scenario.duration;
        let warm = self.start + Span::from_secs((self.scenario.world.warm_up_s + 2.0) as i64);
        let mut progress =
            Progress::new(ProgressStyle::of_stderr(), &self.scenario.name, Some(self.scenario.duration.secs_f64()));
        let (mut emissions, mut deliveries) = (Vec::new(), Vec::new());
        let mut interrupted_by = interrupt()?;
        let max = self.scenario.clock == ClockMode::Max;
        let interrupted = loop {
            let now = tokio::select! {
                biased;
                () = &mut interrupted_by => break true,
                now = pace.next() => now,
            };
            let until = now.min(end);
            if until > self.start {
                self.reached = until;
                self.world.advance(until, &mut emissions);
                self.faults.inject(&mut emissions, until, &mut deliveries);
                self.offer(&mut deliveries).await?;
                if max {
                    settle(self.publisher.advance_to(until).await)?;
                }
            }
            let stream = until.since(self.start);
            let elapsed = self.clock.now().since(self.begun);
            let trips = self.world.truth().counts().trips_under_way;
            if until >= warm {
                self.trips_min = self.trips_min.min(trips);
            }
            // Under the scenario's own clock an outage is of stream time, and the catching up of the wall's.
            if let Some(note) = self.outages.step(&self.engine, &self.gauge, if max { stream } else { elapsed }) {
                progress.note(&note);
            }
            if let Some(sample) = self.sampler.step(&self.engine, &self.gauge, elapsed, trips) {
                progress.update(elapsed, sample);
            }
            if now >= end && (self.outages.is_regular() || now >= end + Span::from_secs(30)) {
                break false;
            }
        };
        self.faults.finish(&mut deliveries);
        self.offer(&mut deliveries).await?;
        progress.finish();
        Ok(interrupted)
    }

    /// Offers what is due, in its order.
    async fn offer(&mut self, deliveries: &mut Vec<Delivery>) -> Result<(), Failure> {
        let mut events: Vec<Event> = Vec::with_capacity(deliveries.len());
        for delivery in deliveries.drain(..) {
            match delivery.what {
                Offered::Event(event) => events.push(event),
                Offered::RawJson(bytes) => {
                    settle(self.publisher.publish_batch(std::mem::take(&mut events)).await)?;
                    settle(self.publisher.publish_json(&bytes).await)?;
                }
            }
        }
        if !events.is_empty() {
            settle(self.publisher.publish_batch(events).await)?;
        }
        Ok(())
    }

    async fn end(
        self,
        network: &Network,
        forecasts: std::thread::JoinHandle<Forecast>,
        interrupted: bool,
    ) -> Result<Finished, Failure> {
        let traffic_mape = super::report::traffic_mape(&self.engine, &self.world, network);
        let Self {
            publisher,
            engine,
            scenario,
            gauge,
            clock,
            begun,
            start,
            reached,
            faults,
            outages,
            sampler,
            mut world,
            trips_min,
        } = self;
        drop(publisher);
        let summary = engine.shutdown().await?;
        let wall = clock.now().since(begun);
        let mut forecast = forecasts.join().expect("collecting does not panic");
        if !interrupted {
            see_arrivals(&mut world, start + scenario.duration, &mut forecast);
        }
        let ended = Ended {
            summary,
            wall,
            stream: reached.since(start),
            gauge: &gauge,
            outages: outages.finish(),
            samples: sampler.finish(),
            forecast,
            faults: *faults.counts(),
            trips_min: (trips_min != u64::MAX).then_some(trips_min),
            traffic_mape,
        };
        let report = report(scenario, network, &world, ended);
        Ok(Finished { report, words: String::new(), interrupted })
    }
}

/// Lets the world go on without the engine, so that those who were on their way arrive, and what was said of them can be
/// held against it. Only what the engine said before its end counts.
fn see_arrivals(world: &mut World, end: Timestamp, forecast: &mut Forecast) {
    let open: Vec<u64> = forecast.open().collect();
    let mut emissions = Vec::new();
    let mut now = end;
    while now < end + AFTERMATH_MAX {
        now = now + AFTERMATH_STEP;
        world.advance(now, &mut emissions);
        emissions.clear();
        let under_way = |&trip: &u64| world.truth().trip(trip).is_some_and(|truth| truth.is_under_way());
        if !open.iter().any(under_way) {
            break;
        }
    }
    forecast.settle(|trip| world.truth().trip(trip)?.completed_at);
}

/// That there was no place for some is counted by the bus; that nobody takes anything any more is a failure.
fn settle(result: Result<(), PublishError>) -> Result<(), Failure> {
    match result {
        Ok(()) | Err(PublishError::Full { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
