use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::iter::FusedIterator;

use etaflow::{DriverStatus, Event, EventData, EventId, GpsFix, Key, Timestamp};

use super::trip::TaxiTrip;

/// What a trip says at its start: its driver is there, here, and takes it.
const STEPS_AT_START: usize = 5;

/// What a trip says at its end: it has arrived, and nobody sees the driver any more.
const STEPS_AT_END: usize = 2;

/// Trips as they happened, one event at a time, in the order of time.
///
/// A trip's events: `driver.status.changed` (available), `driver.location.updated`, `trip.requested` (from its first
/// to its last point), `trip.assigned` and `trip.picked_up` at its start; a `driver.location.updated` for each further
/// point at its time; and at the last point's time, after it, `trip.completed` and `driver.status.changed` (offline:
/// where a taxi is between two trips is not recorded). Of events at the same time, those of the trip that started
/// earlier come first.
///
/// A driver drives one trip at a time. Where the recording has a taxi on two at once, the second is driven by a driver
/// of its own, named `<taxi>#2` and so on.
///
/// All events are of the source `taxi`, numbered from 1. Memory is bounded by the trips and, beyond them, by the number
/// of trips under way at once.
#[derive(Debug)]
pub struct TaxiEvents<'a> {
    /// In the order of start.
    trips: Vec<&'a TaxiTrip>,
    drivers: Vec<Key>,
    drivers_split: u64,
    /// How many have started.
    started: usize,
    /// The next step of each trip under way: its time, the trip, the step.
    under_way: BinaryHeap<Reverse<(Timestamp, usize, usize)>>,
    emitted: u64,
    source: Key,
}

impl<'a> TaxiEvents<'a> {
    /// The events of `trips`, in whatever order they are given. A trip without points has none.
    pub fn new(trips: &'a [TaxiTrip]) -> Self {
        let mut trips: Vec<&TaxiTrip> = trips.iter().filter(|trip| !trip.points.is_empty()).collect();
        trips.sort_by_key(|trip| (trip.start, trip.trip_id));
        let (drivers, drivers_split) = assign_drivers(&trips);
        let source = Key::Text("taxi".into());
        Self { trips, drivers, drivers_split, started: 0, under_way: BinaryHeap::new(), emitted: 0, source }
    }

    /// How many trips overlap another of their taxi and so have a driver of their own.
    pub fn drivers_split(&self) -> u64 {
        self.drivers_split
    }

    /// How many events there are in all, those that have been taken included.
    pub fn total(&self) -> u64 {
        self.trips.iter().map(|trip| (steps(trip)) as u64).sum()
    }

    /// How many trips are under way at the moment.
    pub fn trips_under_way(&self) -> usize {
        self.under_way.len()
    }

    fn data(&self, index: usize, step: usize) -> EventData {
        let trip = self.trips[index];
        let (driver, trip_key) = (self.drivers[index].clone(), Key::Number(trip.trip_id));
        let last = trip.points.len() - 1;
        match step {
            0 => EventData::StatusChanged { driver, status: DriverStatus::Available },
            1 => EventData::LocationUpdated { driver, fix: GpsFix::at(trip.points[0]) },
            2 => EventData::TripRequested { trip: trip_key, pickup: trip.points[0], dropoff: trip.points[last] },
            3 => EventData::TripAssigned { trip: trip_key, driver },
            4 => EventData::TripPickedUp { trip: trip_key },
            _ => match step - STEPS_AT_START + 1 {
                point if point <= last => EventData::LocationUpdated { driver, fix: GpsFix::at(trip.points[point]) },
                point if point == last + 1 => EventData::TripCompleted { trip: trip_key },
                _ => EventData::StatusChanged { driver, status: DriverStatus::Offline },
            },
        }
    }
}

impl Iterator for TaxiEvents<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        while let Some(trip) = self.trips.get(self.started) {
            if self.under_way.peek().is_some_and(|Reverse((time, ..))| *time < trip.start) {
                break;
            }
            self.under_way.push(Reverse((trip.start, self.started, 0)));
            self.started += 1;
        }
        let Reverse((time, index, step)) = self.under_way.pop()?;
        let trip = self.trips[index];
        if step + 1 < steps(trip) {
            self.under_way.push(Reverse((time_of_step(trip, step + 1), index, step + 1)));
        }
        self.emitted += 1;
        let id = EventId::Sequence(self.emitted);
        Some(Event { source: self.source.clone(), id, time, due: None, data: self.data(index, step) })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.total() - self.emitted) as usize;
        (left, Some(left))
    }
}

impl FusedIterator for TaxiEvents<'_> {}

fn steps(trip: &TaxiTrip) -> usize {
    STEPS_AT_START + trip.points.len() - 1 + STEPS_AT_END
}

fn time_of_step(trip: &TaxiTrip, step: usize) -> Timestamp {
    let point = (step + 1).saturating_sub(STEPS_AT_START);
    trip.time_of(point.min(trip.points.len() - 1))
}

/// A driver for each of `trips`, which are in the order of start, and how many are not simply their taxi.
fn assign_drivers(trips: &[&TaxiTrip]) -> (Vec<Key>, u64) {
    // When each driver of a taxi is free again.
    let mut free_at: HashMap<u64, Vec<Timestamp>> = HashMap::new();
    let mut split = 0;
    let drivers = trips.iter().map(|trip| {
        let lanes = free_at.entry(trip.taxi_id).or_default();
        let lane = lanes.iter().position(|&free| free <= trip.start).unwrap_or(lanes.len());
        match lanes.get_mut(lane) {
            Some(free) => *free = trip.arrival(),
            None => lanes.push(trip.arrival()),
        }
        if lane == 0 {
            return Key::Number(trip.taxi_id);
        }
        split += 1;
        Key::Text(format!("{}#{}", trip.taxi_id, lane + 1).into())
    });
    let drivers = drivers.collect();
    (drivers, split)
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
