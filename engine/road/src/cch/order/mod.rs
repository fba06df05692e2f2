//! Orders by nested dissection: small separators first found, then contracted last.
//!
//! ```text
//! Graph -> Kernel (without dead ends and chains) -> Dissection: Cell -> Cut (by Flow) -> two cells, ..., leaf
//! ```
//!
//! Nodes are separated by nodes, arcs by the arcs of an edge cut (of the graph of turns, a cut of edges is a separator).

mod cell;
mod cut;
mod dissection;
#[cfg(test)]
mod fill;
mod flow;
mod greedy;
mod kernel;
mod leaf;
mod links;
mod nested;
mod permutation;

pub use permutation::{Order, OrderError};
