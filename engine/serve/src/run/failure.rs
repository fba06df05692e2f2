use std::path::PathBuf;

use etaflow_road::{HierarchyError, MatcherConfigError, OpenError};

use crate::cli::Exit;
use crate::directory::DirectoryError;
use crate::import::ImportError;
use crate::place::PlaceFileError;
use crate::table::TableError;
use crate::trace::TraceFileError;

/// Why something could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The network cannot be read.
    #[error(transparent)]
    Network(#[from] OpenError),
    /// Nobody can be routed on the network.
    #[error("routing cannot be prepared for the network: {0}")]
    Routing(#[from] HierarchyError),
    /// The network cannot be imported.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A file of places cannot be used.
    #[error("{path}: {source}", path = path.display())]
    Places {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: PlaceFileError,
    },
    /// A trace cannot be used.
    #[error("{path}: {source}", path = path.display())]
    Trace {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: TraceFileError,
    },
    /// A setting of the matcher is out of its range.
    #[error("the matcher cannot be set up: {0}")]
    Matcher(#[from] MatcherConfigError),
    /// There are too many travel times.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The answer would be written over what it is made of.
    #[error("--out {out} is a file that {option} {input} is read from; it would be lost", out = out.display(), input = input.display())]
    SameFile {
        /// The file of the answer.
        out: PathBuf,
        /// What names the same file on the command line, to be read.
        option: &'static str,
        /// The file as it is named there.
        input: PathBuf,
    },
    /// The file of the answer cannot be written.
    #[error("{path}: the answer cannot be written: {source}", path = path.display())]
    WriteFile {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// An engine's directory cannot be used.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The answer cannot be written.
    #[error("the answer cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

impl Failure {
    /// What the program ends with.
    pub fn exit(&self) -> Exit {
        match self {
            Self::SameFile { .. } | Self::Directory(DirectoryError::Trip { .. }) => Exit::Usage,
            Self::Network(_)
            | Self::Routing(_)
            | Self::Places { .. }
            | Self::Trace { .. }
            | Self::Directory(DirectoryError::Network(_))
            | Self::Import(ImportError::Open(_) | ImportError::Routing(_)) => Exit::BadConfiguration,
            Self::Import(_)
            | Self::Directory(_)
            | Self::Table(_)
            | Self::Matcher(_)
            | Self::Write(_)
            | Self::WriteFile { .. } => Exit::Failure,
        }
    }
}
