//! The single writer of the log.
//!
//! The [`Sequencer`] turns [`Event`](crate::Event)s, as sources say them, into [`Record`](crate::Record)s in one order.
//! It refuses what cannot be used, drops what came before, replaces names by dense numbers and stamps the time of
//! arrival and the [`Offset`](crate::Offset). It reads no clock and does no I/O: the time is an argument.
//!
//! The names behind the numbers are in the [`Dictionary`], which others may read meanwhile.
//!
//! What it knows is a function of its records and of the [`Note`](crate::Note)s that come with them: a sequencer that
//! [absorbs](Sequencer::absorb) them goes on as the one that made them would have. A
//! [checkpoint](Sequencer::checkpoint) saves reading them all.

mod absorb;
mod checkpoint;
mod config;
mod dictionary;
mod resolve;
mod seen;
mod trips;
mod writer;

#[cfg(test)]
mod absorb_tests;
#[cfg(test)]
mod checkpoint_tests;
#[cfg(test)]
mod tests;

pub use absorb::AbsorbError;
pub use checkpoint::CheckpointError;
pub use config::{ConfigError, SequencerConfig};
pub use dictionary::Dictionary;
pub use writer::{Admission, Sequencer};
