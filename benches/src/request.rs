use std::fmt;
use std::io::{self, IsTerminal};
use std::path::PathBuf;

use etaflow_road::{Network, OpenError, SyntheticCity, open_network};
use etaflow_simulator::TaxiError;

use crate::log::Failure;

/// How many nodes the made-up city has if nothing else is said.
const NODES: usize = 20_000;

/// What of a group is to be measured, and how.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// How many rounds to take the median of, at least 1.
    pub rounds: usize,
    /// Only operations whose name contains this, if given.
    pub only: Option<String>,
    /// The roads, of a group that needs some; a made-up city if not given.
    pub network: Option<PathBuf>,
    /// About how many nodes the made-up city shall have.
    pub nodes: Option<usize>,
    /// Real trips on these roads, of a group that can use some.
    pub trips: Option<PathBuf>,
    /// A folder on the disk to be measured, of a group that needs one; the system's for temporary files if not given.
    pub dir: Option<PathBuf>,
    /// How long a log that is opened shall be, in GiB.
    pub gigabytes: Option<u16>,
}

/// Why a group cannot be measured.
#[derive(Debug, thiserror::Error)]
pub enum GroupError {
    /// There is no network there.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The trips cannot be read.
    #[error("{path}: {source}", path = .path.display())]
    Trips {
        /// The path.
        path: PathBuf,
        /// Why.
        source: TaxiError,
    },
    /// No trip of a file is on the roads.
    #[error("{path}: none of its trips is within the bounds of the network", path = .0.display())]
    NoTripHere(PathBuf),
    /// There can be no folder for what is written.
    #[error("{path}: {source}", path = .path.display())]
    Folder {
        /// The path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody cannot keep records.
    #[error("{who}: {source}")]
    Keeper {
        /// Who.
        who: &'static str,
        /// Why.
        source: Failure,
    },
}

impl Request {
    /// Whether an operation is to be measured.
    pub fn wants(&self, operation: &str) -> bool {
        self.only.as_ref().is_none_or(|only| operation.contains(only.as_str()))
    }

    /// The roads, or a made-up city.
    ///
    /// # Errors
    /// If there are none where they are said to be.
    pub fn network(&self) -> Result<Network, GroupError> {
        match &self.network {
            Some(path) => Ok(open_network(path)?),
            None => {
                let nodes = self.nodes.unwrap_or(NODES);
                Ok(SyntheticCity { nodes, ..SyntheticCity::default() }.build())
            }
        }
    }

    /// Says on a terminal what is going on.
    pub fn tell(&self, what: fmt::Arguments<'_>) {
        if io::stderr().is_terminal() {
            eprintln!("{what}");
        }
    }
}
