use crate::network::NetworkError;

/// Why a file is no map that can be imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OsmError {
    /// The file cannot be opened or read.
    #[error("cannot read the map: {0}")]
    Io(#[from] std::io::Error),
    /// The file does not begin as an OpenStreetMap pbf does.
    #[error("not an OpenStreetMap pbf file: it does not begin with an OSMHeader blob")]
    NotPbf,
    /// The file ends inside a blob.
    #[error("the map is cut off inside the blob at byte {offset}")]
    Truncated {
        /// Where the blob begins, in bytes.
        offset: u64,
    },
    /// Something is longer than the format allows.
    #[error("a {what} of {bytes} bytes, at most {limit}")]
    TooLong {
        /// What is too long.
        what: &'static str,
        /// How long it says it is.
        bytes: u64,
        /// How long it may be.
        limit: u64,
    },
    /// The bytes do not follow the format.
    #[error("malformed map: {what}")]
    Malformed {
        /// What was found.
        what: &'static str,
    },
    /// The file needs a reader that can do more.
    #[error("the map needs {what}, which is not supported")]
    Unsupported {
        /// What it needs.
        what: String,
    },
    /// Something is wrong with the blob at an offset.
    #[error("blob at byte {offset}: {source}")]
    Blob {
        /// Where the blob's content begins, in bytes.
        offset: u64,
        /// What is wrong with it.
        source: Box<OsmError>,
    },
    /// No network can be made of it: there is no road for cars, or there are too many.
    #[error("no network can be made of the map: {0}")]
    Network(#[from] NetworkError),
}

impl OsmError {
    /// The same, with where in the file.
    pub(super) fn at(self, offset: u64) -> Self {
        match self {
            Self::Malformed { .. } | Self::TooLong { .. } | Self::Unsupported { .. } => {
                Self::Blob { offset, source: Box::new(self) }
            }
            other => other,
        }
    }
}
