use etaflow_road::{Coord, Timestamp};

use super::fix::GpsFix;
use super::key::Key;
use super::model::{DriverStatus, Event, EventData, EventId};
use super::record::ProfileId;

/// One who says what happens, and numbers it.
///
/// The number of an event is what makes it count once, however often it is sent; so a source that starts again goes on
/// with a number it has never used ([`next_number`](Self::next_number)), or takes a new name.
///
/// ```
/// # use etaflow::{Coord, EventId, EventSource, GpsFix, Key, Timestamp};
/// let mut gateway = EventSource::new(Key::new("gateway-1")?, 0);
/// let (driver, place) = (Key::new("anna")?, Coord::from_degrees(41.15, -8.61)?);
/// let event = gateway.location(Timestamp::from_secs(1_700_000_000), driver, GpsFix::at(place).with_speed_mps(8.3));
/// assert_eq!((event.id, gateway.next_number()), (EventId::Sequence(0), 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct EventSource {
    name: Key,
    next: u64,
}

impl EventSource {
    /// The source of that name, whose next event gets the number `next`.
    pub const fn new(name: Key, next: u64) -> Self {
        Self { name, next }
    }

    /// What its events name as their source.
    pub const fn name(&self) -> &Key {
        &self.name
    }

    /// The number of its next event.
    pub const fn next_number(&self) -> u64 {
        self.next
    }

    /// Something happened.
    ///
    /// # Panics
    /// If all 2^64 numbers are used up.
    pub fn event(&mut self, time: Timestamp, data: EventData) -> Event {
        let id = EventId::Sequence(self.next);
        self.next = self.next.checked_add(1).expect("a source has fewer than 2^64 events");
        Event { source: self.name.clone(), id, time, due: None, data }
    }

    /// A driver was somewhere.
    pub fn location(&mut self, time: Timestamp, driver: Key, fix: GpsFix) -> Event {
        self.event(time, EventData::LocationUpdated { driver, fix })
    }

    /// A driver can take trips from now on, or no longer.
    pub fn status(&mut self, time: Timestamp, driver: Key, status: DriverStatus) -> Event {
        self.event(time, EventData::StatusChanged { driver, status })
    }

    /// A rider wants to go somewhere.
    pub fn requested(&mut self, time: Timestamp, trip: Key, pickup: Coord, dropoff: Coord) -> Event {
        self.event(time, EventData::TripRequested { trip, pickup, dropoff })
    }

    /// A driver will drive a trip.
    pub fn assigned(&mut self, time: Timestamp, trip: Key, driver: Key) -> Event {
        self.event(time, EventData::TripAssigned { trip, driver })
    }

    /// The rider is on board.
    pub fn picked_up(&mut self, time: Timestamp, trip: Key) -> Event {
        self.event(time, EventData::TripPickedUp { trip })
    }

    /// The rider has arrived.
    pub fn completed(&mut self, time: Timestamp, trip: Key) -> Event {
        self.event(time, EventData::TripCompleted { trip })
    }

    /// A trip does not take place, or not to its end.
    pub fn cancelled(&mut self, time: Timestamp, trip: Key) -> Event {
        self.event(time, EventData::TripCancelled { trip })
    }
    /// A speed profile is the traffic's prior from now on. [`Profiles::adopt`](crate::Profiles::adopt) sees to it first
    /// that the profile is kept.
    pub fn profile_adopted(&mut self, time: Timestamp, profile: ProfileId) -> Event {
        self.event(time, EventData::ProfileAdopted { profile })
    }
}
