use std::sync::{Arc, Mutex, PoisonError};

use etaflow_road::Timestamp;

use crate::event::{Entries, Offset};
use crate::log::{Log, LogFiles, SegmentReader};

/// Where the log really begins and ends, wherever the pipeline reads it from.
pub(super) trait Ground: Send + Sync {
    /// The oldest record that is kept.
    fn start(&self) -> Offset;

    /// The offset that the next record will have, of those that can be followed.
    fn end(&self) -> Offset;

    /// When the last record before `end` arrived, if that can be found out.
    fn newest_at(&self, end: Offset) -> Option<Timestamp>;
}

impl Ground for Arc<dyn Log> {
    fn start(&self) -> Offset {
        (**self).start()
    }

    fn end(&self) -> Offset {
        (**self).end()
    }

    fn newest_at(&self, end: Offset) -> Option<Timestamp> {
        let newest = self.read(Offset(end.0.checked_sub(1)?)).ok()??;
        Some(newest.records().first()?.ingest_time)
    }
}

/// A log's files, which another process may write. Where they cannot be read, what was known last is believed: whoever
/// follows them says what is wrong.
pub(super) struct FilesGround {
    files: LogFiles,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    start: Offset,
    end: Offset,
    /// How often the start was asked for.
    asked: u32,
    /// Stands where the log ended when last asked.
    reader: Option<SegmentReader>,
    newest_at: Option<Timestamp>,
    entries: Entries,
}

/// Every how many times the start is really looked up: it is a folder's listing, and seldom moves.
const LOOK_EVERY: u32 = 20;

impl FilesGround {
    pub(super) fn new(files: LogFiles) -> Self {
        Self { files, known: Mutex::default() }
    }
}

impl Ground for FilesGround {
    fn start(&self) -> Offset {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.asked.is_multiple_of(LOOK_EVERY) {
            known.start = self.files.start().unwrap_or(known.start);
        }
        known.asked = known.asked.wrapping_add(1);
        known.start
    }

    fn end(&self) -> Offset {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.end = self.files.durable().unwrap_or(known.end);
        known.end
    }

    fn newest_at(&self, end: Offset) -> Option<Timestamp> {
        let last = Offset(end.0.checked_sub(1)?);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let Known { reader, newest_at, entries, .. } = &mut *known;
        if reader.is_none() {
            *reader = self.files.reader(last).ok();
        }
        // From look to look there is little to read; to look for the place anew would take longer.
        let place = reader.as_mut()?;
        while place.next_offset() < end {
            match place.next_into(entries) {
                Ok(true) => *newest_at = entries.records.last().map(|record| record.ingest_time).or(*newest_at),
                Ok(false) => break,
                Err(_) => {
                    *reader = None;
                    return None;
                }
            }
        }
        *newest_at
    }
}
