//! The same log gives the same state and the same outputs, whatever the shards, the threads and the outages.

use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

use etaflow::{
    Clock, CutReport, Engine, EngineConfig, EngineState, Executor, ExecutorReport, Log, MemoryLog, MemoryLogConfig,
    Offset, Outputs, Policy, Record, Span, Summary, WallClock, decode_snapshot, encode_snapshot,
};
use etaflow_simulator::{Delivery, FaultInjector, World, WorldConfig};

use crate::load::{Load, START, all_faults, city, publish, scenario, world_config};

const DRIVERS: u32 = 250;

#[test]
fn a_seed_decides_every_byte_for_any_shards_and_through_an_outage() {
    let load = Load::new(DRIVERS, all_faults(), 7, START, 150);
    let first = load.run(&scenario(1), |_, _| {});
    assert!(first.accounts.balance(), "{:?}", first.accounts);
    assert!(first.outputs > 1_000 && first.accounts.traversals > 500, "{first:?}");
    for shards in [1, 2, 4] {
        assert_eq!(load.run(&scenario(shards), |_, _| {}), first, "{shards} shards");
    }
    let steps = load.steps.len();
    let with_outage = load.run(&scenario(3), |step, engine| {
        if step == steps / 3 {
            engine.suspend();
        } else if step == steps * 2 / 3 {
            assert!(engine.log().end().0 > engine.applied().0 + 5_000, "the engine was not out");
            engine.resume();
        }
    });
    assert_eq!(with_outage, first, "with an outage");
}

#[test]
fn another_seed_is_another_city() {
    let summary = |seed| Load::new(100, all_faults(), seed, START, 30).run(&scenario(2), |_, _| {});
    let (one, other) = (summary(1), summary(2));
    assert_ne!(one.state_digest, other.state_digest);
    assert_ne!(one.outputs_digest, other.outputs_digest);
}

/// Runs a city against the wall's clock for some seconds, each gateway with a publisher and a thread of its own, and
/// with an outage from the first to the second.
fn live(shards: u32, seconds: i64) -> (Summary, Arc<dyn Log>) {
    let mut config =
        EngineConfig { tick: Span::from_millis(100), live_max: Span::from_millis(200), ..EngineConfig::default() };
    config.pipeline.shards = shards;
    let engine = Engine::start(city(), &config).expect("the configuration is valid");
    let clock = WallClock::new();
    let start = clock.now();
    let world_config = WorldConfig { fix_rate_hz: 5.0, ..world_config(DRIVERS) };
    let gateways = world_config.gateways as usize;
    let mut injector = FaultInjector::new(all_faults(), 3, start, DRIVERS, world_config.gateways);
    let mut world = World::new(city(), world_config, 3, start);
    // The gateways; the dispatch service and what makes no sense come last.
    let (mut ways, mut threads) = (Vec::new(), Vec::new());
    for _ in 0..=gateways {
        let (send, receive) = sync_channel::<Vec<Delivery>>(4);
        let mut publisher = engine.publisher(Policy::Await);
        ways.push(send);
        threads.push(std::thread::spawn(move || receive.iter().for_each(|due| publish(&mut publisher, &due))));
    }
    let (mut emissions, mut due) = (Vec::new(), Vec::new());
    let timer = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a timer");
    let mut was_behind = false;
    for step in 1..=seconds * 20 {
        let until = start + Span::from_millis(step * 50);
        let left = until.since(clock.now()).micros().max(0) as u64;
        timer.block_on(async { tokio::time::sleep(Duration::from_micros(left)).await });
        match step {
            20 => engine.suspend(),
            40 => engine.resume(),
            _ => was_behind |= step < 40 && engine.view().lag().state == EngineState::CatchingUp,
        }
        world.advance(until, &mut emissions);
        injector.inject(&mut emissions, until, &mut due);
        let mut parts: Vec<Vec<Delivery>> = vec![Vec::new(); ways.len()];
        for delivery in due.drain(..) {
            parts[way_of(&delivery, gateways)].push(delivery);
        }
        for (way, part) in ways.iter().zip(parts) {
            way.send(part).expect("the publisher's thread is there");
        }
    }
    drop(ways);
    threads.into_iter().for_each(|thread| thread.join().expect("publishers do not panic"));
    assert!(was_behind, "nobody noticed the outage");
    let log = Arc::clone(engine.log());
    (engine.shutdown_blocking().expect("the engine ends well"), log)
}

/// By source, so that each source keeps its order.
fn way_of(delivery: &Delivery, gateways: usize) -> usize {
    match &delivery.what {
        etaflow_simulator::Offered::Event(event) => match event.source {
            etaflow::Key::Number(source) => (source as usize).min(gateways),
            etaflow::Key::Text(_) => gateways,
        },
        etaflow_simulator::Offered::RawJson(_) => gateways,
    }
}

#[test]
fn a_live_run_is_what_its_log_says() {
    let (summary, log) = live(2, 4);
    assert!(summary.accounts.balance(), "{:?}", summary.accounts);
    assert!(summary.outputs > 100 && summary.accounts.accepted > 3_000, "{summary:?}");
    let replay = |shards| -> ExecutorReport {
        let config = etaflow::Config { shards, ..etaflow::Config::default() };
        let executor = Executor::start(city(), &config, Arc::clone(&log), Offset(0).into(), Outputs::default());
        executor.expect("the configuration is valid").join().expect("it runs to the end")
    };
    for shards in [1, 2, 3] {
        let report = replay(shards);
        assert_eq!(report.state_digest, summary.state_digest, "the state of {shards} shards");
        assert_eq!(report.outputs_digest, summary.outputs_digest, "the outputs of {shards} shards");
        assert_eq!((report.outputs, report.counts.accepted), (summary.outputs, summary.accounts.accepted));
    }
}

/// A city's log, with all that can go wrong.
fn log_of_a_city(seconds: i64) -> Vec<Record> {
    let load = Load::new(DRIVERS, all_faults(), 11, START, seconds);
    let mut log: Option<Arc<dyn Log>> = None;
    load.run(&scenario(2), |_, engine| log = Some(Arc::clone(engine.log())));
    let (log, mut records) = (log.expect("there are steps"), Vec::new());
    while let Some(batch) = log.read(Offset(records.len() as u64)).expect("all is kept") {
        records.extend_from_slice(batch.records());
    }
    records
}

fn appended(records: &[Record]) -> Arc<dyn Log> {
    let log = MemoryLog::new(&MemoryLogConfig::default());
    log.append(records, &[]).expect("it is open");
    Arc::new(log)
}

/// Runs over a log that comes in parts, and asks for a snapshot before each of them; those that there were.
fn run_and_cut(records: &[Record], shards: u32) -> (ExecutorReport, Vec<CutReport>) {
    let (send, receive) = sync_channel(64);
    let outputs = Outputs { snapshots: Some(Box::new(move |cut| _ = send.send(cut))), ..Outputs::default() };
    let config = etaflow::Config { shards, ..etaflow::Config::default() };
    let log = appended(&[]);
    let executor = Executor::start(city(), &config, Arc::clone(&log), Offset(0).into(), outputs);
    let executor = executor.expect("the configuration is valid");
    for part in records.chunks(records.len() / 12) {
        executor.handle().request_snapshot();
        log.append(part, &[]).expect("it is open");
        while executor.handle().applied() < log.end() {
            std::thread::yield_now();
        }
    }
    log.close();
    (executor.join().expect("it runs to the end"), receive.try_iter().collect())
}

#[test]
fn who_goes_on_from_a_snapshot_comes_to_the_same_end() {
    let records = log_of_a_city(100);
    let (report, cuts) = run_and_cut(&records, 3);
    assert!(report.outputs > 500 && report.counts.traversals > 300, "{report:?}");
    assert!(cuts.len() >= 8, "{} snapshots", cuts.len());
    for (nth, cut) in cuts.iter().enumerate() {
        let image = decode_snapshot(&encode_snapshot(&cut.image)).expect("it was just written");
        let config = etaflow::Config { shards: 1 + nth as u32 % 4, ..etaflow::Config::default() };
        let log = appended(&records);
        log.close();
        let executor = Executor::start(city(), &config, log, (&image).into(), Outputs::default());
        let again = executor.expect("it can be gone on from").join().expect("it runs to the end");
        assert_eq!(again, report, "from {:?} with {} shards", image.offset, config.shards);
    }
}
