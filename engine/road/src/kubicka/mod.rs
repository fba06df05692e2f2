//! The tracks of a public benchmark of map matching, each with a road network of its own and the true route.
//!
//! Kubicka, Cela, Moulin, Mounier, Niculescu: "Dataset for testing and training of map-matching algorithms", IV 2015.
//! A track is a folder, or an archive of one, with four files of plain numbers: `.nodes` (longitude and latitude),
//! `.arcs` (from and to, rows of `.nodes`), `.track` (longitude, latitude and Unix time in seconds) and `.route` (rows
//! of `.arcs`).

mod error;
mod files;
mod network;
mod rows;
mod track;

pub use error::KubickaError;
pub use rows::read_track_rows;
pub use track::{KubickaTrack, is_kubicka};

#[cfg(test)]
mod kubicka_tests;
