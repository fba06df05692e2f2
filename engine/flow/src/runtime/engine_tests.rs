use std::sync::Arc;

use etaflow_road::{Coord, EdgeIndex, Metric, Query, SyntheticCity, Timestamp};

use super::{Company, Engine, EngineConfig, EngineError, Time, Writer};
use crate::bus::Policy;
use crate::effect::{Effect, Guarantee, Sink, SinkError};
use crate::event::{EventSource, GpsFix, Key, Offset, Reason, TripId};
use crate::storage::SimulatedStorage;
use crate::view::QueryError;

const START: Timestamp = Timestamp::from_secs(1_000);

fn start() -> (Engine, EngineConfig) {
    let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
    let config = EngineConfig { time: Time::Scenario { start: START }, ..EngineConfig::default() };
    (Engine::start(network, &config).expect("the defaults are within bounds"), config)
}

fn off_the_map() -> Coord {
    Coord::from_degrees(-60.0, 170.0).expect("in range")
}

#[test]
fn a_route_is_that_of_a_search_between_the_snapped_places() {
    let (engine, config) = start();
    let network = engine.view().network();
    let index = EdgeIndex::new(network);
    let metric = Metric::free_flow(network);
    let mut query = Query::new(Arc::clone(network));
    let places: Vec<_> = network.nodes().step_by(97).map(|node| network.coord(node)).collect();
    let mut found = 0;
    for pair in places.windows(2) {
        let snapped = index.snap_pair(network, pair[0], pair[1], config.pipeline.eta.snap_radius);
        let (from, to) = snapped.expect("nodes are on roads");
        let expected = query.route(&metric, from.positions(), to.positions());
        found += usize::from(expected.is_some());
        assert_eq!(engine.view().route(pair[0], pair[1]).expect("nodes are on roads").value, expected);
    }
    assert!(found > places.len() / 2, "{found} of {}", places.len());
    for (from, to) in [(places[0], off_the_map()), (off_the_map(), places[0])] {
        let error = engine.view().route(from, to).expect_err("no road is there");
        let QueryError::NoRoad { lat, lon, .. } = error else { panic!("{error}") };
        assert_eq!((lat, lon), (-60.0, 170.0));
    }
    engine.shutdown_blocking().expect("nothing was published");
}

#[test]
fn dead_letters_name_things_as_the_outside_does() {
    let (engine, _) = start();
    let mut publisher = engine.publisher(Policy::Await);
    let mut app = EventSource::new(Key::new("app").expect("short"), 7);
    let key = |text| Key::new(text).expect("short");
    let on_road = GpsFix::at(engine.view().network().coord(etaflow_road::NodeId(0)));
    let events = vec![
        app.location(START, key("anna"), on_road),
        app.location(START, key("ben"), GpsFix::at(off_the_map())),
        app.picked_up(START, key("ride-1")),
    ];
    publisher.publish_batch_blocking(events).expect("the bus is open");
    let dead_letters = engine.dead_letters().clone();
    let summary = engine.shutdown_blocking().expect("nothing fails");
    assert_eq!(summary.accounts.to_string(), "3 events: 1 accepted, 1 unknown_trip, 1 off_map");
    let mut letters: Vec<_> = dead_letters.read(0, 9).0.into_iter().map(|dead| (dead.reason, dead.detail)).collect();
    letters.sort();
    assert_eq!(letters[0], (Reason::UnknownTrip, "trip ride-1 is unknown".to_owned()));
    assert_eq!(letters[1], (Reason::OffMap, "driver ben at latitude -60.0000000, longitude 170.0000000".to_owned()));
}

#[test]
fn an_engine_that_is_dropped_lets_its_threads_end() {
    let (engine, _) = start();
    let mut publisher = engine.publisher(Policy::Await);
    let mut app = EventSource::new(Key::new("app").expect("short"), 0);
    let place = engine.view().network().coord(etaflow_road::NodeId(0));
    let fix = app.location(START, Key::Number(1), GpsFix::at(place));
    publisher.publish_blocking(fix.clone()).expect("the bus is open");
    engine.suspend();
    let (mut records, mut outputs) = (engine.records(Offset(0)), engine.outputs("all", 8));
    drop(engine);
    publisher.publish_blocking(fix).expect_err("nothing more is taken in");
    // Each waits until the thread that it hears of has ended: ingest, then the shards and the merge.
    assert_eq!(records.next_blocking().expect("kept").expect("what was published").records().len(), 1);
    assert!(records.next_blocking().expect("kept").is_none());
    while outputs.recv_blocking().is_some() {}
}

#[test]
fn what_was_published_is_acknowledged_when_it_is_judged() {
    let (engine, _) = start();
    let (mut publisher, mut other) = (engine.publisher(Policy::Await), engine.publisher(Policy::Conflate));
    let mut app = EventSource::new(Key::new("app").expect("short"), 0);
    let place = engine.view().network().coord(etaflow_road::NodeId(0));
    assert_eq!(publisher.acknowledge_blocking(), Ok(Offset(0)), "nothing was published");
    for nth in 0..3 {
        let events =
            vec![app.location(START, Key::Number(nth), GpsFix::at(place)), app.picked_up(START, Key::Number(9))];
        publisher.publish_batch_blocking(events).expect("the bus is open");
        assert_eq!(publisher.acknowledge_blocking(), Ok(Offset(nth + 1)));
        assert_eq!(engine.accounts().dead_lettered[&Reason::UnknownTrip], nth + 1, "the other one is judged too");
    }
    assert_eq!(other.acknowledge_blocking(), Ok(Offset(3)));
    engine.shutdown_blocking().expect("nothing fails");
    other.acknowledge_blocking().expect_err("nobody answers any more");
}

#[test]
fn a_clock_that_leaps_ahead_ticks_once() {
    let (engine, _) = start();
    let mut publisher = engine.publisher(Policy::Await);
    let year = etaflow_road::Span::from_secs(365 * 86_400);
    publisher.advance_to_blocking(START + year).expect("the engine takes it in");
    publisher.advance_to_blocking(START + year + etaflow_road::Span::from_secs(3)).expect("the engine takes it in");
    drop(publisher);
    let summary = engine.shutdown_blocking().expect("the engine ends well");
    assert_eq!(summary.records, 1 + 3);
}

#[test]
fn a_writer_by_itself_lets_go_of_the_names_of_trips_that_are_over() {
    let config = EngineConfig { time: Time::Scenario { start: START }, ..EngineConfig::default() }.writer();
    let writer = Writer::open(Arc::new(SimulatedStorage::new()), &config).expect("it is empty");
    let mut publisher = writer.publisher(Policy::Await);
    let mut app = EventSource::new(Key::new("app").expect("short"), 0);
    let (trip, place) = (Key::new("ride-1").expect("short"), Coord::default());
    let events = vec![app.requested(START, trip.clone(), place, place), app.cancelled(START, trip)];
    publisher.publish_batch_blocking(events).expect("the bus is open");
    publisher.acknowledge_blocking().expect("the storage works");
    let known = || writer.dictionary().trip_key(TripId(0)).is_some();
    assert!(known(), "it can still be asked for");
    let over = START + config.sequencer.trip_retention + config.tick + config.tick;
    publisher.advance_to_blocking(over).expect("the writer takes it in");
    publisher.acknowledge_blocking().expect("the storage works");
    assert!(!known() && writer.dictionary().trips() == 0);
    drop(publisher);
    writer.shutdown_blocking().expect("nothing fails");
}

/// Panics when it is asked for its name.
struct Nameless;

impl Sink for Nameless {
    fn name(&self) -> &str {
        panic!("it has none")
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::AtMostOnce
    }

    fn take(&mut self, _effects: &[Effect]) -> Result<(), SinkError> {
        Ok(())
    }
}

#[test]
fn a_panic_while_it_recovers_is_told_to_those_who_wait() {
    let network = Arc::new(SyntheticCity { nodes: 200, ..SyntheticCity::default() }.build());
    let company = Company { sinks: vec![Box::new(Nameless)], ..Company::default() };
    let engine = Engine::open_with(network, Arc::new(SimulatedStorage::new()), &EngineConfig::default(), company);
    let engine = engine.expect("the storage is empty");
    let panicked = EngineError::Panicked { message: "it has none".to_owned() };
    assert_eq!(engine.recovered_blocking(), Err(panicked.clone()));
    assert_eq!(engine.shutdown_blocking(), Err(panicked));
}
