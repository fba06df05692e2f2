use super::dead_letter::Reason;
use super::key::KeyError;

/// Why something is not an [`Event`](crate::Event): names the field, the value and the bound.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EventError {
    /// It is no JSON, or not of the shape that is expected.
    #[error("not a CloudEvents JSON object: {0}")]
    Json(String),
    /// It is no JSON array.
    #[error("not a JSON array: {0}")]
    JsonBatch(String),
    /// `specversion` is another.
    #[error("specversion is {0:?}, must be \"1.0\"")]
    SpecVersion(String),
    /// `type` is none of the known.
    #[error("type {0:?} is unknown")]
    UnknownType(String),
    /// Something is not there.
    #[error("{field} is missing")]
    Missing {
        /// What.
        field: &'static str,
    },
    /// A field is not what it must be.
    #[error("{field} is {value}, must be {bound}")]
    Value {
        /// Which.
        field: &'static str,
        /// What it is.
        value: String,
        /// What it must be.
        bound: &'static str,
    },
    /// A latitude or longitude is out of range.
    #[error("{field} is {value}, must be {bound} degrees")]
    Coordinate {
        /// Which.
        field: &'static str,
        /// What it is.
        value: String,
        /// What it must be.
        bound: &'static str,
    },
    /// A name cannot be one.
    #[error("{field}: {error}")]
    Key {
        /// Which.
        field: &'static str,
        /// Why.
        error: KeyError,
    },
    /// The binary form has numbers for names only.
    #[error("{field} is the text {value:?}, the binary form takes numbers")]
    TextKey {
        /// Which.
        field: &'static str,
        /// What it is.
        value: String,
    },
    /// It is not the binary form.
    #[error(transparent)]
    Frame(#[from] FrameError),
}

/// Why bytes are not an event or a record in binary form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Too few, or too many.
    #[error("a frame has {bytes} bytes, must be {expected}")]
    Length {
        /// How many there are.
        bytes: usize,
        /// How many there must be.
        expected: usize,
    },
    /// A version that is not known here.
    #[error("frame version {0} is unknown, must be 1")]
    Version(u8),
    /// A kind that is not known here.
    #[error("frame kind {kind} is unknown, must be {min} to {max}")]
    Kind {
        /// Which.
        kind: u8,
        /// The lowest known.
        min: u8,
        /// The highest known.
        max: u8,
    },
    /// A place that is not on the globe.
    #[error("{lat_e7}, {lon_e7} (1e-7 degrees) is no place within -90..=90, -180..=180 degrees")]
    Coordinate {
        /// The latitude, in 1e-7 degrees.
        lat_e7: i32,
        /// The longitude, in 1e-7 degrees.
        lon_e7: i32,
    },
    /// A field is out of its range.
    #[error("{field} is {value}, must be {bound}")]
    Value {
        /// Which.
        field: &'static str,
        /// What it is.
        value: u64,
        /// What it must be.
        bound: &'static str,
    },
    /// A byte has a value though its frame does not use it.
    #[error("byte {at} is {value}, must be {expected}")]
    Unused {
        /// Which, from 0.
        at: usize,
        /// What it is.
        value: u8,
        /// What it must be.
        expected: u8,
    },
}

impl EventError {
    /// What it counts as among the dead letters.
    pub fn reason(&self) -> Reason {
        match self {
            Self::UnknownType(_) | Self::Frame(FrameError::Kind { .. }) => Reason::UnknownType,
            Self::Coordinate { .. } | Self::Frame(FrameError::Coordinate { .. }) => Reason::BadCoordinate,
            _ => Reason::Malformed,
        }
    }
}
