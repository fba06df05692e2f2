//! A real taxi morning as a stream of events.
//!
//! [`read_trips_file`] reads trips of GPS fixes from CSV, plain or gzipped; rows that cannot be used are counted by
//! reason and kept as examples, and the rest is used. [`TaxiEvents`] plays the trips as they happened, one event at a
//! time in the order of time.

mod events;
mod reader;
mod rejected;
mod trip;

pub use events::TaxiEvents;
pub use reader::{TaxiError, TripFile, read_trips, read_trips_file};
pub use rejected::{REJECTED_KEPT, RejectReason, RejectedRow};
pub use trip::{Quirk, TaxiTrip};
