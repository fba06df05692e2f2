use std::sync::Arc;

use etaflow_road::Span;

use super::samples::{ingest_time, record, records};
use super::*;
use crate::event::{Entries, Offset};
use crate::log::{Log, LogError, LogReader};
use crate::storage::{DiskStorage, Storage};

fn disk(directory: &tempfile::TempDir) -> Arc<dyn Storage> {
    Arc::new(DiskStorage::create(directory.path()).expect("a directory"))
}

fn small(sync: SyncPolicy) -> SegmentLogConfig {
    SegmentLogConfig { segment_bytes: 8 << 10, sync, tail_records: 100, ..SegmentLogConfig::default() }
}

fn wait_durable(log: &SegmentLog, offset: Offset) {
    use event_listener::Listener;
    loop {
        let changed = log.listen();
        assert_eq!(log.failure(), None);
        if log.durable() >= offset {
            return;
        }
        changed.wait();
    }
}

/// All that a reader finds from `from` on.
fn read_all(files: &LogFiles, from: u64) -> Result<Entries, LogError> {
    let mut reader = files.reader(Offset(from))?;
    let mut all = Entries::default();
    while let Some(entries) = reader.next()? {
        all.records.extend(entries.records);
        all.notes.extend(entries.notes);
    }
    Ok(all)
}

#[test]
fn what_was_appended_is_read_in_this_process_and_in_others_and_after_it() {
    for sync in [SyncPolicy::Sync, SyncPolicy::Interval(Span::from_millis(1)), SyncPolicy::Os] {
        let directory = tempfile::tempdir().expect("a directory");
        let mut next = 0;
        for _ in 0..3 {
            let (log, opened) = SegmentLog::open(disk(&directory), &small(sync)).expect("a log");
            assert_eq!((opened.start, opened.end, opened.torn), (Offset(0), Offset(next), None));
            let log: Arc<SegmentLog> = Arc::new(log);
            let follower = LogReader::new(log.clone(), Offset(0));
            let following = std::thread::spawn(move || {
                let mut follower = follower;
                let mut expected = 0;
                while let Some(batch) = follower.next_blocking().expect("whole") {
                    for found in batch.records() {
                        assert_eq!(*found, record(expected));
                        expected += 1;
                    }
                }
                expected
            });
            let files = LogFiles::open(disk(&directory)).expect("a log");
            let mut reader = files.reader(Offset(0)).expect("from the start");
            let mut seen = 0;
            for size in (1..40).cycle().take(150) {
                log.append(&records(next, size), &[]).expect("goes on");
                next += size;
                if sync == SyncPolicy::Sync {
                    assert_eq!(log.durable(), Offset(next));
                }
                while let Some(entries) = reader.next().expect("whole") {
                    assert!(entries.records.iter().zip(seen..).all(|(found, offset)| *found == record(offset)));
                    seen += entries.records.len() as u64;
                }
                assert!(seen <= next);
            }
            wait_durable(&log, Offset(next));
            assert_eq!(read_all(&files, 0).expect("whole").records, records(0, next));
            log.close();
            assert_eq!(log.append(&records(next, 1), &[]), Err(LogError::Closed));
            assert_eq!(following.join().expect("no panic"), next);
        }
        let files = LogFiles::open(disk(&directory)).expect("a log");
        assert_eq!(files.durable().expect("told"), Offset(next));
        assert!(files.segments().expect("whole").len() > 10);
        for from in [0, 1, 77, 1_500, next - 1, next] {
            assert_eq!(read_all(&files, from).expect("whole").records, records(from, next - from));
            assert_eq!(files.offset_at(ingest_time(from)).expect("whole"), Offset(from));
        }
        assert_eq!(files.offset_at(ingest_time(next + 5)).expect("whole"), Offset(next));
    }
}

#[test]
fn readers_who_are_far_behind_miss_nothing_while_one_writes() {
    const RECORDS: u64 = 40_000;
    let storage = crate::storage::SimulatedStorage::new();
    let config = SegmentLogConfig { segment_bytes: 100 << 10, tail_records: 300, ..SegmentLogConfig::default() };
    let (log, _) = SegmentLog::open(Arc::new(storage), &config).expect("a log");
    let follow = |reader: &mut LogReader, pause: u64| {
        let mut next = reader.next_offset().0;
        while let Some(batch) = reader.next_blocking().expect("whole") {
            for found in batch.records() {
                assert_eq!(*found, record(next));
                next += 1;
            }
            (0..pause).for_each(|_| std::thread::yield_now());
        }
        next
    };
    std::thread::scope(|scope| {
        // Some keep up, and some do not; some begin late.
        let readers: Vec<_> = (0..6)
            .map(|nth| {
                let log = log.clone();
                scope.spawn(move || {
                    // Nobody can begin at what is not there yet.
                    while log.end().0 < ((nth % 3) * RECORDS / 4).max(nth * 1_000) {
                        std::thread::yield_now();
                    }
                    follow(&mut LogReader::new(Arc::new(log), Offset(nth * 1_000)), nth * 4)
                })
            })
            .collect();
        let mut files = log.files().reader(Offset(0)).expect("from the start");
        let mut read = 0;
        for size in (1..50).cycle() {
            let next = log.end().0;
            log.append(&records(next, size.min(RECORDS - next)), &[]).expect("goes on");
            if let Some(entries) = files.next().expect("whole") {
                assert_eq!(entries.records, records(read, entries.records.len() as u64));
                read += entries.records.len() as u64;
            }
            if log.end().0 == RECORDS {
                break;
            }
        }
        log.close();
        for reader in readers {
            assert_eq!(reader.join().expect("no panic"), RECORDS);
        }
    });
    assert_eq!(log.sync(), Ok(Offset(RECORDS)));
    assert_eq!(read_all(&log.files(), 0).expect("whole").records.len() as u64, RECORDS);
}

#[test]
fn one_writes_at_a_time() {
    let directory = tempfile::tempdir().expect("a directory");
    let (log, _) = SegmentLog::open(disk(&directory), &small(SyncPolicy::Os)).expect("a log");
    let second = SegmentLog::open(disk(&directory), &small(SyncPolicy::Os)).map(|_| ()).expect_err("it is open");
    assert!(matches!(second, LogError::Locked { .. }), "{second}");
    drop(log);
    SegmentLog::open(disk(&directory), &small(SyncPolicy::Os)).expect("nobody has it any more");
}
