use std::io;
use std::path::PathBuf;

use super::file::{MAGIC, VERSION};

/// Why bytes are no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// They are something else.
    #[error("not a snapshot: it begins with {found:?} instead of {MAGIC:?}")]
    Foreign {
        /// What they begin with.
        found: Vec<u8>,
    },
    /// They are of a version that this one cannot read.
    #[error("the snapshot has version {found}, at most {VERSION} can be read: a newer program wrote it")]
    Version {
        /// Theirs.
        found: u32,
    },
    /// They end before they should.
    #[error("the snapshot is cut off in {what}, at byte {at}")]
    Truncated {
        /// Where they end.
        what: String,
        /// Where what is cut off begins.
        at: u64,
    },
    /// They are not what was written.
    #[error("the snapshot is damaged: checksum of {what}, at byte {at}, is {found:#010x} instead of {expected:#010x}")]
    Checksum {
        /// What is damaged.
        what: String,
        /// Where it begins.
        at: u64,
        /// The checksum of what is there.
        found: u32,
        /// The checksum of what was written.
        expected: u32,
    },
    /// Something is as no writer writes it.
    #[error("{what} of the snapshot, at byte {at}, {problem}")]
    Malformed {
        /// What.
        what: String,
        /// Where it is.
        at: u64,
        /// What is wrong with it.
        problem: &'static str,
    },
}

/// Why a snapshot cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotFileError {
    /// Its file cannot be written or read.
    #[error("{path}: {message}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What kind of error it is.
        kind: io::ErrorKind,
        /// What the system says.
        message: String,
    },
    /// What is in it is no snapshot.
    #[error("{path}: {error}", path = path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: SnapshotError,
    },
    /// What is in it is not what its name says.
    #[error("{path}: the snapshot is of offset {found}: somebody has renamed it", path = path.display())]
    Misnamed {
        /// The file.
        path: PathBuf,
        /// What is in it.
        found: u64,
    },
}

impl SnapshotFileError {
    pub(super) fn io(path: PathBuf, error: &io::Error) -> Self {
        Self::Io { path, kind: error.kind(), message: error.to_string() }
    }
}
