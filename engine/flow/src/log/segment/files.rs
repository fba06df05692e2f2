use std::path::PathBuf;
use std::sync::Arc;

use etaflow_road::Timestamp;

use super::checkpoint;
use super::durability::DurabilityFile;
use super::frame::{check_batch, decode_batch};
use super::layout::{EMPTY, MARK, Marked, SEGMENTS, check_marker, list_segments, not_a_log};
use super::opened::OpenSegment;
use super::reader::SegmentReader;
use crate::event::{Entries, Offset};
use crate::log::LogError;
use crate::storage::{Access, Storage};

/// The files of a log, for those who read it: in any process, beside the one that writes it.
#[derive(Clone)]
pub struct LogFiles {
    storage: Arc<dyn Storage>,
}

impl LogFiles {
    /// The log in `storage`.
    ///
    /// # Errors
    /// If there is none, or it is of a newer version.
    pub fn open(storage: Arc<dyn Storage>) -> Result<Self, LogError> {
        match check_marker(storage.as_ref())? {
            Marked::Yes => Ok(Self { storage }),
            Marked::No => Err(not_a_log(storage.as_ref(), EMPTY)),
        }
    }

    pub(super) fn of(storage: Arc<dyn Storage>) -> Self {
        Self { storage }
    }

    pub(super) fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// The oldest record that is kept; 0 if there was none yet.
    ///
    /// # Errors
    /// If the directory cannot be read, or nothing is left of what was durable.
    pub fn start(&self) -> Result<Offset, LogError> {
        if let Some(first) = list_segments(self.storage.as_ref())?.offsets.first() {
            return Ok(*first);
        }
        // Its newest segment is never let go of.
        match self.durable()? {
            Offset(0) => Ok(Offset(0)),
            Offset(durable) => {
                let path = self.storage.show(SEGMENTS);
                Err(LogError::Missing { path, from: 0, to: durable - 1 })
            }
        }
    }

    /// Everything before this offset is as durable as the writer's policy promises; readers go no further.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn durable(&self) -> Result<Offset, LogError> {
        let failed = |error| LogError::io(self.storage.show(MARK), "reading it", &error);
        let mark = match DurabilityFile::open(self.storage.as_ref(), Access::Read)? {
            Some(mut file) => file.read().map_err(failed)?,
            None => None,
        };
        mark.map_or_else(|| self.proven(), |mark| Ok(mark.durable))
    }

    /// What the segments themselves say that was on the disk, if nothing else does.
    fn proven(&self) -> Result<Offset, LogError> {
        let Some(last) = list_segments(self.storage.as_ref())?.offsets.last().copied() else { return Ok(Offset(0)) };
        let Some(segment) = OpenSegment::open(self.storage.as_ref(), last, Access::Read)? else { return Ok(last) };
        let proven = std::cell::Cell::new(last);
        segment.walk(segment.first(), |header| {
            proven.set(proven.get().max(header.synced));
            false
        })?;
        Ok(proven.get())
    }

    /// A reader whose first record is at `from`.
    ///
    /// # Errors
    /// If the log starts after it or is not durable so far, or its segment is damaged or cannot be read.
    pub fn reader(&self, from: Offset) -> Result<SegmentReader, LogError> {
        SegmentReader::new(self.clone(), from)
    }

    /// The offset of the first record that was taken in at `time` or later; the end of what is durable if none was yet, the
    /// start if all were.
    ///
    /// # Errors
    /// If segments are damaged or cannot be read.
    pub fn offset_at(&self, time: Timestamp) -> Result<Offset, LogError> {
        let storage = self.storage.as_ref();
        let durable = self.durable()?;
        let bases = list_segments(storage)?.offsets;
        // Times only grow from segment to segment: each says the latest so far.
        let (mut low, mut high) = (0, bases.len());
        while low < high {
            let middle = low.midpoint(high);
            let earlier = match OpenSegment::open(storage, bases[middle], Access::Read) {
                Ok(Some(segment)) => segment.header.created < time,
                Ok(None) => true,
                // One that is just being made.
                Err(LogError::Damaged { .. }) if bases[middle] >= durable => false,
                Err(error) => return Err(error),
            };
            if earlier { low = middle + 1 } else { high = middle }
        }
        let next = bases.get(low).copied().unwrap_or(durable).min(durable);
        let Some(index) = low.checked_sub(1) else { return Ok(next) };
        let Some(segment) = OpenSegment::open(storage, bases[index], Access::Read)? else { return Ok(next) };
        Ok(self.first_at(&segment, time, durable)?.unwrap_or(next))
    }

    /// The first record of a segment that was taken in at `time` or later.
    fn first_at(&self, segment: &OpenSegment, time: Timestamp, durable: Offset) -> Result<Option<Offset>, LogError> {
        let mut near = segment.first();
        if let Some((seal, _)) = segment.seal()? {
            let after = seal.index.partition_point(|entry| entry.time < time);
            near = after.checked_sub(1).map_or(near, |index| seal.index[index]);
        }
        let (found, header) = segment.walk(near, |header| header.time >= time || header.end() >= durable)?;
        let Some(header) = header.filter(|header| header.base < durable) else { return Ok(None) };
        let damaged = |what| segment.damaged(found.at, found.offset, durable, what);
        if segment.size()? < found.at + header.batch_bytes() as u64 {
            return Err(damaged("the batch is cut short"));
        }
        let mut batch = vec![0; header.batch_bytes()];
        let read = segment.file.read_at(&mut batch, found.at).map_err(segment.failed("reading it"))?;
        if read < batch.len() {
            return Err(damaged("the batch is cut short"));
        }
        check_batch(&batch).map_err(damaged)?;
        let mut entries = Entries::default();
        decode_batch(&header, &batch, header.base..durable, false, &mut entries).map_err(damaged)?;
        Ok(entries.records.iter().find(|record| record.ingest_time >= time).map(|record| record.offset))
    }

    /// The newest state of the sequencer that is whole and goes on from `at` or before, and from where it goes on.
    ///
    /// # Errors
    /// If the files cannot be read.
    pub fn checkpoint_before(&self, at: Offset) -> Result<Option<(Offset, Vec<u8>)>, LogError> {
        checkpoint::newest(self.storage.as_ref(), at)
    }

    /// The state of the sequencer that goes on from `at`; `None` if there is none.
    ///
    /// # Errors
    /// If it is damaged, of a newer version, or cannot be read.
    pub fn checkpoint(&self, at: Offset) -> Result<Option<Vec<u8>>, LogError> {
        checkpoint::read(self.storage.as_ref(), at)?.transpose()
    }

    /// The states of the sequencer that are kept, oldest first, whether they are whole or not.
    ///
    /// # Errors
    /// If their folder or a file cannot be read.
    pub fn checkpoints(&self) -> Result<Vec<CheckpointInfo>, LogError> {
        checkpoint::list_all(self.storage.as_ref())
    }

    /// The segments, oldest first.
    ///
    /// # Errors
    /// If the header of one is damaged, or a file cannot be read.
    pub fn segments(&self) -> Result<Vec<SegmentInfo>, LogError> {
        let storage = self.storage.as_ref();
        let mut segments = Vec::new();
        for base in list_segments(storage)?.offsets {
            let Some(segment) = OpenSegment::open(storage, base, Access::Read)? else { continue };
            let seal = segment.seal()?;
            let (end, newest) = match &seal {
                Some((seal, _)) => (seal.end, seal.time),
                None => {
                    let (end, _) = segment.walk(segment.first(), |_| false)?;
                    (end.offset, end.time.max(segment.header.created))
                }
            };
            let (created, bytes) = (segment.header.created, segment.size()?);
            segments.push(SegmentInfo {
                path: segment.shown,
                base,
                end,
                created,
                newest,
                bytes,
                sealed: seal.is_some(),
            });
        }
        Ok(segments)
    }
}

/// What is to be known of a state of the sequencer without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckpointInfo {
    /// Its file.
    pub path: PathBuf,
    /// The offset that it goes on from.
    pub offset: Offset,
    /// How long it is.
    pub bytes: u64,
}

/// What is to be known of a segment without reading its records.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SegmentInfo {
    /// Its file.
    pub path: PathBuf,
    /// Its first record.
    pub base: Offset,
    /// The offset after its last record; of one that is being written, not all of it need be durable.
    pub end: Offset,
    /// The latest ingest time of the log when it was begun.
    pub created: Timestamp,
    /// The latest ingest time of the log at its end.
    pub newest: Timestamp,
    /// How long it is.
    pub bytes: u64,
    /// Whether it is full, and not written any more.
    pub sealed: bool,
}
