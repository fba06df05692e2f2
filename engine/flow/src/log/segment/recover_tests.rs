use std::io::ErrorKind;
use std::sync::Arc;

use etaflow_road::Timestamp;

use super::header::{Seal, SegmentHeader};
use super::samples::{ingest_time, records};
use super::*;
use crate::event::{Entries, Offset};
use crate::log::{Log, LogError, LogReader};
use crate::storage::{Fault, SimulatedStorage, Storage};

fn config(sync: SyncPolicy) -> SegmentLogConfig {
    SegmentLogConfig { segment_bytes: 4 << 10, sync, tail_records: 50, ..SegmentLogConfig::default() }
}

fn open(disk: &SimulatedStorage) -> Result<(SegmentLog, LogOpened), LogError> {
    SegmentLog::open_stepwise(Arc::new(disk.clone()), &config(SyncPolicy::default()))
}

/// A log of so many records, that was ended in order.
fn sample(count: u64) -> SimulatedStorage {
    let disk = SimulatedStorage::new();
    let (log, _) = open(&disk).expect("a log");
    (0..count).step_by(20).for_each(|from| log.append(&records(from, 20), &[]).expect("goes on"));
    log.close();
    log.sync().expect("synced");
    disk.kill();
    disk
}

/// What is said when it is opened.
fn refusal(disk: &SimulatedStorage) -> String {
    open(disk).map(|_| ()).expect_err("it must not be opened").to_string()
}

#[test]
fn what_is_no_log_is_left_alone() {
    let disk = SimulatedStorage::new();
    disk.put("holiday.jpg", b"sun");
    assert!(refusal(&disk).contains("is no log"));
    assert_eq!(disk.paths(), ["holiday.jpg"]);
    let files = LogFiles::open(Arc::new(SimulatedStorage::new())).map(|_| ()).expect_err("nothing is there");
    assert!(matches!(files, LogError::NotALog { .. }));
    disk.put("etaflow", b"etaflow directory, version 1\nand more");
    assert!(refusal(&disk).contains("is no log"));
    disk.put("etaflow", b"etaflow directory, version 12\n");
    assert!(refusal(&disk).contains("etaflow: is of version 12"));
}

#[test]
fn a_segment_of_a_newer_version_is_named() {
    let disk = sample(20);
    let path = "log/00000000000000000000.seg";
    let mut bytes = disk.contents(path).expect("a segment");
    bytes[8] = 2;
    let check = crc32c::crc32c(&bytes[..60]).to_le_bytes();
    bytes[60..64].copy_from_slice(&check);
    disk.put(path, &bytes);
    let said = refusal(&disk);
    assert!(said.contains(path) && said.contains("version 2"), "{said}");
    // A version that is none is damage.
    bytes[8] = 3;
    disk.put(path, &bytes);
    assert!(refusal(&disk).contains("does not match its checksum"));
}

#[test]
fn files_that_are_missing_are_named_and_so_is_what_was_in_them() {
    let disk = sample(400);
    let paths: Vec<String> = disk.paths().into_iter().filter(|path| path.ends_with(".seg")).collect();
    assert!(paths.len() > 3);
    let base = |index: usize| paths[index][4..24].parse::<u64>().expect("digits");
    for index in 1..paths.len() {
        let disk = disk.fork();
        disk.remove(&paths[index]).expect("there");
        let to = if index + 1 < paths.len() { base(index + 1) } else { 400 } - 1;
        let said = refusal(&disk);
        assert!(said.contains(&paths[index]) && said.contains(&format!("offsets {} to {to}", base(index))), "{said}");
        // Who reads comes as far as it goes.
        let mut reader = LogFiles::open(Arc::new(disk)).expect("a log").reader(Offset(0)).expect("from the start");
        let mut all = Entries::default();
        let error = loop {
            match reader.next() {
                Ok(Some(entries)) => all.records.extend(entries.records),
                Ok(None) => panic!("it ends too early"),
                Err(error) => break error,
            }
        };
        assert_eq!(error, LogError::Missing { path: disk_path(&paths[index]), from: base(index), to });
        assert_eq!(all.records, records(0, base(index)));
    }
}

#[test]
fn a_log_of_which_no_file_is_left_is_no_empty_log() {
    let disk = sample(400);
    disk.paths().iter().filter(|path| path.ends_with(".seg")).for_each(|path| disk.remove(path).expect("there"));
    assert!(refusal(&disk).contains("offsets 0 to 399 are missing"));
    let missing = LogError::Missing { path: disk_path("log"), from: 0, to: 399 };
    assert_eq!(LogFiles::open(Arc::new(disk)).expect("a log").start(), Err(missing));
}

#[test]
fn what_is_no_log_is_told_from_one_that_is_still_to_be_begun() {
    let said = |disk: &SimulatedStorage| LogFiles::open(Arc::new(disk.clone())).err().expect("no log").to_string();
    let disk = SimulatedStorage::new();
    assert!(said(&disk).contains("there is nothing in it yet"), "{}", said(&disk));
    disk.put("photo", b"");
    assert!(said(&disk).contains("none is named `etaflow`"), "{}", said(&disk));
    let disk = sample(10);
    assert!(disk.flip("etaflow", 3, 1));
    assert!(said(&disk).contains("its file `etaflow` does not say that it is one"), "{}", said(&disk));
}

fn disk_path(path: &str) -> std::path::PathBuf {
    SimulatedStorage::new().show(path)
}

#[test]
fn foreign_files_are_named_and_passed_over() {
    let disk = sample(100);
    disk.put("log/notes.txt", b"do not delete");
    disk.put("log/7.seg", b"");
    let (log, opened) = open(&disk).expect("they are in nobody's way");
    assert_eq!(opened.foreign, [disk_path("log/7.seg"), disk_path("log/notes.txt")]);
    let mut foreign = Vec::new();
    log.files().verify(|finding| foreign.push((finding.kind, finding.path))).expect("readable");
    assert_eq!(foreign, opened.foreign.into_iter().map(|path| (FindingKind::Foreign, path)).collect::<Vec<_>>());
}

#[test]
fn a_seal_without_a_record_before_it_is_cut_off() {
    let disk = SimulatedStorage::new();
    open(&disk).expect("a log");
    disk.kill();
    let created = Timestamp::from_secs(0);
    let mut bytes = SegmentHeader { base: Offset(0), created }.encode().to_vec();
    let seal = Seal { end: Offset(0), time: created, index: Vec::new() }.encode(64);
    bytes.extend(&seal);
    disk.put("log/00000000000000000000.seg", &bytes);
    let (log, opened) = open(&disk).expect("nothing was durable in it");
    let path = disk_path("log/00000000000000000000.seg");
    assert_eq!(opened.torn, Some(Torn { path, at: 64, bytes: seal.len() as u64 }));
    log.append(&records(0, 20), &[]).expect("goes on");
    assert_eq!(log.sync(), Ok(Offset(20)));
}

#[test]
fn a_segment_that_is_not_begun_is_removed() {
    for bytes in [&b""[..], &[0; 64], &[0; 5_000]] {
        let disk = sample(100);
        disk.put("log/00000000000000000100.seg", bytes);
        let (log, opened) = open(&disk).expect("nothing was durable in it");
        let path = disk_path("log/00000000000000000100.seg");
        assert_eq!(opened.torn, Some(Torn { path, at: 0, bytes: bytes.len() as u64 }));
        log.append(&records(100, 20), &[]).expect("goes on");
        log.sync().expect("synced");
        assert_eq!(log.read(Offset(90)).expect("kept").expect("there").records()[0], records(90, 1)[0]);
    }
}

#[test]
fn a_torn_end_is_cut_off_and_told() {
    let disk = SimulatedStorage::new();
    let (log, _) = open(&disk).expect("a log");
    log.append(&records(0, 20), &[]).expect("goes on");
    log.sync().expect("synced");
    drop(log);
    disk.kill();
    let path = "log/00000000000000000000.seg";
    let whole = disk.contents(path).expect("a segment");
    let (log, _) = open(&disk).expect("a log");
    log.append(&records(20, 20), &[]).expect("goes on");
    log.sync().expect("synced");
    let longer = disk.contents(path).expect("a segment");
    drop(log);
    disk.kill();
    // As if the second sync had never been.
    for (torn, bytes) in [(longer[..longer.len() - 1].to_vec(), 1_327), ([whole.clone(), vec![0; 777]].concat(), 777)] {
        let disk = SimulatedStorage::new();
        drop(open(&disk).expect("a log"));
        disk.kill();
        disk.put(path, &torn);
        let (_, opened) = open(&disk).expect("a torn end is none");
        let at = whole.len() as u64;
        assert_eq!(opened.torn, Some(Torn { path: disk_path(path), at, bytes }));
        assert_eq!(opened.end, Offset(20));
        assert_eq!(disk.contents(path).expect("a segment"), whole);
    }
}

/// As it comes about when the system had less of the log on the disk than the engine took for durable, or somebody has cut
/// off what was damaged.
#[test]
fn snapshots_past_the_end_are_gone_before_other_records_take_their_place() {
    let disk = sample(400);
    let snapshots = [100, 180, 400, 900];
    snapshots.iter().for_each(|offset| disk.put(&format!("snapshots/{offset:020}.snap"), b"a state"));
    disk.put("snapshots/notes.txt", b"do not delete");
    let bases: Vec<String> = disk.paths().into_iter().filter(|path| path.ends_with(".seg")).collect();
    bases[3..].iter().for_each(|path| disk.remove(path).expect("there"));
    disk.remove("durable").expect("there");
    let (log, opened) = open(&disk).expect("it ends earlier");
    assert!((180..400).contains(&opened.end.0), "{opened:?}");
    let left = ["00000000000000000100.snap", "00000000000000000180.snap", "notes.txt"];
    assert_eq!(disk.list("snapshots").expect("listed"), left);
    // They stay away, whatever the log grows to, and the disk knows.
    (opened.end.0..1_200).for_each(|from| log.append(&records(from, 1), &[]).expect("goes on"));
    log.sync().expect("synced");
    for seed in 0..20 {
        let disk = disk.fork();
        disk.crash(seed);
        open(&disk).expect("whole");
        assert_eq!(disk.list("snapshots").expect("listed"), left);
    }
}

#[test]
fn the_thread_that_writes_says_so_when_it_panics() {
    let hook = |path: &str| assert!(path != "log/00000000000000000080.seg", "the test wants it to panic here");
    let storage = super::hooked::Hooked { disk: SimulatedStorage::new(), hook };
    let (log, _) = SegmentLog::open(Arc::new(storage), &config(SyncPolicy::default())).expect("a log");
    let mut reader = LogReader::new(Arc::new(log.clone()), Offset(0));
    let waiting = std::thread::spawn(move || {
        while let Some(batch) = reader.next_blocking()? {
            assert!(!batch.records().is_empty());
        }
        Ok::<(), LogError>(())
    });
    for from in (0..100).step_by(20) {
        // It may be told already.
        _ = log.append(&records(from, 20), &[]);
    }
    let failure = waiting.join().expect("no panic here").expect_err("nothing comes any more");
    assert!(failure.to_string().contains("has panicked"), "{failure}");
    assert!(log.is_closed() && log.failure() == Some(failure.clone()));
    assert_eq!(log.append(&records(log.end().0, 1), &[]), Err(failure.clone()));
    assert_eq!(log.sync(), Err(failure));
}

/// A whole slot with a number after which none comes.
#[test]
fn a_durable_mark_that_could_not_be_followed_is_passed_over() {
    for last in [u64::MAX, u64::MAX - 1] {
        let disk = sample(100);
        let mut bytes = disk.contents("durable").expect("there");
        let slot = &mut bytes[(last % 2) as usize * 512..][..40];
        slot[8..16].copy_from_slice(&last.to_le_bytes());
        let check = crc32c::crc32c(&slot[..32]).to_le_bytes();
        slot[32..36].copy_from_slice(&check);
        disk.put("durable", &bytes);
        let (log, opened) = open(&disk).expect("the other slot is whole");
        assert_eq!(opened.end, Offset(100));
        for from in 100..104 {
            log.append(&records(from, 1), &[]).expect("goes on");
            log.sync().expect("synced");
        }
        assert_eq!(log.files().durable(), Ok(Offset(104)));
    }
}

#[test]
fn settings_out_of_range_are_refused() {
    let small = SegmentLogConfig { segment_bytes: 100, ..SegmentLogConfig::default() };
    let said = SegmentLog::open(Arc::new(SimulatedStorage::new()), &small).map(|_| ()).expect_err("too small");
    assert_eq!(said.to_string(), "segment_bytes is 100, must be 4 KiB to 16 GiB");
}

#[test]
fn records_and_notes_that_do_not_fit_are_refused_and_nothing_is_kept_of_them() {
    let (log, _) = open(&SimulatedStorage::new()).expect("a log");
    assert_eq!(log.append(&records(1, 1), &[]), Err(LogError::Gap { found: 1, end: 0 }));
    let mut broken = records(0, 3);
    broken.extend(records(4, 1));
    assert_eq!(log.append(&broken, &[]), Err(LogError::Gap { found: 4, end: 3 }));
    let notes = super::samples::notes(&records(0, 100));
    let last = notes.last().expect("some").offset;
    assert_eq!(log.append(&records(0, last.0), &notes), Err(LogError::Note { offset: last.0 }));
    let backwards: Vec<_> = notes.iter().rev().cloned().collect();
    assert!(matches!(log.append(&records(0, 100), &backwards), Err(LogError::Note { .. })));
    assert_eq!(log.append(&[], &notes[..1]), Err(LogError::Note { offset: notes[0].offset.0 }));
    assert_eq!((log.end(), log.read(Offset(0)).expect("empty").is_none()), (Offset(0), true));
    log.append(&records(0, 100), &notes).expect("fits");
}

#[test]
fn after_a_failure_nothing_is_taken_and_all_who_wait_are_told() {
    for (fault, said) in [
        (Fault::Error(ErrorKind::StorageFull), "make room"),
        (Fault::Error(ErrorKind::PermissionDenied), "let this user"),
        (Fault::ShortWrite, "only a part was written"),
        (Fault::LostSync, "the disk did not take it"),
    ] {
        let disk = SimulatedStorage::new();
        let storage: Arc<dyn Storage> = Arc::new(disk.clone());
        let (log, _) = SegmentLog::open(storage, &config(SyncPolicy::default())).expect("a log");
        log.append(&records(0, 20), &[]).expect("goes on");
        log.sync().expect("synced");
        let mut reader = LogReader::new(Arc::new(log.clone()), Offset(20));
        let waiting = std::thread::spawn(move || {
            while let Some(batch) = reader.next_blocking()? {
                assert!(!batch.records().is_empty());
            }
            Ok(())
        });
        // The write, or the sync that follows it.
        disk.fail_at(disk.changes() + u64::from(fault == Fault::LostSync), fault);
        log.append(&records(20, 5), &[]).expect("is taken, and not yet durable");
        let ended: Result<(), LogError> = waiting.join().expect("no panic");
        let failure = log.failure().expect("it has failed");
        assert_eq!(ended, Err(failure.clone()));
        assert!(failure.to_string().contains(said) && failure.to_string().contains(".seg"), "{failure}");
        assert_eq!(log.append(&records(25, 1), &[]), Err(failure.clone()));
        assert_eq!(log.sync(), Err(failure));
        assert_eq!(log.durable(), Offset(20));
        drop(log);
        disk.kill();
        // What was taken may be there, and nothing that was durable is lost.
        let (_, opened) = open(&disk).expect("whole");
        assert!((20..=25).contains(&opened.end.0));
    }
}

#[test]
fn while_the_disk_stalls_records_are_taken_and_read_and_none_is_durable() {
    let disk = SimulatedStorage::new();
    let (log, _) = SegmentLog::open(Arc::new(disk.clone()), &config(SyncPolicy::default())).expect("a log");
    log.append(&records(0, 20), &[]).expect("goes on");
    log.sync().expect("synced");
    let stall = disk.stall();
    for from in (20..1_000).step_by(20) {
        log.append(&records(from, 20), &[]).expect("goes on");
    }
    assert_eq!(log.read(Offset(500)).expect("in memory").expect("there").records()[0], records(500, 1)[0]);
    assert_eq!((log.durable(), log.files().durable()), (Offset(20), Ok(Offset(20))));
    drop(stall);
    assert_eq!(log.sync(), Ok(Offset(1_000)));
    assert_eq!(log.files().durable(), Ok(Offset(1_000)));
}

#[test]
fn without_a_durable_mark_the_segments_say_what_was_on_the_disk() {
    let disk = sample(400);
    disk.remove("durable").expect("there");
    let files = LogFiles::open(Arc::new(disk.clone())).expect("a log");
    // All was handed over at once, so no batch knows of another; that a segment was begun proves the ones before.
    let proven = files.durable().expect("proven");
    assert!(proven.0 > 300 && proven.0 <= 400, "{proven:?}");
    let (_, opened) = open(&disk).expect("whole");
    assert_eq!(opened.end, Offset(400));
}

#[test]
fn a_time_leads_to_the_first_record_of_it_or_after() {
    let disk = SimulatedStorage::new();
    let (log, _) = open(&disk).expect("a log");
    // The clock was put back twice; what counts is the latest time so far.
    let mut all = records(0, 600);
    for record in &mut all {
        let back = match record.offset.0 {
            200..300 => 1_500,
            450..460 => 4_000,
            _ => 0,
        };
        record.ingest_time = record.ingest_time - etaflow_road::Span::from_millis(back);
    }
    let files = log.files();
    assert_eq!(files.offset_at(ingest_time(5)), Ok(Offset(0)));
    for batch in all.chunks(7) {
        log.append(batch, &[]).expect("goes on");
    }
    log.sync().expect("synced");
    for offset in 0..620 {
        let time = ingest_time(offset);
        let first = all.iter().position(|record| record.ingest_time >= time).unwrap_or(all.len());
        assert_eq!(files.offset_at(time), Ok(Offset(first as u64)), "{offset}");
    }
    let header = SegmentHeader { base: Offset(0), created: ingest_time(0) };
    assert_eq!(files.segments().expect("whole")[0].created, header.created);
}
