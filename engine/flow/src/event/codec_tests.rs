use etaflow_road::{Coord, Timestamp};
use proptest::prelude::*;

use super::*;

const SECOND: i64 = 1_000_000;

fn coords() -> impl Strategy<Value = Coord> {
    (-900_000_000..=900_000_000i32, -1_800_000_000..=1_800_000_000i32)
        .prop_map(|(lat, lon)| Coord::from_e7(lat, lon).unwrap())
}

fn fixes() -> impl Strategy<Value = GpsFix> {
    let unknown = Just(u16::MAX);
    let readings = (1..=u16::MAX, any::<u16>(), prop_oneof![0..36_000u16, unknown]);
    (coords(), readings).prop_map(|(coord, (a, s, h))| GpsFix::from_raw(coord, [a, s, h]).unwrap())
}

fn statuses() -> impl Strategy<Value = DriverStatus> {
    prop_oneof![Just(DriverStatus::Offline), Just(DriverStatus::Available), Just(DriverStatus::Busy)]
}

fn roads() -> impl Strategy<Value = RoadRef> {
    any::<(i64, i64)>().prop_map(|(from_node, to_node)| RoadRef { from_node, to_node })
}

fn numbers() -> impl Strategy<Value = Key> {
    any::<u64>().prop_map(Key::Number)
}

fn keys() -> impl Strategy<Value = Key> {
    prop_oneof![numbers(), "\\PC{1,20}".prop_map(|text| Key::new(&text).unwrap()), Just(Key::new("\"\\\n\0").unwrap())]
}

fn events<K: Strategy<Value = Key>>(keys: fn() -> K) -> impl Strategy<Value = Event> {
    let data = prop_oneof![
        (keys(), fixes()).prop_map(|(driver, fix)| EventData::LocationUpdated { driver, fix }),
        (keys(), statuses()).prop_map(|(driver, status)| EventData::StatusChanged { driver, status }),
        (keys(), coords(), coords()).prop_map(|(trip, pickup, dropoff)| EventData::TripRequested {
            trip,
            pickup,
            dropoff
        }),
        (keys(), keys()).prop_map(|(trip, driver)| EventData::TripAssigned { trip, driver }),
        keys().prop_map(|trip| EventData::TripPickedUp { trip }),
        keys().prop_map(|trip| EventData::TripCompleted { trip }),
        keys().prop_map(|trip| EventData::TripCancelled { trip }),
        roads().prop_map(EventData::RoadClosed),
        roads().prop_map(EventData::RoadReopened),
        any::<u64>().prop_map(|profile| EventData::ProfileAdopted { profile: ProfileId(profile) }),
    ];
    let ids = prop_oneof![any::<u64>().prop_map(EventId::Sequence), keys().prop_map(EventId::Opaque)];
    // The years 0 to 9999.
    let times = || (-62_167_219_200 * SECOND..253_402_300_800 * SECOND).prop_map(Timestamp::from_micros);
    (keys(), ids, times(), prop::option::of(times()), data).prop_map(|(source, id, time, due, data)| Event {
        source,
        id,
        time,
        due,
        data,
    })
}

fn records() -> impl Strategy<Value = Record> {
    let (trip, driver) = (|| any::<u32>().prop_map(TripId), || any::<u32>().prop_map(DriverId));
    let time = || any::<i64>().prop_map(Timestamp::from_micros);
    let payload = prop_oneof![
        time().prop_map(|watermark| Payload::Tick { watermark }),
        (driver(), fixes()).prop_map(|(driver, fix)| Payload::Location { driver, fix }),
        (driver(), statuses()).prop_map(|(driver, status)| Payload::Status { driver, status }),
        (trip(), coords(), coords()).prop_map(|(trip, pickup, dropoff)| Payload::Requested { trip, pickup, dropoff }),
        (trip(), driver()).prop_map(|(trip, driver)| Payload::Assigned { trip, driver }),
        trip().prop_map(|trip| Payload::PickedUp { trip }),
        trip().prop_map(|trip| Payload::Completed { trip }),
        trip().prop_map(|trip| Payload::Cancelled { trip }),
        roads().prop_map(Payload::Closed),
        roads().prop_map(Payload::Reopened),
        any::<u64>().prop_map(|profile| Payload::ProfileAdopted { profile: ProfileId(profile) }),
    ];
    let head = (any::<u64>(), time(), time(), any::<u32>(), 0..u32::MAX, any::<u64>());
    (head, payload).prop_map(|((offset, time, ingest_time, waited_us, source, id), payload)| {
        let ticks = matches!(payload, Payload::Tick { .. });
        let source = if ticks { Record::TICKER } else { SourceId(source) };
        Record { offset: Offset(offset), time, ingest_time, waited_us, source, id, payload }
    })
}

/// A template of an event in JSON; `change` replaces one piece by another.
fn json(change: (&str, &str)) -> String {
    let template = r#"{"specversion":"1.0","id":"e1","source":"app","type":"driver.location.updated",
        "time":"2026-01-02T03:04:05.678901Z","sequence":7,"due":"2026-01-02T04:04:05+01:00","colour":{"any":[1]},
        "data":{"driver_id":"d1","lat":41.15,"lon":-8.61,"accuracy_m":4.5,"speed_mps":13.9,"heading_deg":270,"x":1}}"#;
    assert!(template.contains(change.0));
    template.replacen(change.0, change.1, 1)
}

#[test]
fn a_location_is_read_from_json() {
    let event = Event::from_json(json(("", "")).as_bytes()).unwrap();
    let fix = GpsFix::at(Coord::from_degrees(41.15, -8.61).unwrap());
    let expected = Event {
        source: Key::new("app").unwrap(),
        id: EventId::Sequence(7),
        time: Timestamp::from_micros(1_767_323_045_678_901),
        due: Some(Timestamp::from_secs(1_767_323_045)),
        data: EventData::LocationUpdated {
            driver: Key::new("d1").unwrap(),
            fix: fix.with_accuracy_m(4.5).with_speed_mps(13.9).with_heading_deg(270.0),
        },
    };
    assert_eq!(event, expected);
}

#[test]
fn readings_may_be_missing() {
    for change in [("4.5", "null"), ("4.5", "-1"), (r#""accuracy_m":4.5,"#, "")] {
        let event = Event::from_json(json(change).as_bytes()).unwrap();
        let EventData::LocationUpdated { fix, .. } = event.data else { panic!("no location") };
        assert_eq!((fix.accuracy_m(), fix.speed_mps()), (None, Some(13.9)));
    }
    let event = Event::from_json(json(("270", "-1")).as_bytes()).unwrap();
    let EventData::LocationUpdated { fix, .. } = event.data else { panic!("no location") };
    assert_eq!(fix.heading_deg(), None);
}

#[test]
fn ids_are_text_or_numbers() {
    for (change, id) in [
        ((r#""sequence":7,"#, ""), EventId::Opaque(Key::new("e1").unwrap())),
        (("\"sequence\":7", "\"sequence\":\"0018446744073709551615\""), EventId::Sequence(u64::MAX)),
        (("\"e1\",", "5,"), EventId::Sequence(7)),
    ] {
        assert_eq!(Event::from_json(json(change).as_bytes()).unwrap().id, id);
    }
    let event = Event::from_json(json(("\"d1\"", "18446744073709551615")).as_bytes()).unwrap();
    assert!(matches!(event.data, EventData::LocationUpdated { driver: Key::Number(u64::MAX), .. }));
}

#[test]
fn what_is_wrong_with_json_is_named() {
    use Reason::{BadCoordinate, Malformed, UnknownType};
    let whole = "a whole number from 0 to 18446744073709551615";
    let long = "x".repeat(200);
    let cases = [
        (("\"1.0\"", "\"0.3\""), Malformed, "specversion is \"0.3\", must be \"1.0\""),
        (("\"specversion\":\"1.0\",", ""), Malformed, "specversion is missing"),
        (("\"id\":\"e1\",", ""), Malformed, "id is missing"),
        (("\"e1\"", "\"\""), Malformed, "id: a key is empty"),
        (("\"app\"", "-4"), Malformed, &format!("source is -4, must be text or {whole}")),
        (("\"app\"", &format!("\"{long}\"")), Malformed, "source: a key has 200 bytes, at most 128"),
        (("location.updated", "sneezed"), UnknownType, "type \"driver.sneezed\" is unknown"),
        (("driver.location", &long), UnknownType, &format!("type \"{}…\" is unknown", &long[..64])),
        (
            ("\"time\":\"", "\"time\":\"1 "),
            Malformed,
            "time is \"1 2026-01-02T03:04:05.678901Z\", must be an RFC 3339 time",
        ),
        (("+01:00", ""), Malformed, "due is \"2026-01-02T04:04:05\", must be an RFC 3339 time"),
        (("sequence\":7", "sequence\":-7"), Malformed, &format!("sequence is -7, must be {whole}")),
        (("sequence\":7", "sequence\":\"x7\""), Malformed, &format!("sequence is \"x7\", must be {whole}")),
        (("\"d1\"", "true"), Malformed, &format!("data.driver_id is true, must be text or {whole}")),
        (("\"d1\"", "[[1],{}]"), Malformed, &format!("data.driver_id is an array, must be text or {whole}")),
        (("41.15", "\"NaN\""), Malformed, "data.lat is \"NaN\", must be a number"),
        (("41.15", "90.1"), BadCoordinate, "data.lat is 90.1, must be -90 to 90 degrees"),
        (("-8.61", "1e300"), BadCoordinate, "data.lon is 1"),
        (("\"lon\":-8.61,", ""), Malformed, "data.lon is missing"),
        (("13.9", "{}"), Malformed, "data.speed_mps is an object, must be a number"),
        (("\"data\":", "\"dates\":"), Malformed, "data is missing"),
        (("\"x\":1", "\"lat\":1"), Malformed, "not a CloudEvents JSON object: duplicate field `lat`"),
        (("41.15", "NaN"), Malformed, "not a CloudEvents JSON object: expected value"),
        (("41.15", "1e999"), Malformed, "not a CloudEvents JSON object: number out of range"),
        (("}}", "}"), Malformed, "not a CloudEvents JSON object: EOF"),
        (("}}", "}}}"), Malformed, "not a CloudEvents JSON object: trailing characters"),
    ];
    for (change, reason, message) in cases {
        let error = Event::from_json(json(change).as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with(message), "{change:?} gives {error}");
        assert_eq!(error.reason(), reason, "{error}");
    }
    for (text, message) in [
        ("", "not a CloudEvents JSON object: EOF"),
        ("null", "not a CloudEvents JSON object: null"),
        ("[]", "not a CloudEvents JSON object: an array"),
        ("\u{1}", "not a CloudEvents JSON object: expected value"),
    ] {
        assert!(Event::from_json(text.as_bytes()).unwrap_err().to_string().starts_with(message), "{text}");
    }
    assert!(Event::from_json(b"\xff\xfe").is_err());
    assert!(Event::from_json("[".repeat(100_000).as_bytes()).is_err());
}

#[test]
fn what_is_wrong_with_the_data_is_named() {
    for (kind, data, message) in [
        ("trip.requested", r#"{"trip_id":1,"pickup":5,"dropoff":{}}"#, "data.pickup is a number, must be an object"),
        ("trip.requested", r#"{"trip_id":1,"pickup":{"lat":1,"lon":2}}"#, "data.dropoff is missing"),
        (
            "trip.requested",
            r#"{"trip_id":1,"pickup":{"lat":1,"lon":2},"dropoff":{"lat":1,"lon":-181}}"#,
            "data.dropoff.lon is -181, must be -180 to 180 degrees",
        ),
        ("trip.assigned", r#"{"trip_id":1}"#, "data.driver_id is missing"),
        ("trip.completed", "[]", "data is an array, must be an object"),
        (
            "driver.status.changed",
            r#"{"driver_id":1,"status":"asleep"}"#,
            "data.status is \"asleep\", must be \"offline\", \"available\" or \"busy\"",
        ),
        (
            "road.closed",
            r#"{"from_node":1,"to_node":9223372036854775808}"#,
            "data.to_node is 9223372036854775808, must be a whole number of 64 bits with a sign",
        ),
        ("traffic.profile.adopted", "{}", "data.profile is missing"),
        ("traffic.profile.adopted", r#"{"profile":7}"#, "data.profile is 7, must be text"),
        (
            "traffic.profile.adopted",
            r#"{"profile":"0123456789ABCDEF"}"#,
            "data.profile is \"0123456789ABCDEF\", must be 16 hexadecimal digits in lower case",
        ),
    ] {
        let text = format!(
            r#"{{"specversion":"1.0","id":"1","source":"s","type":"{kind}","time":"2026-01-01T00:00:00Z","data":{data}}}"#
        );
        assert_eq!(Event::from_json(text.as_bytes()).unwrap_err().to_string(), message);
    }
}

#[test]
fn a_batch_keeps_what_is_good() {
    let text = format!("[{}, 5, {}, {}]", json(("", "")), json(("\"x\":1", "\"lat\":1")), json(("\":7", "\":8")));
    let batch = Event::from_json_batch(text.as_bytes()).unwrap();
    let ids: Vec<_> = batch.into_iter().map(|element| element.ok().map(|event| event.id)).collect();
    assert_eq!(ids, [Some(EventId::Sequence(7)), None, None, Some(EventId::Sequence(8))]);
    assert_eq!(Event::from_json_batch(b" [] ").unwrap(), []);
    for text in ["{}", "[1,", "", "null"] {
        let error = Event::from_json_batch(text.as_bytes()).unwrap_err();
        assert!(error.to_string().starts_with("not a JSON array: "), "{error}");
    }
}

#[test]
fn what_json_cannot_say_is_refused() {
    let event = Event::from_json(json(("", "")).as_bytes()).unwrap();
    let far = Event { time: Timestamp::MIN, ..event.clone() };
    assert!(far.to_json().unwrap_err().to_string().starts_with("time is -9223372036855.224, must be within"));
    let disguised = Event { source: Key::Text("42".into()), ..event.clone() };
    assert_eq!(disguised.to_json().unwrap_err().to_string(), "source is the text \"42\", must be a number");
    let mut frame = [7; Event::FRAME_BYTES];
    let error = event.encode_into(&mut frame).unwrap_err();
    assert_eq!(error.to_string(), "source is the text \"app\", the binary form takes numbers");
    assert_eq!(frame, [7; Event::FRAME_BYTES]);
}

fn bytes<const N: usize>(hex: &str) -> [u8; N] {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    assert_eq!(digits.len(), 2 * N);
    let pair = |at: usize| u8::from_str_radix(std::str::from_utf8(&digits[2 * at..2 * at + 2]).unwrap(), 16).unwrap();
    std::array::from_fn(pair)
}

/// Version 1 of an event's frame, one of each kind. Written by hand from the layout; never to be changed.
const FRAMES_V1: [&str; 10] = [
    "010103002d006e05786900000000000001000000000000000200000000000000354f57f65e470600ad3b57f65e470600\
         2a00000000000000e0fd8618e037defa0000000000000000",
    "0102010200000000000000000000000001000000000000000300000000000000354f57f65e4706000000000000000000\
         2a0000000000000000000000000000000000000000000000",
    "0103000000000000000000000000000001000000000000000400000000000000354f57f65e4706000000000000000000\
         0900000000000000e0fd8618e037defa808488182045e1fa",
    "0104010000000000000000000000000001000000000000000500000000000000354f57f65e4706000000000000000000\
         09000000000000002a000000000000000000000000000000",
    "0105010000000000000000000000000001000000000000000600000000000000354f57f65e4706000000000000000000\
         090000000000000000000000000000000000000000000000",
    "0106010000000000000000000000000001000000000000000700000000000000354f57f65e4706000000000000000000\
         090000000000000000000000000000000000000000000000",
    "0107010000000000000000000000000001000000000000000800000000000000354f57f65e4706000000000000000000\
         090000000000000000000000000000000000000000000000",
    "0108010000000000000000000000000001000000000000000900000000000000354f57f65e4706000000000000000000\
         fbffffffffffffff06000000000000000000000000000000",
    "0109010000000000000000000000000001000000000000000a00000000000000354f57f65e4706000000000000000000\
         fbffffffffffffff06000000000000000000000000000000",
    "010a010000000000000000000000000001000000000000000b00000000000000354f57f65e4706000000000000000000\
         efcdab896745230100000000000000000000000000000000",
];

/// Version 1 of a record's frame, likewise.
const RECORDS_V1: [&str; 11] = [
    "0000000000000000354f57f65e470600354f57f65e47060000000000ffffffff00000000000000000000000000000000\
         f5030bf65e4706000000000000000000",
    "0100000000000000354f57f65e4706007b4f57f65e4706004b00000001000000020000000000000001002d006e057869\
         2a000000e0fd8618e037defa00000000",
    "0200000000000000354f57f65e4706007b4f57f65e470600000000000100000003000000000000000202000000000000\
         2a000000000000000000000000000000",
    "0300000000000000354f57f65e4706007b4f57f65e470600000000000100000004000000000000000300000009000000\
         e0fd8618e037defa808488182045e1fa",
    "0400000000000000354f57f65e4706007b4f57f65e470600000000000100000005000000000000000400000009000000\
         2a000000000000000000000000000000",
    "0500000000000000354f57f65e4706007b4f57f65e470600000000000100000006000000000000000500000009000000\
         00000000000000000000000000000000",
    "0600000000000000354f57f65e4706007b4f57f65e470600000000000100000007000000000000000600000009000000\
         00000000000000000000000000000000",
    "0700000000000000354f57f65e4706007b4f57f65e470600000000000100000008000000000000000700000009000000\
         00000000000000000000000000000000",
    "0800000000000000354f57f65e4706007b4f57f65e470600000000000100000009000000000000000800000000000000\
         fbffffffffffffff0600000000000000",
    "0900000000000000354f57f65e4706007b4f57f65e47060000000000010000000a000000000000000900000000000000\
         fbffffffffffffff0600000000000000",
    "0a00000000000000354f57f65e4706007b4f57f65e47060000000000010000000b000000000000000a00000000000000\
         efcdab89674523010000000000000000",
];

const TIME: Timestamp = Timestamp::from_micros(1_767_323_045_678_901);

fn pickup() -> Coord {
    Coord::from_e7(411_500_000, -86_100_000).unwrap()
}

fn dropoff() -> Coord {
    Coord::from_e7(411_600_000, -85_900_000).unwrap()
}

fn fix() -> GpsFix {
    GpsFix::at(pickup()).with_accuracy_m(4.5).with_speed_mps(13.9).with_heading_deg(270.0)
}

#[test]
fn frames_of_version_1_are_read() {
    let (driver, trip, road) = (Key::Number(42), Key::Number(9), RoadRef { from_node: -5, to_node: 6 });
    let data = [
        EventData::LocationUpdated { driver: driver.clone(), fix: fix() },
        EventData::StatusChanged { driver: driver.clone(), status: DriverStatus::Busy },
        EventData::TripRequested { trip: trip.clone(), pickup: pickup(), dropoff: dropoff() },
        EventData::TripAssigned { trip: trip.clone(), driver },
        EventData::TripPickedUp { trip: trip.clone() },
        EventData::TripCompleted { trip: trip.clone() },
        EventData::TripCancelled { trip },
        EventData::RoadClosed(road),
        EventData::RoadReopened(road),
        EventData::ProfileAdopted { profile: ProfileId(0x0123_4567_89ab_cdef) },
    ];
    for ((number, data), hex) in (2..).zip(data).zip(FRAMES_V1) {
        let id = if number == 4 { EventId::Opaque(Key::Number(4)) } else { EventId::Sequence(number) };
        let due = (number == 2).then_some(TIME - etaflow_road::Span::from_millis(5));
        let event = Event { source: Key::Number(1), id, time: TIME, due, data };
        let old: [u8; Event::FRAME_BYTES] = bytes(hex);
        assert_eq!(Event::decode(&old).unwrap(), event);
        let mut new = [0; Event::FRAME_BYTES];
        event.encode_into(&mut new).unwrap();
        assert_eq!(new, old);
    }
}

#[test]
fn records_of_version_1_are_read() {
    let (driver, trip, road) = (DriverId(42), TripId(9), RoadRef { from_node: -5, to_node: 6 });
    let payloads = [
        Payload::Tick { watermark: TIME - etaflow_road::Span::from_secs(5) },
        Payload::Location { driver, fix: fix() },
        Payload::Status { driver, status: DriverStatus::Busy },
        Payload::Requested { trip, pickup: pickup(), dropoff: dropoff() },
        Payload::Assigned { trip, driver },
        Payload::PickedUp { trip },
        Payload::Completed { trip },
        Payload::Cancelled { trip },
        Payload::Closed(road),
        Payload::Reopened(road),
        Payload::ProfileAdopted { profile: ProfileId(0x0123_4567_89ab_cdef) },
    ];
    for ((offset, payload), hex) in (0..).zip(payloads).zip(RECORDS_V1) {
        let tick = offset == 0;
        let record = Record {
            offset: Offset(offset),
            time: TIME,
            ingest_time: TIME + etaflow_road::Span::from_micros(if tick { 0 } else { 70 }),
            waited_us: if offset == 1 { 75 } else { 0 },
            source: if tick { Record::TICKER } else { SourceId(1) },
            id: if tick { 0 } else { offset + 1 },
            payload,
        };
        let old: [u8; Record::FRAME_BYTES] = bytes(hex);
        assert_eq!(Record::decode(&old).unwrap(), record);
        assert_eq!(record.encode(), old);
    }
}

#[test]
fn what_is_wrong_with_a_frame_is_named() {
    let location: [u8; Event::FRAME_BYTES] = bytes(FRAMES_V1[0]);
    let closed: [u8; Event::FRAME_BYTES] = bytes(FRAMES_V1[7]);
    for (frame, at, value, reason, message) in [
        (location, 0, 2, Reason::Malformed, "frame version 2 is unknown, must be 1"),
        (location, 1, 11, Reason::UnknownType, "frame kind 11 is unknown, must be 1 to 10"),
        (location, 2, 7, Reason::Malformed, "byte 2 is 7, must be 3"),
        (location, 3, 1, Reason::Malformed, "byte 3 is 1, must be 0"),
        (location, 4, 0, Reason::Malformed, "accuracy is 0, must be 1 to 65535"),
        (location, 9, 255, Reason::Malformed, "heading is 65400, must be 0 to 35999, or 65535"),
        (location, 15, 1, Reason::Malformed, "byte 15 is 1, must be 0"),
        (location, 59, 127, Reason::BadCoordinate, "2139553248, -86100000 (1e-7 degrees) is no place"),
        (location, 71, 1, Reason::Malformed, "byte 71 is 1, must be 0"),
        (closed, 40, 1, Reason::Malformed, "byte 40 is 1, must be 0"),
        (bytes(FRAMES_V1[1]), 3, 3, Reason::Malformed, "status is 3, must be 0 to 2"),
    ] {
        let mut frame = frame;
        frame[at] = value;
        let error = Event::decode(&frame).unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
        assert_eq!(error.reason(), reason);
    }
    let all = [&location[..], &[0; Event::FRAME_BYTES], &closed, &location[..5]].concat();
    let decoded: Vec<_> = Event::decode_all(&all).map(|frame| frame.map_err(|error| error.to_string())).collect();
    assert_eq!(decoded.len(), 4);
    assert!(decoded[0].is_ok() && decoded[2].is_ok());
    assert_eq!(decoded[1], Err("frame version 0 is unknown, must be 1".into()));
    assert_eq!(decoded[3], Err("a frame has 5 bytes, must be 72".into()));
    assert_eq!(Event::decode_all(&[]).count(), 0);

    let mut tick: [u8; Record::FRAME_BYTES] = bytes(RECORDS_V1[0]);
    assert_eq!(Record::decode(&tick[1..]).unwrap_err().to_string(), "a frame has 63 bytes, must be 64");
    tick[28] = 0;
    let message = "source is 4294967040, must be 4294967295 in a tick and nowhere else";
    assert_eq!(Record::decode(&tick).unwrap_err().to_string(), message);
}

/// A frame in which a few bytes were overwritten.
fn damaged<const N: usize>(frames: impl Strategy<Value = [u8; N]>) -> impl Strategy<Value = [u8; N]> {
    (frames, prop::collection::vec((0..N, any::<u8>()), 0..4)).prop_map(|(mut frame, damage)| {
        for (at, value) in damage {
            frame[at] = value;
        }
        frame
    })
}

fn frame_of(event: Event) -> [u8; Event::FRAME_BYTES] {
    let mut frame = [0; Event::FRAME_BYTES];
    event.encode_into(&mut frame).unwrap();
    frame
}

proptest! {
    #[test]
    fn json_gives_the_same_event(event in events(keys)) {
        let text = event.to_json().unwrap();
        prop_assert_eq!(Event::from_json(text.as_bytes()), Ok(event));
    }

    #[test]
    fn frames_give_the_same_event(event in events(numbers), far in any::<(i64, i64)>()) {
        // Any time at all, not only those that JSON can say.
        let (time, due) = (Timestamp::from_micros(far.0), event.due.map(|_| Timestamp::from_micros(far.1)));
        let event = Event { time, due, ..event };
        prop_assert_eq!(Event::decode(&frame_of(event.clone())), Ok(event));
    }

    #[test]
    fn damaged_frames_are_read_exactly_or_not_at_all(frame in damaged(events(numbers).prop_map(frame_of))) {
        if let Ok(event) = Event::decode(&frame) {
            prop_assert_eq!(frame_of(event), frame);
        }
    }

    #[test]
    fn records_come_back(record in records()) {
        prop_assert_eq!(Record::decode(&record.encode()), Ok(record));
    }

    #[test]
    fn damaged_records_are_read_exactly_or_not_at_all(frame in damaged(records().prop_map(|record| record.encode()))) {
        if let Ok(record) = Record::decode(&frame) {
            prop_assert_eq!(record.encode(), frame);
        }
    }

    #[test]
    fn garbage_is_an_error(garbage in prop::collection::vec(any::<u8>(), 0..300)) {
        _ = Event::from_json(&garbage);
        _ = Event::from_json_batch(&garbage);
        _ = Record::decode(&garbage);
        prop_assert_eq!(Event::decode_all(&garbage).count(), garbage.len().div_ceil(Event::FRAME_BYTES));
    }

    #[test]
    fn torn_json_is_an_error(event in events(keys), cut in any::<prop::sample::Index>()) {
        let text = event.to_json().unwrap();
        prop_assert!(Event::from_json(&text.as_bytes()[..cut.index(text.len())]).is_err());
    }
}
