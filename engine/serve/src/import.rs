//! A network written down as a file that is read at once.

use std::fmt;
use std::path::{Path, PathBuf};

use etaflow::{Clock, WallClock};
use etaflow_road::{HierarchyError, NetworkFileError, OpenError, open_network};
use serde::Serialize;

/// Why a network cannot be imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// It cannot be read.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Nobody can be routed on it.
    #[error("routing cannot be prepared for the network: {0}")]
    Routing(#[from] HierarchyError),
    /// The file cannot be written.
    #[error("{path}: {source}", path = .path.display())]
    Save {
        /// Where to.
        path: PathBuf,
        /// Why not.
        source: NetworkFileError,
    },
}

/// What an import read, and how long it took.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Imported {
    /// Junctions and ends of streets.
    pub nodes: usize,
    /// Streets between them; one that is open both ways counts twice.
    pub edges: usize,
    /// Pairs of edges that meet, whether one may turn from the one into the other or not.
    pub turns: usize,
    /// How long reading took, in seconds.
    pub read_s: f64,
    /// How long everything took, in seconds.
    pub total_s: f64,
    /// The size of the file that was written, in bytes.
    pub bytes: u64,
}

/// Reads a network, whatever it is kept in, and writes it as a network file, which takes the place of an older one only
/// when it is complete.
///
/// # Errors
/// If it cannot be read, or the file cannot be written.
pub fn import(from: &Path, to: &Path) -> Result<Imported, ImportError> {
    let clock = WallClock::new();
    let start = clock.now();
    let network = open_network(from)?;
    let read_s = clock.now().since(start).secs_f64();
    let network = network.prepared()?;
    let failed = |source| ImportError::Save { path: to.to_owned(), source };
    network.save(to).map_err(failed)?;
    let bytes = std::fs::metadata(to).map_err(|error| failed(error.into()))?.len();
    let (nodes, edges, turns) = (network.node_count(), network.edge_count(), network.turn_count());
    Ok(Imported { nodes, edges, turns, read_s, total_s: clock.now().since(start).secs_f64(), bytes })
}

impl fmt::Display for Imported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { nodes, edges, turns, read_s, total_s, bytes } = self;
        writeln!(f, "{nodes} nodes, {edges} edges, {turns} turns")?;
        write!(f, "read in {read_s:.2} s, {bytes} bytes written after {total_s:.2} s")
    }
}
