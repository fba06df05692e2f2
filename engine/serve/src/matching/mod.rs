//! A trace put on the roads: what was said of each fix at once, what was committed a few fixes later, and the whole route,
//! in the ids of the input.

mod answer;
mod follow;
mod reason;
mod route_line;
mod settings;
mod way;

#[cfg(test)]
mod matching_tests;

pub use answer::{ArcPlace, FixLine, MatchLine, Now, RoadPlace, Verdict};
pub use follow::match_trace;
pub use route_line::{Part, RouteLine};
pub use settings::{LAG_MAX, MatchSettings};
