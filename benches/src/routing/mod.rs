//! Routing on one graph of junctions and roads, without turns, beside who else does it: the same weights, the same order
//! of contraction, the same questions, one thread unless an operation says otherwise.
//!
//! Before anything is timed, the answers of all are compared with Dijkstra's.

mod check;
mod comparisons;
mod group;
mod oracle;
mod ours;
mod peer_cch;
mod peer_fast_paths;
#[cfg(feature = "routingkit")]
mod peer_routingkit;
mod pools;
mod preparation;
mod road_graph;
mod router;
mod turns;
mod work;

pub use comparisons::OURS;
pub use group::rows;
pub use oracle::Oracle;
pub use road_graph::RoadGraph;
pub use router::{Changes, Customizer, Many, PathOf, Searcher, least};
pub use work::{Move, Work};
