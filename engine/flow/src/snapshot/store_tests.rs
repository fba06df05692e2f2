use std::fs;
use std::path::Path;

use etaflow_road::Timestamp;

use super::*;
use crate::snapshot::{Fingerprint, Part, SnapshotError};
use crate::storage::{DiskStorage, Fault, SimulatedStorage};
use crate::stream::Tick;

/// A folder that is removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("etaflow-snapshots-{}-{name}", std::process::id()));
        _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn store(&self, keep: usize) -> SnapshotStore {
        SnapshotStore::new(Arc::new(DiskStorage::create(&self.0).expect("it can be made")), keep)
    }

    fn file(&self, offset: u64) -> PathBuf {
        self.0.join(format!("snapshots/{offset:020}.snap"))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

fn image(offset: u64) -> Image {
    let time = Timestamp::from_secs(offset as i64);
    let parts = vec![Part { kind: 1, bytes: vec![7; 100 + offset as usize] }];
    let tick = Tick { number: offset, time, watermark: time };
    Image { offset: Offset(offset), tick, fingerprint: Fingerprint::default(), parts }
}

fn offsets(store: &SnapshotStore) -> Vec<u64> {
    store.list().expect("the folder can be read").iter().map(|info| info.offset.0).collect()
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("it is there");
    bytes[at] ^= 1;
    fs::write(path, bytes).expect("it can be written");
}

#[test]
fn the_newest_few_are_kept_and_the_newest_is_found() {
    let folder = Folder::new("kept");
    let store = folder.store(3);
    for offset in [10, 20, 30, 40, 50] {
        let info = store.write(&image(offset)).expect("it is written");
        let size = fs::metadata(&info.path).expect("it is there").len();
        assert_eq!((info.offset, info.bytes, info.path), (Offset(offset), size, folder.file(offset)));
    }
    assert_eq!(offsets(&store), [30, 40, 50]);
    let newest = |before: Option<u64>| store.newest(before.map(Offset)).image.map(|image| image.offset.0);
    assert_eq!(
        (newest(None), newest(Some(50)), newest(Some(49)), newest(Some(29))),
        (Some(50), Some(50), Some(40), None)
    );
    assert_eq!(store.newest(None).image, Some(image(50)));
    // Once more at the same offset: another run, after the log's end was lost.
    store.write(&image(50)).expect("it is written");
    assert_eq!(offsets(&store), [30, 40, 50]);
}

#[test]
fn damaged_ones_are_passed_over_and_named() {
    let folder = Folder::new("damaged");
    let store = folder.store(4);
    for offset in [10, 20, 30, 40] {
        store.write(&image(offset)).expect("it is written");
    }
    flip(&folder.file(40), 200);
    let bytes = fs::read(folder.file(20)).expect("it is there");
    fs::write(folder.file(30), bytes).expect("it can be written");
    let found = store.newest(None);
    assert_eq!(found.image, Some(image(20)));
    let [first, second] = &found.passed_over[..] else { panic!("{:?}", found.passed_over) };
    assert_eq!((&first.path, &second.path), (&folder.file(40), &folder.file(30)));
    let content = |why: &SnapshotFileError| match why {
        SnapshotFileError::Content { error, .. } => Some(error.clone()),
        _ => None,
    };
    assert!(matches!(content(&first.why), Some(SnapshotError::Checksum { .. })), "{}", first.why);
    assert!(second.why.to_string().contains("of offset 20: somebody has renamed it"), "{}", second.why);
    // None is left that can be read.
    flip(&folder.file(20), 1);
    fs::write(folder.file(10), b"").expect("it can be written");
    let found = store.newest(None);
    assert!(found.image.is_none() && found.passed_over.len() == 4, "{found:?}");
}

#[test]
fn what_a_crash_has_left_is_no_snapshot_and_goes_with_the_next() {
    let folder = Folder::new("aside");
    let store = folder.store(2);
    store.write(&image(10)).expect("it is written");
    let aside = folder.file(20).with_extension("snap.new");
    fs::write(&aside, b"half of it").expect("it can be written");
    for name in ["notes.txt", "17.snap", "0000000000000000002x.snap"] {
        fs::write(folder.0.join("snapshots").join(name), b"not ours").expect("it can be written");
    }
    assert_eq!(store.newest(None).image, Some(image(10)));
    assert_eq!(offsets(&store), [10]);
    store.write(&image(20)).expect("it is written");
    assert!(!aside.exists());
    assert_eq!(offsets(&store), [10, 20]);
    assert!(folder.0.join("snapshots/notes.txt").exists(), "what is not ours stays");
}

#[test]
fn what_cannot_be_read_or_written_is_said_with_its_place() {
    let folder = Folder::new("unwritable");
    let store = folder.store(2);
    let missing = store.read(Offset(7)).expect_err("there is none");
    assert!(
        matches!(&missing, SnapshotFileError::Io { path, kind: io::ErrorKind::NotFound, .. } if *path == folder.file(7))
    );
    // A file where the folder should be.
    fs::write(folder.0.join("snapshots"), b"").expect("it can be written");
    let error = store.write(&image(1)).expect_err("there is no folder").to_string();
    assert!(error.contains("snapshots: "), "{error}");
    let found = store.newest(None);
    assert!(found.image.is_none() && found.passed_over.len() == 1, "{found:?}");
}

#[test]
fn the_first_one_outlives_a_power_failure() {
    for seed in 0..50 {
        let storage = SimulatedStorage::new();
        let store = SnapshotStore::new(Arc::new(storage.clone()), 3);
        store.write(&image(10)).expect("it is written");
        storage.crash(seed);
        assert_eq!(store.newest(None).image, Some(image(10)), "its folder was new as well");
    }
}

/// The log is gone through once more, since those of later offsets were made with other settings.
#[test]
fn one_that_was_just_written_is_not_too_many_whatever_its_offset() {
    let store = SnapshotStore::new(Arc::new(SimulatedStorage::new()), 3);
    for offset in [100, 200, 300, 10, 20] {
        store.write(&image(offset)).expect("it is written");
    }
    assert_eq!(offsets(&store), [20, 200, 300]);
    assert_eq!(store.newest(Some(Offset(99))).image, Some(image(20)));
}

#[test]
fn what_failed_leaves_nothing_that_is_half_written() {
    let with_one = SimulatedStorage::new();
    let store = |storage: &SimulatedStorage| SnapshotStore::new(Arc::new(storage.clone()), 1);
    store(&with_one).write(&image(10)).expect("it is written");
    for nth in 0.. {
        let storage = with_one.fork();
        storage.fail_at(nth, Fault::Error(io::ErrorKind::PermissionDenied));
        if store(&storage).write(&image(20)).is_ok() {
            assert!(nth > 5 && offsets(&store(&storage)) == [20]);
            break;
        }
        assert!(
            storage.paths().iter().all(|path| path.ends_with(SNAPSHOT_ENDING)),
            "change {nth}: {:?}",
            storage.paths()
        );
        assert!(store(&storage).newest(None).image.is_some());
    }
}
