//! Any bit that is other than it was is found, and so is any byte that is missing.

use std::sync::Arc;

use super::samples::{notes, record, records};
use super::*;
use crate::event::{DriverId, Entries, Key, Note, Noted, Offset};
use crate::log::{Log, LogError};
use crate::storage::SimulatedStorage;

/// A log that was ended in order, of a few segments.
fn sample(segment_bytes: u64, count: u64) -> SimulatedStorage {
    let storage = SimulatedStorage::new();
    let config = SegmentLogConfig { segment_bytes, ..SegmentLogConfig::default() };
    let (log, _) = SegmentLog::open_stepwise(Arc::new(storage.clone()), &config).expect("a log");
    let mut next = 0;
    while next < count {
        let records = records(next, (1 + next % 40).min(count - next));
        log.append(&records, &notes(&records)).expect("goes on");
        next += records.len() as u64;
        if log.checkpoint_due() {
            log.put_checkpoint(log.end(), next.to_le_bytes().to_vec());
        }
        log.sync().expect("synced");
    }
    log.close();
    log.sync().expect("synced");
    drop(log);
    storage.kill();
    storage
}

/// Opens it to write, and reads all of it.
fn open_and_read(storage: &SimulatedStorage) -> Result<(LogOpened, Entries), LogError> {
    let (log, opened) = SegmentLog::open_stepwise(Arc::new(storage.clone()), &SegmentLogConfig::default())?;
    let mut reader = log.files().reader(opened.start)?;
    let mut all = Entries::default();
    while let Some(entries) = reader.next()? {
        all.records.extend(entries.records);
        all.notes.extend(entries.notes);
    }
    Ok((opened, all))
}

fn findings(storage: &SimulatedStorage) -> Result<Vec<Finding>, LogError> {
    let mut findings = Vec::new();
    LogFiles::open(Arc::new(storage.clone()))?.verify(|finding| findings.push(finding))?;
    Ok(findings)
}

/// The files that make up the log's last so many bytes, the newest first, and from which byte on.
fn last_bytes(storage: &SimulatedStorage, bytes: usize) -> Vec<(String, usize)> {
    let mut left = bytes;
    let mut files = Vec::new();
    for path in storage.paths().into_iter().filter(|path| path.ends_with(".seg")).rev() {
        let size = storage.contents(&path).expect("listed").len();
        files.push((path, size.saturating_sub(left)));
        left = left.saturating_sub(size);
    }
    files.retain(|(path, from)| *from < storage.contents(path).expect("listed").len());
    files
}

/// Flips bits of a byte: `verify` must find it at the file; who writes or reads must be told, or read all that was written.
fn check_flip(storage: &SimulatedStorage, path: &str, at: usize, bits: u8, count: u64, write: bool) {
    assert!(storage.flip(path, at as u64, bits));
    match findings(storage) {
        Ok(findings) => {
            assert!(
                findings.iter().any(|finding| finding.kind == FindingKind::Damage && finding.path.ends_with(path)),
                "{path}: byte {at}, bits {bits:#x}: {findings:?}"
            );
        }
        Err(error) => assert!(matches!(error, LogError::NewerVersion { .. } | LogError::NotALog { .. }), "{error}"),
    }
    if write && let Ok((opened, all)) = open_and_read(&storage.fork()) {
        assert_eq!(opened.end, Offset(count), "{path}: byte {at}, bits {bits:#x}");
        assert!(all.records.iter().zip(0..).all(|(found, offset)| *found == record(offset)));
        assert_eq!(all.records.len() as u64, count);
        assert_eq!(all.notes, notes(&all.records));
    }
    assert!(storage.flip(path, at as u64, bits));
}

#[test]
fn a_flip_of_a_bit_in_every_byte_is_found() {
    const COUNT: u64 = 1_300;
    let storage = sample(16 << 10, COUNT);
    assert_eq!(findings(&storage), Ok(Vec::new()));
    let mut tried = 0;
    for (path, from) in last_bytes(&storage, 64 << 10) {
        for at in from..storage.contents(&path).expect("listed").len() {
            check_flip(&storage, &path, at, 1 << (at % 8), COUNT, at % 4 == 0);
            tried += 1;
        }
    }
    assert_eq!(tried, 64 << 10);
    // The durable mark's file as a whole, and what the sequencer put there.
    let others = storage.paths().into_iter().filter(|path| path == "durable" || path.ends_with(".ckpt"));
    for path in others {
        for at in 0..storage.contents(&path).expect("listed").len() {
            check_flip(&storage, &path, at, 1 << (at % 8), COUNT, true);
        }
    }
    assert_eq!(findings(&storage), Ok(Vec::new()));
}

#[test]
#[ignore = "takes minutes: every bit, where the test above tries one in each byte"]
fn a_flip_of_every_bit_is_found() {
    const COUNT: u64 = 1_300;
    let storage = sample(16 << 10, COUNT);
    for (path, from) in last_bytes(&storage, 64 << 10) {
        for at in from..storage.contents(&path).expect("listed").len() {
            (0..8).for_each(|bit| check_flip(&storage, &path, at, 1 << bit, COUNT, true));
        }
    }
}

/// It has the letters that a seal begins with in its name.
#[test]
fn a_name_is_not_taken_for_a_seal_behind_a_damaged_header() {
    let storage = SimulatedStorage::new();
    let (log, _) = SegmentLog::open_stepwise(Arc::new(storage.clone()), &SegmentLogConfig::default()).expect("a log");
    let what = Noted::Driver { driver: DriverId(1), key: Key::Text("eflS-1".into()) };
    for from in [0, 20, 40] {
        let note = Note { offset: Offset(from), what: what.clone() };
        log.append(&records(from, 20), &[note]).expect("goes on");
        log.sync().expect("synced");
    }
    let path = "log/00000000000000000000.seg";
    let bytes = storage.contents(path).expect("there");
    let second = bytes.windows(4).enumerate().filter(|(_, four)| four == b"eflB").nth(1).expect("three batches").0;
    assert!(storage.flip(path, second as u64 + 20, 1));
    let mut found = Vec::new();
    let verified = log.files().verify(|finding| found.push((finding.offset, finding.what))).expect("readable");
    let expected = [(20, "the batch's header does not match its checksum"), (20, "the batch has another offset")];
    assert_eq!(found, expected.map(|(offset, what)| (Some(Offset(offset)), what)));
    assert_eq!((verified.records, verified.damages), (40, 2));
}

#[test]
fn a_log_that_ends_too_early_is_found_wherever_it_ends() {
    const COUNT: u64 = 1_300;
    let storage = sample(16 << 10, COUNT);
    let mut tried = 0;
    for (path, from) in last_bytes(&storage, 64 << 10) {
        let whole = storage.contents(&path).expect("listed");
        let last = path == *storage.paths().iter().rfind(|path| path.ends_with(".seg")).expect("some");
        for size in from..whole.len() {
            storage.put(&path, &whole[..size]);
            let found = findings(&storage).expect("can be read");
            assert!(found.iter().any(|finding| finding.kind == FindingKind::Damage), "{path}: {size} bytes");
            // Of an earlier one only the seal can be missing and all be there nevertheless.
            match open_and_read(&storage.fork()) {
                Err(error @ (LogError::Damaged { .. } | LogError::Missing { .. })) => {
                    assert!(error.to_string().contains(".seg"), "{error}");
                }
                Err(error) => panic!("{path}: {size} bytes: {error}"),
                Ok((opened, all)) => {
                    assert!(!last && opened.damage.len() == 1, "{path}: {size} bytes: {opened:?}");
                    assert_eq!(all.records, records(0, COUNT));
                }
            }
            tried += 1;
        }
        storage.put(&path, &whole);
    }
    assert_eq!(tried, 64 << 10);
}
