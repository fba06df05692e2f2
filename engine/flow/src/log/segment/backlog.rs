use std::collections::VecDeque;
use std::sync::Arc;

use super::cursor::SegmentCursor;
use crate::event::{Entries, Offset, Record};
use crate::log::{Batch, LogError};
use crate::storage::Storage;

/// So many pieces of about 2^12 records are kept: 16 MB.
const PIECES_MAX: usize = 64;
/// So many readers that are behind at different places go on without looking for their place again.
const CURSORS_MAX: usize = 4;

/// Records that are no longer in memory, read from the files; those who are behind together read them once.
#[derive(Default)]
pub(super) struct Backlog {
    /// The newest use last.
    pieces: VecDeque<Arc<[Record]>>,
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
            None => self.load(storage, from, written)?,
        };
        self.pieces.push_back(Arc::clone(&piece));
        if self.pieces.len() > PIECES_MAX {
            self.pieces.pop_front();
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
