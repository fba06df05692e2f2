//! The edges in space: which roads are near a place.
//!
//! A grid of cells of about 128 m. Each cell lists the segments of roads that come within 50 m of it, and about where they
//! do, so that a search within 50 m reads one short run of memory, and then only those segments that may be near enough;
//! a wider one reads the cells that its square covers. Cells are numbered over the whole globe and only those near a
//! road exist, so that neither the date line nor the extent of the network matters.

mod candidate;
mod cell;
mod directory;
mod edge_index;
mod search;
mod segment;
mod snap;
mod window;

pub use candidate::Candidate;
pub use edge_index::EdgeIndex;
pub use snap::Snap;

#[cfg(test)]
mod index_tests;
