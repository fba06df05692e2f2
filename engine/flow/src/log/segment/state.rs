use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use etaflow_road::Timestamp;

use super::frame::{BATCH_BYTES_MAX, BATCH_RECORDS_MAX, encode_batch};
use super::header::{HEADER_BYTES, INDEX_STEP_BYTES, IndexEntry, SegmentHeader};
use super::writer::{Begin, Chunk};
use crate::event::{NOTE_MAX_BYTES, Note, Offset, Record};
use crate::log::{Batch, LogError};

/// So many notes are taken at a time.
const NOTES_MAX: usize = 1 << 20;
const _: () = assert!(NOTES_MAX * NOTE_MAX_BYTES + BATCH_RECORDS_MAX * Record::FRAME_BYTES <= BATCH_BYTES_MAX);

/// So much memory is kept for what is appended next.
const SPARES_MAX: usize = 2;
const SPARE_BYTES_MAX: usize = 32 << 20;

/// What is known of the log in memory. Under one lock, which is never held while a file is read or written.
pub(super) struct State {
    /// The newest records, as they were appended.
    tail: VecDeque<Arc<[Record]>>,
    tail_start: Offset,
    tail_records_max: usize,
    pub(super) start: Offset,
    pub(super) end: Offset,
    /// All before it can be read from the files.
    pub(super) written: Offset,
    pub(super) durable: Offset,
    pub(super) synced: Offset,
    pub(super) closed: bool,
    pub(super) failure: Option<LogError>,
    /// Encoded, and not yet with the system.
    pending: Vec<Chunk>,
    pub(super) pending_bytes: usize,
    /// Memory of what was pending before.
    spare: Vec<Vec<u8>>,
    segment_bytes: u64,
    /// Where the segment that is written will end, once what is pending is written; `None` if the next batch begins one.
    segment_at: Option<u64>,
    indexed_at: u64,
    /// The latest ingest time.
    pub(super) time: Timestamp,
    pub(super) checkpoint_due: bool,
    pub(super) checkpoint: Option<(Offset, Vec<u8>)>,
    /// By the number of the hold.
    pub(super) holds: BTreeMap<u64, Offset>,
    pub(super) next_hold: u64,
}

/// Where a log goes on that was opened.
pub(super) struct Resume {
    pub(super) start: Offset,
    pub(super) end: Offset,
    pub(super) time: Timestamp,
    /// How long the segment is that is written, and where in it the index ends.
    pub(super) segment: Option<(u64, u64)>,
}

impl State {
    pub(super) fn new(resume: &Resume, segment_bytes: u64, tail_records_max: usize) -> Self {
        let end = resume.end;
        let full = |at: u64| at >= segment_bytes;
        Self {
            tail: VecDeque::new(),
            tail_start: end,
            tail_records_max,
            start: resume.start,
            end,
            written: end,
            durable: end,
            synced: end,
            closed: false,
            failure: None,
            pending: Vec::new(),
            pending_bytes: 0,
            spare: Vec::new(),
            segment_bytes,
            segment_at: resume.segment.map(|(at, _)| at).filter(|&at| !full(at)),
            indexed_at: resume.segment.map_or(0, |(_, indexed_at)| indexed_at),
            time: resume.time,
            checkpoint_due: resume.segment.is_some_and(|(at, _)| full(at)),
            checkpoint: None,
            holds: BTreeMap::new(),
            next_hold: 0,
        }
    }

    /// Takes records in; or nothing, and says why.
    pub(super) fn append(&mut self, records: &[Record], notes: &[Note]) -> Result<(), LogError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        if self.closed {
            return Err(LogError::Closed);
        }
        let broken = records.iter().zip(self.end.0..).find(|(record, offset)| record.offset.0 != *offset);
        if let Some((record, end)) = broken {
            return Err(LogError::Gap { found: record.offset.0, end });
        }
        let end = Offset(self.end.0 + records.len() as u64);
        if let Some(note) = notes.iter().find(|note| !(self.end..end).contains(&note.offset)) {
            return Err(LogError::Note { offset: note.offset.0 });
        }
        if let Some(pair) = notes.windows(2).find(|pair| pair[0].offset > pair[1].offset) {
            return Err(LogError::Note { offset: pair[1].offset.0 });
        }
        if notes.len() > NOTES_MAX {
            return Err(LogError::Config { field: "notes", value: notes.len() as u64, bound: "2^20 at a time" });
        }
        let mut notes = notes;
        for part in records.chunks(BATCH_RECORDS_MAX) {
            let last = part.last().map_or(self.end, |record| record.offset);
            let (with, after) = notes.split_at(notes.partition_point(|note| note.offset <= last));
            self.encode(part, with);
            notes = after;
        }
        if !records.is_empty() {
            self.tail.push_back(records.into());
            self.end = end;
            self.trim();
        }
        Ok(())
    }

    fn encode(&mut self, records: &[Record], notes: &[Note]) {
        let base = records[0].offset;
        let time = records.iter().map(|record| record.ingest_time).fold(self.time, Timestamp::max);
        let at = match self.segment_at {
            Some(at) => at,
            None => {
                let created = self.time.max(records[0].ingest_time);
                let begins = Some(Begin { header: SegmentHeader { base, created }, time: self.time });
                let bytes = self.spare.pop().unwrap_or_default();
                self.pending.push(Chunk { begins, bytes, index: Vec::new() });
                self.indexed_at = HEADER_BYTES as u64;
                HEADER_BYTES as u64
            }
        };
        if self.pending.is_empty() {
            let bytes = self.spare.pop().unwrap_or_default();
            self.pending.push(Chunk { bytes, ..Chunk::default() });
        }
        let chunk = self.pending.last_mut().expect("there is one now");
        if at - self.indexed_at >= INDEX_STEP_BYTES {
            chunk.index.push(IndexEntry { offset: base, at, time: self.time });
            self.indexed_at = at;
        }
        let before = chunk.bytes.len();
        encode_batch(records, notes, time, self.synced, &mut chunk.bytes);
        let bytes = chunk.bytes.len() - before;
        self.pending_bytes += bytes;
        self.time = time;
        let at = at + bytes as u64;
        let full = at >= self.segment_bytes;
        self.segment_at = (!full).then_some(at);
        self.checkpoint_due |= full;
    }

    /// What is to be written, and the offset after it.
    pub(super) fn take_pending(&mut self) -> (Vec<Chunk>, Offset) {
        self.pending_bytes = 0;
        (std::mem::take(&mut self.pending), self.end)
    }

    /// Takes the memory of what was written for what is appended next: to get it from the system anew takes longer than to
    /// fill it.
    pub(super) fn recycle(&mut self, written: Vec<Chunk>) {
        let small = |bytes: &Vec<u8>| bytes.capacity() <= SPARE_BYTES_MAX;
        for mut bytes in written.into_iter().map(|chunk| chunk.bytes).filter(small) {
            if self.spare.len() < SPARES_MAX {
                bytes.clear();
                self.spare.push(bytes);
            }
        }
    }

    /// Lets the log begin at `start`; whether nobody holds what is before it. Who takes a hold after this finds it gone.
    pub(super) fn begin_at(&mut self, start: Offset) -> bool {
        let free = self.holds.values().all(|held| *held >= start);
        if free {
            self.start = start;
        }
        free
    }

    pub(super) fn has_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether there is anything to be done at a commit.
    pub(super) fn wants_commit(&self) -> bool {
        self.has_pending() || self.checkpoint.is_some()
    }

    /// Lets go of the oldest records in memory that are in the files too.
    pub(super) fn trim(&mut self) {
        while let Some(oldest) = self.tail.front() {
            let next = Offset(self.tail_start.0 + oldest.len() as u64);
            if next > self.written || (self.end.0 - self.tail_start.0) as usize <= self.tail_records_max {
                return;
            }
            self.tail_start = next;
            self.tail.pop_front();
        }
    }

    /// Records from `from` on, if they are in memory.
    pub(super) fn read(&self, from: Offset) -> Result<Found, LogError> {
        if from < self.start {
            return Err(LogError::Truncated { from: from.0, start: self.start.0 });
        }
        if from >= self.end {
            return match &self.failure {
                _ if from > self.end => Err(LogError::PastEnd { from: from.0, end: self.end.0 }),
                Some(failure) => Err(failure.clone()),
                None => Ok(Found::Nothing),
            };
        }
        if from < self.tail_start {
            return Ok(Found::InFiles { written: self.written });
        }
        let after = self.tail.partition_point(|batch| batch[0].offset <= from);
        let batch = &self.tail[after - 1];
        Ok(Found::InMemory(Batch::new(Arc::clone(batch), (from.0 - batch[0].offset.0) as usize)))
    }
}

/// Where records are.
pub(super) enum Found {
    InMemory(Batch),
    InFiles { written: Offset },
    Nothing,
}
