use super::key::Key;
use super::record::{DriverId, Offset, Record, SourceId, TripId};

/// What the sequencer has learned with a record and the record does not say: the names behind its numbers, and the ids
/// that are no numbers.
///
/// Records and notes together are all that the sequencer knows: whoever takes them in order, from the first on, knows as
/// much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The record that it came with.
    pub offset: Offset,
    /// What is new.
    pub what: Noted,
}

/// What is new, in a [`Note`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noted {
    /// A source has a number.
    Source {
        /// The next one.
        source: SourceId,
        /// Its name.
        key: Key,
    },
    /// A driver has a number.
    Driver {
        /// The next one.
        driver: DriverId,
        /// Its name.
        key: Key,
    },
    /// A trip has a number.
    Trip {
        /// The next one.
        trip: TripId,
        /// Its name.
        key: Key,
    },
    /// The name of a trip is free again. Comes with a tick.
    TripForgotten {
        /// Which.
        trip: TripId,
    },
    /// The record's event has an opaque id: its hash, with that of its source.
    OpaqueId {
        /// 128 bits.
        fingerprint: u128,
    },
}

/// Some records in a row, and the notes that come with them, in the order of their offsets: what is appended to a log.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Entries {
    /// Records.
    pub records: Vec<Record>,
    /// Notes.
    pub notes: Vec<Note>,
}

impl Entries {
    /// Empties both.
    pub fn clear(&mut self) {
        self.records.clear();
        self.notes.clear();
    }
}
