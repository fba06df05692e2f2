use std::sync::Arc;

use super::frame::{BATCH_HEADER_BYTES, BatchHeader, check_batch, decode_batch};
use super::header::{HEADER_BYTES, SEAL_MAGIC};
use super::layout::{list_segments, segment_path};
use super::opened::{OpenSegment, segment_of};
use super::window::Window;
use crate::event::{Entries, Offset};
use crate::log::LogError;
use crate::storage::{Access, Storage};

/// So many records are read at a time, or a batch more.
const RECORDS_AT_ONCE: usize = 1 << 12;

/// Reads records out of segments, from an offset on, one segment after the other.
pub(super) struct SegmentCursor {
    storage: Arc<dyn Storage>,
    segment: Option<OpenSegment>,
    /// Where in the segment's file the batch begins that has the next record.
    at: u64,
    next: Offset,
    window: Window,
    /// What the window has before this offset was whole when it was read.
    sound: Offset,
    with_notes: bool,
}

impl SegmentCursor {
    /// Stands before the record at `from`, which is not past the end.
    pub(super) fn seek(storage: Arc<dyn Storage>, from: Offset, with_notes: bool) -> Result<Self, LogError> {
        let mut cursor = Self {
            storage,
            segment: None,
            at: HEADER_BYTES as u64,
            next: from,
            window: Window::default(),
            sound: Offset(0),
            with_notes,
        };
        if list_segments(cursor.storage.as_ref())?.offsets.is_empty() {
            return Ok(cursor);
        }
        let base = segment_of(cursor.storage.as_ref(), from)?;
        let Some(segment) = OpenSegment::open(cursor.storage.as_ref(), base, Access::Read)? else {
            return Err(cursor.gone(from, from));
        };
        let mut near = segment.first();
        if let Some((seal, at)) = segment.seal()? {
            let after = seal.index.partition_point(|entry| entry.offset <= from);
            near = after.checked_sub(1).map_or(near, |index| seal.index[index]);
            if from >= seal.end {
                (near.offset, near.at) = (seal.end, at);
            }
        }
        let (found, header) = segment.walk(near, |header| header.end() > from)?;
        if header.is_none() && found.offset != from {
            return Err(segment.damaged(found.at, found.offset, from, "no batch begins here"));
        }
        cursor.at = found.at;
        cursor.segment = Some(segment);
        Ok(cursor)
    }

    pub(super) fn next_offset(&self) -> Offset {
        self.next
    }

    /// Appends records up to `limit`, all that there are or a large part of them; whether there were any. All before
    /// `sound` is in the files. What was read before an error is told first, and the error the next time.
    pub(super) fn read(&mut self, limit: Offset, sound: Offset, into: &mut Entries) -> Result<bool, LogError> {
        let before = into.records.len();
        while self.next < limit && into.records.len() - before < RECORDS_AT_ONCE {
            if self.next >= self.sound {
                self.window.clear();
                self.sound = sound;
            }
            let (records, notes) = (into.records.len(), into.notes.len());
            if let Err(error) = self.step(limit, into) {
                into.records.truncate(records);
                into.notes.truncate(notes);
                return if records > before { Ok(true) } else { Err(error) };
            }
        }
        Ok(into.records.len() > before)
    }

    /// Reads a batch, or goes on to the next segment.
    fn step(&mut self, limit: Offset, into: &mut Entries) -> Result<(), LogError> {
        if self.segment.is_none() {
            self.open_next(limit)?;
        }
        match self.header(limit)? {
            Some(header) => self.batch(&header, limit, into),
            None => {
                self.segment = None;
                Ok(())
            }
        }
    }

    /// The header of the batch that has the next record; `None` if that begins the next segment.
    fn header(&mut self, limit: Offset) -> Result<Option<BatchHeader>, LogError> {
        let segment = self.segment.as_ref().expect("it was opened");
        let bytes = self
            .window
            .bytes(segment.file.as_ref(), self.at, BATCH_HEADER_BYTES)
            .map_err(segment.failed("reading it"))?;
        let decoded = match bytes.first_chunk() {
            Some(header) => BatchHeader::decode(header),
            None => Err("the file ends here"),
        };
        let what = match decoded {
            Ok(header) if header.base <= self.next && self.next < header.end() => return Ok(Some(header)),
            Ok(_) => "the batch has another offset",
            Err(what) => what,
        };
        // What a segment ends with is needed by nobody who reads on.
        let sealed = bytes.starts_with(SEAL_MAGIC);
        let path = segment_path(self.next);
        let next = self.next > segment.header.base && self.storage.open(&path, Access::Read).is_ok();
        if next {
            return Ok(None);
        }
        Err(if sealed { self.gone(self.next, limit) } else { segment.damaged(self.at, self.next, limit, what) })
    }

    fn batch(&mut self, header: &BatchHeader, limit: Offset, into: &mut Entries) -> Result<(), LogError> {
        let segment = self.segment.as_ref().expect("it was opened");
        let damaged = |what| segment.damaged(self.at, self.next, limit, what);
        let bytes = self
            .window
            .bytes(segment.file.as_ref(), self.at, header.batch_bytes())
            .map_err(segment.failed("reading it"))?;
        let batch = bytes.get(..header.batch_bytes()).ok_or_else(|| damaged("the batch is cut short"))?;
        check_batch(batch).map_err(damaged)?;
        decode_batch(header, batch, self.next..limit, self.with_notes, into).map_err(damaged)?;
        self.next = header.end().min(limit);
        if self.next == header.end() {
            self.at += header.batch_bytes() as u64;
        }
        Ok(())
    }

    fn open_next(&mut self, limit: Offset) -> Result<(), LogError> {
        let segment = OpenSegment::open(self.storage.as_ref(), self.next, Access::Read)?;
        self.segment = Some(segment.ok_or_else(|| self.gone(self.next, limit))?);
        self.at = HEADER_BYTES as u64;
        self.window.clear();
        Ok(())
    }

    /// Why the segment that has `from` is not there.
    fn gone(&self, from: Offset, limit: Offset) -> LogError {
        let bases = list_segments(self.storage.as_ref()).map(|listing| listing.offsets).unwrap_or_default();
        match bases.first() {
            Some(start) if *start > from => LogError::Truncated { from: from.0, start: start.0 },
            _ => {
                let after = bases.iter().find(|&&base| base > from).map_or(limit, |base| *base);
                let to = after.0.saturating_sub(1).max(from.0);
                LogError::Missing { path: self.storage.show(&segment_path(from)), from: from.0, to }
            }
        }
    }
}
