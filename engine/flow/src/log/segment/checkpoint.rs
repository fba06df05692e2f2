//! States of the sequencer, each a file named by the offset that it goes on from.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | `etaflckp` |
//! | 8..12 | version: 1 |
//! | 12..16 | 0 |
//! | 16..24 | the next offset |
//! | 24..32 | how many bytes follow the check |
//! | 32..36 | CRC32C of 0..32 and of what follows |
//! | 36.. | the state |

use std::path::PathBuf;

use super::files::CheckpointInfo;
use super::layout::{CHECKPOINTS, checkpoint_path, list};
use crate::bytes::{ByteReader, BytesError};
use crate::event::Offset;
use crate::log::LogError;
use crate::storage::{Access, Storage, read_all, replace};

const MAGIC: &[u8; 8] = b"etaflckp";
const VERSION: u32 = 1;
const FRONT_BYTES: usize = 32;
/// A longer file is none.
const CHECKPOINT_BYTES_MAX: u64 = 4 << 30;

pub(super) fn write(storage: &dyn Storage, at: Offset, state: &[u8]) -> Result<(), LogError> {
    let mut bytes = Vec::with_capacity(FRONT_BYTES + 4 + state.len());
    bytes.extend(MAGIC);
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend([0; 4]);
    bytes.extend(at.0.to_le_bytes());
    bytes.extend((state.len() as u64).to_le_bytes());
    let check = crc32c::crc32c_append(crc32c::crc32c(&bytes), state);
    bytes.extend(check.to_le_bytes());
    bytes.extend(state);
    let path = checkpoint_path(at);
    replace(storage, &path, &bytes).map_err(|error| LogError::io(storage.show(&path), "writing it", &error))
}

/// Reads one, if it is there; `Err` within says what is wrong with it.
pub(super) fn read(storage: &dyn Storage, at: Offset) -> Result<Option<Result<Vec<u8>, LogError>>, LogError> {
    let path = checkpoint_path(at);
    let shown = || storage.show(&path);
    let failed = |error| LogError::io(shown(), "reading it", &error);
    let damaged = |what| LogError::Damaged { path: shown(), at: 0, offset: at.0, durable: at.0, what };
    let Some(mut bytes) = read_all(storage, &path, CHECKPOINT_BYTES_MAX).map_err(failed)? else { return Ok(None) };
    Ok(Some(match check(&bytes, at) {
        Ok(Checked::Whole) => Ok(bytes.split_off(FRONT_BYTES + 4)),
        Ok(Checked::Newer(found)) => Err(LogError::NewerVersion { path: shown(), found, known: VERSION }),
        Ok(Checked::Broken) => Err(damaged("the state does not match its checksum")),
        Err(_) => Err(damaged("the state is cut short")),
    }))
}

enum Checked {
    Whole,
    Broken,
    Newer(u32),
}

fn check(bytes: &[u8], at: Offset) -> Result<Checked, BytesError> {
    let mut reader = ByteReader::new(bytes);
    let magic = reader.take("magic", 8)?;
    let version = reader.u32("version")?;
    reader.u32("reserved")?;
    let next = Offset(reader.u64("next")?);
    let length = reader.u64("length")?;
    let check = reader.u32("check")?;
    let state = reader.take("state", usize::try_from(length).unwrap_or(usize::MAX))?;
    let same = crc32c::crc32c_append(crc32c::crc32c(&bytes[..FRONT_BYTES]), state) == check && reader.left() == 0;
    Ok(match magic == MAGIC && same && next == at {
        true if version == VERSION => Checked::Whole,
        true => Checked::Newer(version),
        false => Checked::Broken,
    })
}

/// Where there are some.
pub(super) fn offsets(storage: &dyn Storage) -> Result<Vec<Offset>, LogError> {
    Ok(list(storage, CHECKPOINTS, ".ckpt")?.offsets)
}

/// All that there are, oldest first.
pub(super) fn list_all(storage: &dyn Storage) -> Result<Vec<CheckpointInfo>, LogError> {
    let info = |offset| {
        let path = checkpoint_path(offset);
        let bytes = storage.open(&path, Access::Read).and_then(|file| file.size());
        match bytes {
            Ok(bytes) => Ok(Some(CheckpointInfo { path: storage.show(&path), offset, bytes })),
            // The writer has just let go of it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LogError::io(storage.show(&path), "reading it", &error)),
        }
    };
    offsets(storage)?.into_iter().filter_map(|offset| info(offset).transpose()).collect()
}

/// The newest one that is whole and not after `at`.
pub(super) fn newest(storage: &dyn Storage, at: Offset) -> Result<Option<(Offset, Vec<u8>)>, LogError> {
    for offset in offsets(storage)?.into_iter().rev().filter(|&offset| offset <= at) {
        if let Some(Ok(state)) = read(storage, offset)? {
            return Ok(Some((offset, state)));
        }
    }
    Ok(None)
}

/// Removes those that go on from before `start`: the records that follow them are gone. Also what was left half written.
pub(super) fn remove_before(storage: &dyn Storage, start: Offset) -> Result<(), LogError> {
    remove(storage, |offset| offset < start)
}

/// Removes those from after `end`: the records that they come from were lost, and others may take their place.
pub(super) fn remove_after(storage: &dyn Storage, end: Offset) -> Result<(), LogError> {
    remove(storage, |offset| offset > end)
}

fn remove(storage: &dyn Storage, which: impl Fn(Offset) -> bool) -> Result<(), LogError> {
    let listing = list(storage, CHECKPOINTS, ".ckpt")?;
    let half = listing.foreign.into_iter().filter(|name| name.ends_with(".ckpt.new"));
    let half = half.map(|name| format!("{CHECKPOINTS}/{name}"));
    let paths: Vec<String> =
        listing.offsets.into_iter().filter(|&offset| which(offset)).map(checkpoint_path).chain(half).collect();
    let failed = |path: &str, error| {
        let shown: PathBuf = storage.show(path);
        LogError::io(shown, "removing it", &error)
    };
    for path in &paths {
        storage.remove(path).map_err(|error| failed(path, error))?;
    }
    if paths.is_empty() {
        return Ok(());
    }
    storage.sync_folder(CHECKPOINTS).map_err(|error| failed(CHECKPOINTS, error))
}
