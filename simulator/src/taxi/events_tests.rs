use std::collections::BTreeMap;
use std::path::PathBuf;

use etaflow::{Coord, Span};
use proptest::prelude::*;

use super::super::read_trips_file;
use super::*;

fn trip(trip_id: u64, taxi_id: u64, start_s: i64, points: usize) -> TaxiTrip {
    let point = |index: usize| Coord::from_degrees(41.0, -8.0 + index as f64 * 1e-3).unwrap();
    TaxiTrip { trip_id, taxi_id, start: Timestamp::from_secs(start_s), points: (0..points).map(point).collect() }
}

fn names(events: &[Event]) -> Vec<(i64, &'static str)> {
    events.iter().map(|event| (event.time.micros() / 1_000_000, event.data.type_name())).collect()
}

#[test]
fn a_trip_from_request_to_completion() {
    let trips = [trip(7, 20, 100, 3)];
    let events: Vec<_> = TaxiEvents::new(&trips).collect();
    let expected = [
        (100, "driver.status.changed"),
        (100, "driver.location.updated"),
        (100, "trip.requested"),
        (100, "trip.assigned"),
        (100, "trip.picked_up"),
        (115, "driver.location.updated"),
        (130, "driver.location.updated"),
        (130, "trip.completed"),
        (130, "driver.status.changed"),
    ];
    assert_eq!(names(&events), expected);
    let (pickup, dropoff) = (trips[0].points[0], trips[0].points[2]);
    assert_eq!(events[2].data, EventData::TripRequested { trip: Key::Number(7), pickup, dropoff });
    assert_eq!(events[3].data, EventData::TripAssigned { trip: Key::Number(7), driver: Key::Number(20) });
    assert_eq!(events[6].data, EventData::LocationUpdated { driver: Key::Number(20), fix: GpsFix::at(dropoff) });
}

#[test]
fn a_trip_of_one_point_still_has_all_its_steps() {
    let trips = [trip(7, 20, 100, 1)];
    let events: Vec<_> = TaxiEvents::new(&trips).collect();
    assert_eq!(events.len(), 7);
    assert_eq!(events[5].data.type_name(), "trip.completed");
    assert!(events.iter().all(|event| event.time == Timestamp::from_secs(100)));
}

#[test]
fn a_taxi_on_two_trips_is_two_drivers() {
    // The second starts before the first ends, the third just when it ends.
    let trips = [trip(1, 20, 100, 3), trip(2, 20, 120, 3), trip(3, 20, 130, 2), trip(4, 21, 100, 2)];
    let events = TaxiEvents::new(&trips);
    assert_eq!(events.drivers_split(), 1);
    let assigned: BTreeMap<_, _> = events
        .filter_map(|event| match event.data {
            EventData::TripAssigned { trip, driver } => Some((trip.to_string(), driver.to_string())),
            _ => None,
        })
        .collect();
    let expected = [("1", "20"), ("2", "20#2"), ("3", "20"), ("4", "21")];
    assert_eq!(assigned, expected.map(|(trip, driver)| (trip.to_owned(), driver.to_owned())).into());
}

#[test]
fn a_trip_ends_before_the_next_begins() {
    let trips = [trip(9, 20, 100, 2), trip(1, 20, 115, 2)];
    let events: Vec<_> = TaxiEvents::new(&trips).collect();
    let position = |expected: &EventData| events.iter().position(|event| event.data == *expected).unwrap();
    let completed = position(&EventData::TripCompleted { trip: Key::Number(9) });
    let assigned = position(&EventData::TripAssigned { trip: Key::Number(1), driver: Key::Number(20) });
    assert!(completed < assigned);
}

/// A driver is on at most one trip at a time, and every trip goes through its steps.
fn check_trips(trips: &[TaxiTrip]) {
    let all = TaxiEvents::new(trips);
    let total = all.total();
    let mut last = (Timestamp::MIN, 0);
    let mut busy: BTreeMap<Key, Key> = BTreeMap::new();
    let mut fixes: BTreeMap<Key, usize> = BTreeMap::new();
    let mut driven_by: BTreeMap<Key, Key> = BTreeMap::new();
    let mut completed: BTreeMap<Key, Timestamp> = BTreeMap::new();
    for event in all {
        let EventId::Sequence(sequence) = event.id else { panic!("not numbered") };
        assert!(event.time >= last.0 && sequence == last.1 + 1);
        last = (event.time, sequence);
        match event.data {
            EventData::TripAssigned { trip, driver } => {
                // Its first fix came just before it.
                fixes.insert(trip.clone(), 1);
                driven_by.insert(trip.clone(), driver.clone());
                assert_eq!(busy.insert(driver, trip), None, "a driver has two trips");
            }
            EventData::LocationUpdated { driver, .. } => {
                if let Some(trip) = busy.get(&driver) {
                    *fixes.get_mut(trip).unwrap() += 1;
                }
            }
            EventData::TripCompleted { trip } => {
                assert_eq!(busy.remove(&driven_by[&trip]), Some(trip.clone()));
                completed.insert(trip, event.time);
            }
            _ => {}
        }
    }
    assert_eq!(last.1, total);
    assert_eq!(completed.len(), trips.len());
    for trip in trips {
        let key = Key::Number(trip.trip_id);
        assert_eq!(fixes[&key], trip.points.len());
        assert_eq!(completed[&key].since(trip.start), Span::from_secs(15 * (trip.points.len() as i64 - 1)));
        assert_eq!(completed[&key], trip.arrival());
    }
}

proptest! {
    #[test]
    fn drivers_drive_one_trip_at_a_time(
        rows in prop::collection::vec((0_u64..4, 0_i64..200, 1_usize..8), 0..30), seed in any::<prop::sample::Index>(),
    ) {
        let mut trips: Vec<_> = rows
            .iter()
            .enumerate()
            .map(|(id, &(taxi, start, points))| trip(id as u64, taxi, start, points))
            .collect();
        check_trips(&trips);
        let before: Vec<_> = TaxiEvents::new(&trips).collect();
        if !trips.is_empty() {
            let by = seed.index(trips.len());
            trips.rotate_left(by);
        }
        prop_assert_eq!(before, TaxiEvents::new(&trips).collect::<Vec<_>>(), "the order of the rows matters");
    }
}

#[test]
fn a_real_morning() {
    let folder = std::env::var_os("ETAFLOW_DATA")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data")), PathBuf::from);
    let path = folder.join("porto/trips.csv.gz");
    if !path.exists() {
        println!("skipped: no data");
        return;
    }
    let found = read_trips_file(&path).unwrap();
    assert_eq!((found.trips.len(), found.rejected_total()), (721, 0));
    check_trips(&found.trips);
    assert_eq!(TaxiEvents::new(&found.trips).drivers_split(), 1);
    for quirk in super::super::Quirk::ALL {
        let having = found.trips.iter().filter(|trip| trip.quirks().contains(&quirk)).count();
        println!("{}: {having} of {} trips", quirk.name(), found.trips.len());
    }
    let peculiar = found.trips.iter().filter(|trip| !trip.truth().ordinary).count();
    println!("{peculiar} are peculiar");
    assert!(peculiar < found.trips.len() / 4, "{peculiar} of {} trips are peculiar", found.trips.len());
}
