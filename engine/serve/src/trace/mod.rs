//! A vehicle's fixes from a file: CSV, GPX, or the rows of a public benchmark. What the file holds decides which it is,
//! then its name.
//!
//! A trace is read as a whole: what is wrong with a line is an error that names it. Times need not rise; what becomes of
//! such a fix is for the matcher to say.

mod csv;
mod error;
mod gpx;
mod number;
mod read;

#[cfg(test)]
mod trace_tests;

pub use error::TraceFileError;
pub use gpx::GPX_BYTES_MAX;
pub use read::{TRACE_BYTES_MAX, parse_trace, read_trace};
