//! Benchmarks of etaflow, each beside a peer that does the same work in the same process.
//!
//! A [`Comparison`] is one operation, done by us and by one peer; a [`GROUPS`] entry makes those of one room. The
//! binary `peers` measures a group and prints a [`Row`] for each; the criterion benches measure the same functions one
//! by one.

pub mod bus;
mod comparison;
mod random;
mod report;

pub use comparison::{Comparison, Row, Unit, measure};
pub use random::Random;
pub use report::{json, table};

/// Makes the comparisons of a group.
pub type Group = fn() -> Vec<Comparison>;

/// The groups that can be measured, by name.
pub const GROUPS: &[(&str, Group)] = &[("bus", bus::comparisons)];
