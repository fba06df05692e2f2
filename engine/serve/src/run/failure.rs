use std::path::PathBuf;

use etaflow_road::{HierarchyError, OpenError};

use crate::cli::Exit;
use crate::import::ImportError;
use crate::place::PlaceFileError;
use crate::table::TableError;

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
    /// There are too many travel times.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The answer cannot be written.
    #[error("the answer cannot be written: {0}")]
    Write(#[from] std::io::Error),
}

impl Failure {
    /// What the program ends with.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Network(_)
            | Self::Routing(_)
            | Self::Places { .. }
            | Self::Import(ImportError::Open(_) | ImportError::Routing(_)) => Exit::BadConfiguration,
            Self::Import(_) | Self::Table(_) | Self::Write(_) => Exit::Failure,
        }
    }
}
