use std::path::PathBuf;
use std::sync::Arc;

use etaflow::{
    Clock, Engine, EngineConfig, MemoryLogConfig, Network, Observer, Policy, PublishError, Publisher, Span, Time,
    Timestamp, WallClock,
};

use super::failure::Failure;
use super::forecasts::{CAPACITY, Forecast, Forecasts};
use super::interrupt::{Interrupt, interrupt};
use super::latency::LatencyGauge;
use super::network::network;
use super::offer::offer;
use super::outages::Outages;
use super::pace::{Pace, Passed};
use super::report::{Ended, report, traffic_mape};
use super::samples::Sampler;
use super::start::Finished;
use crate::cli::RunArgs;
use crate::fault::FaultInjector;
use crate::report::{Progress, ProgressStyle};
use crate::scenario::{BusPolicy, ClockMode, LOG_RECORDS, Overrides, Scenario};
use crate::world::World;

/// The scenario that runs when none is named.
const DEFAULT: &str = include_str!("../../../scenarios/default.toml");

/// When a run that is not by the wall begins: 2023-11-14T22:13:20Z.
const STREAM_START: Timestamp = Timestamp::from_secs(1_700_000_000);

/// For how long the world goes on after the engine has ended, and by how much at a time.
const AFTERMATH_MAX: Span = Span::from_secs(600);
const AFTERMATH_STEP: Span = Span::from_secs(1);

/// How long a world that is too far ahead stands still at a time.
const WAIT: std::time::Duration = std::time::Duration::from_millis(1);

/// How long it takes at most, by the wall, until one looks at the clock again while the bus takes nothing.
const STALL: std::time::Duration = std::time::Duration::from_millis(200);

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
    let log = MemoryLogConfig { records_max: LOG_RECORDS };
    run_with(scenario, EngineConfig { log, ..EngineConfig::default() }).await
}

async fn run_with(scenario: &Scenario, config: EngineConfig) -> Result<Finished, Failure> {
    let network = network(&scenario.network)?;
    let clock = WallClock::new();
    let wall = scenario.clock == ClockMode::Wall;
    let start = if wall { clock.now() + scenario.setup_time() } else { STREAM_START };
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
    let engine = Engine::start_observed(Arc::clone(&network), &engine_config(config, scenario, start), observer)?;
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
    match drive.through(pace, interrupt()?).await {
        Ok(interrupted) => drive.end(&network, forecasts, interrupted).await,
        Err(error) => Err(Failure::of(drive.engine, error).await),
    }
}

fn engine_config(mut config: EngineConfig, scenario: &Scenario, start: Timestamp) -> EngineConfig {
    config.tick = scenario.engine.tick;
    config.pipeline.shards = scenario.engine.shards;
    if scenario.clock == ClockMode::Max {
        config.time = Time::Scenario { start };
    }
    config
}

/// What the engine calls it.
pub(super) const fn policy(bus: BusPolicy) -> Policy {
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
    async fn through(&mut self, mut pace: Pace, mut interrupted_by: Interrupt) -> Result<bool, PublishError> {
        let start = self.start;
        let end = start + self.scenario.duration;
        let warm = start + self.scenario.warm_after();
        let mut progress =
            Progress::new(ProgressStyle::of_stderr(), &self.scenario.name, Some(self.scenario.duration.secs_f64()));
        let (mut emissions, mut deliveries) = (Vec::new(), Vec::new());
        let max = self.scenario.clock == ClockMode::Max;
        let passed =
            |until: Timestamp, wall: Span| Passed { stream: if max { until.since(start) } else { wall }, wall };
        let interrupted = 'run: loop {
            let now = tokio::select! {
                biased;
                () = &mut interrupted_by => break true,
                now = pace.next() => now,
            };
            let until = now.min(end);
            if until > start {
                self.world.advance(until, &mut emissions);
                self.reached = until;
                self.faults.inject(&mut emissions, until, &mut deliveries);
                let mut offering = std::pin::pin!(offer(&mut self.publisher, &mut deliveries, max.then_some(until)));
                loop {
                    tokio::select! {
                        biased;
                        result = &mut offering => break result?,
                        () = &mut interrupted_by => break 'run true,
                        () = tokio::time::sleep(STALL) => {}
                    }
                    // An outage that fills the log ends all the same.
                    let passed = passed(until, self.clock.now().since(self.begun));
                    let outages = &mut self.outages;
                    let note = if max {
                        outages.cut_short(&self.engine, passed)
                    } else {
                        outages.step(&self.engine, &self.gauge, passed)
                    };
                    note.iter().for_each(|note| progress.note(note));
                }
            }
            while max && self.outages.is_far_behind(&self.engine) {
                tokio::select! {
                    biased;
                    () = &mut interrupted_by => break 'run true,
                    () = tokio::time::sleep(WAIT) => {}
                }
            }
            let passed = passed(until, self.clock.now().since(self.begun));
            let trips = self.world.truth().counts().trips_under_way;
            if until >= warm {
                self.trips_min = self.trips_min.min(trips);
            }
            if let Some(note) = self.outages.step(&self.engine, &self.gauge, passed) {
                progress.note(&note);
            }
            if let Some(sample) = self.sampler.step(&self.engine, &self.gauge, passed, trips) {
                progress.update(passed.wall, sample);
            }
            if now >= end && (self.outages.is_regular() || now >= end + Span::from_secs(30)) {
                break false;
            }
        };
        // Who interrupts an outage does not wait for its end.
        self.engine.resume();
        self.faults.finish(&mut deliveries);
        offer(&mut self.publisher, &mut deliveries, None).await?;
        progress.finish();
        Ok(interrupted)
    }

    async fn end(
        self,
        network: &Network,
        forecasts: std::thread::JoinHandle<Forecast>,
        interrupted: bool,
    ) -> Result<Finished, Failure> {
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
        // The engine may be far behind the world; what it knows is asked when it has taken everything.
        let view = engine.view().clone();
        let summary = engine.shutdown().await?;
        let wall = clock.now().since(begun);
        let mut forecast = forecasts.join().expect("collecting does not panic");
        let traffic_mape = traffic_mape(&view, &world, network);
        if !interrupted {
            see_arrivals(&mut world, start + scenario.duration, &mut forecast);
        }
        let ended = Ended {
            summary,
            wall,
            stream: reached.since(start),
            gauge: &gauge,
            outages: outages.finish(reached.since(start)),
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

#[cfg(test)]
mod tests {

    use super::*;

    /// Runs with a log and a bus that hold little.
    async fn run_small(text: &str) -> crate::report::Report {
        let scenario = Scenario::parse(text, &Overrides::default()).unwrap();
        let mut config = EngineConfig { log: MemoryLogConfig { records_max: 3_000 }, ..EngineConfig::default() };
        config.bus.capacity_batches = 4;
        let limit = std::time::Duration::from_secs(60);
        let finished = tokio::time::timeout(limit, run_with(&scenario, config)).await.expect("it comes to an end");
        let report = finished.unwrap().report;
        assert!(report.summary.accounting.is_balanced(), "{:?}", report.summary.accounting);
        report
    }

    const TINY: &str = "name = 'tiny'\nduration_s = 14\n[city]\nnodes = 1000\n[[outage]]\nat_s = 2\nlasting_s = 10\n\
                        [world]\ndrivers = 1000\ntrips_under_way = 20\n";

    #[tokio::test]
    async fn an_outage_that_fills_the_log_ends_before_its_time() {
        let summary = run_small(&format!("{TINY}[clock]\nmode = 'max'")).await.summary;
        let [outage] = summary.outages[..] else { panic!("{:?}", summary.outages) };
        assert!(outage.to_s < 10.0, "{outage:?}");
        assert!(summary.catch_up_s.is_some(), "{outage:?}");
    }

    #[tokio::test]
    async fn under_the_scenarios_clock_samples_are_of_stream_time() {
        // The second one follows at once: it must not be left out because the engine has not caught up.
        let text = TINY.replace("lasting_s = 10", "lasting_s = 0.5\n[[outage]]\nat_s = 3\nlasting_s = 0.5");
        let report = run_small(&format!("{text}[clock]\nmode = 'max'")).await;
        let [outage, _] = report.summary.outages[..] else { panic!("{:?}", report.summary.outages) };
        assert!((1.9..=2.2).contains(&outage.from_s) && (2.4..=2.7).contains(&outage.to_s), "{outage:?}");
        assert!(report.summary.catch_up_s.unwrap() < report.summary.wall_s, "{:?}", report.summary);
        let ends = report.samples.last().map(|sample| sample.t_s);
        assert!(ends.is_none_or(|t_s| t_s <= 14.0 && t_s > report.summary.wall_s.min(3.0)), "{ends:?}");
    }
}
