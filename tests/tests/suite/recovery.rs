//! An engine on storage that ends, by itself or by a crash, and is opened again.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use etaflow::{
    Access, DiskStorage, Engine, EngineConfig, EngineError, EngineState, Follower, FollowerConfig, Key, Lag, LogError,
    Offset, Payload, Policy, Publisher, QueryError, SimulatedStorage, Span, Storage, StorageFile, StorageLock, Summary,
    SyncPolicy, Time, Writer,
};
use etaflow_road::Coord;
use etaflow_simulator::FaultConfig;

use crate::load::{Load, START, all_faults, city, publish, scenario};

/// Small segments, and a snapshot at nearly every tick.
pub(crate) fn config(shards: u32) -> EngineConfig {
    let mut config = scenario(shards);
    config.segments.segment_bytes = 64 << 10;
    config.snapshots.every = Some(Span::from_millis(10));
    config
}

pub(crate) fn offer(publisher: &mut Publisher, load: &Load, steps: std::ops::Range<usize>) {
    for (until, due) in &load.steps[steps] {
        publish(publisher, due);
        // After a crash of the storage nothing is taken any more.
        _ = publisher.advance_to_blocking(*until);
    }
}

/// What must be the same whatever was in between.
pub(crate) fn digests(summary: &Summary) -> impl PartialEq + std::fmt::Debug {
    (summary.records, summary.outputs, summary.state_digest, summary.outputs_digest)
}

/// Waits for something that other threads do.
pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let timer = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a timer");
    for _ in 0..4_000 {
        if is_so() {
            return;
        }
        timer.block_on(async { tokio::time::sleep(Duration::from_millis(5)).await });
    }
    panic!("not within 20 s: {what}");
}

#[test]
fn an_engine_that_is_opened_again_goes_on_as_if_it_had_never_ended() {
    let load = Load::new(150, all_faults(), 21, START, 90);
    let expected = load.run(&scenario(1), |_, _| {});
    let folder = tempfile::tempdir().expect("there is room");
    let storage: Arc<dyn Storage> = Arc::new(DiskStorage::create(folder.path()).expect("it can be made"));
    let steps = load.steps.len();
    let (mut offered, mut last) = (0, None);
    for (life, shards) in [2, 1, 3, 2].into_iter().enumerate() {
        let engine = Engine::open(city(), Arc::clone(&storage), &config(shards)).expect("it can be opened");
        let recovery = engine.recovered_blocking().expect("nothing is damaged").clone();
        assert_eq!(recovery.log.1.0, offered, "{recovery}");
        assert_eq!(recovery.snapshot.is_some(), life > 0, "{recovery}");
        assert!(recovery.to_replay() < 4_000 && recovery.passed_over.is_empty(), "{recovery}");
        let mut publisher = engine.publisher(Policy::Await);
        let (from, to) = (steps * life / 4, steps * (life + 1) / 4);
        offer(&mut publisher, &load, from..to - 30);
        publisher.acknowledge_blocking().expect("the disk works");
        engine.request_snapshot();
        offer(&mut publisher, &load, to - 30..to);
        drop(publisher);
        let summary = engine.shutdown_blocking().expect("it ends well");
        assert!(summary.accounts.balance(), "{:?}", summary.accounts);
        (offered, last) = (summary.records, Some(summary));
    }
    assert_eq!(digests(&last.expect("it had four lives")), digests(&expected));
}

/// Crashes again and again, at any point, and goes on; what was not acknowledged is offered again.
fn crash_and_go_on(load: &Load, seed: u64, sync: SyncPolicy) -> Summary {
    let storage = SimulatedStorage::new();
    let steps = load.steps.len();
    let (mut acknowledged, mut certain) = (0, Offset(0));
    for life in 0..6 {
        let mut config = config(1 + (seed as u32 + life) % 3);
        config.segments.sync = sync;
        let engine = Engine::open(city(), Arc::new(storage.clone()), &config).expect("it can be opened");
        let recovery = engine.recovered_blocking().expect("nothing is damaged but by the crash").clone();
        assert!(recovery.log.1 >= certain, "seed {seed}: acknowledged up to {certain:?}, {recovery}");
        let mut publisher = engine.publisher(Policy::Await);
        let target = steps * (life as usize + 1) / 6;
        for step in usize::saturating_sub(acknowledged, 1)..target {
            offer(&mut publisher, load, step..step + 1);
            if (seed as usize * 7 + step).is_multiple_of(9) {
                certain = publisher.acknowledge_blocking().expect("the storage works").max(certain);
                acknowledged = step + 1;
            }
        }
        if life == 5 {
            drop(publisher);
            return engine.shutdown_blocking().expect("it ends well");
        }
        if seed.is_multiple_of(2) {
            storage.crash(seed * 100 + u64::from(life));
        } else {
            storage.kill();
        }
        drop(publisher);
        // It ends, well or not: its files are no longer its own.
        _ = engine.shutdown_blocking();
    }
    unreachable!("the last life ends well")
}

#[test]
fn what_was_acknowledged_outlives_any_crash_and_all_goes_on_as_without() {
    let load = Load::new(60, FaultConfig::default(), 5, START, 60);
    let expected = load.run(&scenario(1), |_, _| {});
    assert_eq!(expected.accounts.accepted, load.len(), "{:?}", expected.accounts);
    for seed in 0..10 {
        let sync = [SyncPolicy::Interval(Span::from_millis(2)), SyncPolicy::Sync][seed as usize / 2 % 2];
        let summary = crash_and_go_on(&load, seed, sync);
        assert_eq!(digests(&summary), digests(&expected), "seed {seed}");
    }
}

pub(crate) fn follower_config(shards: u32) -> FollowerConfig {
    let mut config = config(shards).follower();
    config.log.records_max = 2_000;
    config
}

#[test]
fn a_follower_that_dies_catches_up_with_a_writer_that_goes_on() {
    let load = Load::new(150, all_faults(), 22, START, 90);
    let expected = load.run(&scenario(2), |_, _| {});
    let folder = tempfile::tempdir().expect("there is room");
    let storage = || Arc::new(DiskStorage::create(folder.path()).expect("it can be opened")) as Arc<dyn Storage>;
    let writer = Writer::open(storage(), &config(1).writer()).expect("the folder is empty");
    let mut publisher = writer.publisher(Policy::Await);
    let steps = load.steps.len();
    let follow = |shards| Follower::open(city(), storage(), &follower_config(shards));
    for (part, shards) in [1, 2, 3].into_iter().enumerate() {
        let follower = follow(shards).expect("nobody else follows");
        let recovered = follower.recovered_blocking().expect("nothing is damaged");
        assert_eq!(recovered.snapshot.is_some(), part > 0, "{recovered}");
        assert!(recovered.to_replay() > 0 || part == 0, "it was out: {recovered}");
        follower.request_snapshot();
        offer(&mut publisher, &load, steps * 2 * part / 6..steps * (2 * part + 1) / 6);
        let certain = publisher.acknowledge_blocking().expect("the disk works");
        until("it has caught up", || {
            let lag = follower.view().lag();
            follower.applied() >= certain && (lag.records, lag.state) == (Some(0), EngineState::Live)
        });
        until("a snapshot is there", || follower.snapshots().last.is_some());
        if part == 1 {
            assert!(follower.shutdown_blocking().expect("it ends well").accounts.balance());
        } else {
            drop(follower);
            until("its threads have ended", || match follow(1) {
                Ok(_) => true,
                Err(EngineError::Read(LogError::Locked { .. })) => false,
                Err(other) => panic!("{other}"),
            });
            until("nobody follows", || storage().lock("engine.lock").is_ok());
        }
        offer(&mut publisher, &load, steps * (2 * part + 1) / 6..steps * (2 * part + 2) / 6);
    }
    drop(publisher);
    let written = writer.shutdown_blocking().expect("it ends well");
    assert!(written.accounts.balance(), "{:?}", written.accounts);
    let follower = follow(2).expect("nobody else follows");
    until("it has read all", || follower.applied().0 == written.records);
    let summary = follower.shutdown_blocking().expect("it ends well");
    assert!(summary.accounts.balance(), "{:?}", summary.accounts);
    assert_eq!(digests(&summary), digests(&expected));
}

#[test]
fn nothing_is_acknowledged_kept_or_followed_before_it_is_durable() {
    let load = Load::new(60, FaultConfig::default(), 5, START, 40);
    let half = load.steps.len() / 2;
    let storage = SimulatedStorage::new();
    let writer = Writer::open(Arc::new(storage.clone()), &config(1).writer()).expect("it is empty");
    let mut config = follower_config(2);
    config.snapshots.at_end = false;
    let follower = Follower::open(city(), Arc::new(storage.clone()), &config).expect("there is a log");
    let mut publisher = writer.publisher(Policy::Await);
    offer(&mut publisher, &load, 0..half);
    let certain = publisher.acknowledge_blocking().expect("the disk works");
    until("it has caught up", || follower.applied() == certain);

    let stall = storage.stall();
    offer(&mut publisher, &load, half..load.steps.len());
    let mut other = writer.publisher(Policy::Await);
    let asking = std::thread::spawn(move || publisher.acknowledge_blocking());
    until("all is logged", || writer.log().end().0 > certain.0 + 1_000 && writer.accounts().accepted == load.len());
    // Whoever asks later waits too, and nobody else is held up.
    let later = std::thread::spawn(move || other.acknowledge_blocking());
    for _ in 0..100 {
        assert!(!asking.is_finished() && !later.is_finished());
        assert!(follower.applied() <= writer.log().durable(), "it acts on what can still be lost");
        std::thread::yield_now();
    }
    let last = follower.snapshots().last.map(|last| last.offset);
    assert!(last.is_none_or(|offset| offset <= writer.log().durable()));
    let standing = writer.log().durable();
    assert!(standing < writer.log().end());
    drop(stall);
    let end = writer.log().end();
    assert_eq!(asking.join().expect("it does not panic"), Ok(end));
    assert_eq!(later.join().expect("it does not panic"), Ok(end));
    until("it has followed", || follower.applied() == end);
    writer.shutdown_blocking().expect("it ends well");
    follower.shutdown_blocking().expect("it ends well");
}

#[test]
fn an_engine_in_one_process_may_be_ahead_and_keeps_only_what_is_durable() {
    let load = Load::new(60, FaultConfig::default(), 5, START, 40);
    let storage = SimulatedStorage::new();
    let engine = Engine::open(city(), Arc::new(storage.clone()), &config(2)).expect("it is empty");
    engine.recovered_blocking().expect("there is nothing yet");
    let mut publisher = engine.publisher(Policy::Await);
    publisher.acknowledge_blocking().expect("the disk works");
    let stall = storage.stall();
    offer(&mut publisher, &load, 0..load.steps.len());
    until("it has taken all", || engine.accounts().accepted == load.len());
    assert!(engine.applied() > engine.log().durable());
    assert_eq!(engine.snapshots().last, None, "what it knows can still be lost");
    drop((stall, publisher));
    let log = Arc::clone(engine.log());
    engine.shutdown_blocking().expect("it ends well");
    assert_eq!(log.durable(), log.end());
}

/// A directory of an engine that has ended, and what it had come to.
pub(crate) fn ended(load: &Load) -> (SimulatedStorage, Summary) {
    let storage = SimulatedStorage::new();
    let engine = Engine::open(city(), Arc::new(storage.clone()), &config(1)).expect("it is empty");
    let mut publisher = engine.publisher(Policy::Await);
    for from in (0..load.steps.len()).step_by(50) {
        offer(&mut publisher, load, from..from + 40);
        publisher.acknowledge_blocking().expect("the disk works");
        until("it has caught up", || engine.applied() == engine.log().end());
        let written = engine.snapshots().written;
        engine.request_snapshot();
        offer(&mut publisher, load, from + 40..from + 50);
        until("another snapshot", || engine.snapshots().written > written);
    }
    drop(publisher);
    (storage, engine.shutdown_blocking().expect("it ends well"))
}

/// A storage of which no snapshot is read before it may be, and none is ever made.
pub(crate) struct Shut {
    inner: SimulatedStorage,
    open: Arc<(Mutex<bool>, Condvar)>,
}

impl Shut {
    /// One that may be read.
    pub(crate) fn readable(inner: SimulatedStorage) -> Self {
        Self { inner, open: Arc::new((Mutex::new(true), Condvar::new())) }
    }
}

impl Storage for Shut {
    fn create(&self, path: &str) -> io::Result<Arc<dyn StorageFile>> {
        if path.starts_with("snapshots/") {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.inner.create(path)
    }
    fn open(&self, path: &str, access: Access) -> io::Result<Arc<dyn StorageFile>> {
        if path.starts_with("snapshots/") {
            let (open, opened) = &*self.open;
            let mut open = open.lock().expect("nobody panics");
            while !*open {
                open = opened.wait(open).expect("nobody panics");
            }
        }
        self.inner.open(path, access)
    }
    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        self.inner.list(folder)
    }
    fn create_folder(&self, folder: &str) -> io::Result<()> {
        self.inner.create_folder(folder)
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.inner.rename(from, to)
    }
    fn remove(&self, path: &str) -> io::Result<()> {
        self.inner.remove(path)
    }
    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.inner.sync_folder(folder)
    }
    fn lock(&self, path: &str) -> io::Result<StorageLock> {
        self.inner.lock(path)
    }
    fn show(&self, path: &str) -> PathBuf {
        self.inner.show(path)
    }
}

#[test]
fn who_asks_while_it_recovers_is_answered_and_told_so() {
    let load = Load::new(60, FaultConfig::default(), 5, START, 60);
    let (inner, expected) = ended(&load);
    let open = Arc::new((Mutex::new(false), Condvar::new()));
    let storage = Arc::new(Shut { inner, open: Arc::clone(&open) });
    let engine = Engine::open(city(), storage, &config(2)).expect("it can be opened");
    let view = engine.view();
    // From where on it will have to catch up is not known yet.
    assert_eq!(view.lag(), Lag { records: None, behind: None, catch_up: None, state: EngineState::Recovering });
    assert_eq!(engine.recovery(), None);
    let at = |nth: usize| city().coord(city().nodes().nth(nth).expect("the city is larger"));
    let answer = view.route(at(0), at(700)).expect("nodes are on roads");
    assert!(answer.value.is_some());
    assert_eq!((answer.state, answer.offset, answer.age), (EngineState::Recovering, Offset(0), None));
    let sea = Coord::from_degrees(0.0, -30.0).expect("on the globe");
    assert!(matches!(view.nearest(sea, 1, etaflow::Seconds(60.0)), Err(QueryError::NoRoad { .. })));
    // What is published meanwhile waits on the bus, and who subscribes hears of what comes.
    let mut publisher = engine.publisher(Policy::Await);
    let asking = std::thread::spawn(move || publisher.acknowledge_blocking());
    engine.subscribe(&Key::Number(3)).expect("there is room");

    *open.0.lock().expect("nobody panics") = true;
    open.1.notify_all();
    let recovery = engine.recovered_blocking().expect("nothing is damaged");
    assert!(recovery.snapshot.is_some(), "{recovery}");
    assert_eq!(asking.join().expect("it does not panic"), Ok(recovery.log.1));
    until("it is live", || view.lag().state == EngineState::Live);
    let answer = view.route(at(0), at(700)).expect("nodes are on roads");
    assert_eq!((answer.offset.0, answer.age), (expected.records, Some(Span::ZERO)));
    assert_eq!(answer.as_of, load.steps.last().expect("there are some").0);
    assert_eq!(digests(&engine.shutdown_blocking().expect("it ends well")), digests(&expected));
}

#[test]
fn under_the_walls_clock_it_ends_with_a_tick_and_a_snapshot_and_ticks_on_at_once() {
    let storage = SimulatedStorage::new();
    let config = EngineConfig { time: Time::Wall, tick: Span::from_millis(50), ..config(2) };
    let mut records = 0;
    for life in 0..3 {
        let engine = Engine::open(city(), Arc::new(storage.clone()), &config).expect("it can be opened");
        let recovery = engine.recovered_blocking().expect("nothing is damaged").clone();
        assert_eq!((recovery.to_replay(), recovery.log.1.0), (0, records), "{recovery}");
        assert_eq!(recovery.checkpoint, (life > 0).then_some(Offset(records)), "{recovery}");
        until("it ticks", || engine.log().end().0 > records);
        let log = Arc::clone(engine.log());
        records = engine.shutdown_blocking().expect("it ends well").records;
        let mut ticks = Vec::new();
        let mut reader = etaflow::LogReader::new(log, Offset(0));
        while let Some(batch) = reader.next_blocking().expect("it is whole") {
            ticks.extend(batch.records().iter().map(|record| (record.id, record.time)));
            assert!(batch.records().iter().all(|record| matches!(record.payload, Payload::Tick { .. })));
        }
        assert!(ticks.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0 && pair[0].1 <= pair[1].1), "{ticks:?}");
    }
}
