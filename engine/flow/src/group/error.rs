use std::io;
use std::path::PathBuf;

use crate::event::Offset;
use crate::log::LogError;
use crate::storage::{MarkError, Storage};

/// What can go wrong with a group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GroupError {
    /// Its name cannot be one.
    #[error("{name:?} is no name of a group: it has 1 to 64 of a-z, 0-9, - and _")]
    Name {
        /// What was to be its name.
        name: String,
    },
    /// Somebody reads it.
    #[error("{}: another reader has the group; end it, or take another name", path.display())]
    Locked {
        /// The lock's file.
        path: PathBuf,
    },
    /// The log has let go of what it was to read next.
    #[error(
        "{}: the group is at offset {offset}, and the log starts at {start}: reset it to go on without what is between",
        path.display()
    )]
    Gone {
        /// Where it is committed.
        path: PathBuf,
        /// What it was to read next.
        offset: u64,
        /// The oldest record there is.
        start: u64,
    },
    /// The log ends before what it has committed.
    #[error(
        "{}: the group is at offset {offset}, and the log ends at {end}: it is another log, or has lost its end; reset the \
         group to read what came since",
        path.display()
    )]
    PastEnd {
        /// Where it is committed.
        path: PathBuf,
        /// What it has committed.
        offset: u64,
        /// The offset after the last durable record.
        end: u64,
    },
    /// It was to commit what it has not read.
    #[error("{}: offset {offset} cannot be committed, the group has read to {next}", path.display())]
    NotRead {
        /// Where it is committed.
        path: PathBuf,
        /// What was to be committed.
        offset: u64,
        /// What it reads next.
        next: u64,
    },
    /// A file or a folder could not be read or written.
    #[error("{}: {action}: {message}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why not.
        kind: io::ErrorKind,
        /// Why not, as the system says it.
        message: String,
    },
    /// What is committed cannot be read or written.
    #[error(transparent)]
    Mark(#[from] MarkError),
    /// The log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
}

impl GroupError {
    pub(super) fn io(storage: &dyn Storage, path: &str, action: &'static str, error: &io::Error) -> Self {
        Self::Io { path: storage.show(path), action, kind: error.kind(), message: error.to_string() }
    }

    /// Whether `offset` can be read from a log of that extent.
    pub(super) fn check(path: PathBuf, offset: Offset, start: Offset, end: Offset) -> Result<(), Self> {
        if offset < start {
            return Err(Self::Gone { path, offset: offset.0, start: start.0 });
        }
        if offset > end { Err(Self::PastEnd { path, offset: offset.0, end: end.0 }) } else { Ok(()) }
    }
}
