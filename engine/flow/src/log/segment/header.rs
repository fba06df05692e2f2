//! What a segment begins with, and what it ends with once it is full.
//!
//! The header has 64 bytes, little-endian. Its check is at the same place in every version.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | `etaflseg` |
//! | 8..12 | version: 1 |
//! | 12..16 | 0 |
//! | 16..24 | offset of the first record |
//! | 24..32 | created: the latest ingest time up to the record that it was begun for |
//! | 32..60 | 0 |
//! | 60..64 | CRC32C of 0..60 |
//!
//! The seal comes after the last batch of a full segment: an index, so that nobody has to go through all of it.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | `eflS` |
//! | 4..8 | how many entries |
//! | 8..16 | offset of the next segment's first record |
//! | 16..24 | the latest ingest time up to here |
//! | 24..32 | 0 |
//! | 24 each | entries: offset of a batch, where it begins in the file, the latest ingest time before it; about one for
//! every 256 KiB, the first batch left out |
//! | 8 | where in the file the seal begins |
//! | 4 | CRC32C of all of the seal before |
//! | 4 | `eflE` |

use etaflow_road::Timestamp;

use crate::bytes::ByteReader;
use crate::event::Offset;

/// How long a segment's header is.
pub(super) const HEADER_BYTES: usize = 64;
/// The version that is written.
pub(super) const VERSION: u32 = 1;
const MAGIC: &[u8; 8] = b"etaflseg";

pub(super) const SEAL_MAGIC: &[u8; 4] = b"eflS";
const SEAL_END_MAGIC: &[u8; 4] = b"eflE";
const SEAL_FRONT_BYTES: usize = 32;
const ENTRY_BYTES: usize = 24;
/// How long a seal's end is, by which the seal is found.
pub(super) const SEAL_END_BYTES: usize = 16;
/// So far apart are the batches of an index, in bytes.
pub(super) const INDEX_STEP_BYTES: u64 = 256 << 10;

/// What a segment's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentHeader {
    pub(super) base: Offset,
    pub(super) created: Timestamp,
}

/// Why bytes are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderFault {
    Damaged(&'static str),
    Newer(u32),
}

impl SegmentHeader {
    pub(super) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.base.0.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.created.micros().to_le_bytes());
        let check = crc32c::crc32c(&bytes[..60]);
        bytes[60..].copy_from_slice(&check.to_le_bytes());
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, HeaderFault> {
        let cut = |_| HeaderFault::Damaged("the segment's header is cut short");
        let mut reader = ByteReader::new(bytes);
        let magic = reader.take("magic", 8).map_err(cut)?;
        let version = reader.u32("version").map_err(cut)?;
        reader.u32("reserved").map_err(cut)?;
        let base = Offset(reader.u64("base").map_err(cut)?);
        let created = reader.time("created").map_err(cut)?;
        reader.take("reserved", 28).map_err(cut)?;
        let check = reader.u32("check").map_err(cut)?;
        if magic != MAGIC {
            return Err(HeaderFault::Damaged("no segment begins here"));
        }
        if crc32c::crc32c(&bytes[..60]) != check {
            return Err(HeaderFault::Damaged("the segment's header does not match its checksum"));
        }
        if version != VERSION {
            return Err(HeaderFault::Newer(version));
        }
        Ok(Self { base, created })
    }
}

/// Where a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IndexEntry {
    pub(super) offset: Offset,
    pub(super) at: u64,
    /// The latest ingest time before it.
    pub(super) time: Timestamp,
}

/// The end of a full segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seal {
    /// Where the next segment begins.
    pub(super) end: Offset,
    /// The latest ingest time up to there.
    pub(super) time: Timestamp,
    pub(super) index: Vec<IndexEntry>,
}

impl Seal {
    /// As it is written at `at`.
    pub(super) fn encode(&self, at: u64) -> Vec<u8> {
        let mut out = Vec::with_capacity(SEAL_FRONT_BYTES + self.index.len() * ENTRY_BYTES + SEAL_END_BYTES);
        out.extend(SEAL_MAGIC);
        out.extend((self.index.len() as u32).to_le_bytes());
        out.extend(self.end.0.to_le_bytes());
        out.extend(self.time.micros().to_le_bytes());
        out.extend([0; 8]);
        for entry in &self.index {
            out.extend(entry.offset.0.to_le_bytes());
            out.extend(entry.at.to_le_bytes());
            out.extend(entry.time.micros().to_le_bytes());
        }
        out.extend(at.to_le_bytes());
        let check = crc32c::crc32c(&out);
        out.extend(check.to_le_bytes());
        out.extend(SEAL_END_MAGIC);
        out
    }

    /// Reads one that begins at `at` of its file, and is all of `bytes`.
    pub(super) fn decode(bytes: &[u8], at: u64) -> Result<Self, &'static str> {
        let cut = |_| "the segment's seal is cut short";
        let mut reader = ByteReader::new(bytes);
        let magic = reader.take("magic", 4).map_err(cut)?;
        let count = reader.u32("entries").map_err(cut)?;
        let end = Offset(reader.u64("end").map_err(cut)?);
        let time = reader.time("time").map_err(cut)?;
        reader.take("reserved", 8).map_err(cut)?;
        let entries = reader.take("entries", (count as usize).saturating_mul(ENTRY_BYTES)).map_err(cut)?;
        let found_at = reader.u64("at").map_err(cut)?;
        let checked = reader.at();
        let check = reader.u32("check").map_err(cut)?;
        let end_magic = reader.take("end magic", 4).map_err(cut)?;
        reader.end().map_err(|_| "there is something behind the segment's seal")?;
        if magic != SEAL_MAGIC || end_magic != SEAL_END_MAGIC {
            return Err("no segment's seal is here");
        }
        if crc32c::crc32c(&bytes[..checked]) != check || found_at != at {
            return Err("the segment's seal does not match its checksum");
        }
        let mut reader = ByteReader::new(entries);
        let index = (0..count).map(|_| {
            let (offset, at) = (Offset(reader.u64("offset").map_err(cut)?), reader.u64("at").map_err(cut)?);
            Ok(IndexEntry { offset, at, time: reader.time("time").map_err(cut)? })
        });
        Ok(Self { end, time, index: index.collect::<Result<_, &'static str>>()? })
    }

    /// Where the seal begins whose last bytes these are.
    pub(super) fn found_by(end: &[u8; SEAL_END_BYTES]) -> Option<u64> {
        let (at, rest) = end.split_first_chunk::<8>()?;
        (rest.ends_with(SEAL_END_MAGIC)).then(|| u64::from_le_bytes(*at))
    }
}
