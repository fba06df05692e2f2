//! Executors that go on from a snapshot, beside one that never stopped.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use etaflow_road::{SyntheticCity, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::config::Config;
use crate::eta::{Cause, EtaUpdate};
use crate::event::{DriverId, Offset, Payload, Record, TripId};
use crate::fleet::FleetChange;
use crate::log::{Log, MemoryLog, MemoryLogConfig};
use crate::pipeline::fixture::{CITY, Chance, PROFILES, log};
use crate::pipeline::{
    Applied, Executor, ExecutorError, ExecutorReport, Observer, Output, Outputs, RestoreError, Restored, Start,
    StartError,
};
use crate::snapshot::{decode, encode};

/// What somebody who looks on knows: trips under way, who can take one, and the epoch.
#[derive(Debug, Clone, Default, PartialEq)]
struct Known {
    trips: BTreeMap<TripId, EtaUpdate>,
    available: BTreeMap<DriverId, FleetChange>,
    epoch: (u64, u64),
}

/// What somebody knows after each tick; of one shard what is after the tick is not before it.
#[derive(Default)]
struct Watch {
    now: Mutex<Known>,
    at_ticks: Mutex<BTreeMap<Offset, Known>>,
}

impl Watch {
    fn take(&self, effects: &crate::pipeline::Effects, epoch: &crate::eta::Epoch) {
        let mut known = self.now.lock().expect("nobody panics");
        for update in &effects.arrivals {
            match update.cause {
                Cause::Completed | Cause::Cancelled => known.trips.remove(&update.trip),
                _ => known.trips.insert(update.trip, *update),
            };
        }
        for &change in &effects.fleet {
            match change {
                FleetChange::Available { driver, .. } => known.available.insert(driver, change),
                FleetChange::Unavailable { driver } | FleetChange::Forgotten { driver } => {
                    known.available.remove(&driver)
                }
            };
        }
        known.epoch = (epoch.number, epoch.metric_number);
    }
}

impl Observer for Watch {
    fn on_applied(&self, applied: &Applied<'_>) {
        self.take(applied.effects, applied.epoch);
        if let Some(last) = applied.records.last().filter(|last| matches!(last.payload, Payload::Tick { .. })) {
            let known = self.now.lock().expect("nobody panics").clone();
            self.at_ticks.lock().expect("nobody panics").insert(Offset(last.offset.0 + 1), known);
        }
    }

    fn on_restored(&self, restored: &Restored<'_>) {
        assert!(restored.effects.outputs.is_empty());
        self.take(restored.effects, restored.epoch);
    }
}

fn memory(records: &[Record]) -> Arc<dyn Log> {
    let log = MemoryLog::new(&MemoryLogConfig::default());
    log.append(records, &[]).expect("open");
    Arc::new(log)
}

/// All that came of a run.
struct Run {
    report: ExecutorReport,
    outputs: Vec<Output>,
    snapshots: Vec<CutReport>,
    watch: Arc<Watch>,
    /// What was known before a record was taken.
    restored: Known,
}

/// Runs over the records from the start on, which come in so many steps; before some of them a snapshot is asked for.
fn run(records: &[Record], shards: u32, from: Start<'_>, (steps, often): (usize, usize), seed: u64) -> Run {
    let first = match from {
        Start::Offset(offset) => offset.0,
        Start::Image(image) => image.offset.0,
    };
    let rest = &records[first as usize..];
    let (outputs, snapshots) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let watch = Arc::new(Watch::default());
    let taps = Outputs {
        observer: Some(Arc::clone(&watch) as Arc<dyn Observer>),
        tap: Some(Box::new({
            let outputs = Arc::clone(&outputs);
            move |ready: &[Output]| outputs.lock().expect("nobody panics").extend_from_slice(ready)
        })),
        snapshots: Some(Box::new({
            let snapshots = Arc::clone(&snapshots);
            move |report| snapshots.lock().expect("nobody panics").push(report)
        })),
        profiles: Some(PROFILES.0.clone()),
    };
    let log = memory(&records[..first as usize]);
    let config = Config { shards, ..Config::default() };
    let executor = Executor::start(Arc::clone(&CITY), &config, Arc::clone(&log), from, taps).expect("it can go on");
    let restored = watch.now.lock().expect("nobody panics").clone();
    let (handle, mut chance) = (executor.handle(), Chance(seed));
    assert_eq!((handle.applied(), handle.told()), (Offset(first), Offset(first)));
    for (nth, step) in rest.chunks(rest.len().div_ceil(steps).max(1)).enumerate() {
        if often > 0 && (nth == steps / 3 || chance.below(often) == 0) {
            handle.request_snapshot();
        }
        log.append(step, &[]).expect("open");
        // Sometimes the shards are behind, and sometimes they wait.
        while chance.below(4) == 0 && handle.applied() < log.end() {
            std::thread::yield_now();
        }
    }
    log.close();
    let report = executor.join().expect("it runs to the end");
    let take = |mutex: &Mutex<Vec<Output>>| std::mem::take(&mut *mutex.lock().expect("nobody panics"));
    let snapshots = std::mem::take(&mut *snapshots.lock().expect("nobody panics"));
    Run { report, outputs: take(&outputs), snapshots, watch, restored }
}

/// A file's content in between, as after a crash.
fn kept(report: &CutReport) -> Image {
    decode(&encode(&report.image)).expect("it was just written")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn one_that_goes_on_from_a_snapshot_is_as_one_that_never_stopped(
        (seed, turns) in any::<(u64, u64)>(),
        before in 1_u32..5,
        after in 1_u32..5,
        steps in 60_usize..200,
    ) {
        let records = log(seed, 14, 60);
        let whole = run(&records, 1, Offset(0).into(), (records.len(), 0), turns);
        let cut = run(&records, before, Offset(0).into(), (steps, 8), turns);
        prop_assert_eq!(&cut.report, &whole.report, "cutting changes nothing");
        prop_assert_eq!(&cut.outputs, &whole.outputs);
        prop_assert!(!cut.snapshots.is_empty());
        let at_ticks = whole.watch.at_ticks.lock().expect("nobody panics");
        let mut snapshots: Vec<(CutReport, usize)> = cut.snapshots.into_iter().map(|cut| (cut, 0)).collect();
        while let Some((snapshot, depth)) = snapshots.pop() {
            let image = kept(&snapshot);
            prop_assert_eq!(snapshot.bytes, image.bytes());
            let last = &records[image.offset.0 as usize - 1];
            prop_assert_eq!((last.source, last.id), (Record::TICKER, image.tick.number));
            let rest = run(&records, after, (&image).into(), (steps, if depth == 0 { 30 } else { 0 }), turns);
            prop_assert_eq!(&rest.report, &whole.report, "from offset {}", image.offset.0);
            let told = whole.outputs.partition_point(|output| output.offset() < image.offset);
            prop_assert!(rest.outputs == whole.outputs[told..], "outputs from offset {}", image.offset.0);
            let known = at_ticks.get(&image.offset);
            prop_assert_eq!(Some(&rest.restored), known, "what is shown at offset {}", image.offset.0);
            snapshots.extend(rest.snapshots.into_iter().map(|cut| (cut, depth + 1)));
        }
    }
}

/// The first snapshot of a run.
fn a_snapshot(records: &[Record], shards: u32) -> Image {
    let mut run = run(records, shards, Offset(0).into(), (4, 1), 3);
    run.snapshots.swap_remove(0).image
}

#[test]
fn a_snapshot_is_no_other_for_more_shards() {
    let records = log(5, 20, 30);
    let entities = |shards: u32| {
        let image = a_snapshot(&records, shards);
        let mut kinds: Vec<u8> = image.parts.iter().map(|part| part.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let of_kind = |kind: u8| image.entities(kind).map(|entity| entity.expect("whole")).collect::<BTreeMap<_, _>>();
        let all: BTreeMap<u8, BTreeMap<u64, Vec<u8>>> = kinds
            .into_iter()
            .map(|kind| (kind, of_kind(kind).into_iter().map(|(number, bytes)| (number, bytes.to_vec())).collect()))
            .collect();
        // It is the first tick that nobody had come to when the first record was in.
        (image.offset, all)
    };
    let one = entities(1);
    assert_eq!(entities(3), one);
}

#[test]
fn a_snapshot_that_fits_nothing_here_is_refused_in_words() {
    let records = log(5, 10, 20);
    let image = a_snapshot(&records, 2);
    let config = Config::default();
    let start = |image: &Image, config: &Config| {
        let started = Executor::start(Arc::clone(&CITY), config, memory(&[]), image.into(), Outputs::default());
        started.err().expect("it cannot be gone on from")
    };
    let why = |image: &Image| match start(image, &config) {
        StartError::Snapshot { why, .. } => why,
        other => panic!("{other}"),
    };
    let mut slower = config.clone();
    slower.eta.reroute_every = etaflow_road::Span::from_secs(9);
    let text = start(&image, &slower).to_string();
    let expected = format!("the snapshot at offset {} is of no use here: it was made with ", image.offset.0);
    assert!(text.starts_with(&expected) && text.contains("reroute_every: Span(8000000"), "{text}");
    let village = Arc::new(SyntheticCity { nodes: 1_000, seed: 9, ..SyntheticCity::default() }.build());
    let elsewhere = Executor::start(village, &config, memory(&[]), (&image).into(), Outputs::default());
    let text = elsewhere.err().expect("another network").to_string();
    assert!(text.contains("it was made with ") && !text.contains("reroute"), "{text}");
    // Parts that are missing, come twice, or are of no kind.
    for nth in 0..image.parts.len() {
        let mut damaged = image.clone();
        let part = damaged.parts.remove(nth);
        if part.kind.is_ascii_uppercase() {
            assert!(matches!(why(&damaged), RestoreError::Amount { .. }), "without {}", char::from(part.kind));
        }
        let twice = Image { parts: [image.parts.clone(), vec![part]].concat(), ..image.clone() };
        assert!(matches!(why(&twice), RestoreError::Amount { .. } | RestoreError::Entity(_)));
    }
    let mut damaged = image.clone();
    damaged.parts[0].kind = b'?';
    assert_eq!(why(&damaged), RestoreError::Kind(b'?'));
    damaged.clone_from(&image);
    damaged.parts[0].bytes.pop();
    assert!(matches!(why(&damaged), RestoreError::Part(_) | RestoreError::Entity(_)));
    damaged.clone_from(&image);
    damaged.tick.number = u64::MAX - 1;
    assert!(matches!(why(&damaged), RestoreError::Tick { .. }));
    damaged.tick.number = 1 << 40;
    assert!(matches!(why(&damaged), RestoreError::Amount { .. }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn damage_that_no_checksum_tells_ends_in_words_or_in_some_state(
        part in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        static IMAGE: std::sync::LazyLock<Image> = std::sync::LazyLock::new(|| a_snapshot(&log(5, 10, 20), 2));
        let mut image = IMAGE.clone();
        let part = part.index(image.parts.len());
        let bytes = &mut image.parts[part].bytes;
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let config = Config { shards: 2, ..Config::default() };
        let log = memory(&log(5, 10, 20)[..image.offset.0 as usize]);
        log.close();
        let outputs = Outputs { profiles: Some(PROFILES.0.clone()), ..Outputs::default() };
        let started = Executor::start(Arc::clone(&CITY), &config, log, (&image).into(), outputs);
        if let Ok(executor) = started {
            // The name of a profile may be another now, which nobody keeps.
            prop_assert!(matches!(executor.join(), Ok(_) | Err(ExecutorError::Profile(_))));
        }
    }
}

#[test]
fn nobody_takes_snapshots_and_nobody_makes_any() {
    let records = log(2, 5, 5);
    let log = memory(&records);
    let taps = Outputs { profiles: Some(PROFILES.0.clone()), ..Outputs::default() };
    let executor = Executor::start(Arc::clone(&CITY), &Config::default(), Arc::clone(&log), Offset(0).into(), taps);
    let executor = executor.expect("within bounds");
    executor.handle().request_snapshot();
    log.close();
    executor.join().expect("it runs to the end");
}

#[test]
fn a_tap_of_snapshots_that_panics_is_named_and_stops_all() {
    let records = log(2, 5, 40);
    let log = memory(&records[..records.len() / 2]);
    let snapshots: SnapshotTap = Box::new(|report| panic!("no room for {} bytes", report.bytes.min(1)));
    let taps = Outputs { snapshots: Some(snapshots), profiles: Some(PROFILES.0.clone()), ..Outputs::default() };
    let executor = Executor::start(Arc::clone(&CITY), &Config::default(), Arc::clone(&log), Offset(0).into(), taps);
    let executor = executor.expect("within bounds");
    executor.handle().request_snapshot();
    log.append(&records[records.len() / 2..], &[]).expect("open");
    // Nothing more is taken in.
    let mut number = records.last().expect("there are some").id;
    while !log.is_closed() {
        number += 1;
        let (offset, time) = (log.end(), Timestamp::from_secs(1_700_000_000 + number as i64));
        let (source, payload) = (Record::TICKER, Payload::Tick { watermark: time });
        _ = log.append(&[Record { offset, time, ingest_time: time, waited_us: 0, source, id: number, payload }], &[]);
        executor.handle().request_snapshot();
        std::thread::yield_now();
    }
    let failure = executor.join().expect_err("the tap has failed");
    assert_eq!(failure, ExecutorError::SnapshotTapPanicked { message: "no room for 1 bytes".to_owned() });
}
