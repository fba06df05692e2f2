//! Live road speeds: what the fleet's own movement says about each edge, blended with what is known without it.
//!
//! Each shard sends its [`Traversal`]s, summed up by edge, at each tick. [`Traffic`] puts them into a sliding window of
//! panes and makes an edge's travel time of three layers, each the prior of the next: the map's free-flow time, or what a
//! [`SpeedProfile`](crate::SpeedProfile) says is usual there at this time of the week; the pace of the edge's road class
//! as the whole fleet sees it, relative to that; and the edge's own harmonic mean speed.

mod closure;
mod config;
mod evidence;
mod pace;
mod profiled;
mod speeds;

pub use config::{TrafficConfig, TrafficConfigError};
pub use evidence::{Evidence, Traversal, TraversalSums};
pub use speeds::{EdgeSpeed, Traffic};
