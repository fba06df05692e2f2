//! Which road a vehicle is on, fix by fix.
//!
//! A hidden Markov model in the line of Newson and Krumm 2009 ("Hidden Markov map matching through noise and
//! sparseness"), made incremental: the states of a fix are the points of the roads near it, a state's likelihood
//! falls with the distance of the fix, and a step's with the difference between the way along the roads and the way
//! of the crow. A [`Trace`] holds what is still open of one driver's movement: the likeliest way to each state of the
//! last few fixes. Every fix is answered at once from the likeliest state; what a few later fixes have confirmed is
//! committed and never changes.

mod coast;
mod commit;
mod committed_fixes;
mod config;
mod emission;
mod fix;
mod hops;
mod labels;
mod matcher;
mod outcome;
mod trace;
mod transition;
mod viterbi;

pub use committed_fixes::{CommittedFix, CommittedFixes};
pub use config::{MatcherConfig, MatcherConfigError};
pub use fix::Fix;
pub use matcher::Matcher;
pub use outcome::{BreakReason, Committed, HoldReason, Joint, Match, Outcome, RejectReason, Revision, Step};
pub use trace::{Trace, TraceError};

#[cfg(test)]
mod bad_input_tests;
#[cfg(test)]
mod coast_tests;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod matching_tests;
#[cfg(test)]
mod odd_network;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod oracle_tests;
#[cfg(test)]
mod promise_tests;
