use std::sync::Arc;

use super::cursor::SegmentCursor;
use super::durability::DurabilityFile;
use super::files::LogFiles;
use super::layout::MARK;
use crate::event::{Entries, Offset};
use crate::log::LogError;
use crate::storage::Access;

/// Reads a log's files from an offset on, as far as it is durable, in any process.
pub struct SegmentReader {
    files: LogFiles,
    cursor: SegmentCursor,
    mark: Option<DurabilityFile>,
    durable: Offset,
    limit: Option<Offset>,
}

impl SegmentReader {
    pub(super) fn new(files: LogFiles, from: Offset) -> Result<Self, LogError> {
        let durable = files.durable()?;
        if from > durable {
            return Err(LogError::PastEnd { from: from.0, end: durable.0 });
        }
        let start = files.start()?;
        if from < start {
            return Err(LogError::Truncated { from: from.0, start: start.0 });
        }
        let cursor = SegmentCursor::seek(Arc::clone(files.storage()), from, true)?;
        let mark = DurabilityFile::open(files.storage().as_ref(), Access::Read)?;
        Ok(Self { files, cursor, mark, durable, limit: None })
    }

    /// It ends before `limit`.
    #[must_use]
    pub fn until(mut self, limit: Offset) -> Self {
        self.limit = Some(limit);
        self
    }

    /// The offset of the record that it reads next.
    pub fn next_offset(&self) -> Offset {
        self.cursor.next_offset()
    }

    /// How far the log was durable when last asked.
    pub fn durable(&self) -> Offset {
        self.durable
    }

    /// The next records and their notes, some tens of thousands at most, checked; `None` where the log is not durable any
    /// further, or at the limit. Ask again later.
    ///
    /// # Errors
    /// If they are damaged or cannot be read, or the log starts after them by now. Asked again, it tries the same place
    /// again.
    #[expect(clippy::should_implement_trait, reason = "after None there may be more")]
    pub fn next(&mut self) -> Result<Option<Entries>, LogError> {
        let mut entries = Entries::default();
        Ok(self.next_into(&mut entries)?.then_some(entries))
    }

    /// As [`next`](Self::next), in place of what `entries` had; whether there were any.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub fn next_into(&mut self, entries: &mut Entries) -> Result<bool, LogError> {
        entries.clear();
        let until = |durable: Offset| self.limit.map_or(durable, |limit| limit.min(durable));
        if self.cursor.next_offset() >= until(self.durable) {
            self.durable = self.ask()?;
        }
        let limit = self.limit.map_or(self.durable, |limit| limit.min(self.durable));
        self.cursor.read(limit, self.durable, entries)
    }

    fn ask(&mut self) -> Result<Offset, LogError> {
        if let Some(file) = &mut self.mark {
            let failed = |error| LogError::io(self.files.storage().show(MARK), "reading it", &error);
            if let Some(mark) = file.read().map_err(failed)? {
                return Ok(mark.durable.max(self.durable));
            }
        }
        // The writer makes the file anew when it opens the log.
        self.mark = DurabilityFile::open(self.files.storage().as_ref(), Access::Read)?;
        Ok(self.files.durable()?.max(self.durable))
    }
}
