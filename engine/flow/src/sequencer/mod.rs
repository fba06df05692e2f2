//! The single writer of the log.
//!
//! The [`Sequencer`] turns [`Event`](crate::Event)s, as sources say them, into [`Record`](crate::Record)s in one order.
//! It refuses what cannot be used, drops what came before, replaces names by dense numbers and stamps the time of
//! arrival and the [`Offset`](crate::Offset). It reads no clock and does no I/O: the time is an argument.
//!
//! The names behind the numbers are in the [`Dictionary`], which others may read meanwhile.
//!
//! # In which order an event is judged
//! 1. Came before (`source` and `id`): [`Admission::Duplicate`], however late the repetition is.
//! 2. A sequence number older than the source's window: `SequenceTooOld`.
//! 3. Its time against `now`: `Late`, `Future`.
//! 4. Its source: `Malformed` (a key that [`Key::new`](crate::Key::new) would not make), `TooManySources`.
//! 5. What it names: `UnknownTrip`, `TripExists`, `UnknownDriver`, `Malformed`, `TooManyTrips`, `TooManyDrivers`.
//!
//! A dead letter leaves nothing behind: its id is not remembered and its names are not taken in. Sent again it is
//! judged again, by what is known then, and is another dead letter or is accepted.

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
