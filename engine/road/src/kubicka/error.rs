use crate::network::NetworkError;

/// Why a folder or an archive is no track with its network.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KubickaError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// One of its files is not there.
    #[error("there is no file {0}")]
    Missing(&'static str),
    /// A file is there twice.
    #[error("there is more than one file {0}")]
    Twice(&'static str),
    /// A row is not what its file holds.
    #[error("{file} line {line}: {row:?}, expected {expected}")]
    Row {
        /// Which of the files.
        file: &'static str,
        /// The line, the first being 1.
        line: u64,
        /// What is there; its first 80 characters.
        row: String,
        /// What should be, with its bounds.
        expected: &'static str,
    },
    /// The arcs make no network.
    #[error("no network can be made of its arcs: {0}")]
    Network(#[from] NetworkError),
}
