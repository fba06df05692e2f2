//! How far the log is durable, told to other processes.
//!
//! Two slots, a sector apart, written in turn: one that is torn leaves the other. A slot has 40 bytes, little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | `eflD` |
//! | 4..8 | version: 1 |
//! | 8..16 | the how many-th it is; the slot is its remainder by two |
//! | 16..24 | durable: everything before this offset is as durable as was promised |
//! | 24..32 | synced: everything before this offset is on the disk |
//! | 32..36 | CRC32C of 0..32 |
//! | 36..40 | 0 |

use std::io;
use std::sync::Arc;

use super::layout::MARK;
use crate::bytes::{ByteReader, BytesError};
use crate::event::Offset;
use crate::log::LogError;
use crate::storage::{Access, Storage, StorageFile, replace};

const MAGIC: &[u8; 4] = b"eflD";
const VERSION: u32 = 1;
pub(super) const SLOT_BYTES: usize = 40;
/// The slots' distance.
const SECTOR_BYTES: usize = 512;
/// How long the file is.
pub(super) const DURABILITY_BYTES: usize = SECTOR_BYTES + SLOT_BYTES;

/// A slot with a higher number is damaged: so many are never written, and the next ones can be counted.
const NUMBER_MAX: u64 = u64::MAX / 2;

/// How far the log is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Durability {
    number: u64,
    pub(super) durable: Offset,
    pub(super) synced: Offset,
}

impl Durability {
    fn encode(&self) -> [u8; SLOT_BYTES] {
        let mut bytes = [0; SLOT_BYTES];
        bytes[..4].copy_from_slice(MAGIC);
        bytes[4..8].copy_from_slice(&VERSION.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.number.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.durable.0.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.synced.0.to_le_bytes());
        let check = crc32c::crc32c(&bytes[..32]);
        bytes[32..36].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Option<Self>, BytesError> {
        let mut reader = ByteReader::new(bytes);
        let sound = reader.take("magic", 4)? == MAGIC && reader.u32("version")? == VERSION;
        let mark = Self {
            number: reader.u64("number")?,
            durable: Offset(reader.u64("durable")?),
            synced: Offset(reader.u64("synced")?),
        };
        let same = reader.u32("check")? == crc32c::crc32c(&bytes[..32]) && reader.u32("reserved")? == 0;
        Ok((sound && same && mark.number <= NUMBER_MAX).then_some(mark))
    }

    /// The slots of a file, each with where it begins; `None` for one that is damaged.
    pub(super) fn slots(bytes: &[u8]) -> [(usize, Option<Self>); 2] {
        [0, SECTOR_BYTES].map(|at| {
            let slot = bytes.get(at..at + SLOT_BYTES).unwrap_or_default();
            let mark = Self::decode(slot).ok().flatten();
            (at, mark.filter(|mark| mark.number as usize % 2 * SECTOR_BYTES == at))
        })
    }
}

/// The file of the mark.
pub(super) struct DurabilityFile {
    file: Arc<dyn StorageFile>,
    newest: Durability,
}

impl DurabilityFile {
    /// Opens it to be read; `None` if there is none.
    pub(super) fn open(storage: &dyn Storage, access: Access) -> Result<Option<Self>, LogError> {
        let failed = |error: io::Error| LogError::io(storage.show(MARK), "opening it", &error);
        match storage.open(MARK, access) {
            Ok(file) => Ok(Some(Self { file, newest: Durability::default() })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }

    /// Opens it to be written, and says that all before `end` is on the disk. A file that is there stays, since others have
    /// it open.
    pub(super) fn resume(storage: &dyn Storage, end: Offset) -> Result<Self, LogError> {
        let failed = |error: io::Error| LogError::io(storage.show(MARK), "writing it", &error);
        if let Some(mut file) = Self::open(storage, Access::Write)?
            && file.read().map_err(failed)?.is_some()
        {
            file.write(end, end).and_then(|()| file.sync()).map_err(failed)?;
            return Ok(file);
        }
        Self::create(storage, end, end)
    }

    fn create(storage: &dyn Storage, durable: Offset, synced: Offset) -> Result<Self, LogError> {
        let failed = |error: io::Error| LogError::io(storage.show(MARK), "making it", &error);
        let mut bytes = [0; DURABILITY_BYTES];
        for number in [0, 1] {
            let at = number * SECTOR_BYTES;
            bytes[at..at + SLOT_BYTES].copy_from_slice(&Durability { number: number as u64, durable, synced }.encode());
        }
        replace(storage, MARK, &bytes).map_err(failed)?;
        let file = storage.open(MARK, Access::Write).map_err(failed)?;
        Ok(Self { file, newest: Durability { number: 1, durable, synced } })
    }

    /// The newest slot that is whole; `None` if none is.
    pub(super) fn read(&mut self) -> io::Result<Option<Durability>> {
        let mut bytes = [0; DURABILITY_BYTES];
        let read = self.file.read_at(&mut bytes, 0)?;
        let slots = Durability::slots(&bytes[..read]);
        let newest = slots.into_iter().filter_map(|(_, mark)| mark).max_by_key(|mark| mark.number);
        self.newest = newest.unwrap_or(self.newest);
        Ok(newest)
    }

    /// Writes the next slot.
    pub(super) fn write(&mut self, durable: Offset, synced: Offset) -> io::Result<()> {
        let mark = Durability { number: self.newest.number + 1, durable, synced };
        self.file.write_at(&mark.encode(), (mark.number % 2) * SECTOR_BYTES as u64)?;
        self.newest = mark;
        Ok(())
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }
}
