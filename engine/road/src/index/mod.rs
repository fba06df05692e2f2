//! The edges in space: which roads are near a place.
//!
//! A grid of cells of about 64 m. Each segment of a road is copied into every cell that it comes within 50 m of, so
//! that a search within 50 m reads one run of memory; a wider one reads the cells that its square covers. Cells are
//! numbered over the whole globe and only those near a road exist, so that neither the date line nor the extent of
//! the network matters.

mod candidate;
mod cell;
mod directory;
mod edge_index;
mod search;
mod snap;

pub use candidate::Candidate;
pub use edge_index::EdgeIndex;
pub use snap::Snap;

#[cfg(test)]
mod index_tests;
