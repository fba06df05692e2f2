use std::sync::Arc;

use etaflow::{Mark, MarkFile, SimulatedStorage};

use crate::mend;

const PATH: &str = "groups/fuzz";
const MAGIC: &[u8] = b"etamark1";
const PLACE_BYTES: usize = 36;
const SECOND_AT: usize = 4_096;

/// The file of a mark, with its two places next to each other.
pub fn mark(bytes: &[u8]) {
    let (first, second) = bytes.split_at(bytes.len().min(PLACE_BYTES));
    let mut file = first.to_vec();
    if !second.is_empty() {
        file.resize(SECOND_AT, 0);
        file.extend(second);
    }
    open(&file);
    for at in [0, SECOND_AT] {
        if let Some(place) = file.get_mut(at..at + PLACE_BYTES) {
            place[..MAGIC.len()].copy_from_slice(MAGIC);
            mend(place, 0..PLACE_BYTES - 4);
        }
    }
    open(&file);
}

/// What is read is what is gone on from, and can be set anew.
fn open(file: &[u8]) {
    let storage = SimulatedStorage::new();
    storage.put(PATH, file);
    let read = MarkFile::read(&storage, PATH);
    let opened = MarkFile::open(Arc::new(storage.clone()), PATH);
    assert_eq!(read.is_ok(), opened.is_ok());
    let (Ok(read), Ok(mut opened)) = (read, opened) else { return };
    assert_eq!(opened.mark(), read);
    let mark = Mark { offset: 7, within: 1 };
    opened.set(mark).expect("the storage takes it");
    assert_eq!(MarkFile::read(&storage, PATH), Ok(Some(mark)), "the newest is read");
}
