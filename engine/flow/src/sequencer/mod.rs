//! The single writer of the log.
//!
//! The [`Sequencer`] turns [`Event`](crate::Event)s, as sources say them, into [`Record`](crate::Record)s in one order.
//! It refuses what cannot be used, drops what came before, replaces names by dense numbers and stamps the time of
//! arrival and the [`Offset`](crate::Offset). It reads no clock and does no I/O: the time is an argument.
//!
//! The names behind the numbers are in the [`Dictionary`], which others may read meanwhile.

mod config;
mod dictionary;
mod seen;
mod trips;
mod writer;

#[cfg(test)]
mod tests;

pub use config::{ConfigError, SequencerConfig};
pub use dictionary::Dictionary;
pub use writer::{Admission, Sequencer};
