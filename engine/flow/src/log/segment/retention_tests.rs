use std::sync::{Arc, Mutex};

use etaflow_road::Span;

use super::hooked::Hooked;
use super::samples::records;
use super::*;
use crate::event::Offset;
use crate::log::{Log, LogError};
use crate::storage::{Fault, Mark, MarkFile, SimulatedStorage, Storage};

struct Kept {
    storage: Arc<dyn Storage>,
    disk: SimulatedStorage,
    log: SegmentLog,
}

impl Kept {
    /// A log of segments of 60 records each.
    fn new(retention: Retention) -> Self {
        let disk = SimulatedStorage::new();
        let storage: Arc<dyn Storage> = Arc::new(disk.clone());
        let config = SegmentLogConfig { segment_bytes: 4 << 10, retention, tail_records: 0, ..Default::default() };
        let (log, _) = SegmentLog::open_stepwise(Arc::clone(&storage), &config).expect("a log");
        Self { storage, disk, log }
    }

    fn append(&self, count: u64, checkpoint: bool) {
        for _ in 0..count {
            self.log.append(&records(self.log.end().0, 20), &[]).expect("goes on");
            if self.log.checkpoint_due() && checkpoint {
                self.log.put_checkpoint(self.log.end(), Vec::new());
            }
            self.log.sync().expect("synced");
        }
    }

    /// Until everything was looked at again.
    fn settle(&self) {
        (0..=200).for_each(|_| _ = self.log.sync().expect("synced"));
    }

    fn bases(&self) -> Vec<u64> {
        self.log.files().segments().expect("whole").iter().map(|segment| segment.base.0).collect()
    }
}

#[test]
fn the_oldest_segments_go_when_there_are_too_many_bytes_or_they_are_too_old() {
    for retention in [
        Retention { bytes_max: Some(20_000), age_max: None },
        Retention { bytes_max: None, age_max: Some(Span::from_millis(2_500)) },
    ] {
        let kept = Kept::new(retention);
        kept.append(100, true);
        let start = kept.log.start();
        assert!((1_500..1_900).contains(&start.0), "{start:?}");
        let files = kept.log.files();
        assert_eq!(files.start(), Ok(start));
        assert_eq!(files.checkpoint_before(start).expect("readable"), Some((start, Vec::new())));
        assert_eq!(kept.log.read(Offset(0)).err(), Some(LogError::Truncated { from: 0, start: start.0 }));
        let refused = files.reader(Offset(start.0 - 1)).map(|_| ()).expect_err("let go of");
        assert_eq!(refused, LogError::Truncated { from: start.0 - 1, start: start.0 });
        let first = kept.log.read(start).expect("kept").expect("there");
        assert_eq!(first.records()[0], records(start.0, 1)[0]);
        let mut findings = Vec::new();
        files.verify(|finding| findings.push(finding)).expect("readable");
        assert_eq!(findings, []);
        // And it is opened again where it begins.
        drop(kept.log);
        kept.disk.crash(1);
        let (_, opened) = SegmentLog::open_stepwise(kept.storage, &SegmentLogConfig::default()).expect("whole");
        assert_eq!((opened.start, opened.end), (start, Offset(2_000)));
    }
}

#[test]
fn a_log_without_states_of_the_sequencer_keeps_all() {
    let kept = Kept::new(Retention { bytes_max: Some(5_000), age_max: None });
    kept.append(30, false);
    kept.settle();
    assert_eq!(kept.log.start(), Offset(0));
}

#[test]
fn what_somebody_needs_is_kept() {
    let kept = Kept::new(Retention { bytes_max: Some(1), age_max: None });
    let hold = kept.log.hold(Offset(0));
    let mut group = MarkFile::open(Arc::clone(&kept.storage), "groups/a").expect("none yet");
    kept.disk.put("snapshots/00000000000000000400.snap", b"");
    kept.append(50, true);
    assert_eq!(kept.bases()[0], 0);
    // Each is asked in its turn, and the furthest behind decides.
    hold.advance(Offset(1_000));
    kept.settle();
    let start = kept.bases()[0];
    assert!((340..=400).contains(&start), "{start}");
    group.set(Mark { offset: start + 1, within: 0 }).expect("set");
    kept.storage.remove("snapshots/00000000000000000400.snap").expect("removed");
    kept.settle();
    assert_eq!(kept.bases()[0], start);
    // The last but one counts: the last may not be on the disk yet.
    (0..2).for_each(|within| group.set(Mark { offset: 500, within }).expect("set"));
    kept.settle();
    let start = kept.bases()[0];
    assert!((440..=500).contains(&start), "{start}");
    // One whose mark cannot be read may need anything.
    let whole = kept.disk.contents("groups/a").expect("set");
    kept.disk.put("groups/a", b"nothing");
    drop(hold);
    kept.settle();
    assert_eq!(kept.bases()[0], start);
    kept.disk.put("groups/a", &whole);
    kept.storage.remove("groups/a").expect("removed");
    kept.settle();
    assert!(kept.bases()[0] >= 940);
    assert_eq!(kept.log.failure(), None);
}

#[test]
fn one_who_reads_a_segment_that_is_let_go_of_reads_it_to_its_end() {
    let kept = Kept::new(Retention { bytes_max: Some(1), age_max: None });
    let hold = kept.log.hold(Offset(0));
    kept.append(12, true);
    let mut reader = kept.log.files().reader(Offset(0)).expect("kept").until(Offset(30));
    assert_eq!(reader.next().expect("whole").expect("there").records, records(0, 30));
    let mut reader = kept.log.files().reader(Offset(20)).expect("kept");
    drop(hold);
    kept.settle();
    assert!(kept.log.start().0 > 100);
    // The one that it has open outlives its name.
    let read = reader.next().expect("whole").expect("there").records;
    assert_eq!(read, records(20, read.len() as u64));
    assert!(matches!(reader.next(), Err(LogError::Truncated { from: 60..=80, .. })));
}

#[test]
fn a_mark_that_a_power_cut_may_take_back_lets_go_of_nothing() {
    for seed in 0..20 {
        let kept = Kept::new(Retention { bytes_max: Some(1), age_max: None });
        let mut group = MarkFile::open(Arc::clone(&kept.storage), "groups/a").expect("none yet");
        group.set(Mark { offset: 100, within: 0 }).expect("set");
        kept.append(20, true);
        // Written, and then the disk does not take it.
        kept.disk.fail_at(kept.disk.changes() + 1, Fault::LostSync);
        group.set(Mark { offset: 300, within: 0 }).expect_err("planned");
        kept.settle();
        assert!((1..=100).contains(&kept.log.start().0), "{:?}", kept.log.start());
        drop(kept.log);
        kept.disk.crash(seed);
        let (_, opened) = SegmentLog::open_stepwise(Arc::clone(&kept.storage), &Default::default()).expect("whole");
        let mark = MarkFile::open(kept.storage, "groups/a").expect("one place is whole").mark().expect("set");
        assert!(opened.start.0 <= mark.offset, "{opened:?} {mark:?}");
    }
}

#[test]
fn a_hold_that_is_taken_while_it_is_asked_who_needs_what_is_respected() {
    let log: Arc<Mutex<Option<SegmentLog>>> = Arc::default();
    let hold = Arc::new(Mutex::new(None));
    let hook = {
        let (log, hold) = (Arc::clone(&log), Arc::clone(&hold));
        move |path: &str| {
            if let Some(log) = log.lock().expect("no panic").as_ref().filter(|_| path == "groups") {
                hold.lock().expect("no panic").get_or_insert_with(|| log.hold(log.start()));
            }
        }
    };
    let storage = Arc::new(Hooked { disk: SimulatedStorage::new(), hook });
    let retention = Retention { bytes_max: Some(1), age_max: None };
    let config = SegmentLogConfig { segment_bytes: 4 << 10, retention, tail_records: 0, ..Default::default() };
    let (opened, _) = SegmentLog::open_stepwise(storage.clone(), &config).expect("a log");
    *log.lock().expect("no panic") = Some(opened.clone());
    let kept = Kept { storage: storage.clone(), disk: storage.disk.clone(), log: opened };
    kept.append(20, true);
    kept.settle();
    assert!(hold.lock().expect("no panic").is_some(), "nobody was asked");
    assert_eq!(kept.log.start(), Offset(0));
    assert_eq!(kept.log.read(Offset(0)).expect("held").expect("there").records()[0], records(0, 1)[0]);
    // Held no more, it goes.
    *log.lock().expect("no panic") = None;
    *hold.lock().expect("no panic") = None;
    kept.settle();
    assert!(kept.log.start() > Offset(300));
}

#[test]
fn a_file_whose_name_is_no_groups_holds_nothing() {
    let kept = Kept::new(Retention { bytes_max: Some(1), age_max: None });
    for name in ["README", "billing~", "Billing", "billing.lock", "billing.new"] {
        kept.disk.put(&format!("groups/{name}"), b"who reads what");
    }
    kept.append(20, true);
    kept.settle();
    assert!(kept.log.start() > Offset(300));
}

#[test]
fn groups_that_are_past_the_end_are_set_back_to_it() {
    let disk = SimulatedStorage::new();
    let storage: Arc<dyn Storage> = Arc::new(disk.clone());
    let open = || SegmentLog::open_stepwise(Arc::clone(&storage), &SegmentLogConfig::default()).expect("a log").0;
    let log = open();
    log.append(&records(0, 50), &[]).expect("goes on");
    log.sync().expect("synced");
    drop(log);
    let mark = |name: &str, offset| {
        let mut file = MarkFile::open(Arc::clone(&storage), format!("groups/{name}")).expect("it can be set");
        file.set(Mark { offset, within: 0 }).expect("the disk is well");
    };
    [("behind", 30), ("ahead", 70), ("read", 90)].into_iter().for_each(|(name, offset)| mark(name, offset));
    let _read = storage.lock("groups/read.lock").expect("nobody has it");
    drop(open());
    let offset =
        |name: &str| MarkFile::read(&*storage, &format!("groups/{name}")).expect("whole").map(|mark| mark.offset);
    assert_eq!(["behind", "ahead", "read"].map(offset), [Some(30), Some(50), Some(90)]);
    assert_eq!(MarkFile::read_durable(&*storage, "groups/ahead"), Ok(Some(Mark { offset: 50, within: 0 })));
}
