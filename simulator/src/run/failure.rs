use std::path::PathBuf;

use etaflow::{Engine, EngineError, JournalError, PublishError};
use etaflow_road::{NetworkFileError, OpenError};
use etaflow_serve::DirectoryError;

use crate::cli::Exit;
use crate::matching::MatchingError;
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
    /// The matcher cannot be scored.
    #[error(transparent)]
    Matching(#[from] MatchingError),
    /// The file of the roads, for an engine in a process of its own, cannot be written.
    #[error("{path}: {source}", path = path.display())]
    Roads {
        /// Where to.
        path: PathBuf,
        /// Why not.
        source: NetworkFileError,
    },
    /// An engine in a process of its own has ended when it should not.
    #[error("the engine's process has ended by itself: {status}")]
    EngineDied {
        /// With what.
        status: String,
    },
    /// The log of an engine in a process of its own cannot be followed.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// What the outside was told cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The system has no room for a thread or a timer.
    #[error("the run cannot be set up: {0}")]
    System(#[from] std::io::Error),
}

impl Failure {
    /// Why an engine takes nothing more. What has failed in it says more than that its bus is closed.
    pub(super) async fn of(engine: Engine, error: PublishError) -> Self {
        match engine.shutdown().await {
            Ok(_) => error.into(),
            Err(cause) => cause.into(),
        }
    }

    /// What the program ends with.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Scenario(_) | Self::Network(_) | Self::Trips { .. } | Self::Engine(EngineError::Config(_)) => {
                Exit::BadConfiguration
            }
            Self::Matching(error) if error.is_bad_input() => Exit::BadConfiguration,
            _ => Exit::Failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use etaflow::{Clock, EngineConfig, EventSource, GpsFix, Key, Policy, WallClock};
    use etaflow_road::SyntheticCity;

    use super::*;

    #[tokio::test]
    async fn an_engine_that_has_failed_is_named_and_not_its_bus() {
        let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
        let engine = Engine::start(Arc::clone(&network), &EngineConfig::default()).unwrap();
        let mut publisher = engine.publisher(Policy::Await);
        let mut phone = EventSource::new(Key::Number(1), 0);
        let at = network.coord(network.nodes().next().unwrap());
        engine.log().close();
        let error = loop {
            let event = phone.location(WallClock::new().now(), Key::Number(1), GpsFix::at(at));
            if let Err(error) = publisher.publish(event).await {
                break error;
            }
            tokio::task::yield_now().await;
        };
        let failure = Failure::of(engine, error).await;
        assert!(matches!(failure, Failure::Engine(EngineError::Log(_))), "{failure}");
    }
}
