//! The road network: nodes, directed edges with their geometry, and what each turn costs.
//!
//! A [`Network`] is immutable and is made by a [`NetworkBuilder`], which every source of maps feeds (OpenStreetMap,
//! CSV, the synthetic city), or read back from its binary file.

mod attributes;
mod builder;
mod component;
mod csv;
mod file;
mod graph;
mod turn;
mod turns;

pub use attributes::{EdgeFlags, RoadClass};
pub use builder::{BuilderEdge, BuilderNode, NetworkBuilder, NewEdge, ShapePoint};
pub use csv::CsvError;
pub(crate) use file::MAGIC as NETWORK_MAGIC;
pub use file::NetworkFileError;
pub(crate) use graph::NO_EDGE;
pub use graph::{Network, NetworkError};
pub use turn::TurnModel;
pub(crate) use turns::TurnHierarchy;
