use std::io;
use std::path::PathBuf;

use etaflow::{
    AbsorbError, EngineError, GroupError, JournalError, KeyError, LearnError, LogError, MarkError, PastError,
    ProfileError, PublishError, SnapshotFileError,
};

use etaflow_road::OpenError;

/// Why an engine's directory cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DirectoryError {
    /// There is none.
    #[error("{path}: there is no such directory: etaflow ingest makes it, or a service that takes events in", path = .path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The directory cannot be made or read.
    #[error("{path}: {source}", path = .path.display())]
    Folder {
        /// Where it should be.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The network cannot be read.
    #[error(transparent)]
    Network(#[from] OpenError),
    /// The file of effects cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The engine has not started, or has stopped.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The names in the log do not hold together.
    #[error("the names in the log cannot be used: {0}")]
    Names(#[from] AbsorbError),
    /// The snapshots cannot be listed.
    #[error(transparent)]
    Snapshots(#[from] SnapshotFileError),
    /// What was cannot be worked out.
    #[error(transparent)]
    Past(#[from] PastError),
    /// No trip can have that name.
    #[error("{name:?} is no name of a trip: {source}")]
    Trip {
        /// What was given.
        name: String,
        /// Why not.
        source: KeyError,
    },
    /// Nothing can be learned.
    #[error(transparent)]
    Learn(#[from] LearnError),
    /// A speed profile cannot be kept.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// A group cannot be used, or the groups cannot be listed.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// A mark cannot be read.
    #[error(transparent)]
    Mark(MarkError),
    /// An event cannot be taken in.
    #[error("events cannot be taken in: {0}")]
    Publish(#[from] PublishError),
    /// The input cannot be read.
    #[error("the input cannot be read: {0}")]
    In(io::Error),
    /// The answer cannot be written.
    #[error("the answer cannot be written: {0}")]
    Out(#[from] io::Error),
}
