//! A slice of a real taxi morning, through the engine.

use std::collections::BTreeSet;
use std::sync::Arc;

use etaflow::{Engine, EngineConfig, EventData, Key, Policy, SequencerConfig, Span, Time, Timestamp};
use etaflow_road::import_pbf;
use etaflow_simulator::{TaxiEvents, TaxiTrip, read_trips_file};

use crate::bad_input::data;

#[test]
fn a_real_morning_is_matched_and_predicted() {
    let Some(data) = data() else { return };
    let network = Arc::new(import_pbf(&data.join("osm/porto.osm.pbf")).expect("a map").network);
    let file = read_trips_file(&data.join("porto/trips.csv.gz")).expect("trips");
    let first = file.trips.first().expect("there are trips").start;
    let slice: Vec<TaxiTrip> =
        file.trips.into_iter().filter(|trip| trip.start.since(first) < Span::from_secs(5_400)).collect();
    assert!(slice.len() > 50, "{} trips", slice.len());
    let events: Vec<_> = TaxiEvents::new(&slice).collect();
    let start = events.first().expect("there are events").time;
    let config = EngineConfig {
        time: Time::Scenario { start: start - Span::from_secs(1) },
        sequencer: SequencerConfig { lateness_max: Span::from_secs(5), ..SequencerConfig::default() },
        ..EngineConfig::default()
    };
    let engine = Engine::start(network, &config).expect("the configuration is valid");
    let mut publisher = engine.publisher(Policy::Await);
    let view = engine.view().clone();
    let (mut asked, mut predicted) = (BTreeSet::new(), 0);
    let mut now: Timestamp = start;
    for event in &events {
        if event.time > now {
            now = event.time;
            publisher.advance_to_blocking(now).expect("the engine takes it in");
        }
        if let EventData::TripCompleted { trip: Key::Number(trip) } = event.data {
            let known = view.trip(&Key::Number(trip));
            predicted += u64::from(known.is_some_and(|known| known.value.arrival.is_some()));
            asked.insert(trip);
        }
        publisher.publish_blocking(event.clone()).expect("the engine takes it in");
    }
    drop(publisher);
    let summary = engine.shutdown_blocking().expect("the engine ends well");
    let accounts = &summary.accounts;
    assert!(accounts.balance() && accounts.refused == 0 && accounts.duplicate == 0, "{accounts:?}");
    assert_eq!((accounts.offered, asked.len()), (events.len() as u64, slice.len()));
    assert!(accounts.dead() * 50 <= accounts.offered, "more than 2 % are of no use: {accounts:?}");
    assert!(accounts.traversals > 1_000, "{accounts:?}");
    assert!(summary.outputs >= 3 * slice.len() as u64, "{summary:?}");
    println!("{predicted} of {} trips had an arrival time just before they ended: {accounts:?}", asked.len());
}
