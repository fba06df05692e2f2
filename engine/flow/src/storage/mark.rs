use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Access, Storage, StorageFile, replace};

/// What a mark begins with; the last letter is the version.
const MAGIC: [u8; 8] = *b"etamark1";

/// Where the second of the two places is: on a page of its own, so that writing one cannot harm the other.
const SECOND_AT: u64 = 4_096;

/// The bytes of a place: magic, sequence, offset, within, checksum.
const PLACE_BYTES: usize = 36;

/// A place with a higher number is damaged: so often no mark is set, and the next ones can be counted.
const SEQUENCE_MAX: u64 = u64::MAX / 2;

/// How far somebody has come with the log: all before `offset` is done, and of the record at `offset` the first `within`
/// parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mark {
    /// The first record that is not done with.
    pub offset: u64,
    /// How much of it is done: 0 for whoever takes records as a whole.
    pub within: u64,
}

/// A [`Mark`] in a file of its own, which a crash leaves as it was or as it was to be.
///
/// The file has two places, which are written in turn, each with its number and its checksum: whatever becomes of a write,
/// the other place says what was there before. One process writes it; any number may [`read`](Self::read) it meanwhile.
pub struct MarkFile {
    storage: Arc<dyn Storage>,
    path: String,
    /// `None` before the first mark was set.
    open: Option<Open>,
}

struct Open {
    file: Arc<dyn StorageFile>,
    /// What is durable.
    last: Placed,
    /// The highest number that was written, be it durable or not.
    sequence_max: u64,
}

/// A mark in one of the two places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Placed {
    place: u8,
    sequence: u64,
    mark: Mark,
}

/// A file, and what is in its two places, if it is whole.
type Places = (Arc<dyn StorageFile>, [Option<Placed>; 2]);

/// Why a mark cannot be read or set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MarkError {
    /// The storage does not do it.
    #[error("{path} cannot be {doing}: {message}")]
    Io {
        /// What was to be done with the file.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What kind of error.
        kind: io::ErrorKind,
        /// What the storage says.
        message: String,
    },
    /// Neither of the two places holds a mark.
    #[error("{path} is damaged, or no mark: remove it, and whose it is begins as one that is new")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// It was written by a later version.
    #[error("{path} is of version {version}, which is newer than this program's, 1")]
    Newer {
        /// The file.
        path: PathBuf,
        /// As far as it can be shown.
        version: char,
    },
}

impl MarkFile {
    /// Opens the mark at `path`, to set it. A file is made when it is first set.
    ///
    /// # Errors
    /// If it cannot be read, or is damaged.
    pub fn open(storage: Arc<dyn Storage>, path: impl Into<String>) -> Result<Self, MarkError> {
        let mut new = Self { storage, path: path.into(), open: None };
        let Some(open) = newest(&*new.storage, &new.path, Access::Write)? else { return Ok(new) };
        // What is read may be in memory alone, name and all, after a write that failed: made durable before anything rests
        // on it, and in its own place, since the other one may be all that the disk has.
        new.put(&*open.file, open.last)?;
        let (folder, _) = new.path.rsplit_once('/').unwrap_or_default();
        new.storage.sync_folder(folder).map_err(|error| new.error("synced", &error))?;
        new.open = Some(open);
        Ok(new)
    }

    /// The mark at `path`, for those who look on; `None` if there is none.
    ///
    /// # Errors
    /// If it cannot be read, or is damaged.
    pub fn read(storage: &dyn Storage, path: &str) -> Result<Option<Mark>, MarkError> {
        Ok(newest(storage, path, Access::Read)?.map(|open| open.last.mark))
    }

    /// A mark that no power failure takes back, whoever is just setting another one: the lesser of the last two. `None` if
    /// there is none.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) fn read_durable(storage: &dyn Storage, path: &str) -> Result<Option<Mark>, MarkError> {
        let found = places(storage, path, Access::Read)?;
        Ok(found.and_then(|(_, placed)| placed.iter().flatten().map(|placed| placed.mark).min()))
    }

    /// Where places begin, in bytes, that are not whole although the other one is, so that nothing is lost: a crash, or a disk,
    /// has left them so, and the next mark is put there. None if there is no mark.
    ///
    /// # Errors
    /// If it cannot be read, or no place is whole.
    pub fn damage(storage: &dyn Storage, path: &str) -> Result<Vec<u64>, MarkError> {
        let Some((_, placed)) = places(storage, path, Access::Read)? else { return Ok(Vec::new()) };
        Ok([0, SECOND_AT].into_iter().zip(placed).filter_map(|(at, place)| place.is_none().then_some(at)).collect())
    }

    /// The mark that was set last.
    pub fn mark(&self) -> Option<Mark> {
        self.open.as_ref().map(|open| open.last.mark)
    }

    /// Where it is, as messages name it.
    pub fn path(&self) -> PathBuf {
        self.storage.show(&self.path)
    }

    /// Sets the mark; it is durable when this returns. After an error it is either as it was or as it was to be, and can
    /// be set again.
    ///
    /// # Errors
    /// If it cannot be written or synced.
    pub fn set(&mut self, mark: Mark) -> Result<(), MarkError> {
        let Some(open) = &mut self.open else { return self.create(mark) };
        // A place whose last write failed is written again: until that succeeds the other one is all there is.
        open.sequence_max += 1;
        let next = Placed { place: 1 - open.last.place, sequence: open.sequence_max, mark };
        let file = Arc::clone(&open.file);
        self.put(&*file, next)?;
        if let Some(open) = &mut self.open {
            open.last = next;
        }
        Ok(())
    }

    /// Makes the file, with both places filled: one that is there has two good places, but for what a crash or a disk did.
    fn create(&mut self, mark: Mark) -> Result<(), MarkError> {
        let last = Placed { place: 1, sequence: 1, mark };
        let mut bytes = vec![0; SECOND_AT as usize + PLACE_BYTES];
        bytes[..PLACE_BYTES].copy_from_slice(&Placed { place: 0, sequence: 0, mark }.encode());
        bytes[SECOND_AT as usize..].copy_from_slice(&last.encode());
        if let Some((folder, _)) = self.path.rsplit_once('/') {
            let (above, _) = folder.rsplit_once('/').unwrap_or_default();
            let made = self.storage.create_folder(folder).and_then(|()| self.storage.sync_folder(above));
            made.map_err(|error| self.error("made", &error))?;
        }
        replace(&*self.storage, &self.path, &bytes).map_err(|error| self.error("made", &error))?;
        let file = self.storage.open(&self.path, Access::Write).map_err(|error| self.error("opened", &error))?;
        self.open = Some(Open { file, last, sequence_max: 1 });
        Ok(())
    }

    fn put(&self, file: &dyn StorageFile, placed: Placed) -> Result<(), MarkError> {
        let at = u64::from(placed.place) * SECOND_AT;
        file.write_at(&placed.encode(), at).map_err(|error| self.error("written", &error))?;
        file.sync().map_err(|error| self.error("synced", &error))
    }

    fn error(&self, doing: &'static str, error: &io::Error) -> MarkError {
        MarkError::Io { doing, path: self.path(), kind: error.kind(), message: error.to_string() }
    }
}

/// A file with the newer of its two places; `None` if there is no file.
fn newest(storage: &dyn Storage, path: &str, access: Access) -> Result<Option<Open>, MarkError> {
    Ok(places(storage, path, access)?.and_then(|(file, placed)| {
        let last = placed.into_iter().flatten().max_by_key(|placed| placed.sequence)?;
        Some(Open { file, last, sequence_max: last.sequence })
    }))
}

/// A file with its two places, of which at least one is whole; `None` if there is no file.
fn places(storage: &dyn Storage, path: &str, access: Access) -> Result<Option<Places>, MarkError> {
    let shown = storage.show(path);
    let failed = |error: &io::Error| {
        let (doing, message) = ("read", error.to_string());
        MarkError::Io { doing, path: shown.clone(), kind: error.kind(), message }
    };
    let file = match storage.open(path, access) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&error)),
    };
    let mut placed = [None; 2];
    let mut version = None;
    for place in [0, 1] {
        let mut bytes = [0; PLACE_BYTES];
        let read = file.read_at(&mut bytes, u64::from(place) * SECOND_AT).map_err(|error| failed(&error))?;
        placed[usize::from(place)] = Placed::decode(place, &bytes[..read]);
        if bytes[..7] == MAGIC[..7] && bytes[7] > MAGIC[7] {
            version = Some(char::from(bytes[7]));
        }
    }
    match (placed, version) {
        ([None, None], Some(version)) => Err(MarkError::Newer { path: shown, version }),
        ([None, None], None) => Err(MarkError::Damaged { path: shown }),
        _ => Ok(Some((file, placed))),
    }
}

impl Placed {
    fn encode(&self) -> [u8; PLACE_BYTES] {
        let mut bytes = [0; PLACE_BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.sequence.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.mark.offset.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.mark.within.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..32]);
        bytes[32..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// What is written in a place, if it is whole.
    fn decode(place: u8, bytes: &[u8]) -> Option<Self> {
        let (content, checksum) = bytes.split_at_checked(PLACE_BYTES - 4)?;
        let content = content.strip_prefix(&MAGIC)?;
        if checksum != crc32c::crc32c(&bytes[..32]).to_le_bytes() {
            return None;
        }
        let number = |at: usize| content[at..at + 8].try_into().map(u64::from_le_bytes).ok();
        let mark = Mark { offset: number(8)?, within: number(16)? };
        let sequence = number(0).filter(|&sequence| sequence <= SEQUENCE_MAX)?;
        Some(Self { place, sequence, mark })
    }
}

#[cfg(test)]
#[path = "mark_tests.rs"]
mod tests;
