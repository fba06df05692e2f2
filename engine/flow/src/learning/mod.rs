//! What the log teaches: how fast each road usually is at each time of the week.
//!
//! A [`ProfileLearner`] reads the log from its beginning and goes on with its tail, beside whatever else follows it and
//! without touching it: it matches the fixes to the road by itself, adds up what was driven by edge and bin of the week
//! ([`ProfileSums`]), and makes a [`SpeedProfile`](crate::SpeedProfile) of it when it is asked for one. The same records
//! give the same profile, byte for byte.

mod chain;
mod config;
mod learner;
mod sums;

pub use config::{ProfileConfig, ProfileConfigError};
pub use learner::{LearnError, ProfileLearner, learn_profile};
pub use sums::ProfileSums;

#[cfg(test)]
#[path = "learning_tests.rs"]
mod tests;
