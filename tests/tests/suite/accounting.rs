//! offered = accepted + refused + conflated + duplicate + dead-lettered, whatever goes wrong and however full it is.

use std::time::Duration;

use etaflow::{
    Accounts, BusConfig, Clock, Engine, EngineConfig, Event, EventData, MemoryLogConfig, Policy, PublishError, Reason,
    SequencerConfig, Span, WallClock,
};
use etaflow_simulator::{Delivery, FaultConfig, FaultCounts, GarbageKind, Offered};

use crate::load::{Load, START, all_faults, city, countable_faults, scenario};

#[test]
fn each_fault_is_counted_as_what_it_is() {
    let faults = FaultConfig { jump: None, ..countable_faults() };
    let load = Load::new(250, faults, 11, START, 120);
    let accounts = load.run(&scenario(2), |_, _| {}).accounts;
    assert!(accounts.balance(), "{accounts:?}");
    assert_eq!((accounts.offered, accounts.refused, accounts.conflated), (load.len(), 0, 0));
    let counts: &FaultCounts = &load.faults;
    assert!(counts.twice > 100 && load.completed > 10, "{counts:?}");
    assert_eq!(accounts.duplicate, counts.twice);
    for (reason, kinds) in [
        (Reason::Malformed, GarbageKind::Undecodable),
        (Reason::UnknownType, GarbageKind::UnknownType),
        (Reason::Late, GarbageKind::FarPast),
        (Reason::Future, GarbageKind::FarFuture),
        (Reason::UnknownTrip, GarbageKind::UnknownTrip),
        (Reason::IllegalTransition, GarbageKind::SecondCompletion),
    ] {
        let count = counts.garbage_of(kinds);
        assert!(count > 20, "{kinds:?}: {count}");
        assert_eq!(accounts.dead_lettered.get(&reason), Some(&count), "{reason:?}: {accounts:?}");
    }
}

/// A bus and a log that are soon full.
fn tight() -> EngineConfig {
    let mut config = EngineConfig {
        bus: BusConfig { capacity_batches: 2, batch_max: 8, flush: Span::from_micros(200), conflate_max: 64 },
        log: MemoryLogConfig { records_max: 1_024 },
        sequencer: SequencerConfig { lateness_max: Span::from_secs(3_600), ..SequencerConfig::default() },
        tick: Span::from_millis(20),
        ..EngineConfig::default()
    };
    config.pipeline.shards = 3;
    config
}

/// What some publishers at once, each with a share of `load`, make of an engine that does not follow its log before
/// `is_enough`; and how much of it was offered.
async fn squeeze(load: Load, policy: Policy, is_enough: impl Fn(&Engine) -> bool) -> (Accounts, Told) {
    const PUBLISHERS: usize = 6;
    let engine = Engine::start(city(), &tight()).expect("the configuration is valid");
    engine.suspend();
    let mut shares: Vec<Vec<Delivery>> = (0..PUBLISHERS).map(|_| Vec::new()).collect();
    for delivery in load.steps.into_iter().flat_map(|(_, due)| due) {
        // What is of one source stays together, so that a copy never comes before the original.
        let source = match &delivery.what {
            Offered::Event(event) => event.source.to_string().parse().unwrap_or(0),
            Offered::RawJson(_) => PUBLISHERS - 1,
        };
        shares[source % PUBLISHERS].push(delivery);
    }
    let publishers: Vec<_> =
        shares.into_iter().map(|share| tokio::spawn(offer(engine.publisher(policy), share))).collect();
    until("the engine is full", || is_enough(&engine)).await;
    assert!(engine.log().end().0 - engine.applied().0 <= 1_024, "the log is beyond its bound");
    engine.resume();
    let mut told = Told::default();
    for publisher in publishers {
        let one = publisher.await.expect("publishers do not panic");
        told = Told { offered: told.offered + one.offered, refused: told.refused + one.refused };
    }
    let accounts = engine.shutdown().await.expect("the engine ends well").accounts;
    (accounts, told)
}

/// What publishers were told.
#[derive(Debug, Default, Clone, Copy)]
struct Told {
    offered: u64,
    refused: u64,
}

async fn offer(mut publisher: etaflow::Publisher, share: Vec<Delivery>) -> Told {
    let mut told = Told::default();
    for (nth, delivery) in share.into_iter().enumerate() {
        told.offered += 1;
        let result = match delivery.what {
            Offered::RawJson(bytes) => publisher.publish_json(&bytes).await,
            Offered::Event(event) if nth % 3 == 0 => publisher.publish_batch(vec![event]).await,
            Offered::Event(event) => publisher.publish(event).await,
        };
        match result {
            Ok(()) => {}
            Err(PublishError::Full { refused, .. } | PublishError::Closed { refused }) => {
                told.refused += refused as u64;
                tokio::time::sleep(Duration::from_micros(300)).await;
            }
            Err(error @ PublishError::NotDurable { .. }) => panic!("nothing was to be acknowledged: {error}"),
        }
        // Publishers take turns, however many threads there are.
        if nth % 16 == 0 {
            tokio::task::yield_now().await;
        }
    }
    told
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..6_000 {
        if is_so() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("not within 30 s: {what}");
}

/// A load that has just happened.
fn recent(faults: FaultConfig) -> Load {
    Load::new(200, faults, 5, WallClock::new().now() - Span::from_secs(60), 40)
}

fn is_full(engine: &Engine) -> bool {
    engine.log().end().0 - engine.applied().0 >= 1_000
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_awaits_loses_nothing() {
    let load = recent(countable_faults());
    let (len, counts) = (load.len(), load.faults);
    let (accounts, told) = squeeze(load, Policy::Await, is_full).await;
    assert!(accounts.balance(), "{accounts:?}");
    assert_eq!((accounts.offered, accounts.refused, accounts.conflated), (len, 0, 0));
    assert_eq!((told.offered, told.refused), (len, 0));
    assert_eq!(accounts.duplicate, counts.twice);
    for (reason, kind) in [
        (Reason::Malformed, GarbageKind::Undecodable),
        (Reason::UnknownType, GarbageKind::UnknownType),
        (Reason::Late, GarbageKind::FarPast),
        (Reason::Future, GarbageKind::FarFuture),
    ] {
        assert_eq!(accounts.dead_lettered.get(&reason).copied().unwrap_or(0), counts.garbage_of(kind), "{reason:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_is_refused_is_told_so() {
    let load = recent(all_faults());
    let len = load.len();
    let (accounts, told) = squeeze(load, Policy::Refuse, |engine| engine.accounts().refused > 500).await;
    assert!(accounts.balance(), "{accounts:?}");
    assert_eq!((accounts.offered, told.offered, accounts.conflated), (len, len, 0));
    assert_eq!(accounts.refused, told.refused);
    assert!(accounts.accepted > 500, "{accounts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_conflated_fixes_the_newest_is_used() {
    let mut load = recent(all_faults());
    // Fixes alone: what cannot be conflated would wait for room, and none comes before enough was conflated.
    for (_, due) in &mut load.steps {
        due.retain(|delivery| {
            matches!(&delivery.what, Offered::Event(event) if matches!(event.data, EventData::LocationUpdated { .. }))
        });
    }
    let len = load.len();
    let (accounts, told) = squeeze(load, Policy::Conflate, |engine| engine.accounts().conflated > 50).await;
    assert!(accounts.balance(), "{accounts:?}");
    assert_eq!((accounts.offered, told.offered, accounts.refused, told.refused), (len, len, 0, 0));
    // Of each of the 200 drivers at least the newest came through.
    assert!(accounts.conflated > 50 && accounts.accepted > 0, "{accounts:?}");
    assert!(accounts.offered - accounts.conflated >= 200, "{accounts:?}");
}

#[tokio::test]
async fn who_gives_up_waiting_has_not_published() {
    let engine = Engine::start(city(), &tight()).expect("the configuration is valid");
    engine.suspend();
    let mut publisher = engine.publisher(Policy::Await);
    let load = recent(FaultConfig::default());
    let events = load.steps.into_iter().flat_map(|(_, due)| due).filter_map(|delivery| match delivery.what {
        Offered::Event(event) => Some(event),
        Offered::RawJson(_) => None,
    });
    let events: Vec<Event> = events.collect();
    let (mut offered, mut given_up) = (0, 0);
    for event in events {
        offered += 1;
        given_up += u64::from(tokio::time::timeout(Duration::from_millis(2), publisher.publish(event)).await.is_err());
        if given_up == 20 {
            break;
        }
    }
    assert_eq!(given_up, 20);
    drop(publisher);
    engine.resume();
    let accounts = engine.shutdown().await.expect("the engine ends well").accounts;
    assert!(accounts.balance(), "{accounts:?}");
    assert_eq!((accounts.offered, accounts.refused), (offered, given_up));
    assert_eq!(accounts.accepted, offered - given_up - accounts.dead());
}
