//! The engine's accounts, held against what was done to its events.

use std::collections::BTreeMap;
use std::sync::Arc;

use etaflow::{
    Admission, Config, Dictionary, Entries, Executor, Log, MemoryLog, MemoryLogConfig, Offset, Outputs, Reason,
    Sequencer, SequencerConfig,
};
use etaflow_road::{Span, SyntheticCity, Timestamp};

use super::*;
use crate::world::{World, WorldConfig};

const START: Timestamp = Timestamp::from_secs(1_700_000_000);
const SECONDS: i64 = 120;

#[derive(Debug, Default)]
struct Accounts {
    offered: u64,
    accepted: u64,
    duplicate: u64,
    /// Before the log.
    rejected: BTreeMap<Reason, u64>,
    /// After it.
    unusable: BTreeMap<Reason, u64>,
}

/// A small city with faults, each event taken in when it is due.
fn run(faults: FaultConfig) -> (Accounts, FaultCounts) {
    let city = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
    let config = WorldConfig {
        drivers: 500,
        trips_under_way: 100,
        trip_max_m: 3_000.0,
        gps_outlier_share: 0.0,
        ..WorldConfig::default()
    };
    let mut injector = FaultInjector::new(faults, 5, START, config.drivers, config.gateways);
    let mut world = World::new(Arc::clone(&city), config, 5, START);
    let mut sequencer = Sequencer::new(SequencerConfig::default(), Arc::new(Dictionary::new()));
    let (mut emissions, mut deliveries, mut log) = (Vec::new(), Vec::new(), Entries::default());
    let mut accounts = Accounts::default();
    for second in 1..=SECONDS {
        let until = START + Span::from_secs(second);
        world.advance(until, &mut emissions);
        injector.inject(&mut emissions, until, &mut deliveries);
        if second == SECONDS {
            injector.finish(&mut deliveries);
        }
        for Delivery { due, what } in deliveries.drain(..) {
            accounts.offered += 1;
            // What cannot be decoded does not come as far as the sequencer.
            let Offered::Event(event) = what else {
                *accounts.rejected.entry(Reason::Malformed).or_default() += 1;
                continue;
            };
            match sequencer.admit(&event, due, &mut log) {
                Admission::Accepted(_) => accounts.accepted += 1,
                Admission::Duplicate => accounts.duplicate += 1,
                Admission::DeadLettered(reason, _) => *accounts.rejected.entry(reason).or_default() += 1,
            }
        }
        sequencer.tick(until, &mut log);
    }
    let records = log.records.len() as u64;
    let memory = Arc::new(MemoryLog::new(&MemoryLogConfig::default()));
    memory.append(&log.records, &log.notes).expect("offsets go on");
    memory.close();
    let executor =
        Executor::start(city, &Config::default(), memory, Offset(0).into(), Outputs::default()).expect("is valid");
    let pipeline = executor.join().expect("runs to the end").counts;
    accounts.unusable = pipeline.dead_lettered;
    let ticks = SECONDS as u64;
    assert_eq!(records, accounts.accepted + ticks);
    assert_eq!(accounts.accepted, pipeline.accepted + accounts.unusable.values().sum::<u64>());
    let rejected: u64 = accounts.rejected.values().sum();
    assert_eq!(accounts.offered, accounts.accepted + accounts.duplicate + rejected);
    (accounts, *injector.counts())
}

#[test]
fn a_world_without_faults_says_nothing_that_is_refused() {
    let (accounts, counts) = run(FaultConfig::default());
    assert!(accounts.rejected.is_empty() && accounts.unusable.is_empty(), "{accounts:?}");
    assert_eq!((accounts.accepted, accounts.duplicate), (counts.emitted, 0));
}

#[test]
fn what_went_wrong_is_what_the_engine_counts() {
    let (accounts, counts) = run(FaultConfig {
        out_of_order: Some(OutOfOrder { share: 0.02, max_s: 0.5 }),
        twice: Some(Twice { share: 0.02, max_s: 3.0 }),
        lost: Some(Lost { share: 0.02 }),
        tunnel: Some(Tunnel { per_driver_hour: 20.0, min_s: 5.0, max_s: 20.0 }),
        garbage: Some(Garbage { share: 0.02 }),
        burst: Some(Burst { every_s: 10.0, silent_s: 2.0 }),
        ..FaultConfig::default()
    });
    assert!(counts.twice > 500);
    assert_eq!(accounts.duplicate, counts.twice);
    let of = |kinds: &[GarbageKind]| kinds.iter().map(|&kind| counts.garbage_of(kind)).sum::<u64>();
    // The trip of a second completion is known: that it cannot be completed is found out further on.
    let expected = BTreeMap::from([
        (Reason::Malformed, of(&[GarbageKind::Undecodable, GarbageKind::UnknownType])),
        (Reason::Late, of(&[GarbageKind::FarPast])),
        (Reason::Future, of(&[GarbageKind::FarFuture])),
        (Reason::UnknownTrip, of(&[GarbageKind::UnknownTrip])),
    ]);
    assert_eq!(accounts.rejected, expected);
    let unusable = accounts.unusable;
    assert_eq!(unusable.get(&Reason::IllegalTransition), Some(&counts.garbage_of(GarbageKind::SecondCompletion)));
    assert!(expected.values().all(|&count| count > 50), "{expected:?}");
}
