use std::sync::Arc;

use event_listener::Listener;

use super::{Batch, Hold, Log, LogError};
use crate::event::Offset;

/// Follows a log from an offset on.
pub struct LogReader {
    log: Arc<dyn Log>,
    next: Offset,
    hold: Option<Hold>,
}

impl LogReader {
    /// A reader whose first record is at `from`. What it has not read yet may be let go of by a bounded log.
    pub fn new(log: Arc<dyn Log>, from: Offset) -> Self {
        Self { log, next: from, hold: None }
    }

    /// A reader that loses nothing: the log keeps what it has not read, and its writer waits for it where it must.
    pub fn holding(log: Arc<dyn Log>, from: Offset) -> Self {
        let hold = Some(log.hold(from));
        Self { log, next: from, hold }
    }

    /// The log that it reads.
    pub fn log(&self) -> Arc<dyn Log> {
        Arc::clone(&self.log)
    }

    /// The offset of the record that it reads next.
    pub fn next_offset(&self) -> Offset {
        self.next
    }

    /// How many records there are that it has not read.
    pub fn behind(&self) -> u64 {
        self.log.end().0.saturating_sub(self.next.0)
    }

    /// The next records if there are some already.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn poll(&mut self) -> Result<Option<Batch>, LogError> {
        let batch = self.log.read(self.next)?;
        if let Some(batch) = &batch {
            self.next.0 += batch.records().len() as u64;
            if let Some(hold) = &self.hold {
                hold.advance(self.next);
            }
        }
        Ok(batch)
    }

    /// Waits for the next records; `None` when the log is closed and read to its end.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub fn next_blocking(&mut self) -> Result<Option<Batch>, LogError> {
        loop {
            let changed = self.log.listen();
            // Closed first: what was appended before the close is seen by the poll after it.
            let closed = self.log.is_closed();
            match self.poll()? {
                Some(batch) => return Ok(Some(batch)),
                None if closed => return Ok(None),
                None => changed.wait(),
            }
        }
    }

    /// As [`next_blocking`](Self::next_blocking), for async callers. Cancelled, it loses nothing.
    ///
    /// # Errors
    /// As [`Log::read`].
    pub async fn next(&mut self) -> Result<Option<Batch>, LogError> {
        loop {
            let changed = self.log.listen();
            let closed = self.log.is_closed();
            match self.poll()? {
                Some(batch) => return Ok(Some(batch)),
                None if closed => return Ok(None),
                None => changed.await,
            }
        }
    }
}
