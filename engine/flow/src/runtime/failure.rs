use super::config::EngineConfigError;
use crate::log::LogError;
use crate::pipeline::ExecutorError;

/// Why an engine has not started, or has not ended well.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A setting is out of its bounds.
    #[error(transparent)]
    Config(#[from] EngineConfigError),
    /// The pipeline has stopped.
    #[error(transparent)]
    Executor(#[from] ExecutorError),
    /// Events could not be written to the log.
    #[error("the log cannot be written: {0}")]
    Log(#[from] LogError),
}
