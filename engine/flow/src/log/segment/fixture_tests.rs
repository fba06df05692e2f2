//! A log as version 1 wrote it: it must be read as long as there is a version that reads it.

use std::sync::Arc;

use super::samples::{notes, records};
use super::*;
use crate::event::{Entries, Offset};
use crate::log::Log;
use crate::storage::SimulatedStorage;

const COUNT: u64 = 150;

/// The paths of the fixture's files, and what is in them.
const FILES: [(&str, &[u8]); 7] = [
    ("etaflow", include_bytes!("fixtures/version_1/etaflow")),
    ("durable", include_bytes!("fixtures/version_1/durable")),
    ("checkpoints/00000000000000000060.ckpt", include_bytes!("fixtures/version_1/00000000000000000060.ckpt")),
    ("checkpoints/00000000000000000120.ckpt", include_bytes!("fixtures/version_1/00000000000000000120.ckpt")),
    ("log/00000000000000000000.seg", include_bytes!("fixtures/version_1/00000000000000000000.seg")),
    ("log/00000000000000000060.seg", include_bytes!("fixtures/version_1/00000000000000000060.seg")),
    ("log/00000000000000000120.seg", include_bytes!("fixtures/version_1/00000000000000000120.seg")),
];

/// What the fixture's files were written by.
fn write() -> SimulatedStorage {
    let disk = SimulatedStorage::new();
    let config = SegmentLogConfig { segment_bytes: 4 << 10, ..SegmentLogConfig::default() };
    let (log, _) = SegmentLog::open_stepwise(Arc::new(disk.clone()), &config).expect("a log");
    for from in (0..COUNT).step_by(20) {
        let records = records(from, 20.min(COUNT - from));
        log.append(&records, &notes(&records)).expect("goes on");
        if log.checkpoint_due() {
            log.put_checkpoint(log.end(), b"a state".to_vec());
        }
        log.sync().expect("synced");
    }
    log.close();
    log.sync().expect("synced");
    disk
}

#[test]
fn a_log_of_version_1_is_read() {
    let disk = SimulatedStorage::new();
    FILES.iter().for_each(|(path, bytes)| disk.put(path, bytes));
    let files = LogFiles::open(Arc::new(disk.clone())).expect("a log");
    let mut findings = Vec::new();
    let verified = files.verify(|finding| findings.push(finding)).expect("readable");
    assert_eq!((findings, verified.records, verified.checkpoints), (Vec::new(), COUNT, 2));
    let mut all = Entries::default();
    let mut reader = files.reader(Offset(0)).expect("from the start");
    while let Some(entries) = reader.next().expect("whole") {
        all.records.extend(entries.records);
        all.notes.extend(entries.notes);
    }
    assert_eq!(all.records, records(0, COUNT));
    assert_eq!(all.notes, notes(&all.records));
    assert_eq!(files.checkpoint_before(Offset(100)), Ok(Some((Offset(60), b"a state".to_vec()))));
    // And it goes on.
    let (log, opened) = SegmentLog::open_stepwise(Arc::new(disk), &SegmentLogConfig::default()).expect("whole");
    assert_eq!((opened.end, opened.torn), (Offset(COUNT), None));
    log.append(&records(COUNT, 10), &[]).expect("goes on");
    assert_eq!(log.sync(), Ok(Offset(COUNT + 10)));
}

#[test]
fn version_1_is_what_is_written() {
    let disk = write();
    for (path, bytes) in FILES {
        assert!(disk.contents(path).is_some_and(|written| written == bytes), "{path} is written otherwise");
    }
}

#[test]
#[ignore = "writes the fixture, once a version: ETAFLOW_FIXTURE names the folder"]
fn write_the_fixture() {
    let folder = std::path::PathBuf::from(std::env::var_os("ETAFLOW_FIXTURE").expect("a folder"));
    let disk = write();
    for path in disk.paths().iter().filter(|path| !path.ends_with(".lock")) {
        let name = path.rsplit('/').next().expect("a name");
        std::fs::write(folder.join(name), disk.contents(path).expect("listed")).expect("written");
    }
}
