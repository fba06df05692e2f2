//! The answer to "how do I get there": the fastest way with its duration, length, streets, nodes and geometry, so that
//! it can be checked on any map; or why there is none.

mod answer;
mod find;
#[cfg(test)]
mod route_tests;

pub use answer::{PairAnswer, RouteAnswer, Street, Way};
pub use find::route;
