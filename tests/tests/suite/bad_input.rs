//! Bad input, end to end: each piece gets its reason and disturbs nothing beside it.

use std::path::{Path, PathBuf};

use etaflow::{
    Coord, DriverStatus, Engine, Event, EventData, EventId, GpsFix, Key, Policy, ProfileId, Publisher, Reason, RoadRef,
    Span, Timestamp,
};
use etaflow_road::{Network, open_network};
use etaflow_simulator::{Overrides, Scenario};

use crate::load::{START, block_on, city, scenario};

/// Something bad.
enum Bad {
    Json(String),
    Frame(Vec<u8>),
    /// At some seconds from now.
    Event(i64, EventData),
}

/// Somewhere on a road.
fn place(network: &Network, nth: usize) -> Coord {
    let edge = network.edges().filter(|&edge| network.component(edge) == 0).nth(nth * 97).expect("a large city");
    network.coord_at(edge, network.length_mm(edge) / 2)
}

fn envelope(kind: &str, time: &str, data: &str) -> Bad {
    Bad::Json(format!(
        r#"{{"specversion":"1.0","id":"1","source":"phone","type":"{kind}","time":"{time}","data":{data}}}"#
    ))
}

/// [`START`], as text.
const START_TEXT: &str = "2023-11-14T22:13:20Z";

fn fix_json(data: &str) -> Bad {
    envelope("driver.location.updated", START_TEXT, data)
}

fn frame(change: impl Fn(&mut Vec<u8>)) -> Bad {
    let data = EventData::TripPickedUp { trip: Key::Number(4) };
    let event = Event { source: Key::Number(1), id: EventId::Sequence(1), time: START, due: None, data };
    let mut frame = [0; Event::FRAME_BYTES];
    event.encode_into(&mut frame).expect("all names are numbers");
    let mut frame = frame.to_vec();
    change(&mut frame);
    Bad::Frame(frame)
}

fn location(driver: u64, coord: Coord) -> EventData {
    EventData::LocationUpdated { driver: Key::Number(driver), fix: GpsFix::at(coord) }
}

/// What cannot be read, why, and a part of what is said of it.
fn unreadable() -> Vec<(Bad, Reason, &'static str)> {
    use Reason::{BadCoordinate, Malformed, UnknownType};
    vec![
        (Bad::Json("{\"specversion\":\"1.0\",\"id\":".into()), Malformed, "EOF"),
        (Bad::Json("\u{0}\u{1}hello".into()), Malformed, "not a CloudEvents JSON object"),
        (Bad::Json("[1, 2".into()), Malformed, "not a JSON array"),
        (Bad::Json("{}".into()), Malformed, "specversion"),
        (envelope("driver.sang", START_TEXT, "{}"), UnknownType, "\"driver.sang\""),
        (envelope("trip.completed", "yesterday", r#"{"trip_id":"1"}"#), Malformed, "yesterday"),
        (envelope("trip.completed", START_TEXT, "{}"), Malformed, "data.trip_id is missing"),
        (fix_json(r#"{"driver_id":1,"lat":NaN,"lon":-8.6}"#), Malformed, "not a CloudEvents JSON object"),
        (fix_json(r#"{"driver_id":1,"lat":"NaN","lon":-8.6}"#), Malformed, "data.lat is"),
        (fix_json(r#"{"driver_id":1,"lat":90.5,"lon":-8.6}"#), BadCoordinate, "data.lat is 90.5"),
        (fix_json(r#"{"driver_id":1,"lat":41,"lon":-180.5}"#), BadCoordinate, "data.lon is -180.5"),
        (fix_json(r#"{"driver_id":"","lat":41,"lon":-8.6}"#), Malformed, "data.driver_id"),
        (frame(|bytes| bytes.truncate(71)), Malformed, "71 bytes, must be 72"),
        (frame(|bytes| bytes[0] = 9), Malformed, "version 9"),
        (frame(|bytes| bytes[1] = 77), UnknownType, "kind 77"),
        (frame(|bytes| bytes[12] = 1), Malformed, "byte 12 is 1"),
    ]
}

/// What can be read and not used.
fn unusable(network: &Network) -> Vec<(Bad, Reason, &'static str)> {
    use Reason::{
        Future, IllegalTransition, Inaccurate, Late, OffMap, StaleFix, TripExists, UnknownDriver, UnknownProfile,
        UnknownRoad, UnknownTrip,
    };
    let here = place(network, 1);
    let sea = Coord::from_degrees(0.0, -30.0).expect("on the globe");
    let nowhere = RoadRef { from_node: -5, to_node: -6 };
    let inaccurate =
        EventData::LocationUpdated { driver: Key::Number(4), fix: GpsFix::at(here).with_accuracy_m(5_000.0) };
    let trip = Key::Number;
    let assigned = EventData::TripAssigned { trip: trip(7), driver: Key::Number(99) };
    let requested = EventData::TripRequested { trip: trip(7), pickup: here, dropoff: here };
    vec![
        (Bad::Event(-3_600, location(1, here)), Late, "3600 s late, at most 60 s"),
        (Bad::Event(3_600, location(1, here)), Future, "3600 s in the future, at most 30 s"),
        (Bad::Event(i64::MIN, location(1, here)), Late, "at most 60 s"),
        (Bad::Event(i64::MAX, location(1, here)), Future, "at most 30 s"),
        (Bad::Event(0, EventData::TripPickedUp { trip: trip(99) }), UnknownTrip, "trip 99 is unknown"),
        (Bad::Event(0, assigned), UnknownDriver, "driver 99 is unknown"),
        (Bad::Event(0, requested), TripExists, "trip 7 exists"),
        (Bad::Event(0, EventData::TripCompleted { trip: trip(8) }), IllegalTransition, "trip 8"),
        (Bad::Event(0, EventData::TripPickedUp { trip: trip(7) }), IllegalTransition, "trip 7"),
        (Bad::Event(0, location(3, sea)), OffMap, "driver 3 at latitude 0.0000000, longitude -30.0000000"),
        (Bad::Event(-5, location(1, here)), StaleFix, "driver 1 at latitude"),
        (Bad::Event(0, inaccurate), Inaccurate, "accuracy 5000.0 m"),
        (Bad::Event(0, EventData::RoadClosed(nowhere)), UnknownRoad, "from node -5 to node -6"),
        (Bad::Event(0, EventData::RoadReopened(nowhere)), UnknownRoad, "from node -5 to node -6"),
        (Bad::Event(0, EventData::ProfileAdopted { profile: ProfileId(7) }), UnknownProfile, "0000000000000007 is not"),
    ]
}

/// Publishes, with numbers that go on.
struct Desk {
    publisher: Publisher,
    next: u64,
    now: Timestamp,
}

impl Desk {
    fn say(&mut self, source: &str, time: Timestamp, data: EventData) {
        let source = Key::new(source).expect("a short name");
        let event = Event { source, id: EventId::Sequence(self.next), time, due: None, data };
        self.next += 1;
        self.publisher.publish_blocking(event).expect("the engine takes it in");
    }

    fn good(&mut self, data: EventData) {
        self.say("good", self.now, data);
    }

    fn bad(&mut self, bad: &Bad) {
        match bad {
            Bad::Json(text) => block_on(self.publisher.publish_json(text.as_bytes())).expect("is taken in"),
            Bad::Frame(bytes) => {
                let error = Event::decode(bytes).expect_err("is bad");
                block_on(self.publisher.publish_undecodable(error.reason(), error.to_string())).expect("is taken in");
            }
            Bad::Event(seconds, data) => self.say("bad", self.now + Span::from_secs(*seconds), data.clone()),
        }
    }

    fn tick(&mut self) {
        self.now = self.now + Span::from_secs(1);
        self.publisher.advance_to_blocking(self.now).expect("the engine takes it in");
    }
}

#[test]
fn each_bad_thing_has_its_reason_and_the_good_ones_are_used() {
    let network = city();
    let engine = Engine::start(city(), &scenario(2)).expect("the configuration is valid");
    let mut desk = Desk { publisher: engine.publisher(Policy::Await), next: 0, now: START };
    let (here, there, trip) = (place(&network, 1), place(&network, 2), Key::Number);
    let before = [
        EventData::TripRequested { trip: trip(7), pickup: here, dropoff: there },
        EventData::TripRequested { trip: trip(8), pickup: here, dropoff: there },
        location(1, here),
        location(5, here),
        EventData::TripAssigned { trip: trip(8), driver: Key::Number(1) },
        EventData::TripPickedUp { trip: trip(8) },
        EventData::TripCompleted { trip: trip(8) },
    ];
    let mut good = before.len() as u64;
    before.into_iter().for_each(|data| desk.good(data));
    let far = network
        .nodes()
        .map(|node| network.coord(node))
        .max_by(|a, b| here.distance(*a).0.total_cmp(&here.distance(*b).0));
    let jump = (Bad::Event(0, location(5, far.expect("a large city"))), Reason::ImpossibleJump, "driver 5");
    let mut expected = Vec::new();
    for (bad, reason, part) in std::iter::once(jump).chain(unreadable()).chain(unusable(&network)) {
        desk.tick();
        desk.good(location(1, here));
        desk.bad(&bad);
        desk.good(location(2, here));
        good += 2;
        expected.push((reason, part));
    }
    desk.tick();
    desk.good(EventData::StatusChanged { driver: Key::Number(1), status: DriverStatus::Available });
    let end = desk.now;
    drop(desk);
    let letters = engine.dead_letters().clone();
    let accounts = engine.shutdown_blocking().expect("the engine ends well").accounts;
    assert!(accounts.balance(), "{accounts:?}");
    assert_eq!(accounts.accepted, good + 1, "{accounts:?}");
    let (mut found, _) = letters.read(0, 1_000);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    // Those found before the log and those found after it come by two ways, each in its order.
    for (reason, part) in expected {
        let at = found.iter().position(|letter| letter.reason == reason && letter.detail.contains(part));
        let letter = found.remove(at.unwrap_or_else(|| panic!("no {reason:?} that says {part:?} among {found:#?}")));
        assert!(letter.at >= START && letter.at <= end, "{letter:?}");
    }
}

#[test]
fn a_bad_element_of_a_batch_leaves_the_others() {
    let engine = Engine::start(city(), &scenario(1)).expect("the configuration is valid");
    let mut publisher = engine.publisher(Policy::Await);
    let at = place(&city(), 1);
    let element = |id: u32, lat: f64| {
        let data = format!(r#"{{"driver_id":{id},"lat":{lat},"lon":{}}}"#, at.lon());
        match envelope("driver.location.updated", START_TEXT, &data) {
            Bad::Json(text) => text.replace(r#""id":"1""#, &format!(r#""id":"{id}""#)),
            Bad::Frame(_) | Bad::Event(..) => unreachable!("an envelope is JSON"),
        }
    };
    let batch = format!("[{}, {}, 17, {}]", element(1, at.lat()), element(2, 91.0), element(3, at.lat()));
    block_on(publisher.publish_json(batch.as_bytes())).expect("is taken in");
    drop(publisher);
    let accounts = engine.shutdown_blocking().expect("the engine ends well").accounts;
    assert_eq!((accounts.offered, accounts.accepted), (4, 2), "{accounts:?}");
    assert_eq!(accounts.dead_lettered, [(Reason::Malformed, 1), (Reason::BadCoordinate, 1)].into());
}

#[test]
fn a_file_that_is_no_network_says_why() {
    let directory = tempfile::tempdir().expect("a directory");
    let good = directory.path().join("city.network");
    city().save(&good).expect("is written");
    let bytes = std::fs::read(&good).expect("is there");
    let check = |name: &str, bytes: &[u8], expected: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, bytes).expect("is written");
        let error = open_network(&path).map(|_| "a network").expect_err(name).to_string();
        assert!(error.contains(expected) && error.contains(name), "{error:?} does not say {expected:?}");
    };
    for cut in [bytes.len() - 1, bytes.len() / 2, 40, 9] {
        check("cut.network", &bytes[..cut], "cut off");
    }
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 2] ^= 0x10;
    check("damaged.network", &damaged, "checksum");
    check("longer.network", &[&bytes[..], b"x"].concat(), "goes on after");
    check("foreign.bin", b"PK\x03\x04 and so on", "is no .osm.pbf file");
    check("foreign.osm.pbf", b"<osm version='0.6'/>", "not an OpenStreetMap pbf");
    check("cut.osm.pbf", b"\0\0\0\x0d\x0a\x09OSMHeader\x18\x05", "cut off");
    assert_eq!(open_network(&good).expect("is a network").edge_count(), city().edge_count());
}

#[test]
fn an_extract_that_is_cut_off_says_where() {
    let Some(data) = data() else { return };
    let bytes = std::fs::read(data.join("osm/monaco.osm.pbf")).expect("is there");
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("cut.osm.pbf");
    for share in 1..8 {
        std::fs::write(&path, &bytes[..bytes.len() * share / 8]).expect("is written");
        let error = open_network(&path).map(|_| "a network").expect_err("is cut off").to_string();
        assert!(error.contains("cut off") || error.contains("blob at byte"), "{error}");
    }
}

/// Where real data is, if it is.
pub(crate) fn data() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let data = std::env::var_os("ETAFLOW_DATA").map_or_else(beside, PathBuf::from);
    let there = data.join("osm").is_dir();
    if !there {
        println!("skipped: no data");
    }
    there.then_some(data)
}

#[test]
fn a_scenario_that_is_none_names_the_key() {
    let check = |text: &str, expected: &str| {
        let error = Scenario::parse(text, &Overrides::default()).expect_err(text).to_string();
        assert!(error.contains(expected), "{error:?} does not say {expected:?}");
    };
    check("name = 'x'\nduration_s = 10\ndurations = 3", "durations");
    check("name = 'x'\nduration_s = 10\n[world]\ndriver = 3", "driver");
    check("name = 'x'\nduration_s = 10\n[faults]\nlosts = { share = 0.1 }", "losts");
    check("name = 'x'\nduration_s = 10\n[faults]\nlost = { share = 2.0 }", "is 2, not within");
    check("name = 'x'\nduration_s = nan", "duration_s");
    check("name = 'x'", "duration_s is missing");
    check("name = ", "line 1");
}
