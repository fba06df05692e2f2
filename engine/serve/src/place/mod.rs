//! Places as people and programs write them: longitude first, in degrees; one on the command line, many in CSV files.
//!
//! What cannot be read is a [`PlaceError`] that names the field, the value and the bound. In a file it spoils its line
//! alone.

mod error;
mod file;
mod lon_lat;

pub use error::{PlaceError, PlaceFileError};
pub(crate) use file::unquoted;
pub use file::{PlaceFile, PlaceLine, read_places};
pub(crate) use lon_lat::shown;
pub use lon_lat::{LonLat, parse_place};
