use etaflow_road::Span;

use super::Guarantee;
use crate::event::Offset;
use crate::storage::MarkError;

/// How a sink gets along. `offered = suppressed + delivered + conflated + given_up + failed + waiting`, always.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkReport {
    /// The sink's name.
    pub name: String,
    /// What it is promised.
    pub guarantee: Guarantee,
    /// Effects that came up for it, in this life of the engine.
    pub offered: u64,
    /// That it was done with before: told again by a replay.
    pub suppressed: u64,
    /// That it took.
    pub delivered: u64,
    /// That a newer one of the same trip replaced.
    pub conflated: u64,
    /// That were given up, because too many waited.
    pub given_up: u64,
    /// That it failed to take without knowing how far it had come, and that must not come twice.
    pub failed: u64,
    /// That wait for it.
    pub waiting: u64,
    /// How often it was tried again, or its mark.
    pub retried: u64,
    /// What went wrong last.
    pub error: Option<String>,
    /// It is done with every effect of the records before this one.
    pub done: Offset,
    /// By how many records it is behind what the pipeline has told.
    pub lag_records: u64,
    /// By how much event time.
    pub lag: Span,
    /// The records whose effects it was not done with and that are not told again: from the first to before the second.
    /// This happens to a sink that was left out, and is there again after a snapshot was cut without it.
    pub gap: Option<(Offset, Offset)>,
    /// Its mark was beyond the log's end, which had lost records whose effects it took: it goes on at the end.
    pub was_ahead: bool,
}

/// Why effects cannot be delivered at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// A sink's mark cannot be used.
    #[error("the mark of sink {sink}: {error}")]
    Mark {
        /// Whose.
        sink: String,
        /// What is wrong with it.
        error: MarkError,
    },
    /// A sink's name is none.
    #[error("a sink is called {0:?}, must be 1 to 64 of a-z, 0-9, - and _")]
    Name(String),
    /// Two sinks have one name, and with it one mark.
    #[error("two sinks are called {0}")]
    Twice(String),
    /// What waited when the snapshot was cut cannot be read.
    #[error("what waited for the sinks when the snapshot was cut cannot be read: {0}")]
    Backlog(#[from] crate::bytes::BytesError),
}
