use etaflow_road::KubickaError;

use super::gpx::GPX_BYTES_MAX;
use super::read::TRACE_BYTES_MAX;

/// Why a file is no trace.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TraceFileError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// It is larger than any trace that is read as a whole.
    #[error("has more than {TRACE_BYTES_MAX} bytes; cut the trace into several")]
    TooLarge,
    /// It is larger than any GPX that is read as a whole.
    #[error("is GPX of more than {GPX_BYTES_MAX} bytes; cut the trace into several, or make it CSV")]
    GpxTooLarge,
    /// It is not UTF-8.
    #[error("line {line} is no UTF-8 text")]
    Encoding {
        /// Which one, the first being 1.
        line: u64,
    },
    /// It is none of the kinds that there are.
    #[error("begins with {start:?}: no CSV with the header {header}, no GPX, and no rows of lon lat unix_s")]
    Unrecognised {
        /// What it begins with.
        start: String,
        /// What a CSV would begin with.
        header: &'static str,
    },
    /// The header lacks a column, or names one that is not known or that is there twice.
    #[error("line {line}: column {column:?} {problem}; the columns are {header}, those in brackets if wanted")]
    Column {
        /// The header's line.
        line: u64,
        /// The column.
        column: String,
        /// What is wrong with it.
        problem: &'static str,
        /// The columns that there are.
        header: &'static str,
    },
    /// A line has more or fewer fields than the header.
    #[error("line {line}: {found} fields, and the header has {expected}")]
    Fields {
        /// Which one, the first being 1.
        line: u64,
        /// How many it has.
        found: usize,
        /// How many the header has.
        expected: usize,
    },
    /// A value is not what its column, attribute or element holds.
    #[error("line {line}: {column} is {value:?}; it must be {expected}")]
    Value {
        /// Which one, the first being 1.
        line: u64,
        /// The column, attribute or element.
        column: &'static str,
        /// What is there.
        value: String,
        /// What must be there, with its bounds.
        expected: String,
    },
    /// A track point lacks what makes it a fix.
    #[error("line {line}: a track point has no {what}")]
    Missing {
        /// Which one, the first being 1.
        line: u64,
        /// What it lacks.
        what: &'static str,
    },
    /// It is no well-formed XML.
    #[error("is no XML: {0}")]
    Xml(#[from] roxmltree::Error),
    /// It is XML of another kind.
    #[error("is XML, and its root is {0:?} instead of \"gpx\"")]
    NotGpx(String),
    /// A row of the benchmark is none.
    #[error(transparent)]
    Track(#[from] KubickaError),
    /// There is no fix in it.
    #[error("has no fixes")]
    Empty,
}
