//! The reference: Dijkstra's search, which prepares nothing.
//!
//! Everything that has to be fast is held to it by tests: its answers are the right ones.

mod labels;
mod nearest;
mod reach;
mod search;

pub use search::Dijkstra;
