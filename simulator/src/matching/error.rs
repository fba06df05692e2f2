use std::io;
use std::path::PathBuf;

use etaflow_road::{KubickaError, MatcherConfigError};

/// Why the matcher could not be scored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MatchingError {
    /// The directory cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Directory {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// There is nothing to score.
    #[error("no tracks in {path}, as folders of .nodes, .arcs, .track and .route or as .tar.gz", path = .0.display())]
    NoTracks(PathBuf),
    /// A track cannot be read.
    #[error("track {path}: {source}", path = path.display())]
    Track {
        /// Which.
        path: PathBuf,
        /// Why not.
        source: KubickaError,
    },
    /// A track is of no use without.
    #[error("track {path}: it has no {what}", path = path.display())]
    Without {
        /// Which.
        path: PathBuf,
        /// What it lacks.
        what: &'static str,
    },
    /// The true route is not of the track's own network.
    #[error("track {path}: its true route goes from node {from} to {to}, its network does not", path = path.display())]
    Route {
        /// Which.
        path: PathBuf,
        /// From where, a row of the nodes.
        from: i64,
        /// To where.
        to: i64,
    },
    /// The matcher cannot work like that.
    #[error("the matcher: {0}")]
    Config(#[from] MatcherConfigError),
    /// A result cannot be written.
    #[error("{path}: {source}", path = path.display())]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The figures cannot be put into JSON.
    #[error("figures: {0}")]
    Json(#[from] serde_json::Error),
}

impl MatchingError {
    /// Whether it is for what the tracks hold, or for where they should be.
    pub fn is_bad_input(&self) -> bool {
        !matches!(self, Self::Config(_) | Self::Write { .. } | Self::Json(_))
    }
}
