use crate::log::LogError;
use crate::profile::ProfileError;

/// Why the pipeline has stopped before the end of the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExecutorError {
    /// The log could not be read.
    #[error("the log cannot be followed: {0}")]
    Log(#[from] LogError),
    /// A speed profile that the log says was adopted cannot be had. Without it the state would be another than it was.
    #[error("the log cannot be followed past the adoption of a speed profile: {0}")]
    Profile(#[from] ProfileError),
    /// A shard has panicked: a defect of the engine.
    #[error("shard {shard} has failed: {message}")]
    Panicked {
        /// Which.
        shard: u32,
        /// What it said.
        message: String,
    },
    /// What makes the epochs has panicked: a defect of the engine.
    #[error("the builder of epochs has failed: {message}")]
    BuilderPanicked {
        /// What it said.
        message: String,
    },
    /// The tap has panicked.
    #[error("the tap of outputs has failed: {message}")]
    TapPanicked {
        /// What it said.
        message: String,
    },
    /// The tap of snapshots has panicked.
    #[error("the tap of snapshots has failed: {message}")]
    SnapshotTapPanicked {
        /// What it said.
        message: String,
    },
    /// A shard has stopped because another one, the builder or a tap had.
    #[error("shard {shard} has stopped because another shard, the builder of epochs or a tap failed")]
    Stopped {
        /// Which.
        shard: u32,
    },
}

/// What a panic said.
pub(crate) fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
