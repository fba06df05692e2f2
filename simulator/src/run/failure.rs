use std::path::PathBuf;

use etaflow::{EngineError, PublishError};
use etaflow_road::OpenError;

use crate::cli::Exit;
use crate::report::ReportError;
use crate::scenario::ScenarioError;
use crate::score::PredictionError;
use crate::taxi::TaxiError;

/// Why a run could not be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The scenario cannot be used.
    #[error(transparent)]
    Scenario(#[from] ScenarioError),
    /// The network cannot be read.
    #[error(transparent)]
    Network(#[from] OpenError),
    /// The trips cannot be read.
    #[error("trips {path}: {source}", path = path.display())]
    Trips {
        /// From where.
        path: PathBuf,
        /// Why not.
        source: TaxiError,
    },
    /// The engine would not start, or did not end well.
    #[error("the engine: {0}")]
    Engine(#[from] EngineError),
    /// The engine takes no more events.
    #[error("the engine takes no more events: {0}")]
    Publish(#[from] PublishError),
    /// The report cannot be written.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The predictions cannot be written.
    #[error("{path}: {source}", path = path.display())]
    Predictions {
        /// Where to.
        path: PathBuf,
        /// Why not.
        source: PredictionError,
    },
    /// The system has no room for a thread or a timer.
    #[error("the run cannot be set up: {0}")]
    System(#[from] std::io::Error),
}

impl Failure {
    /// What the program ends with.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Scenario(_) | Self::Network(_) | Self::Trips { .. } | Self::Engine(EngineError::Config(_)) => {
                Exit::BadConfiguration
            }
            _ => Exit::Failure,
        }
    }
}
