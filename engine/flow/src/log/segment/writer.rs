use std::collections::VecDeque;
use std::sync::Arc;

use etaflow_road::Timestamp;

use super::durability::DurabilityFile;
use super::header::{HEADER_BYTES, IndexEntry, Seal, SegmentHeader};
use super::layout::{MARK, SEGMENTS, segment_path};
use super::recover::{ActiveSegment, SealedSegment};
use crate::event::Offset;
use crate::log::LogError;
use crate::storage::Storage;

/// Batches that go into one segment, encoded, in a row.
#[derive(Default)]
pub(super) struct Chunk {
    /// If a segment begins with it, how.
    pub(super) begins: Option<Begin>,
    pub(super) bytes: Vec<u8>,
    /// Batches of it that the index names.
    pub(super) index: Vec<IndexEntry>,
}

/// How a segment begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Begin {
    pub(super) header: SegmentHeader,
    /// The latest ingest time before it.
    pub(super) time: Timestamp,
}

/// Writes segments: the one place that changes their files. Knows no threads and no clock.
pub(super) struct SegmentWriter {
    storage: Arc<dyn Storage>,
    mark: DurabilityFile,
    active: Option<ActiveSegment>,
    sealed: VecDeque<SealedSegment>,
    /// When somebody last looked what can be let go of: how many were full and expired then, and how often since he did not.
    looked: (usize, usize, u32),
}

/// So many commits later it is looked again who needs the segments that could be let go of.
const LOOK_AGAIN: u32 = 200;

impl SegmentWriter {
    pub(super) fn new(
        storage: Arc<dyn Storage>,
        mark: DurabilityFile,
        active: Option<ActiveSegment>,
        sealed: VecDeque<SealedSegment>,
    ) -> Self {
        Self { storage, mark, active, sealed, looked: (0, 0, 0) }
    }

    pub(super) fn sealed(&self) -> &VecDeque<SealedSegment> {
        &self.sealed
    }

    /// How many segments are full and not the newest, which says where the log ends.
    pub(super) fn full_but_newest(&self) -> usize {
        self.sealed.len().saturating_sub(usize::from(self.active.is_none()))
    }

    /// All bytes of the segments.
    pub(super) fn bytes(&self) -> u64 {
        let sealed: u64 = self.sealed.iter().map(|segment| segment.bytes).sum();
        sealed + self.active.as_ref().map_or(0, |active| active.at)
    }

    /// Hands a chunk to the system; a segment that is full is sealed, and all of it on the disk, before the next begins.
    pub(super) fn write(&mut self, chunk: &Chunk) -> Result<(), LogError> {
        if let Some(begin) = &chunk.begins {
            self.seal(begin)?;
            self.begin(&begin.header)?;
        }
        let active = self.active.as_mut().expect("the first chunk begins a segment");
        let failed = |error| LogError::io(self.storage.show(&segment_path(active.base)), "writing it", &error);
        active.file.write_at(&chunk.bytes, active.at).map_err(failed)?;
        active.at += chunk.bytes.len() as u64;
        active.index.extend(&chunk.index);
        Ok(())
    }

    fn seal(&mut self, begin: &Begin) -> Result<(), LogError> {
        let Some(active) = self.active.take() else { return Ok(()) };
        let shown = self.storage.show(&segment_path(active.base));
        let seal = Seal { end: begin.header.base, time: begin.time, index: active.index }.encode(active.at);
        let sealed = active.file.write_at(&seal, active.at).and_then(|()| active.file.sync());
        sealed.map_err(|error| LogError::io(shown, "sealing it", &error))?;
        let bytes = active.at + seal.len() as u64;
        self.sealed.push_back(SealedSegment { base: active.base, end: begin.header.base, time: begin.time, bytes });
        Ok(())
    }

    fn begin(&mut self, header: &SegmentHeader) -> Result<(), LogError> {
        let path = segment_path(header.base);
        let make = || {
            let file = self.storage.create(&path)?;
            file.write_at(&header.encode(), 0)?;
            file.sync()?;
            self.storage.sync_folder(SEGMENTS)?;
            Ok(file)
        };
        let file = make().map_err(|error| LogError::io(self.storage.show(&path), "making it", &error))?;
        let at = HEADER_BYTES as u64;
        self.active = Some(ActiveSegment { file, base: header.base, at, index: Vec::new() });
        Ok(())
    }

    /// Makes durable what was written.
    pub(super) fn sync(&self) -> Result<(), LogError> {
        let Some(active) = &self.active else { return Ok(()) };
        let failed = |error| LogError::io(self.storage.show(&segment_path(active.base)), "syncing it", &error);
        active.file.sync().map_err(failed)
    }

    /// Tells other processes how far the log is durable.
    pub(super) fn tell(&mut self, durable: Offset, synced: Offset) -> Result<(), LogError> {
        self.mark.write(durable, synced).map_err(|error| self.mark_failed(&error))
    }

    /// Makes durable what was told.
    pub(super) fn sync_mark(&self) -> Result<(), LogError> {
        self.mark.sync().map_err(|error| self.mark_failed(&error))
    }

    fn mark_failed(&self, error: &std::io::Error) -> LogError {
        LogError::io(self.storage.show(MARK), "writing it", error)
    }

    /// Removes the oldest segment, for good before it comes back.
    pub(super) fn remove_oldest(&mut self) -> Result<(), LogError> {
        let Some(oldest) = self.sealed.front() else { return Ok(()) };
        let path = segment_path(oldest.base);
        let removed = self.storage.remove(&path).and_then(|()| self.storage.sync_folder(SEGMENTS));
        removed.map_err(|error| LogError::io(self.storage.show(&path), "removing it", &error))?;
        self.sealed.pop_front();
        Ok(())
    }

    /// Whether it is time to look again what can be let go of, if so many are full, and so many expired.
    pub(super) fn kept_at(&mut self, full: usize, expired: usize) -> bool {
        let (looked_full, looked_expired, times) = self.looked;
        let again = (full, expired) != (looked_full, looked_expired) || times >= LOOK_AGAIN;
        self.looked = (full, expired, if again { 0 } else { times + 1 });
        again
    }
}
