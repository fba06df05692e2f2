//! How fast each road usually is at each time of the week: what is known of it before anybody is seen there today.
//!
//! A [`SpeedProfile`] says the pace of every edge in every bin of the week: its own where enough was driven, its road
//! class's where not. It is learned from the log by a [`ProfileLearner`](crate::ProfileLearner), kept by [`Profiles`] as a
//! file that never changes, and becomes the prior of [`Traffic`](crate::Traffic) at a place in the log, by the event
//! `traffic.profile.adopted`.
//!
//! # Unknown, and missing
//! The log is all there is to know only if what it names can be found. So a profile is kept first, durably, and its
//! adoption is published then ([`Profiles::adopt`] does not give the event away before); and the sequencer looks once
//! more: an event that names a profile which is not kept, is damaged or is of another network never comes into the log,
//! but is a dead letter (`unknown_profile`), which any publisher can bring about and which harms nobody. What is in the
//! log was there. If its file is gone when the log is followed, the executor stops and names the file: going on without it
//! would be a state that differs from the first time in silence.

mod error;
mod file;
mod kept;
mod usual;
mod week;

pub use error::{ProfileError, ProfileFormatError};
pub use kept::Profiles;
pub(crate) use usual::{PAR, ProfileDraft, scaled};
pub use usual::{ProfileSummary, SpeedProfile};
pub use week::{WeekBin, WeekBins, WeekBinsError};

#[cfg(test)]
#[path = "profile_tests.rs"]
mod tests;
