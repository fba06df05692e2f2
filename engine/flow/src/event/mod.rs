//! What happens in the world, as the outside says it and as the log keeps it.
//!
//! An [`Event`] comes from outside: its drivers and trips are named by [`Key`]s. The sequencer turns it into a
//! [`Record`]: 64 bytes, with the keys replaced by dense numbers, a place in the one order ([`Offset`]) and the time of
//! its arrival. What cannot be used becomes a [`DeadLetter`] with its [`Reason`].
//!
//! Events are read from CloudEvents JSON and from a compact binary form; records have one form, the log's.

mod dead_letter;
mod error;
mod fix;
mod frame;
mod json;
mod json_value;
mod key;
mod model;
mod note;
mod note_frame;
mod record;
mod record_frame;
mod source;

#[cfg(test)]
mod codec_tests;
#[cfg(test)]
mod note_frame_tests;

pub use dead_letter::{DeadLetter, Reason};
pub use error::{EventError, FrameError};
pub use fix::GpsFix;
pub use key::{KEY_MAX_BYTES, Key, KeyError};
pub use model::{DriverStatus, Event, EventData, EventId, RoadRef};
pub use note::{Entries, Note, Noted};
pub use note_frame::{NOTE_MAX_BYTES, NoteError, decode_notes, encode_notes};
pub use record::{DriverId, Offset, Payload, ProfileId, Record, SourceId, TripId};
pub use source::EventSource;
