use std::collections::VecDeque;
use std::sync::Arc;

use super::cursor::SegmentCursor;
use crate::event::{Entries, Offset, Record};
use crate::log::{Batch, LogError};
use crate::storage::Storage;

/// So many records are kept, in pieces of about 2^12 of them, or of as many as were appended at a time; and one piece in any
/// case.
const RECORDS_MAX: usize = 1 << 18;
/// So many readers that are behind at different places go on without looking for their place again.
const CURSORS_MAX: usize = 4;

/// Records that are no longer in memory, read from the files; those who are behind together read them once.
#[derive(Default)]
pub(super) struct Backlog {
    /// The newest use last.
    pieces: VecDeque<Arc<[Record]>>,
    /// How many records the pieces have.
    records: usize,
    cursors: VecDeque<SegmentCursor>,
    entries: Entries,
}

impl Backlog {
    /// Some records from `from` on. All before `written` is in the files, and `from` is before it.
    pub(super) fn read(
        &mut self,
        storage: &Arc<dyn Storage>,
        from: Offset,
        written: Offset,
    ) -> Result<Batch, LogError> {
        let has =
            |piece: &Arc<[Record]>| piece[0].offset <= from && piece.last().is_some_and(|last| from <= last.offset);
        let piece = match self.pieces.iter().position(has) {
            Some(index) => self.pieces.remove(index).expect("it was found there"),
            None => {
                let piece = self.load(storage, from, written)?;
                self.records += piece.len();
                piece
            }
        };
        self.pieces.push_back(Arc::clone(&piece));
        while self.records > RECORDS_MAX && self.pieces.len() > 1 {
            self.records -= self.pieces.pop_front().map_or(0, |oldest| oldest.len());
        }
        let skip = (from.0 - piece[0].offset.0) as usize;
        Ok(Batch::new(piece, skip))
    }

    fn load(&mut self, storage: &Arc<dyn Storage>, from: Offset, written: Offset) -> Result<Arc<[Record]>, LogError> {
        let standing = self.cursors.iter().position(|cursor| cursor.next_offset() == from);
        let mut cursor = match standing {
            Some(index) => self.cursors.remove(index).expect("it was found there"),
            None => SegmentCursor::seek(Arc::clone(storage), from, false)?,
        };
        self.entries.clear();
        if !cursor.read(written, written, &mut self.entries)? {
            return Err(LogError::PastEnd { from: from.0, end: written.0 });
        }
        self.cursors.push_back(cursor);
        if self.cursors.len() > CURSORS_MAX {
            self.cursors.pop_front();
        }
        Ok(self.entries.records.as_slice().into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::records;
    use super::*;
    use crate::log::{Log, SegmentLog, SegmentLogConfig};
    use crate::storage::SimulatedStorage;

    #[test]
    fn large_appends_are_kept_as_sparingly_as_small_ones() {
        let disk: Arc<dyn Storage> = Arc::new(SimulatedStorage::new());
        let config = SegmentLogConfig { tail_records: 0, ..SegmentLogConfig::default() };
        let (log, _) = SegmentLog::open_stepwise(Arc::clone(&disk), &config).expect("a log");
        let end = RECORDS_MAX as u64 * 3 / 2;
        for (nth, from) in (0..end).step_by(1 << 16).enumerate() {
            // Every other one in small parts.
            let parts = if nth % 2 == 0 { 1 } else { 32 };
            records(from, 1 << 16).chunks((1 << 16) / parts).for_each(|part| log.append(part, &[]).expect("goes on"));
        }
        log.sync().expect("synced");
        let mut backlog = Backlog::default();
        for _ in 0..2 {
            let mut next = 0;
            while next < end {
                let batch = backlog.read(&disk, Offset(next), Offset(end)).expect("whole");
                assert_eq!(batch.records()[0].offset, Offset(next));
                next += batch.records().len() as u64;
                let kept: usize = backlog.pieces.iter().map(|piece| piece.len()).sum();
                assert!(kept == backlog.records && kept <= RECORDS_MAX, "{kept}");
            }
        }
        assert!(backlog.records > RECORDS_MAX / 2);
    }
}
