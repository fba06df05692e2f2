use std::io;
use std::path::PathBuf;

use crate::bytes::BytesError;
use crate::event::ProfileId;

/// Why bytes are not a speed profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileFormatError {
    /// They do not begin as one does.
    #[error("is no speed profile: it does not begin with \"etafprof\"")]
    Foreign,
    /// It is written in a way that is not known here.
    #[error("is a speed profile of version {0}, and 1 is the newest that is known here: read it with a newer program")]
    Version(u32),
    /// It is not what was written.
    #[error("is damaged: its checksum is {found:08x}, that of its content {content:08x}")]
    Checksum {
        /// What stands there.
        found: u32,
        /// What would have to.
        content: u32,
    },
    /// It is not what can be written.
    #[error("is damaged: {0}")]
    Content(#[from] BytesError),
}

/// Why a profile cannot be had, or kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// There is no file of it.
    #[error("profile {id} is not there: {} is missing, put it back from a copy of the directory", path.display())]
    Missing {
        /// Which.
        id: ProfileId,
        /// Where it would be.
        path: PathBuf,
    },
    /// It is not among those that are kept in memory.
    #[error("profile {id} is not there: it is none of the {kept} that are kept in memory")]
    NotKept {
        /// Which.
        id: ProfileId,
        /// How many are.
        kept: usize,
    },
    /// Its file is not one of a profile.
    #[error("profile {id} cannot be read: {} {why}; put it back from a copy of the directory", path.display())]
    Format {
        /// Which.
        id: ProfileId,
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        why: ProfileFormatError,
    },
    /// The file of its name is another's.
    #[error("profile {id} cannot be read: {} is profile {found}; put it back from a copy of the directory", path.display())]
    Renamed {
        /// Which.
        id: ProfileId,
        /// Where it is.
        path: PathBuf,
        /// Which it is.
        found: ProfileId,
    },
    /// It says how fast other roads are.
    #[error("profile {id} is of another network: of one with mark {found:016x}, and this has {expected:016x}")]
    OtherNetwork {
        /// Which.
        id: ProfileId,
        /// The mark of its network.
        found: u64,
        /// The mark of the network that is asked of.
        expected: u64,
    },
    /// Memory has no room for one more.
    #[error("profile {id} is one more than the {max} that are kept in memory")]
    Full {
        /// Which.
        id: ProfileId,
        /// How many are.
        max: usize,
    },
    /// Its file cannot be read or written.
    #[error("{}: {message}", path.display())]
    Io {
        /// Where it is.
        path: PathBuf,
        /// What kind of failure it was.
        kind: io::ErrorKind,
        /// What the system says.
        message: String,
    },
}
