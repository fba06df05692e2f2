//! Customizable contraction hierarchies (Dibbelt, Strasser and Wagner 2016): shortest paths in a directed graph whose
//! weights change every second.
//!
//! ```text
//! Graph -> Order -> Hierarchy    once a map
//!                      |
//! weights -----------> Customized    once a metric, or only where weights have changed
//!                         |
//!                      Search    per thread, any number of questions
//! ```
//!
//! Knows nothing of roads: nodes, arcs, weights.

mod graph;
mod order;

pub use graph::{Graph, GraphError};
pub use order::{Order, OrderError};
