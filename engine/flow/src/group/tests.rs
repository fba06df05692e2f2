use std::sync::Arc;

use etaflow_road::{Span, Timestamp};
use event_listener::Listener;
use proptest::prelude::*;

use super::*;
use crate::event::{Entries, Key, Note, Noted, Payload, Record, SourceId};
use crate::log::{Log, LogFiles, MemoryLog, MemoryLogConfig, Retention, SegmentLog, SegmentLogConfig, SyncPolicy};
use crate::storage::forgetful::ForgetfulDisk;
use crate::storage::{DiskStorage, Mark, MarkFile, Storage};

/// A tick that says its offset; ten come in each second.
pub(super) fn record(offset: u64) -> Record {
    let time = Timestamp::from_millis(offset as i64 / 10 * 1_000);
    let payload = Payload::Tick { watermark: Timestamp::MIN };
    let (source, id) = (Record::TICKER, offset);
    Record { offset: Offset(offset), time, ingest_time: time, waited_us: 0, source, id, payload }
}

pub(super) fn records(from: u64, count: u64) -> Vec<Record> {
    (from..from + count).map(record).collect()
}

fn disk(directory: &tempfile::TempDir) -> Arc<dyn Storage> {
    Arc::new(DiskStorage::create(directory.path()).unwrap())
}

/// Full segments after a hundred records or so, and in memory no more.
fn small(sync: SyncPolicy) -> SegmentLogConfig {
    SegmentLogConfig { segment_bytes: 8 << 10, sync, tail_records: 100, ..SegmentLogConfig::default() }
}

fn segment_log(storage: &Arc<dyn Storage>, sync: SyncPolicy) -> Arc<dyn Log> {
    Arc::new(SegmentLog::open(Arc::clone(storage), &small(sync)).unwrap().0)
}

fn append(log: &Arc<dyn Log>, count: u64) {
    log.append(&records(log.end().0, count), &[]).unwrap();
}

fn open(storage: &Arc<dyn Storage>, log: &Arc<dyn Log>, name: &str, from: StartFrom) -> Result<LogGroup, GroupError> {
    LogGroup::open(Arc::clone(storage), Arc::clone(log), name, from)
}

/// Reads to the end of what there is; the offsets that it began and ended with, if there was no hole in between.
fn read(group: &mut LogGroup) -> (u64, u64) {
    let first = group.next_offset().0;
    let mut next = first;
    while let Some(batch) = group.poll().unwrap() {
        for found in batch.records() {
            assert_eq!(*found, record(next));
            next += 1;
        }
    }
    assert_eq!(group.next_offset(), Offset(next));
    (first, next)
}

#[test]
fn a_group_goes_on_where_it_has_committed_and_others_do_not_matter() {
    let directory = tempfile::tempdir().unwrap();
    let storage = disk(&directory);
    let mut committed = 0;
    for life in 0..4 {
        let log = segment_log(&storage, SyncPolicy::Sync);
        append(&log, 700);
        let mut group = open(&storage, &log, "billing", StartFrom::Earliest).unwrap();
        let mut other = open(&storage, &log, "audit", StartFrom::Latest).unwrap();
        assert_eq!(group.committed(), Offset(committed));
        assert_eq!(read(&mut group), (committed, 700 * (life + 1)));
        committed += 500 + life;
        group.commit(Offset(committed)).unwrap();
        // An earlier one changes nothing.
        group.commit(Offset(3)).unwrap();
        assert_eq!(group.committed(), Offset(committed));
        // It began after the first life's records, and has committed nothing since.
        assert_eq!(read(&mut other), (700, 700 * (life + 1)));
    }
    let known: Vec<_> = groups(&*storage).unwrap().into_iter().map(|info| (info.name, info.mark.unwrap())).collect();
    let expected = [("audit", 700), ("billing", committed)];
    assert_eq!(known, expected.map(|(name, offset)| (name.to_owned(), Mark { offset, within: 0 })));
    assert_eq!(groups(&*storage).unwrap()[0].behind(Offset(800), Offset(2_800)), Some(2_000));
}

#[test]
fn a_group_begins_where_it_is_told() {
    for of_segments in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let storage = disk(&directory);
        let log = if of_segments {
            segment_log(&storage, SyncPolicy::Sync)
        } else {
            Arc::new(MemoryLog::new(&MemoryLogConfig { records_max: 1_000 })) as Arc<dyn Log>
        };
        (0..15).for_each(|_| append(&log, 97));
        let (start, end) = (log.start().0, log.end().0);
        assert_eq!(start > 0, !of_segments);
        let at = |offset: u64| StartFrom::Time(record(offset).ingest_time);
        let later = |offset: u64| StartFrom::Time(record(offset).ingest_time + Span::from_millis(1));
        let cases = [
            (StartFrom::Earliest, start),
            (StartFrom::Latest, end),
            (StartFrom::Offset(Offset(start)), start),
            (StartFrom::Offset(Offset(1_234)), 1_234),
            (StartFrom::Offset(Offset(end)), end),
            (at(1_234), 1_230),
            (later(1_234), 1_240),
            (at(1_300), 1_300),
            (StartFrom::Time(Timestamp::MIN), start),
            (later(end), end),
        ];
        for (number, (from, expected)) in cases.into_iter().enumerate() {
            let mut group = open(&storage, &log, &format!("group-{number}"), from).unwrap();
            assert_eq!(read(&mut group), (expected, end), "{from:?}");
            // Whatever was committed, one that is reset begins where it is told.
            group.commit(Offset(end)).unwrap();
            drop(group);
            let again =
                LogGroup::reset(Arc::clone(&storage), Arc::clone(&log), &format!("group-{number}"), from).unwrap();
            assert_eq!((again.committed(), again.next_offset()), (Offset(expected), Offset(expected)), "{from:?}");
            if of_segments {
                drop(again);
                let files = FileGroup::reset(Arc::clone(&storage), &format!("group-{number}"), from).unwrap();
                assert_eq!(files.next_offset(), Offset(expected), "{from:?}");
            }
        }
    }
}

#[test]
fn a_group_is_read_by_one_at_a_time() {
    let directory = tempfile::tempdir().unwrap();
    let storage = disk(&directory);
    let log = segment_log(&storage, SyncPolicy::Sync);
    let group = open(&storage, &log, "billing", StartFrom::Earliest).unwrap();
    let refused = [
        open(&storage, &log, "billing", StartFrom::Earliest).err(),
        FileGroup::open(Arc::clone(&storage), "billing", StartFrom::Earliest).err(),
        remove_group(&*storage, "billing").err(),
    ];
    for error in refused {
        let message = error.unwrap().to_string();
        assert!(message.ends_with("groups/billing.lock: another reader has the group; end it, or take another name"));
    }
    drop(group);
    open(&storage, &log, "billing", StartFrom::Earliest).unwrap();
    assert_eq!(remove_group(&*storage, "billing"), Ok(true));
    assert_eq!(remove_group(&*storage, "billing"), Ok(false));
    assert_eq!(groups(&*storage), Ok(Vec::new()));
}

#[test]
fn what_is_wrong_with_a_group_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let storage = disk(&directory);
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new(&MemoryLogConfig { records_max: 100 }));
    (0..30).for_each(|_| append(&log, 10));
    for name in ["", "..", "a/b", "/etc", "Billing", "a.b", "ä", "a b", "a\0", &"x".repeat(65)] {
        let error = open(&storage, &log, name, StartFrom::Earliest).err().unwrap();
        assert_eq!(error.to_string(), format!("{name:?} is no name of a group: it has 1 to 64 of a-z, 0-9, - and _"));
        assert!(remove_group(&*storage, name).is_err());
    }
    assert!(directory.path().read_dir().unwrap().next().is_none(), "nothing is made for a wrong name");
    let set = |name: &str, mark| MarkFile::open(Arc::clone(&storage), format!("groups/{name}")).unwrap().set(mark);
    set("late", Mark { offset: 17, within: 0 }).unwrap();
    set("early", Mark { offset: 301, within: 0 }).unwrap();
    storage.create("groups/damaged").unwrap();
    for (name, from, expected) in [
        (
            "late",
            StartFrom::Earliest,
            "the group is at offset 17, and the log starts at 200: reset it to go on without",
        ),
        (
            "early",
            StartFrom::Earliest,
            "the group is at offset 301, and the log ends at 300: it is another log, or has lost",
        ),
        ("damaged", StartFrom::Earliest, "is damaged, or no mark: remove it, and whose it is begins"),
        ("new", StartFrom::Offset(Offset(17)), "the group is at offset 17, and the log starts at 200"),
        ("new", StartFrom::Offset(Offset(301)), "the group is at offset 301, and the log ends at 300"),
    ] {
        let error = open(&storage, &log, name, from).err().unwrap().to_string();
        assert!(error.contains(expected) && error.contains(&format!("groups/{name}")), "{error}");
    }
    let mut group = open(&storage, &log, "new", StartFrom::Offset(Offset(250))).unwrap();
    group.poll().unwrap();
    let error = group.commit(Offset(261)).unwrap_err().to_string();
    assert!(error.ends_with("groups/new: offset 261 cannot be committed, the group has read to 260"), "{error}");
    // Overtaken by a log that keeps little, it says so, and goes on once it is reset.
    (0..30).for_each(|_| append(&log, 10));
    assert!(matches!(group.poll(), Err(GroupError::Gone { offset: 260, start: 500, .. })));
    assert_eq!((group.lag().records, group.lag().behind), (100, None));
    drop(group);
    let mut group = LogGroup::reset(Arc::clone(&storage), Arc::clone(&log), "new", StartFrom::Earliest).unwrap();
    // Nothing was handed out yet: it begins where the log does by now.
    append(&log, 50);
    assert_eq!(group.poll().unwrap().unwrap().records()[0], record(550));
    assert_eq!((read(&mut group), group.committed()), ((560, 650), Offset(550)));
    let names = groups(&*storage).unwrap().into_iter().map(|info| (info.name, info.mark.is_ok()));
    let expected = [("damaged", false), ("early", true), ("late", true), ("new", true)];
    assert_eq!(names.collect::<Vec<_>>(), expected.map(|(name, whole)| (name.to_owned(), whole)));
}

#[test]
fn sinks_are_listed_apart_from_groups() {
    let directory = tempfile::tempdir().unwrap();
    let storage = disk(&directory);
    assert_eq!((groups(&*storage), sinks(&*storage)), (Ok(Vec::new()), Ok(Vec::new())));
    let set = |path: &str, mark| MarkFile::open(Arc::clone(&storage), path).unwrap().set(mark).unwrap();
    set("groups/billing", Mark { offset: 17, within: 0 });
    set("sinks/told", Mark { offset: 30, within: 2 });
    set("sinks/billing", Mark { offset: 31, within: 0 });
    storage.create("sinks/notes.txt").unwrap();
    let listed = |infos: Result<Vec<GroupInfo>, _>| -> Vec<(String, u64, Option<u64>)> {
        let told = |info: GroupInfo| {
            let behind = info.behind(Offset(20), Offset(50));
            (info.name, info.mark.unwrap().offset, behind)
        };
        infos.unwrap().into_iter().map(told).collect()
    };
    assert_eq!(listed(groups(&*storage)), [("billing".to_owned(), 17, Some(30))]);
    let expected = [("billing".to_owned(), 31, Some(19)), ("told".to_owned(), 30, Some(20))];
    assert_eq!(listed(sinks(&*storage)), expected);
}

#[test]
fn a_group_that_falls_out_of_memory_reads_from_files_and_comes_back() {
    const RECORDS: u64 = 30_000;
    let directory = tempfile::tempdir().unwrap();
    let storage = disk(&directory);
    let log = segment_log(&storage, SyncPolicy::Interval(Span::from_millis(1)));
    std::thread::scope(|scope| {
        for slow in 0..4 {
            let mut group = open(&storage, &log, &format!("group-{slow}"), StartFrom::Earliest).unwrap();
            let log = Arc::clone(&log);
            scope.spawn(move || {
                let mut next = 0;
                while let Some(batch) = group.next_blocking().unwrap() {
                    let durable = log.durable();
                    for found in batch.records() {
                        assert_eq!(*found, record(next));
                        next += 1;
                    }
                    assert!(next <= durable.0, "what is handed out is durable");
                    assert!(group.lag().records <= log.end().0 - group.committed().0);
                    // Some wait until they are far behind, then take what there is at once.
                    while slow > 0 && !log.is_closed() && log.end().0 < next + 2_000 * slow {
                        let changed = log.listen();
                        if !log.is_closed() {
                            changed.wait_timeout(std::time::Duration::from_millis(1));
                        }
                    }
                    if slow % 2 == 0 {
                        group.commit(Offset(next)).unwrap();
                    }
                }
                assert_eq!(next, RECORDS);
            });
        }
        for size in (1..60).cycle() {
            let left = RECORDS - log.end().0;
            append(&log, size.min(left));
            if left <= size {
                break;
            }
        }
        log.close();
    });
    assert_eq!(log.end(), Offset(RECORDS));
}

#[test]
fn a_group_gets_nothing_that_could_still_be_lost() {
    let directory = tempfile::tempdir().unwrap();
    let storage = disk(&directory);
    let (stepwise, _) = SegmentLog::open_stepwise(Arc::clone(&storage), &small(SyncPolicy::default())).unwrap();
    let log: Arc<dyn Log> = Arc::new(stepwise.clone());
    append(&log, 5);
    let mut group = open(&storage, &log, "billing", StartFrom::Earliest).unwrap();
    let mut files = FileGroup::open(Arc::clone(&storage), "audit", StartFrom::Earliest).unwrap();
    assert_eq!((read(&mut group), files.poll().unwrap()), ((0, 0), None));
    // It is behind by what is there, durable or not.
    assert_eq!((group.lag().records, group.lag().behind), (5, None));
    stepwise.sync().unwrap();
    append(&log, 5);
    assert_eq!(read(&mut group), (0, 5));
    assert_eq!(files.poll().unwrap().unwrap().records, records(0, 5));
    group.commit(Offset(5)).unwrap();
    assert_eq!(group.lag(), GroupLag { records: 5, behind: Some(Span::ZERO) });
}

#[test]
fn the_log_keeps_what_a_group_has_not_committed() {
    let directory = tempfile::tempdir().unwrap();
    let storage = disk(&directory);
    let retention = Retention { bytes_max: Some(0), ..Retention::default() };
    let config = SegmentLogConfig { retention, ..small(SyncPolicy::Sync) };
    let (segments, _) = SegmentLog::open(Arc::clone(&storage), &config).unwrap();
    let log: Arc<dyn Log> = Arc::new(segments.clone());
    let mut group = open(&storage, &log, "billing", StartFrom::Earliest).unwrap();
    let fill = || {
        for _ in 0..60 {
            append(&log, 20);
            if segments.checkpoint_due() {
                segments.put_checkpoint(log.end(), vec![1]);
            }
        }
        segments.sync().unwrap();
    };
    fill();
    assert_eq!((log.start(), read(&mut group)), (Offset(0), (0, 1_200)));
    // The lock of a group that is open, and what is left of one that is closed, is nobody's mark.
    // And of two commits the earlier counts: the later one may not be on the disk yet.
    group.commit(Offset(950)).unwrap();
    group.commit(Offset(1_000)).unwrap();
    fill();
    let start = log.start();
    assert!(start > Offset(500) && start <= Offset(1_000), "{start:?}");
    drop(group);
    fill();
    assert_eq!(log.start(), start);
    assert_eq!(remove_group(&*storage, "billing"), Ok(true));
    fill();
    assert!(log.start() > Offset(3_000));
}

#[tokio::test]
async fn a_group_is_awaited_and_ends_with_its_log() {
    let directory = tempfile::tempdir().unwrap();
    let storage = disk(&directory);
    let log = segment_log(&storage, SyncPolicy::default());
    let mut group = open(&storage, &log, "billing", StartFrom::Earliest).unwrap();
    let appended = Arc::clone(&log);
    let writing = std::thread::spawn(move || {
        (0..50).for_each(|_| append(&appended, 3));
        appended.close();
    });
    let mut next = 0;
    while let Some(batch) = group.next().await.unwrap() {
        assert_eq!(batch.records()[0].offset, Offset(next));
        next += batch.records().len() as u64;
    }
    assert_eq!(next, 150);
    writing.join().unwrap();
}

#[test]
fn in_another_process_notes_come_with_their_records() {
    let directory = tempfile::tempdir().unwrap();
    let storage = disk(&directory);
    let error = FileGroup::open(Arc::clone(&storage), "audit", StartFrom::Earliest).err().unwrap();
    assert!(matches!(error, GroupError::Log(_)), "{error}");
    let log = segment_log(&storage, SyncPolicy::Sync);
    let note = |offset: u64| {
        let (source, key) = (SourceId(offset as u32), Key::Number(offset));
        Note { offset: Offset(offset), what: Noted::Source { source, key } }
    };
    for from in (0..1_000).step_by(10) {
        log.append(&records(from, 10), &[note(from), note(from + 7)]).unwrap();
    }
    let mut next = 0;
    for _ in 0..3 {
        let mut group = FileGroup::open(Arc::clone(&storage), "audit", StartFrom::Earliest).unwrap();
        assert_eq!((group.committed().0, group.lag().unwrap().records), (next, 1_000 - next));
        let mut all = Entries::default();
        while let Some(entries) = group.poll().unwrap() {
            all.records.extend(entries.records);
            all.notes.extend(entries.notes);
        }
        assert_eq!(all.records, records(next, 1_000 - next));
        let expected = (next..1_000).filter(|offset| offset % 10 == 0 || offset % 10 == 7);
        assert_eq!(all.notes, expected.map(note).collect::<Vec<_>>());
        next += 333;
        group.commit(Offset(next)).unwrap();
        let behind = record(999).ingest_time.since(record(next - 1).ingest_time);
        assert_eq!(group.lag().unwrap(), GroupLag { records: 1_000 - next, behind: Some(behind) });
    }
    assert_eq!(LogFiles::open(storage).unwrap().durable(), Ok(Offset(1_000)));
}

#[derive(Debug, Clone)]
enum Step {
    Append(u64),
    Read,
    /// So many records back from what was read.
    Commit(u64),
    Reopen,
}

proptest! {
    #[test]
    fn lag_is_the_truth(
        steps in prop::collection::vec(
            prop_oneof![
                (1..40_u64).prop_map(Step::Append),
                Just(Step::Read),
                prop_oneof![Just(0), 1..30_u64].prop_map(Step::Commit),
                Just(Step::Reopen),
            ],
            1..60,
        ),
        records_max in 40..200_usize,
    ) {
        let storage: Arc<dyn Storage> = Arc::new(ForgetfulDisk::new(0));
        let log: Arc<dyn Log> = Arc::new(MemoryLog::new(&MemoryLogConfig { records_max }));
        let mut group = open(&storage, &log, "billing", StartFrom::Earliest).unwrap();
        let (mut appended, mut done) = (0, 0);
        for step in steps {
            match step {
                Step::Append(count) => {
                    append(&log, count);
                    appended += count;
                }
                Step::Read => match group.poll() {
                    Ok(_) => done = done.max(group.committed().0),
                    Err(GroupError::Gone { start, .. }) => {
                        prop_assert_eq!(start, log.start().0);
                        drop(group);
                        group = LogGroup::reset(Arc::clone(&storage), Arc::clone(&log), "billing", StartFrom::Earliest).unwrap();
                        done = start;
                    }
                    Err(error) => panic!("{error}"),
                },
                Step::Commit(back) => {
                    let offset = group.next_offset().0.saturating_sub(back);
                    group.commit(Offset(offset)).unwrap();
                    done = done.max(offset);
                }
                Step::Reopen => {
                    drop(group);
                    group = match open(&storage, &log, "billing", StartFrom::Latest) {
                        Ok(group) => group,
                        Err(_) => {
                            prop_assert!(done < log.start().0);
                            done = log.start().0;
                            LogGroup::reset(Arc::clone(&storage), Arc::clone(&log), "billing", StartFrom::Earliest).unwrap()
                        }
                    };
                }
            }
            let start = log.start().0;
            prop_assert_eq!(group.committed().0, done);
            let left = (start..appended).filter(|&offset| offset >= done).count() as u64;
            let behind = match done {
                _ if left == 0 => Some(Span::ZERO),
                0 => None,
                _ if done - 1 < start => None,
                _ => Some(record(appended - 1).ingest_time.since(record(done - 1).ingest_time)),
            };
            prop_assert_eq!(group.lag(), GroupLag { records: left, behind });
            let info = &groups(&*storage).unwrap()[0];
            prop_assert_eq!(info.behind(log.start(), log.end()), Some(left));
        }
    }
}
