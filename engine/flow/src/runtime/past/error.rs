use etaflow_road::Timestamp;

use crate::event::Key;
use crate::runtime::failure::EngineError;

/// Why there is no answer about the past.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PastError {
    /// The engine's log is in memory.
    #[error("the engine keeps its log in memory, which does not tell of the past: open one on storage")]
    InMemory,
    /// The log is empty.
    #[error("nothing has come in yet")]
    Nothing,
    /// The log, and its snapshots, begin later.
    #[error("what was known at {asked} is not kept any more: ask for {earliest} or later")]
    Before {
        /// The time that was asked for.
        asked: Timestamp,
        /// The earliest that can be asked for.
        earliest: Timestamp,
    },
    /// It is not over yet: more can come in that belongs to it.
    #[error("the log ends at {latest}, so that {asked} cannot be told yet: ask for {latest} or earlier")]
    After {
        /// The time that was asked for.
        asked: Timestamp,
        /// The latest that can be asked for.
        latest: Timestamp,
    },
    /// The log starts within a stretch of which no snapshot tells how it began.
    #[error("no snapshot is of use, and the log has lost its first records: nothing can be worked out anew")]
    NoOrigin,
    /// Nobody had asked for such a trip.
    #[error("no trip {trip} had been asked for by {time}, as far back as the log goes, to {start}")]
    UnknownTrip {
        /// The trip.
        trip: Key,
        /// The time that was asked for.
        time: Timestamp,
        /// When the log's first record came in.
        start: Timestamp,
    },
    /// The trip's first records are not in the log any more.
    #[error("trip {trip} was asked for before {earliest}, up to which nothing is kept")]
    TripBefore {
        /// The trip.
        trip: Key,
        /// A trip that was asked for at this time or later can be told of.
        earliest: Timestamp,
    },
    /// What is kept cannot be used.
    #[error(transparent)]
    Engine(#[from] EngineError),
}
