//! What a storage can do to an engine that is kept on it: damage, want of space, another engine; and what is said then.

use std::sync::Arc;

use etaflow::{
    Engine, EngineConfig, EngineError, Fault, Follower, LogError, Offset, Past, Policy, PublishError, SimulatedStorage,
    Span, Storage, Writer,
};
use etaflow_simulator::FaultConfig;

use crate::load::{Load, START, all_faults, city, scenario};
use crate::recovery::{Shut, config, digests, ended, follower_config, offer, until};

#[test]
fn a_damaged_snapshot_is_passed_over_and_the_one_before_serves() {
    let load = Load::new(60, all_faults(), 5, START, 60);
    let (storage, expected) = ended(&load);
    let all = snapshots(&storage);
    assert!(all.len() >= 2, "{all:?}");
    let reopened = |config: &EngineConfig| {
        let engine = Engine::open(city(), Arc::new(storage.clone()), config).expect("it can be opened");
        let recovery = engine.recovered_blocking().expect("the log is whole").clone();
        let summary = engine.shutdown_blocking().expect("it ends well");
        assert_eq!(digests(&summary), digests(&expected), "{recovery}");
        assert!(summary.accounts.balance(), "{:?}", summary.accounts);
        recovery
    };
    let mut still = config(3);
    (still.snapshots.every, still.snapshots.at_end) = (None, false);

    assert!(storage.flip(all.last().expect("there are some"), 300, 4));
    let recovery = reopened(&still);
    assert!(recovery.passed_over.len() == 1 && recovery.snapshot.is_some(), "{recovery}");
    assert!(recovery.to_string().contains(all.last().expect("there are some")), "{recovery}");

    // One that was made with other settings is another state.
    let mut other = still.clone();
    other.pipeline.traffic.panes += 1;
    let engine = Engine::open(city(), Arc::new(storage.clone()), &other).expect("it can be opened");
    let recovery = engine.recovered_blocking().expect("the log is whole").clone();
    engine.shutdown_blocking().expect("it ends well");
    assert_eq!((recovery.snapshot, recovery.passed_over.len()), (None, all.len()));
    assert!(recovery.passed_over.iter().any(|it| it.why.contains("panes")), "{:?}", recovery.passed_over);

    for path in &all[..all.len() - 1] {
        assert!(storage.flip(path, 300, 4));
    }
    let recovery = reopened(&still);
    assert_eq!((recovery.from, recovery.passed_over.len()), (Offset(0), all.len()));
    assert_eq!(recovery.to_replay(), expected.records);
}

/// The log was not synced, lost its end with the power, and went on; the snapshots of that end were.
#[test]
fn a_snapshot_of_records_that_the_log_has_lost_is_passed_over() {
    let (lost, _) = ended(&Load::new(60, all_faults(), 5, START, 60));
    let (storage, expected) = ended(&Load::new(60, all_faults(), 6, START, 180));
    for path in snapshots(&storage) {
        storage.remove(&path).expect("it is there");
    }
    let path = snapshots(&lost).remove(0);
    storage.put(&path, &lost.contents(&path).expect("it is there"));
    let (shared, time) = (Arc::new(storage.clone()) as Arc<dyn Storage>, START + Span::from_secs(170));
    let past = Past::open(&city(), shared, &config(1).pipeline, time).expect("the log is whole");
    assert_eq!(past.snapshot(), None);
    let engine = Engine::open(city(), Arc::new(storage), &config(1)).expect("it can be opened");
    let recovery = engine.recovered_blocking().expect("the log is whole").clone();
    assert_eq!(digests(&engine.shutdown_blocking().expect("it ends well")), digests(&expected), "{recovery}");
    assert_eq!((recovery.snapshot, recovery.passed_over.len()), (None, 1));
    assert!(recovery.passed_over[0].why.contains("the log has lost"), "{:?}", recovery.passed_over);
}

fn snapshots(storage: &SimulatedStorage) -> Vec<String> {
    storage.paths().into_iter().filter(|path| path.starts_with("snapshots/") && path.ends_with(".snap")).collect()
}

#[test]
fn two_of_a_kind_do_not_share_a_directory_and_others_are_told_what_is_wrong() {
    let storage = SimulatedStorage::new();
    let shared = || Arc::new(storage.clone()) as Arc<dyn Storage>;
    let error = |result: Result<(), EngineError>| result.expect_err("it cannot be opened").to_string();
    let follower = |storage| Follower::open(city(), storage, &follower_config(1)).map(|_| ());
    let no_log = error(follower(shared()));
    assert!(no_log.contains("is no log"), "{no_log}");

    let engine = Engine::open(city(), shared(), &config(1)).expect("it is empty");
    let second = error(Engine::open(city(), shared(), &config(1)).map(|_| ()));
    assert!(second.contains("writer.lock: another process, or another engine of this one, has"), "{second}");
    let third = error(follower(shared()));
    assert!(third.contains("engine.lock: another process, or another engine of this one, has"), "{third}");
    let fourth = error(Writer::open(shared(), &config(1).writer()).map(|_| ()));
    assert!(fourth.contains("writer.lock"), "{fourth}");
    engine.shutdown_blocking().expect("it ends well");
    Engine::open(city(), shared(), &config(1))
        .expect("nobody has it any more")
        .shutdown_blocking()
        .expect("it ends well");

    let foreign = SimulatedStorage::new();
    foreign.put("notes.txt", b"buy milk");
    let foreign = error(Engine::open(city(), Arc::new(foreign), &config(1)).map(|_| ()));
    assert!(foreign.contains("is no log"), "{foreign}");
}

#[test]
fn a_full_disk_stops_it_loudly_and_with_room_it_goes_on() {
    let load = Load::new(60, FaultConfig::default(), 5, START, 40);
    let expected = load.run(&scenario(1), |_, _| {});
    let (storage, half) = (SimulatedStorage::new(), load.steps.len() / 2);
    let engine = Engine::open(city(), Arc::new(storage.clone()), &config(2)).expect("it is empty");
    let mut publisher = engine.publisher(Policy::Await);
    offer(&mut publisher, &load, 0..half);
    let certain = publisher.acknowledge_blocking().expect("there is room");
    storage.set_space(Some(1));
    offer(&mut publisher, &load, half..load.steps.len());
    // It depends on how far it has come by then who says so.
    match publisher.acknowledge_blocking() {
        Err(PublishError::NotDurable { why }) => assert!(why.contains("make room, then start again"), "{why}"),
        Err(PublishError::Closed { .. }) => {}
        other => panic!("{other:?} though there is no room"),
    }
    until("it has ended", || engine.is_finished());
    drop(publisher);
    let error = engine.shutdown_blocking().expect_err("it cannot be written").to_string();
    assert!(error.contains("log/") && error.contains("make room, then start again"), "{error}");

    storage.set_space(None);
    let engine = Engine::open(city(), Arc::new(storage), &config(1)).expect("nobody has it any more");
    let recovery = engine.recovered_blocking().expect("what is there is whole").clone();
    assert!(recovery.log.1 >= certain, "{recovery}");
    let mut publisher = engine.publisher(Policy::Await);
    offer(&mut publisher, &load, half - 1..load.steps.len());
    drop(publisher);
    assert_eq!(digests(&engine.shutdown_blocking().expect("it ends well")), digests(&expected));
}

#[test]
fn an_engine_goes_on_without_a_snapshot_that_cannot_be_written() {
    let load = Load::new(60, FaultConfig::default(), 5, START, 40);
    let expected = load.run(&scenario(1), |_, _| {});
    let storage = SimulatedStorage::new();
    let mut config = config(2);
    config.snapshots.every = None;
    let engine = Engine::open(city(), Arc::new(Shut::readable(storage)), &config).expect("it is empty");
    engine.recovered_blocking().expect("there is nothing yet");
    engine.request_snapshot();
    let mut publisher = engine.publisher(Policy::Await);
    offer(&mut publisher, &load, 0..load.steps.len());
    drop(publisher);
    until("it was tried", || engine.snapshots().failed > 0);
    let report = engine.snapshots();
    assert_eq!((report.written, &report.last), (0, &None));
    assert!(report.error.as_ref().is_some_and(|error| error.contains("snapshots")), "{report:?}");
    assert_eq!(digests(&engine.shutdown_blocking().expect("it ends well")), digests(&expected));
}

#[test]
fn who_is_ended_while_it_recovers_ends_well_and_loses_nothing() {
    let load = Load::new(60, FaultConfig::default(), 5, START, 60);
    let (storage, expected) = ended(&load);
    let shared = || Arc::new(storage.clone()) as Arc<dyn Storage>;
    for round in 0..3 {
        let engine = Engine::open(city(), shared(), &config(1 + round)).expect("nobody has it");
        assert_eq!(digests(&engine.shutdown_blocking().expect("it ends well")), digests(&expected));
        drop(Engine::open(city(), shared(), &config(1 + round)).expect("nobody has it"));
        until("its threads have ended", || {
            shared().lock("engine.lock").is_ok() && shared().lock("writer.lock").is_ok()
        });
        let mut config = follower_config(1 + round);
        config.snapshots.at_end = false;
        drop(Follower::open(city(), shared(), &config).expect("nobody has it"));
        until("its threads have ended", || shared().lock("engine.lock").is_ok());
        let follower = Follower::open(city(), shared(), &config).expect("nobody has it");
        follower.suspend();
        follower.recovered_blocking().expect("nothing is damaged");
        follower.resume();
        until("it has read all", || follower.applied().0 == expected.records);
        assert_eq!(digests(&follower.shutdown_blocking().expect("it ends well")), digests(&expected));
    }
}

#[test]
fn a_follower_says_what_is_wrong_with_the_log_and_where() {
    let load = Load::new(60, FaultConfig::default(), 5, START, 60);
    let (storage, expected) = ended(&load);
    let segments: Vec<String> = storage.paths().into_iter().filter(|path| path.ends_with(".seg")).collect();
    assert!(segments.len() > 2, "{segments:?}");
    for path in storage.paths().into_iter().filter(|path| path.ends_with(".snap")) {
        storage.remove(&path).expect("it is there");
    }
    assert!(storage.flip(&segments[1], 9_000, 1));
    let follower = Follower::open(city(), Arc::new(storage.clone()), &follower_config(1)).expect("nobody has it");
    follower.recovered_blocking().expect("it begins before the damage");
    until("it has come there", || follower.is_finished());
    assert!(follower.applied().0 > 0 && follower.applied().0 < expected.records);
    let error = follower.shutdown_blocking().expect_err("it cannot be read");
    let EngineError::Read(LogError::Damaged { path, .. }) = &error else { panic!("{error}") };
    assert!(path.ends_with(&segments[1]), "{error}");
}

#[test]
fn a_sync_that_fails_is_the_end_of_its_engine_and_acknowledges_nothing() {
    let load = Load::new(60, FaultConfig::default(), 5, START, 20);
    let storage = SimulatedStorage::new();
    let writer = Writer::open(Arc::new(storage.clone()), &config(1).writer()).expect("it is empty");
    let mut publisher = writer.publisher(Policy::Await);
    publisher.acknowledge_blocking().expect("the disk works");
    for nth in 0..40 {
        storage.fail_at(storage.changes() + nth, Fault::LostSync);
    }
    offer(&mut publisher, &load, 0..load.steps.len());
    publisher.acknowledge_blocking().expect_err("nobody knows what is on the disk");
    until("it has ended", || writer.is_finished());
    drop(publisher);
    let error = writer.shutdown_blocking().expect_err("it has failed").to_string();
    assert!(error.contains("start again when that is put right"), "{error}");
}

#[test]
fn a_damaged_state_of_the_sequencer_is_passed_over_and_named() {
    let (storage, expected) = ended(&Load::new(20, all_faults(), 5, START, 20));
    let states = storage.paths().into_iter().filter(|path| path.ends_with(".ckpt"));
    let newest = states.max().expect("there is one of a clean end");
    assert!(storage.flip(&newest, 60, 4));
    let writer = Writer::open(Arc::new(storage.clone()), &config(1).writer()).expect("the log is whole");
    let recovery = writer.recovery().clone();
    let [passed_over] = &recovery.passed_over[..] else { panic!("{recovery}") };
    assert!(passed_over.path.ends_with(&newest) && recovery.to_string().contains(&newest), "{recovery}");
    assert!(recovery.checkpoint.is_none_or(|offset| offset < Offset(expected.records)), "{recovery}");
    writer.shutdown_blocking().expect("it ends well");
}
