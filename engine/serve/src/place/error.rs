/// Why a text is no place.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// It is not two numbers with a comma between them.
    #[error("{value:?} is no place: write longitude and latitude in degrees with a comma between them, as -8.61,41.15")]
    Shape {
        /// What was given.
        value: String,
    },
    /// It is no number.
    #[error("{field} {value:?} is no number; it must be degrees within -{bound}..={bound}")]
    Number {
        /// Which of the numbers.
        field: &'static str,
        /// What was given.
        value: String,
        /// How many degrees it may be at most, either way.
        bound: f64,
    },
    /// It is a number that is not on the globe.
    #[error("{field} {value} is not within -{bound}..={bound} degrees")]
    Range {
        /// Which of the numbers.
        field: &'static str,
        /// What was given.
        value: f64,
        /// How many degrees it may be at most, either way.
        bound: f64,
    },
    /// A line has more or fewer fields than the header.
    #[error("{found} fields, and the header has {expected}")]
    Fields {
        /// How many it has.
        found: usize,
        /// How many the header has.
        expected: usize,
    },
    /// A line is longer than any that holds places.
    #[error("longer than {bytes_max} bytes")]
    Length {
        /// How long it may be.
        bytes_max: usize,
    },
}

/// Why a CSV file of places cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlaceFileError {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Io(#[from] std::io::Error),
    /// The header lacks a column or has it twice.
    #[error("column {column} {problem} in the header {header:?}; it must have {expected}")]
    Column {
        /// The column.
        column: &'static str,
        /// What is wrong with it.
        problem: &'static str,
        /// What the file begins with.
        header: String,
        /// The columns that it must have.
        expected: String,
    },
    /// A line is no place, where each one is needed.
    #[error("line {line}: {source}")]
    Line {
        /// Which one; the header is line 1.
        line: u64,
        /// What is wrong with it.
        source: PlaceError,
    },
    /// There is nothing after the header.
    #[error("has no places")]
    Empty,
}
