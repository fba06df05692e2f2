use std::path::PathBuf;

use super::config::EngineConfigError;
use crate::effect::DeliveryError;
use crate::log::LogError;
use crate::pipeline::{ExecutorError, StartError};
use crate::sequencer::AbsorbError;

/// Why an engine has not started, or has not ended well.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A setting is out of its bounds.
    #[error(transparent)]
    Config(#[from] EngineConfigError),
    /// The pipeline cannot start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The pipeline has stopped.
    #[error(transparent)]
    Executor(#[from] ExecutorError),
    /// Events could not be written to the log.
    #[error("the log cannot be written: {0}")]
    Log(#[from] LogError),
    /// The log could not be opened or read.
    #[error("{0}")]
    Read(LogError),
    /// What the log's numbers stand for cannot be found out.
    #[error(
        "{path}: no state of the sequencer can be read that the log goes on from, and it starts at offset {start}: put back \
         a copy of that folder",
        path = path.display()
    )]
    Names {
        /// The folder of the states.
        path: PathBuf,
        /// Where the log starts.
        start: u64,
    },
    /// The records, though whole, are not what a sequencer wrote one after the other.
    #[error("{path}: {why}: files of another log are among these; put back a copy of that folder", path = path.display())]
    Absorb {
        /// The folder of the log.
        path: PathBuf,
        /// What does not fit.
        why: AbsorbError,
    },
    /// Nothing can be delivered to the sinks.
    #[error(transparent)]
    Delivery(#[from] DeliveryError),
    /// It has panicked while it recovered: a sink or an observer has, or it is a defect of the engine.
    #[error("it panicked while it recovered: {message}")]
    Panicked {
        /// What it said.
        message: String,
    },
    /// It ended before it had recovered.
    #[error("it was shut down before it had recovered")]
    Interrupted,
}
