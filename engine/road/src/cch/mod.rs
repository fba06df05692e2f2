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

#[cfg(test)]
mod cch_tests;
mod climb;
mod contraction;
mod customized;
mod customizer;
mod dirty;
#[cfg(test)]
mod fixture;
mod front;
mod graph;
mod hierarchy;
#[cfg(test)]
mod history_tests;
mod labels;
mod many;
mod nearest;
mod node_set;
mod order;
mod parallel;
mod partial;
mod perfect;
mod rows;
mod search;
mod tree;
mod unpack;
mod weigh;

pub use customized::{CustomizeError, Customized};
pub use customizer::Customizer;
pub use graph::{Graph, GraphError};
pub use hierarchy::{Hierarchy, HierarchyError};
pub use node_set::NodeSet;
pub use order::{Order, OrderError};
pub use search::Search;
