/// How many rows that were not used are kept as examples; all are counted.
pub const REJECTED_KEPT: usize = 100;

/// Why a row was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RejectReason {
    /// It has another number of columns than the header.
    Columns,
    /// It is not UTF-8.
    Encoding,
    /// A trip's or taxi's id is no whole number.
    Id,
    /// The start is no time from 1970 to 2100.
    Start,
    /// The polyline is no list of pairs of numbers.
    Polyline,
    /// A point is not on the globe.
    Coordinate,
    /// The polyline has no points.
    NoPoints,
    /// The polyline has more points than a trip can have.
    TooManyPoints,
    /// A trip of that id came before.
    Duplicate,
}

impl RejectReason {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::Encoding => "encoding",
            Self::Id => "id",
            Self::Start => "start",
            Self::Polyline => "polyline",
            Self::Coordinate => "coordinate",
            Self::NoPoints => "no_points",
            Self::TooManyPoints => "too_many_points",
            Self::Duplicate => "duplicate",
        }
    }
}

/// A row that was not used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {detail}")]
pub struct RejectedRow {
    /// From 1, the header included.
    pub line: u64,
    /// By name.
    pub column: &'static str,
    /// Why.
    pub reason: RejectReason,
    /// What was wrong, with the value and the bound.
    pub detail: String,
}
