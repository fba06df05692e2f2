//! Batches as a segment has them: a header of 48 bytes, little-endian, then the notes, then the records of 64 bytes each.
//!
//! | bytes | what |
//! |---|---|
//! | 0..4 | `eflB` |
//! | 4..8 | bytes that follow the header: notes and records |
//! | 8..12 | how many records |
//! | 12..16 | bytes of notes |
//! | 16..24 | offset of the first record |
//! | 24..32 | the latest ingest time up to the last record, of the whole log |
//! | 32..40 | everything before this offset was on the disk when the batch was written |
//! | 40..44 | CRC32C of 0..40 |
//! | 44..48 | CRC32C of 0..44 and of all that follows |
//!
//! The header has a check of its own, so that one can go from batch to batch without reading what is in them, and go on
//! behind one that is damaged.

use std::ops::Range;

use etaflow_road::Timestamp;

use crate::event::{Entries, Note, Offset, Record, decode_notes, encode_notes};

/// How long a batch's header is.
pub(super) const BATCH_HEADER_BYTES: usize = 48;
/// A batch has no more records: append more, and they become several.
pub(super) const BATCH_RECORDS_MAX: usize = 1 << 16;
/// Nor is what follows its header longer.
pub(super) const BATCH_BYTES_MAX: usize = 256 << 20;
pub(super) const MAGIC: &[u8; 4] = b"eflB";

/// What a batch's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BatchHeader {
    pub(super) payload_bytes: u32,
    pub(super) count: u32,
    pub(super) notes_bytes: u32,
    pub(super) base: Offset,
    pub(super) time: Timestamp,
    pub(super) synced: Offset,
}

/// Appends a batch. At least one record, at most [`BATCH_RECORDS_MAX`].
pub(super) fn encode_batch(records: &[Record], notes: &[Note], time: Timestamp, synced: Offset, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + BATCH_HEADER_BYTES, 0);
    encode_notes(notes, out);
    let notes_bytes = out.len() - start - BATCH_HEADER_BYTES;
    out.reserve(records.len() * Record::FRAME_BYTES);
    for record in records {
        out.extend_from_slice(&record.encode());
    }
    let payload_bytes = out.len() - start - BATCH_HEADER_BYTES;
    let (header, payload) = out[start..].split_at_mut(BATCH_HEADER_BYTES);
    header[..4].copy_from_slice(MAGIC);
    header[4..8].copy_from_slice(&(payload_bytes as u32).to_le_bytes());
    header[8..12].copy_from_slice(&(records.len() as u32).to_le_bytes());
    header[12..16].copy_from_slice(&(notes_bytes as u32).to_le_bytes());
    header[16..24].copy_from_slice(&records.first().map_or(0, |record| record.offset.0).to_le_bytes());
    header[24..32].copy_from_slice(&time.micros().to_le_bytes());
    header[32..40].copy_from_slice(&synced.0.to_le_bytes());
    let check = crc32c::crc32c(&header[..40]);
    header[40..44].copy_from_slice(&check.to_le_bytes());
    let check = crc32c::crc32c_append(crc32c::crc32c(&header[..44]), payload);
    header[44..].copy_from_slice(&check.to_le_bytes());
}

impl BatchHeader {
    /// Reads a header, of which no more is known than that so many bytes are there.
    pub(super) fn decode(bytes: &[u8; BATCH_HEADER_BYTES]) -> Result<Self, &'static str> {
        let u32_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let u64_at = |at: usize| u64::from(u32_at(at)) | u64::from(u32_at(at + 4)) << 32;
        if &bytes[..4] != MAGIC {
            let blank = bytes.iter().all(|&byte| byte == 0);
            return Err(if blank { "zeros, where a batch should begin" } else { "no batch begins here" });
        }
        if crc32c::crc32c(&bytes[..40]) != u32_at(40) {
            return Err("the batch's header does not match its checksum");
        }
        let header = Self {
            payload_bytes: u32_at(4),
            count: u32_at(8),
            notes_bytes: u32_at(12),
            base: Offset(u64_at(16)),
            time: Timestamp::from_micros(u64_at(24) as i64),
            synced: Offset(u64_at(32)),
        };
        let records_bytes = u64::from(header.count) * Record::FRAME_BYTES as u64;
        let whole = u64::from(header.payload_bytes) == u64::from(header.notes_bytes) + records_bytes;
        let within = (1..=BATCH_RECORDS_MAX as u32).contains(&header.count)
            && header.payload_bytes as usize <= BATCH_BYTES_MAX
            && header.base.0.checked_add(u64::from(header.count)).is_some();
        if whole && within { Ok(header) } else { Err("the batch's header says what cannot be") }
    }

    /// How long the whole batch is.
    pub(super) fn batch_bytes(&self) -> usize {
        BATCH_HEADER_BYTES + self.payload_bytes as usize
    }

    /// The offset after its last record.
    pub(super) fn end(&self) -> Offset {
        Offset(self.base.0 + u64::from(self.count))
    }
}

/// Whether a whole batch is what was written.
pub(super) fn check_batch(batch: &[u8]) -> Result<(), &'static str> {
    let (header, payload) = batch.split_at(BATCH_HEADER_BYTES);
    let check = crc32c::crc32c_append(crc32c::crc32c(&header[..44]), payload);
    let same = header[44..] == check.to_le_bytes();
    if same { Ok(()) } else { Err("the batch does not match its checksum") }
}

/// Appends those records of a checked batch that are `wanted`, and their notes if these are.
pub(super) fn decode_batch(
    header: &BatchHeader,
    batch: &[u8],
    wanted: Range<Offset>,
    with_notes: bool,
    into: &mut Entries,
) -> Result<(), &'static str> {
    let (notes, records) = batch[BATCH_HEADER_BYTES..].split_at(header.notes_bytes as usize);
    let (from, to) = (wanted.start.max(header.base), wanted.end.min(header.end()));
    let index = |offset: Offset| offset.0.saturating_sub(header.base.0) as usize * Record::FRAME_BYTES;
    let records = records.get(index(from)..index(to)).unwrap_or_default();
    into.records.reserve(records.len() / Record::FRAME_BYTES);
    let (frames, _) = records.as_chunks::<{ Record::FRAME_BYTES }>();
    for (frame, offset) in frames.iter().zip(from.0..) {
        let record = Record::decode_sound(frame).map_err(|_| "a record says what cannot be")?;
        if record.offset.0 != offset {
            return Err("a record has another's offset");
        }
        into.records.push(record);
    }
    if with_notes && !notes.is_empty() {
        let notes = decode_notes(notes).map_err(|_| "the notes say what cannot be")?;
        let within = header.base..header.end();
        if !notes.iter().all(|note| within.contains(&note.offset)) {
            return Err("a note has another batch's offset");
        }
        into.notes.extend(notes.into_iter().filter(|note| wanted.contains(&note.offset)));
    }
    Ok(())
}
