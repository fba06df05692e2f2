use std::sync::Arc;

use etaflow_road::Timestamp;

use super::StartFrom;
use super::error::GroupError;
use super::lag::GroupLag;
use super::position::{Extent, Position};
use crate::event::{Entries, Offset};
use crate::log::{LogError, LogFiles, SegmentReader};
use crate::storage::Storage;

/// A consumer group, as [`LogGroup`](crate::LogGroup), in any process: it reads the log's files, with the notes that come with its
/// records.
///
/// Nobody tells another process that there is more: it [asks](Self::poll) when it likes.
pub struct FileGroup {
    files: LogFiles,
    reader: SegmentReader,
    position: Position,
}

impl FileGroup {
    /// Opens the group of that name, to go on where it has committed; a new one begins as `from` says. `storage` is the
    /// log's.
    ///
    /// # Errors
    /// If there is no log; and as [`LogGroup::open`](super::LogGroup::open).
    pub fn open(storage: Arc<dyn Storage>, name: &str, from: StartFrom) -> Result<Self, GroupError> {
        Self::open_at(&storage, name, from, false)
    }

    /// Opens the group of that name, and lets it begin as `from` says, whatever it has committed.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn reset(storage: Arc<dyn Storage>, name: &str, from: StartFrom) -> Result<Self, GroupError> {
        Self::open_at(&storage, name, from, true)
    }

    fn open_at(storage: &Arc<dyn Storage>, name: &str, from: StartFrom, anew: bool) -> Result<Self, GroupError> {
        let files = LogFiles::open(Arc::clone(storage))?;
        let mut position = Position::open(storage, name, from, anew, &files)?;
        let reader = reader(&files, &mut position)?;
        Ok(Self { files, reader, position })
    }

    /// The next records and their notes, some tens of thousands at most; `None` if no more are durable yet.
    ///
    /// # Errors
    /// If they are damaged or cannot be read.
    pub fn poll(&mut self) -> Result<Option<Entries>, GroupError> {
        let entries = match self.reader.next() {
            Err(LogError::Truncated { .. }) => {
                self.reader = reader(&self.files, &mut self.position)?;
                self.reader.next()?
            }
            read => read?,
        };
        if entries.is_some() {
            self.position.advance(self.reader.next_offset());
        }
        Ok(entries)
    }

    /// The offset of the record that it reads next.
    pub fn next_offset(&self) -> Offset {
        self.position.next
    }

    /// All before this offset is done, in this life or an earlier one.
    pub fn committed(&self) -> Offset {
        self.position.committed()
    }

    /// Says that all before `offset` is done; see [`LogGroup::commit`](super::LogGroup::commit).
    ///
    /// # Errors
    /// If it was not read yet, or the commit cannot be written; it can then be tried again.
    pub fn commit(&mut self, offset: Offset) -> Result<(), GroupError> {
        self.position.commit(offset)
    }

    /// How far what is committed is behind the end of what is durable. Reads the log's files.
    ///
    /// # Errors
    /// If it cannot be found out.
    pub fn lag(&self) -> Result<GroupLag, GroupError> {
        let (start, end) = (self.files.start()?, self.files.durable()?);
        Ok(GroupLag::of(self.committed(), start, end, |offset| {
            let entries = self.files.reader(offset).ok()?.until(Offset(offset.0 + 1)).next().ok()??;
            Some(entries.records.first()?.ingest_time)
        }))
    }
}

/// A reader of what comes next.
fn reader(files: &LogFiles, position: &mut Position) -> Result<SegmentReader, GroupError> {
    match files.reader(position.next) {
        Err(LogError::Truncated { start, .. }) => {
            position.overtaken(Offset(start))?;
            Ok(files.reader(position.next)?)
        }
        reader => Ok(reader?),
    }
}

impl Extent for LogFiles {
    fn oldest(&self) -> Result<Offset, LogError> {
        self.start()
    }

    fn durable_end(&self) -> Result<Offset, LogError> {
        self.durable()
    }

    fn first_at(&self, time: Timestamp) -> Result<Offset, LogError> {
        self.offset_at(time)
    }
}
