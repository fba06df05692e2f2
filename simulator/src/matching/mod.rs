//! How well real tracks are matched, whose true routes are known: the benchmark of Kubicka et al. (IV 2015).
//!
//! A track's fixes are thinned to a sampling and given to the matcher one by one. What it commits is the driven route,
//! which is compared with the true one arc by arc (an arc is a pair of the input's nodes, in one direction); what it
//! says at once, and what it commits for a fix, is compared with where the fix is on the true route. The data does not
//! tell the latter: `alignment` finds it, from the fixes and the true route alone.
//!
//! - Route mismatch: (missing + extra length) / true length. An arc that is driven twice counts twice. The true route
//!   is of whole arcs, while a trace begins and ends within one: an arc is driven if more than half of it is.
//! - Correct: the share of the true route's length that is in the driven route.
//! - At once: the share of the fixes whose road and direction are right when they come in; those that are held or
//!   rejected are wrong. A fix is right on any arc of the true route that is within 15 m, along the route, of where it
//!   is. Fixes farther than 50 m from all of the true route have no truth, and are counted apart.
//! - Committed: the same of the final places at the times of fixes, as far as there are any.

mod alignment;
mod arcs;
mod configuration;
mod driven;
mod error;
mod evaluation;
mod figures;
#[cfg(test)]
mod made_up;
mod mismatch;
mod picture;
mod run;
mod spot;
mod table;
mod tally;
mod track;
mod truth;

pub use configuration::{Lag, Plan};
pub use error::MatchingError;
pub use evaluation::{ConfigurationScore, MatchingEvaluation, TrackScore, evaluate_matching};
pub use figures::Figures;
pub use tally::Tally;
