//! From names to numbers.

use etaflow_road::Timestamp;

use super::seen::SequenceWindow;
use super::writer::{Rejection, Sequencer};
use crate::event::{DriverId, EventData, Key, Note, Noted, Payload, Reason, SourceId, TripId};

impl Sequencer {
    /// Turns names into numbers. Takes in a new name as its very last step, so that a rejection leaves nothing.
    pub(super) fn resolve(
        &mut self,
        data: &EventData,
        now: Timestamp,
        notes: &mut Vec<Note>,
    ) -> Result<Payload, Rejection> {
        Ok(match *data {
            EventData::LocationUpdated { ref driver, fix } => {
                Payload::Location { driver: self.driver_or_new(driver, notes)?, fix }
            }
            EventData::StatusChanged { ref driver, status } => {
                Payload::Status { driver: self.driver_or_new(driver, notes)?, status }
            }
            EventData::TripRequested { ref trip, pickup, dropoff } => {
                Payload::Requested { trip: self.new_trip(trip, now, notes)?, pickup, dropoff }
            }
            EventData::TripAssigned { ref trip, ref driver } => {
                let trip = self.trip(trip)?;
                let known = self.drivers.get(driver).copied();
                let driver = known.ok_or_else(|| (Reason::UnknownDriver, format!("driver {driver} is unknown")))?;
                Payload::Assigned { trip, driver }
            }
            EventData::TripPickedUp { ref trip } => Payload::PickedUp { trip: self.trip(trip)? },
            EventData::TripCompleted { ref trip } => Payload::Completed { trip: self.end_trip(trip, now)? },
            EventData::TripCancelled { ref trip } => Payload::Cancelled { trip: self.end_trip(trip, now)? },
            EventData::RoadClosed(road) => Payload::Closed(road),
            EventData::RoadReopened(road) => Payload::Reopened(road),
            EventData::ProfileAdopted { profile } => {
                let found = match &self.profiles {
                    Some(profiles) => profiles.find(profile).map_err(|error| error.to_string()),
                    None => Err(format!("profile {profile} is not there: none are kept here")),
                };
                found.map_err(|detail| (Reason::UnknownProfile, detail))?;
                Payload::ProfileAdopted { profile }
            }
        })
    }

    fn trip(&self, key: &Key) -> Result<TripId, Rejection> {
        self.trips.get(key).ok_or_else(|| (Reason::UnknownTrip, format!("trip {key} is unknown")))
    }

    fn end_trip(&mut self, key: &Key, now: Timestamp) -> Result<TripId, Rejection> {
        let trip = self.trip(key)?;
        self.trips.end(trip, now);
        Ok(trip)
    }

    fn new_trip(&mut self, key: &Key, now: Timestamp, notes: &mut Vec<Note>) -> Result<TripId, Rejection> {
        if self.trips.get(key).is_some() {
            return Err((Reason::TripExists, format!("trip {key} exists")));
        }
        check_key("trip", key)?;
        let max = self.config.trips_max;
        let full = || (Reason::TooManyTrips, format!("trip {key} is one more than the {max} that can be known"));
        if self.trips.len() >= max {
            return Err(full());
        }
        let trip = self.trips.add(key, now).ok_or_else(full)?;
        self.dictionary.add_trip(key, trip);
        notes.push(Note { offset: self.next_offset, what: Noted::Trip { trip, key: key.clone() } });
        Ok(trip)
    }

    fn driver_or_new(&mut self, key: &Key, notes: &mut Vec<Note>) -> Result<DriverId, Rejection> {
        if let Some(&driver) = self.drivers.get(key) {
            return Ok(driver);
        }
        check_key("driver", key)?;
        let max = self.config.drivers_max;
        if self.drivers.len() >= max {
            return Err((Reason::TooManyDrivers, format!("driver {key} is one more than the {max} that can be known")));
        }
        let driver = DriverId(self.drivers.len() as u32);
        self.add_driver(key, driver);
        notes.push(Note { offset: self.next_offset, what: Noted::Driver { driver, key: key.clone() } });
        Ok(driver)
    }

    pub(super) fn check_new_source(&self, key: &Key) -> Result<(), Rejection> {
        check_key("source", key)?;
        let max = self.config.sources_max;
        if self.sources.len() >= max {
            return Err((Reason::TooManySources, format!("source {key} is one more than the {max} that can be known")));
        }
        Ok(())
    }

    pub(super) fn add_driver(&mut self, key: &Key, driver: DriverId) {
        self.drivers.insert(key.clone(), driver);
        self.dictionary.add_driver(key, driver);
    }

    pub(super) fn add_source(&mut self, key: &Key) -> SourceId {
        let source = SourceId(self.sources.len() as u32);
        self.sources.insert(key.clone(), source);
        self.windows.push(SequenceWindow::new(self.config.sequence_window));
        self.dictionary.add_source(key, source);
        source
    }
}

/// Whether a new key is one that [`Key::new`] makes: the variants are public, so that anything can be in one.
fn check_key(what: &str, key: &Key) -> Result<(), Rejection> {
    let Key::Text(text) = key else { return Ok(()) };
    match Key::new(text) {
        Ok(Key::Text(_)) => Ok(()),
        Ok(Key::Number(number)) => Err((Reason::Malformed, format!("{what} key {number} is a number held as text"))),
        Err(error) => Err((Reason::Malformed, format!("{what}: {error}"))),
    }
}
