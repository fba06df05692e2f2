//! Routing: the fastest way under a [`Metric`], turn by turn.
//!
//! A search runs over edges, not nodes: its state is "on this edge", so that a step from one edge to the next can cost
//! what the turn costs and a forbidden turn is no step at all. Callers know [`Query`] and [`Metric`] and not how the
//! answer is found.

mod labels;
mod metric;
mod nearest;
#[cfg(test)]
mod oracle;
mod position;
mod query;
#[cfg(test)]
mod query_tests;
mod reach;
mod targets;

pub use metric::{Metric, MetricError};
pub use position::Position;
pub use query::{Query, Route};
pub use targets::Targets;
