//! Routing: the fastest way under a [`Metric`], turn by turn.
//!
//! A search runs over edges, not nodes: its state is "on this edge", so that a step from one edge to the next can cost
//! what the turn costs and a forbidden turn is no step at all. Callers know [`Query`] and [`Metric`] and not how the
//! answer is found; [`Dijkstra`] is the reference that its answers are held to.

mod customizer;
mod dijkstra;
mod fan;
#[cfg(test)]
mod fixture;
mod metric;
#[cfg(test)]
mod metric_tests;
mod nearest;
#[cfg(test)]
mod oracle;
mod position;
mod query;
#[cfg(test)]
mod query_tests;
mod route;
mod table;
mod targets;
#[cfg(test)]
mod targets_tests;

pub use customizer::MetricCustomizer;
pub use dijkstra::Dijkstra;
pub use metric::{Metric, MetricError};
pub use position::Position;
pub use query::Query;
pub use route::Route;
pub use targets::Targets;
