//! Benchmarks of etaflow, each beside peers that do the same work in the same process.
//!
//! A [`Comparison`] is one operation, done by us and by peers; a [`GROUPS`] entry measures those of one room and gives a
//! [`Row`] for each operation and peer. The binary `peers` prints them; the criterion benches measure the same functions
//! one by one.

pub mod bus;
mod comparison;
mod disk;
pub mod log;
pub mod matching;
mod networks;
mod pace;
mod random;
mod report;
mod request;
pub mod routing;
pub mod snapshot;

pub use comparison::{Comparison, Row, Run, Unit, measure, timed};
pub use networks::networks;
pub use random::Random;
pub use report::{json, table};
pub use request::{GroupError, Request};

/// Measures a group.
pub type Group = fn(&Request) -> Result<Vec<Row>, GroupError>;

/// The groups that can be measured, by name.
pub const GROUPS: &[(&str, Group)] = &[
    ("bus", bus::rows),
    ("log", log::rows),
    ("matching", matching::rows),
    ("routing", routing::rows),
    ("snapshot", snapshot::rows),
];
