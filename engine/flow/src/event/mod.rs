//! What happens in the world, as the outside says it and as the log keeps it.
//!
//! An [`Event`] comes from outside: its drivers and trips are named by [`Key`]s. The sequencer turns it into a
//! [`Record`]: 64 bytes, with the keys replaced by dense numbers, a place in the one order ([`Offset`]) and the time of
//! its arrival. What cannot be used becomes a [`DeadLetter`] with its [`Reason`].

mod dead_letter;
mod fix;
mod key;
mod model;
mod record;

pub use dead_letter::{DeadLetter, Reason};
pub use fix::GpsFix;
pub use key::{KEY_MAX_BYTES, Key, KeyError};
pub use model::{DriverStatus, Event, EventData, EventId, RoadRef};
pub use record::{DriverId, Offset, Payload, Record, SourceId, TripId};
