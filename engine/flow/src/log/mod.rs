//! The log: every admitted event and every tick, in one order. All else is a function of it.
//!
//! One sequencer appends; any number of readers follow, each at its own offset, without disturbing one another.

mod error;
mod memory;
mod reader;
mod segment;

use std::sync::Arc;

use event_listener::EventListener;

pub use error::LogError;
pub use memory::{MemoryLog, MemoryLogConfig};
pub use reader::LogReader;
pub use segment::{
    CheckpointInfo, Finding, FindingKind, LogFiles, LogOpened, Retention, SegmentInfo, SegmentLog, SegmentLogConfig,
    SegmentReader, SyncPolicy, Torn, Verified,
};

use crate::event::{Note, Offset, Record};

/// A totally ordered sequence of records, shared by its one writer and its readers.
pub trait Log: Send + Sync + 'static {
    /// Adds `records`, whose offsets go on where the log ends, and the `notes` that came with them. Waits where the log's
    /// bound would be passed and a reader that [holds](Log::hold) it still needs the oldest.
    ///
    /// # Errors
    /// If the offsets do not go on from the end, or the log is closed.
    fn append(&self, records: &[Record], notes: &[Note]) -> Result<(), LogError>;

    /// Some records from `from` on, in order, as many as are kept together; `None` at the end.
    ///
    /// # Errors
    /// If `from` is before the start or past the end.
    fn read(&self, from: Offset) -> Result<Option<Batch>, LogError>;

    /// The oldest record that is kept, or the end of an empty log.
    fn start(&self) -> Offset;

    /// The offset that the next record will have.
    fn end(&self) -> Offset;

    /// Everything before this offset is as durable as the log promises; never past the [end](Self::end).
    fn durable(&self) -> Offset;

    /// Why nothing more becomes durable, if that is so.
    fn failure(&self) -> Option<LogError> {
        None
    }

    /// Whether nothing more will come.
    fn is_closed(&self) -> bool;

    /// Says that nothing more will come. Readers read on to the end.
    fn close(&self);

    /// Hears of the next change: listen first, look then, wait last.
    fn listen(&self) -> EventListener;

    /// Keeps all records from `from` on until the hold is moved on or dropped.
    fn hold(&self, from: Offset) -> Hold;
}

/// Some consecutive records of a log, shared and not copied.
#[derive(Debug, Clone)]
pub struct Batch {
    records: Arc<[Record]>,
    skip: usize,
    end: usize,
}

impl Batch {
    pub(crate) fn new(records: Arc<[Record]>, skip: usize) -> Self {
        let end = records.len();
        Self { records, skip, end }
    }

    /// Those before `end`, if there are any.
    pub(crate) fn before(mut self, end: Offset) -> Option<Self> {
        let count = self.records().partition_point(|record| record.offset < end);
        self.end = self.skip + count;
        (count > 0).then_some(self)
    }

    /// The records in order; at least one.
    pub fn records(&self) -> &[Record] {
        &self.records[self.skip..self.end]
    }
}

/// Keeps what a reader still needs in the log. See [`Log::hold`].
pub struct Hold {
    moved: Box<dyn Fn(Option<Offset>) + Send + Sync>,
}

impl Hold {
    pub(crate) fn new(moved: impl Fn(Option<Offset>) + Send + Sync + 'static) -> Self {
        Self { moved: Box::new(moved) }
    }

    /// Lets go of all before `from`.
    pub fn advance(&self, from: Offset) {
        (self.moved)(Some(from));
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        (self.moved)(None);
    }
}
