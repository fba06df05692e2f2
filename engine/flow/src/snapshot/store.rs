use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::error::SnapshotFileError;
use super::file::{self, ReadError};
use super::image::Image;
use crate::event::Offset;
use crate::storage::directory::{SNAPSHOT_ENDING, SNAPSHOTS, number_of, numbered};
use crate::storage::{Access, Storage};

/// What a snapshot's name ends with as long as it is not whole.
const ASIDE_ENDING: &str = ".snap.new";

/// After how many bytes what is written is synced: the log is synced on the same disk meanwhile, and waits for all that
/// is to be written before.
const SYNC_BYTES: u64 = 8 << 20;

/// The newest few snapshots, each in a file of its own in `snapshots/`, named by its offset.
///
/// ```
/// # use std::sync::Arc;
/// # use etaflow::{DiskStorage, SnapshotStore};
/// # let folder = std::env::temp_dir().join(format!("etaflow-snapshots-{}", std::process::id()));
/// let store = SnapshotStore::new(Arc::new(DiskStorage::create(&folder)?), SnapshotStore::KEEP);
/// let found = store.newest(None);
/// assert!(found.image.is_none() && found.passed_over.is_empty());
/// # std::fs::remove_dir(&folder)?;
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct SnapshotStore {
    storage: Arc<dyn Storage>,
    keep: usize,
}

/// A snapshot's file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// Where it is.
    pub path: PathBuf,
    /// The first record that is not in it.
    pub offset: Offset,
    /// How long the file is.
    pub bytes: u64,
}

/// The newest snapshot that can be read.
#[derive(Debug, Default)]
pub struct Found {
    /// It; `None` if there is none.
    pub image: Option<Image>,
    /// Those that are newer, and cannot be read.
    pub passed_over: Vec<PassedOver>,
}

/// A snapshot that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// Its file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: SnapshotFileError,
}

impl SnapshotStore {
    /// How many snapshots are kept by default: 3. A damaged one costs the records between it and the one before.
    pub const KEEP: usize = 3;

    /// The snapshots of a storage, of which the newest `keep` are kept, at least one.
    pub fn new(storage: Arc<dyn Storage>, keep: usize) -> Self {
        Self { storage, keep: keep.max(1) }
    }

    /// Writes a snapshot: aside, and into its place only when it is durable, so that a crash leaves it whole or not at
    /// all. Then removes those that are too many, the oldest first, but not this one: those of later offsets may be of
    /// no use, made with other settings for one.
    ///
    /// # Errors
    /// If it cannot be written, or one that is too many cannot be removed.
    pub fn write(&self, image: &Image) -> Result<SnapshotInfo, SnapshotFileError> {
        let storage = &*self.storage;
        // The folder may have been made in vain before: nothing tells whether its own name is durable.
        let made = storage.create_folder(SNAPSHOTS).and_then(|()| storage.sync_folder(""));
        made.map_err(|error| self.io(SNAPSHOTS, &error))?;
        self.remove_aside()?;
        let path = path_of(image.offset, SNAPSHOT_ENDING);
        let aside = path_of(image.offset, ASIDE_ENDING);
        let written = write_file(storage, &aside, image).and_then(|bytes| {
            storage.rename(&aside, &path)?;
            Ok(bytes)
        });
        if written.is_err() {
            // It takes room that the log may need; whether it can be removed changes nothing about the failure.
            _ = storage.remove(&aside);
        }
        let bytes = written.map_err(|error| self.io(&aside, &error))?;
        storage.sync_folder(SNAPSHOTS).map_err(|error| self.io(SNAPSHOTS, &error))?;
        self.remove_old(image.offset)?;
        Ok(SnapshotInfo { path: storage.show(&path), offset: image.offset, bytes })
    }

    /// Where the snapshot of an offset is, or would be.
    pub fn path(&self, offset: Offset) -> PathBuf {
        self.storage.show(&path_of(offset, SNAPSHOT_ENDING))
    }

    /// The newest snapshot that can be read, of those whose offset is at most `before`, if that is said.
    pub fn newest(&self, before: Option<Offset>) -> Found {
        let mut found = Found::default();
        let offsets = match self.offsets() {
            Ok(offsets) => offsets,
            Err(why) => {
                found.passed_over.push(PassedOver { path: self.storage.show(SNAPSHOTS), why });
                return found;
            }
        };
        for &offset in offsets.iter().rev().filter(|&&offset| before.is_none_or(|before| offset <= before)) {
            match self.read(offset) {
                Ok(image) => {
                    found.image = Some(image);
                    break;
                }
                Err(why) => {
                    found.passed_over.push(PassedOver { path: self.path(offset), why });
                }
            }
        }
        found
    }

    /// The snapshot of an offset.
    ///
    /// # Errors
    /// If there is none, it cannot be read, or is not what was written.
    pub fn read(&self, offset: Offset) -> Result<Image, SnapshotFileError> {
        let path = path_of(offset, SNAPSHOT_ENDING);
        let opened = self.storage.open(&path, Access::Read).and_then(|file| Ok((file.size()?, file)));
        let (size, file) = opened.map_err(|error| self.io(&path, &error))?;
        let image = file::read(size, |into, at| file.read_at(into, at)).map_err(|error| match error {
            ReadError::Io(error) => self.io(&path, &error),
            ReadError::Content(error) => SnapshotFileError::Content { path: self.storage.show(&path), error },
        })?;
        if image.offset != offset {
            return Err(SnapshotFileError::Misnamed { path: self.storage.show(&path), found: image.offset.0 });
        }
        Ok(image)
    }

    /// All snapshots that there are, the oldest first, whether they can be read or not.
    ///
    /// # Errors
    /// If that cannot be found out.
    pub fn list(&self) -> Result<Vec<SnapshotInfo>, SnapshotFileError> {
        self.offsets()?
            .into_iter()
            .map(|offset| {
                let path = path_of(offset, SNAPSHOT_ENDING);
                let size = self.storage.open(&path, Access::Read).and_then(|file| file.size());
                let bytes = size.map_err(|error| self.io(&path, &error))?;
                Ok(SnapshotInfo { path: self.storage.show(&path), offset, bytes })
            })
            .collect()
    }

    /// The offsets of all, ascending.
    fn offsets(&self) -> Result<Vec<Offset>, SnapshotFileError> {
        let names = self.storage.list(SNAPSHOTS).map_err(|error| self.io(SNAPSHOTS, &error))?;
        Ok(names.iter().filter_map(|name| number_of(name, SNAPSHOT_ENDING)).map(Offset).collect())
    }

    /// Removes those that are older than the newest few, beside the one that was just written.
    fn remove_old(&self, written: Offset) -> Result<(), SnapshotFileError> {
        let mut others = self.offsets()?;
        others.retain(|&offset| offset != written);
        let old = &others[..others.len().saturating_sub(self.keep - 1)];
        self.remove(old.iter().map(|&offset| path_of(offset, SNAPSHOT_ENDING)))
    }

    /// Removes what a crash has left of one that was being written.
    fn remove_aside(&self) -> Result<(), SnapshotFileError> {
        let names = self.storage.list(SNAPSHOTS).map_err(|error| self.io(SNAPSHOTS, &error))?;
        let aside = names.iter().filter(|name| name.ends_with(ASIDE_ENDING));
        self.remove(aside.map(|name| format!("{SNAPSHOTS}/{name}")))
    }

    fn remove(&self, paths: impl Iterator<Item = String>) -> Result<(), SnapshotFileError> {
        for path in paths {
            match self.storage.remove(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(self.io(&path, &error)),
                _ => {}
            }
        }
        Ok(())
    }

    fn io(&self, path: &str, error: &io::Error) -> SnapshotFileError {
        SnapshotFileError::io(self.storage.show(path), error)
    }
}

/// Writes a snapshot to a file that is not there yet; how many bytes, all of them durable.
fn write_file(storage: &dyn Storage, path: &str, image: &Image) -> io::Result<u64> {
    let file = storage.create(path)?;
    let (mut at, mut synced) = (0, 0);
    file::write(image, |piece| {
        file.write_at(piece, at)?;
        at += piece.len() as u64;
        if at - synced >= SYNC_BYTES {
            file.sync()?;
            synced = at;
        }
        Ok(())
    })?;
    file.sync()?;
    Ok(at)
}

fn path_of(offset: Offset, ending: &str) -> String {
    numbered(SNAPSHOTS, offset.0, ending)
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "store_fault_tests.rs"]
mod faults;
