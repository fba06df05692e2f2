//! What a small city says, with all that can go wrong on its way, and how it is given to an engine.

use std::sync::{Arc, OnceLock};

use etaflow::{Engine, EngineConfig, Event, Policy, Publisher, Span, Summary, Time, Timestamp};
use etaflow_road::{Network, SyntheticCity};
use etaflow_simulator::{
    Burst, ClockSkew, Delivery, FaultConfig, FaultCounts, FaultInjector, Garbage, Jump, Late, Lost, Offered,
    OutOfOrder, Tunnel, Twice, World, WorldConfig,
};

/// When scenarios begin.
pub(crate) const START: Timestamp = Timestamp::from_secs(1_700_000_000);

/// How often the clock of a scenario is put forward.
const STEP: Span = Span::from_millis(200);

/// A small city, the same for all tests.
pub(crate) fn city() -> Arc<Network> {
    static CITY: OnceLock<Arc<Network>> = OnceLock::new();
    let make = || Arc::new(SyntheticCity { nodes: 1_500, ..SyntheticCity::default() }.build());
    Arc::clone(CITY.get_or_init(make))
}

/// A world that fits the city.
pub(crate) fn world_config(drivers: u32) -> WorldConfig {
    WorldConfig {
        drivers,
        trips_under_way: drivers / 5,
        trip_min_m: 300.0,
        trip_max_m: 2_500.0,
        incidents_per_min: 20.0,
        ..WorldConfig::default()
    }
}

/// All that can go wrong.
pub(crate) fn all_faults() -> FaultConfig {
    FaultConfig {
        late: Some(Late { share: 0.03, mean_s: 20.0, max_s: 100.0 }),
        out_of_order: Some(OutOfOrder { share: 0.03, max_s: 3.0 }),
        clock_skew: Some(ClockSkew { driver_share: 0.05, max_s: 20.0 }),
        ..countable_faults()
    }
}

/// What can go wrong and leaves one trace each in the accounts, and no other.
pub(crate) fn countable_faults() -> FaultConfig {
    FaultConfig {
        twice: Some(Twice { share: 0.03, max_s: 3.0 }),
        lost: Some(Lost { share: 0.03 }),
        tunnel: Some(Tunnel { per_driver_hour: 10.0, min_s: 5.0, max_s: 30.0 }),
        jump: Some(Jump { share: 0.005, min_m: 300.0, max_m: 3_000.0, fixes_max: 3 }),
        garbage: Some(Garbage { share: 0.03 }),
        burst: Some(Burst { every_s: 10.0, silent_s: 3.0 }),
        ..FaultConfig::default()
    }
}

/// What is offered to an engine, and when.
pub(crate) struct Load {
    /// What is due up to each time.
    pub(crate) steps: Vec<(Timestamp, Vec<Delivery>)>,
    /// What went wrong on the way.
    pub(crate) faults: FaultCounts,
    /// The trips that were completed.
    pub(crate) completed: u64,
}

impl Load {
    /// What a city of that many drivers says within some seconds from `start` on.
    pub(crate) fn new(drivers: u32, faults: FaultConfig, seed: u64, start: Timestamp, seconds: i64) -> Self {
        let config = world_config(drivers);
        let mut injector = FaultInjector::new(faults, seed, start, config.drivers, config.gateways);
        let mut world = World::new(city(), config, seed, start);
        let (mut emissions, mut steps) = (Vec::new(), Vec::new());
        let count = seconds * 1_000_000 / STEP.micros();
        for step in 1..=count {
            let until = start + Span::from_micros(STEP.micros() * step);
            let mut due = Vec::new();
            world.advance(until, &mut emissions);
            injector.inject(&mut emissions, until, &mut due);
            if step == count {
                injector.finish(&mut due);
            }
            steps.push((until, due));
        }
        Self { steps, faults: *injector.counts(), completed: world.truth().counts().completed }
    }

    /// How much it is.
    pub(crate) fn len(&self) -> u64 {
        self.steps.iter().map(|(_, due)| due.len() as u64).sum()
    }

    /// Gives all of it to an engine with the scenario's clock, shown `at` before each step, and shuts it down.
    pub(crate) fn run(&self, config: &EngineConfig, mut at: impl FnMut(usize, &Engine)) -> Summary {
        let engine = Engine::start(city(), config).expect("the configuration is valid");
        let mut publisher = engine.publisher(Policy::Await);
        for (step, (until, due)) in self.steps.iter().enumerate() {
            at(step, &engine);
            publish(&mut publisher, due);
            publisher.advance_to_blocking(*until).expect("the engine takes it in");
        }
        drop(publisher);
        engine.shutdown_blocking().expect("the engine ends well")
    }
}

/// An engine's configuration with the scenario's clock.
pub(crate) fn scenario(shards: u32) -> EngineConfig {
    let mut config = EngineConfig { time: Time::Scenario { start: START }, ..EngineConfig::default() };
    config.pipeline.shards = shards;
    config
}

/// Publishes in order, events in batches and raw bytes as they are. Who refuses, refuses.
pub(crate) fn publish(publisher: &mut Publisher, due: &[Delivery]) {
    let mut events: Vec<Event> = Vec::new();
    for delivery in due {
        match &delivery.what {
            Offered::Event(event) => events.push(event.clone()),
            Offered::RawJson(bytes) => {
                _ = publisher.publish_batch_blocking(std::mem::take(&mut events));
                _ = block_on(publisher.publish_json(bytes));
            }
        }
    }
    _ = publisher.publish_batch_blocking(events);
}

/// Waits for a future on this thread.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}
