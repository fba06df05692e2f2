//! Taking in what was sequenced before, here or elsewhere.

use etaflow_road::Timestamp;

use super::seen::Seen;
use super::writer::Sequencer;
use crate::event::{DriverId, Entries, Key, Note, Noted, Offset, Payload, Record, TripId};

/// Why records and notes are not what a sequencer would have made next. Each names the offset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AbsorbError {
    /// Something is missing in between, or comes a second time.
    #[error("offset {found} where {expected} comes next")]
    Gap {
        /// The record's.
        found: u64,
        /// The one that comes next.
        expected: u64,
    },
    /// A number is not the one that comes next.
    #[error("offset {offset}: {what} number {found} where {expected} comes next")]
    Number {
        /// Where.
        offset: u64,
        /// What has the number: a tick, a source, a driver, a trip.
        what: &'static str,
        /// The number.
        found: u64,
        /// The one that comes next.
        expected: u64,
    },
    /// A record names what has no name.
    #[error("offset {offset}: {what} number {number} has no name")]
    Unknown {
        /// Where.
        offset: u64,
        /// What: a source, a driver, a trip.
        what: &'static str,
        /// Its number.
        number: u32,
    },
    /// A name has another number already, or a number another name.
    #[error("offset {offset}: {what} number {number} would be {key}, which is taken")]
    Taken {
        /// Where.
        offset: u64,
        /// What: a source, a driver, a trip.
        what: &'static str,
        /// Its number.
        number: u32,
        /// Its name.
        key: Key,
    },
    /// A record came in before the one before it.
    #[error("offset {offset}: came in at {found}, before the one before it at {clock}")]
    Time {
        /// Where.
        offset: u64,
        /// When it came in.
        found: Timestamp,
        /// When the one before it did.
        clock: Timestamp,
    },
    /// A note does not go with the record of its offset, or there is no such record.
    #[error("offset {offset}: a note of {what}, of which the record there says nothing")]
    Stray {
        /// Where.
        offset: u64,
        /// What it notes.
        what: &'static str,
    },
}

/// What the notes of one event say.
#[derive(Default)]
struct Learned<'a> {
    source: Option<&'a Key>,
    driver: Option<&'a Key>,
    trip: Option<&'a Key>,
    fingerprint: Option<u128>,
}

impl Sequencer {
    /// Takes in records and their notes, which this sequencer or another one has made, in the order of the log and from
    /// its [next offset](Self::next_offset) on. It then knows what that one knew, and goes on as it would have.
    ///
    /// # Errors
    /// If no sequencer would have made them, as far as can be told. Everything before the offset that the error names is
    /// taken in, and nothing of that or after it.
    pub fn absorb(&mut self, entries: &Entries) -> Result<(), AbsorbError> {
        let mut notes = entries.notes.as_slice();
        for record in &entries.records {
            let count = notes.iter().take_while(|note| note.offset <= record.offset).count();
            let (own, others) = notes.split_at(count);
            self.absorb_record(record, own)?;
            notes = others;
        }
        notes.first().map_or(Ok(()), |note| Err(stray(note)))
    }

    fn absorb_record(&mut self, record: &Record, notes: &[Note]) -> Result<(), AbsorbError> {
        let offset = record.offset.0;
        if record.offset != self.next_offset {
            return Err(AbsorbError::Gap { found: offset, expected: self.next_offset.0 });
        }
        if record.ingest_time < self.clock {
            return Err(AbsorbError::Time { offset, found: record.ingest_time, clock: self.clock });
        }
        if let Some(note) = notes.iter().find(|note| note.offset != record.offset) {
            return Err(stray(note));
        }
        if let Payload::Tick { watermark } = record.payload {
            self.absorb_tick(record, watermark, notes)?;
        } else {
            self.absorb_event(record, notes)?;
        }
        self.clock = record.ingest_time;
        self.next_offset = Offset(offset + 1);
        Ok(())
    }

    fn absorb_tick(&mut self, record: &Record, watermark: Timestamp, notes: &[Note]) -> Result<(), AbsorbError> {
        let offset = record.offset.0;
        if record.id != self.next_tick {
            return Err(AbsorbError::Number { offset, what: "tick", found: record.id, expected: self.next_tick });
        }
        for note in notes {
            match note.what {
                Noted::TripForgotten { trip } => self.check_trip(trip, offset)?,
                _ => return Err(stray(note)),
            }
        }
        let forgotten = notes.iter().filter_map(|note| match note.what {
            Noted::TripForgotten { trip } => self.trips.forget(trip).map(|key| (trip, key)),
            _ => None,
        });
        let forgotten: Vec<_> = forgotten.collect();
        if !forgotten.is_empty() {
            self.dictionary.retire_trips(&forgotten, record.offset);
        }
        self.watermark = self.watermark.max(watermark);
        self.next_tick += 1;
        Ok(())
    }

    fn absorb_event(&mut self, record: &Record, notes: &[Note]) -> Result<(), AbsorbError> {
        let learned = self.learn(record, notes)?;
        if learned.source.is_none() && record.source.index() >= self.sources.len() {
            return Err(unknown(record.offset.0, "source", record.source.0));
        }
        self.check_payload(record, &learned)?;
        // Nothing below fails.
        if let Some(key) = learned.source {
            self.add_source(key);
        }
        if let (Some(key), Some(driver)) = (learned.driver, new_driver(&record.payload)) {
            self.add_driver(key, driver);
        }
        match record.payload {
            Payload::Requested { trip, .. } => {
                if let Some(key) = learned.trip {
                    self.trips.add(key, record.ingest_time);
                    self.dictionary.add_trip(key, trip);
                }
            }
            Payload::Completed { trip } | Payload::Cancelled { trip } => self.trips.end(trip, record.ingest_time),
            _ => {}
        }
        // Under another bound than it was admitted with, an id may be known, or too old to be remembered.
        match learned.fingerprint {
            Some(fingerprint) if self.opaque.check(fingerprint) == Seen::New => self.opaque.insert(fingerprint),
            Some(_) => {}
            None => {
                let window = &mut self.windows[record.source.index()];
                if window.check(record.id) == Seen::New {
                    window.insert(record.id);
                }
            }
        }
        self.newest = self.newest.max(record.time.min(record.ingest_time));
        Ok(())
    }

    /// Reads the notes of an event, and checks that their numbers come next and their names are free.
    fn learn<'a>(&self, record: &Record, notes: &'a [Note]) -> Result<Learned<'a>, AbsorbError> {
        let mut learned = Learned::default();
        let offset = record.offset.0;
        for note in notes {
            // What has its place further on, and comes once.
            let early = learned.fingerprint.is_none();
            let first_name = early && learned.driver.is_none() && learned.trip.is_none();
            match &note.what {
                Noted::Source { source, key } if first_name && learned.source.is_none() && *source == record.source => {
                    check_new(
                        offset,
                        "source",
                        source.0,
                        self.sources.len() as u64,
                        key,
                        self.sources.contains_key(key),
                    )?;
                    learned.source = Some(key);
                }
                Noted::Driver { driver, key } if first_name && new_driver(&record.payload) == Some(*driver) => {
                    check_new(
                        offset,
                        "driver",
                        driver.0,
                        self.drivers.len() as u64,
                        key,
                        self.drivers.contains_key(key),
                    )?;
                    learned.driver = Some(key);
                }
                Noted::Trip { trip, key } if first_name && matches!(record.payload, Payload::Requested { .. }) => {
                    let taken = self.trips.get(key).is_some();
                    check_new(offset, "trip", trip.0, self.trips.next().into(), key, taken)?;
                    learned.trip = Some(key);
                }
                Noted::OpaqueId { fingerprint } if early => learned.fingerprint = Some(*fingerprint),
                _ => return Err(stray(note)),
            }
        }
        Ok(learned)
    }

    /// Whether all that a record names is known.
    fn check_payload(&self, record: &Record, learned: &Learned<'_>) -> Result<(), AbsorbError> {
        let offset = record.offset.0;
        match record.payload {
            Payload::Location { driver, .. } | Payload::Status { driver, .. } => {
                if learned.driver.is_some() {
                    Ok(())
                } else {
                    self.check_driver(driver, offset)
                }
            }
            Payload::Requested { trip, .. } => match learned.trip {
                Some(_) if trip.0 == self.trips.next() => Ok(()),
                _ => Err(unknown(offset, "trip", trip.0)),
            },
            Payload::Assigned { trip, driver } => {
                self.check_trip(trip, offset).and_then(|()| self.check_driver(driver, offset))
            }
            Payload::PickedUp { trip } | Payload::Completed { trip } | Payload::Cancelled { trip } => {
                self.check_trip(trip, offset)
            }
            Payload::Tick { .. } | Payload::Closed(_) | Payload::Reopened(_) | Payload::ProfileAdopted { .. } => Ok(()),
        }
    }

    fn check_driver(&self, driver: DriverId, offset: u64) -> Result<(), AbsorbError> {
        if driver.index() < self.drivers.len() { Ok(()) } else { Err(unknown(offset, "driver", driver.0)) }
    }

    fn check_trip(&self, trip: TripId, offset: u64) -> Result<(), AbsorbError> {
        if self.trips.knows(trip) { Ok(()) } else { Err(unknown(offset, "trip", trip.0)) }
    }
}

/// The driver that a record names and may be the first to name.
fn new_driver(payload: &Payload) -> Option<DriverId> {
    match *payload {
        Payload::Location { driver, .. } | Payload::Status { driver, .. } => Some(driver),
        _ => None,
    }
}

/// That a number comes next, and that its name is free.
pub(super) fn check_new(
    offset: u64,
    what: &'static str,
    number: u32,
    expected: u64,
    key: &Key,
    taken: bool,
) -> Result<(), AbsorbError> {
    if u64::from(number) != expected {
        return Err(AbsorbError::Number { offset, what, found: number.into(), expected });
    }
    if taken { Err(AbsorbError::Taken { offset, what, number, key: key.clone() }) } else { Ok(()) }
}

pub(super) fn unknown(offset: u64, what: &'static str, number: u32) -> AbsorbError {
    AbsorbError::Unknown { offset, what, number }
}

fn stray(note: &Note) -> AbsorbError {
    let what = match note.what {
        Noted::Source { .. } => "a source",
        Noted::Driver { .. } => "a driver",
        Noted::Trip { .. } => "a trip",
        Noted::TripForgotten { .. } => "a trip that is forgotten",
        Noted::OpaqueId { .. } => "an opaque id",
    };
    AbsorbError::Stray { offset: note.offset.0, what }
}
