//! What was known and told at some time, asked later.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use etaflow::{
    Answer, Applied, Cause, Company, Coord, Delivery, DiskStorage, DriverId, DriverPlace, Engine, EngineConfig,
    EtaUpdate, EventData, Key, Observer, Offset, Output, Past, PastError, Policy, Position, Publisher, Restored,
    Retention, Route, Shard, SnapshotStore, Span, Storage, Timestamp, TripEta, TripId, View,
};
use etaflow_simulator::Offered;

use crate::load::{Load, START, all_faults, city, publish, scenario};

const DRIVERS: u32 = 80;

/// Small segments, and a snapshot when one is asked for.
fn config(shards: u32) -> EngineConfig {
    let mut config = scenario(shards);
    config.segments.segment_bytes = 64 << 10;
    config.snapshots.every = None;
    config.snapshots.keep = 1_000;
    config
}

/// All trips that anybody asks for.
fn trips(load: &Load) -> Vec<Key> {
    let events = load.steps.iter().flat_map(|(_, due)| due).filter_map(|delivery| match &delivery.what {
        Offered::Event(event) => Some(&event.data),
        Offered::RawJson(_) => None,
    });
    let asked = events.filter_map(|data| match data {
        EventData::TripRequested { trip, .. } => Some(trip.clone()),
        _ => None,
    });
    let mut trips: Vec<Key> = asked.collect();
    trips.sort();
    trips.dedup();
    trips
}

/// Where the drivers are, as the shards say after each lot.
#[derive(Default)]
struct Watch {
    places: Mutex<Places>,
}

/// By driver: his place, when he was seen last, and how sure it is which way he heads.
type Places = BTreeMap<DriverId, Option<(Position, Timestamp, f32)>>;

impl Watch {
    fn note(&self, number: u32, shard: &Shard) {
        let mut places = self.places.lock().expect("no test panics with it");
        for driver in (0..2 * DRIVERS).filter(|driver| driver % 2 == number).map(DriverId) {
            places.insert(driver, shard.place(driver));
        }
    }
}

impl Observer for Watch {
    fn on_applied(&self, applied: &Applied<'_>) {
        self.note(applied.shard, applied.state);
    }

    fn on_restored(&self, restored: &Restored<'_>) {
        self.note(restored.shard, restored.state);
    }
}

/// What an answer says, without how the engine stood.
type Said<T> = (T, Timestamp, u64, Offset);

fn said<T>(answer: Answer<T>) -> Said<T> {
    (answer.value, answer.as_of, answer.epoch, answer.offset)
}

/// What is known at a moment.
struct Known {
    time: Timestamp,
    trips: Vec<Option<Said<TripEta>>>,
    route: Said<Option<Route>>,
    speed_ratio: Said<f64>,
    places: Places,
}

fn ways(view: &View) -> (Coord, Coord) {
    let network = view.network();
    let coord = |nth: usize| network.coord(network.nodes().nth(nth).expect("there are as many"));
    (coord(300), coord(1_100))
}

fn known(time: Timestamp, view: &View, trips: &[Key]) -> Known {
    let (from, to) = ways(view);
    Known {
        time,
        trips: trips.iter().map(|trip| view.trip(trip).map(said)).collect(),
        route: said(view.route(from, to).expect("there are roads")),
        speed_ratio: said(view.speed_ratio()),
        places: BTreeMap::new(),
    }
}

/// Offers a step, and waits until the engine has taken it.
fn take(engine: &Engine, publisher: &mut Publisher, due: &[etaflow_simulator::Delivery]) {
    publish(publisher, due);
    let logged = publisher.acknowledge_blocking().expect("the disk works");
    while engine.applied() < logged {
        std::thread::yield_now();
    }
}

/// Asks for a snapshot at some steps, and waits at others until it is there.
fn keep(engine: &Engine, step: usize) {
    if step % 100 == 50 {
        engine.request_snapshot();
    }
    if step % 100 == 60 {
        while engine.snapshots().written <= step as u64 / 100 {
            std::thread::yield_now();
        }
    }
}

fn check(past: &Past, then: &Known, trips: &[Key], names: &BTreeMap<DriverId, Key>) {
    let now = known(then.time, past.view(), trips);
    assert_eq!(now.trips, then.trips, "at {}", then.time);
    assert_eq!((now.route, now.speed_ratio), (then.route.clone(), then.speed_ratio), "at {}", then.time);
    assert_eq!(past.as_of(), (then.speed_ratio.1, then.speed_ratio.2));
    assert_eq!(past.offset(), then.speed_ratio.3);
    for (driver, key) in names {
        let place = past.driver(key).map(|answer| answer.value);
        let place = place.map(|DriverPlace { position, seen_at, direction_confidence, coord, .. }| {
            assert_eq!(coord, city().coord_at(position.edge, position.offset_mm));
            (position, seen_at, direction_confidence)
        });
        assert_eq!(place, then.places.get(driver).copied().flatten(), "driver {key} at {}", then.time);
    }
}

#[test]
fn the_past_is_what_was_known_and_told_then() {
    let load = Load::new(DRIVERS, all_faults(), 31, START, 240);
    let trips = trips(&load);
    assert!(trips.len() > 20, "{}", trips.len());
    let folder = tempfile::tempdir().expect("there is room");
    let storage: Arc<dyn Storage> = Arc::new(DiskStorage::create(folder.path()).expect("it can be made"));
    let watch = Arc::new(Watch::default());
    let company = Company { observer: Some(Arc::clone(&watch) as _), ..Company::default() };
    let engine = Engine::open_with(city(), Arc::clone(&storage), &config(2), company).expect("the folder is empty");
    let mut outputs = engine.outputs("told", 100_000);
    let mut publisher = engine.publisher(Policy::Await);
    let (mut moments, mut before) = (Vec::new(), START);
    for (step, (until, due)) in load.steps.iter().enumerate() {
        // Now and then, and at each of some ticks in a row.
        if step.is_multiple_of(97) || (600..620).contains(&step) {
            take(&engine, &mut publisher, due);
            let places = watch.places.lock().expect("no test panics with it").clone();
            moments.push(Known { places, ..known(before, engine.view(), &trips) });
        } else {
            publish(&mut publisher, due);
        }
        publisher.advance_to_blocking(*until).expect("the engine takes it in");
        keep(&engine, step);
        before = *until;
    }
    assert!(moments.iter().any(|then| then.trips.iter().flatten().any(|trip| trip.0.cause == Cause::Completed)));
    let end = publisher.acknowledge_blocking().expect("the disk works");
    // Beside the engine that runs, and in another process after it.
    let then = moments.last().expect("there are some");
    let names = (0..engine.dictionary().drivers() as u32).map(DriverId);
    let names = names.filter_map(|driver| Some((driver, engine.dictionary().driver_key(driver)?))).collect();
    check(&engine.as_of(then.time).expect("it is kept"), then, &trips, &names);
    drop(publisher);
    engine.shutdown_blocking().expect("it ends well");
    let mut told: BTreeMap<TripId, Vec<EtaUpdate>> = BTreeMap::new();
    while let Some(delivery) = futures::executor::block_on(outputs.recv()) {
        let Delivery::Item { item: batch, .. } = delivery else { panic!("the group has room for all") };
        for output in batch.iter() {
            if let Output::Eta(update) = output {
                told.entry(update.trip).or_default().push(*update);
            }
        }
    }
    let mut from_snapshots = 0;
    for (nth, then) in moments.iter().enumerate() {
        let shards = 1 + nth as u32 % 3;
        let past = Past::open(&city(), Arc::clone(&storage), &config(shards).pipeline, then.time).expect("it is kept");
        check(&past, then, &trips, &names);
        from_snapshots += usize::from(past.snapshot().is_some());
        for trip in trips.iter().skip(nth % 7).step_by(7) {
            check_history(&past, trip, &told);
        }
    }
    assert!(from_snapshots > 20 && from_snapshots < moments.len(), "{from_snapshots} of {}", moments.len());
    let past = Past::open(&city(), storage, &config(1).pipeline, before).expect("it is kept");
    assert!(past.offset() <= end);
    trips.iter().step_by(3).for_each(|trip| check_history(&past, trip, &told));
}

/// What is said to have been told is what the engine's own subscribers were told.
fn check_history(past: &Past, trip: &Key, told: &BTreeMap<TripId, Vec<EtaUpdate>>) {
    let history = match past.history(trip) {
        Ok(history) => history,
        Err(PastError::UnknownTrip { .. }) => {
            assert_eq!(past.trip(trip), None);
            return;
        }
        Err(error) => panic!("trip {trip} at {}: {error}", past.time()),
    };
    let first = history.first().expect("it was told when it was asked for").offset;
    let all = told.values().find(|all| all[0].offset == first && all[0].cause == Cause::Requested);
    let all = all.expect("a subscriber was told the same first");
    let by_then = all.iter().filter(|update| update.offset < past.offset());
    let by_then: Vec<_> =
        by_then.map(|it| (it.offset, it.as_of, it.cause, it.pickup_at, it.arrival, it.epoch)).collect();
    let promised = history.iter().map(|it| (it.offset, it.as_of, it.cause, it.pickup_at, it.arrival, it.epoch));
    assert_eq!(promised.collect::<Vec<_>>(), by_then, "trip {trip} at {}", past.time());
    assert!(history.iter().all(|promise| promise.at <= past.time()));
    assert!(history.is_sorted_by_key(|promise| promise.at));
}

#[test]
fn what_cannot_be_told_is_said_with_what_can() {
    let load = Load::new(DRIVERS, all_faults(), 32, START, 120);
    let trips = trips(&load);
    let folder = tempfile::tempdir().expect("there is room");
    let storage: Arc<dyn Storage> = Arc::new(DiskStorage::create(folder.path()).expect("it can be made"));
    let mut config = config(2);
    config.snapshots.keep = 4;
    config.segments.retention = Retention { bytes_max: Some(128 << 10), ..Retention::default() };
    let open = |time: Timestamp| Past::open(&city(), Arc::clone(&storage), &config.pipeline, time);
    let engine = Engine::open(city(), Arc::clone(&storage), &config).expect("the folder is empty");
    engine.recovered_blocking().expect("the folder is empty");
    assert_eq!(open(START).err(), Some(PastError::Nothing));
    let mut publisher = engine.publisher(Policy::Await);
    for (step, (until, due)) in load.steps.iter().enumerate() {
        take(&engine, &mut publisher, due);
        publisher.advance_to_blocking(*until).expect("the engine takes it in");
        keep(&engine, step);
    }
    drop(publisher);
    engine.shutdown_blocking().expect("it ends well");
    let end = load.steps.last().expect("there are some").0;
    let after = open(end + Span::from_secs(7)).err();
    assert_eq!(after, Some(PastError::After { asked: end + Span::from_secs(7), latest: end }));
    let Some(PastError::Before { asked: START, earliest }) = open(START).err() else { panic!("the beginning is kept") };
    assert!(earliest > START + Span::from_secs(5), "{earliest}");
    assert!(matches!(open(earliest - Span::from_micros(1)).err(), Some(PastError::Before { .. })));
    let past = open(earliest).expect("that is what can be asked");
    assert_eq!(past.as_of().0, earliest);
    let past = open(end).expect("that is what can be asked");
    let nobody = Key::new("nobody asked").expect("a key");
    assert!(matches!(past.history(&nobody), Err(PastError::UnknownTrip { trip, .. }) if trip == nobody));
    let first = trips.iter().filter(|trip| past.trip(trip).is_some()).map(|trip| past.history(trip));
    let told = first.filter(|history| match history {
        Ok(history) => {
            assert_eq!(history.first().map(|promise| promise.cause), Some(Cause::Requested));
            true
        }
        Err(PastError::TripBefore { earliest: then, .. }) => {
            assert!(*then >= earliest);
            false
        }
        Err(error) => panic!("{error}"),
    });
    assert!(told.count() > 0, "some trips are as young as that");

    // Without the snapshots nothing is left to begin with.
    let store = SnapshotStore::new(Arc::clone(&storage), 3);
    for info in store.list().expect("they are there") {
        std::fs::remove_file(info.path).expect("it is there");
    }
    assert_eq!(open(end).err(), Some(PastError::NoOrigin));
}
