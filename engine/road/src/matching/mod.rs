//! Which road a vehicle is on, fix by fix.
//!
//! A hidden Markov model in the line of Newson and Krumm 2009 ("Hidden Markov map matching through noise and
//! sparseness"), made incremental: the states of a fix are the points of the roads near it, a state's likelihood
//! falls with the distance of the fix and with how much it heads elsewhere, and a step's with how much longer than the
//! crow's the way along the roads is. A [`Trace`] holds what is still open of one driver's movement: the likeliest way to
//! each state of the last few fixes. Every fix is answered at once from the likeliest state; what a few later fixes have
//! confirmed is committed and never changes.
//!
//! A [`Fix`] goes through `matcher`, which decides what it is (of no use, a stand, a step, an outlier, a new beginning);
//! the index finds the roads near it, and `emission` says how well each fits; `transition` finds the ways to them from all
//! states of the fix before (a `step`; `hops` are the roads as it needs them, `labels` and their `front` how far it has come); `viterbi` makes a
//! column of states of both, for the trace; `commit` makes final what is old enough. [`Outcome`] is what is told of it.
//! Beside that, `coast` says where a silent vehicle must be, and `committed_fixes` where each fix turned out to be; `counts` and
//! `sampling` are for who runs whole traces.

mod coast;
mod commit;
mod committed_fixes;
mod config;
mod counts;
mod emission;
mod fix;
mod front;
mod hops;
mod labels;
mod matcher;
mod outcome;
mod sampling;
mod step;
mod trace;
mod transition;
mod viterbi;

pub use committed_fixes::{CommittedFix, CommittedFixes};
pub use config::{MatcherConfig, MatcherConfigError};
pub use counts::{BreakCounts, HoldCounts, RejectCounts};
pub use fix::Fix;
pub use matcher::Matcher;
pub use outcome::{BreakReason, Committed, HoldReason, Joint, Match, Outcome, RejectReason, Revision, Step};
pub use sampling::Sampling;
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
