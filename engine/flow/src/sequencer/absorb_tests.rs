//! What no sequencer would have made is refused, by its offset.

use std::sync::Arc;

use etaflow_road::{Coord, Span, Timestamp};

use super::*;
use crate::event::{
    DriverId, DriverStatus, Entries, Event, EventData, EventId, Key, Note, Noted, Offset, Payload, SourceId, TripId,
};

const NOW: Timestamp = Timestamp::from_secs(1_000_000);

fn fresh() -> Sequencer {
    Sequencer::new(SequencerConfig::default(), Arc::new(Dictionary::new()))
}

/// A driver, a trip, its assignment, a tick: the notes of offset 0 are a source and a driver, that of 1 is a trip.
fn entries() -> Entries {
    let (mut sequencer, mut out) = (fresh(), Entries::default());
    let (driver, trip) = (Key::Number(70), Key::Number(80));
    let data = [
        EventData::StatusChanged { driver: driver.clone(), status: DriverStatus::Available },
        EventData::TripRequested { trip: trip.clone(), pickup: Coord::default(), dropoff: Coord::default() },
        EventData::TripAssigned { trip, driver },
    ];
    for (number, data) in (0..).zip(data) {
        let event = Event { source: Key::Number(60), id: EventId::Sequence(number), time: NOW, due: None, data };
        assert!(matches!(sequencer.admit(&event, NOW, &mut out), Admission::Accepted(_)));
    }
    sequencer.tick(NOW, &mut out);
    out
}

#[test]
fn notes_come_with_their_record_the_source_first() {
    let source = Noted::Source { source: SourceId(0), key: Key::Number(60) };
    let driver = Noted::Driver { driver: DriverId(0), key: Key::Number(70) };
    let trip = Noted::Trip { trip: TripId(0), key: Key::Number(80) };
    let expected = [(0, source), (0, driver), (1, trip)].map(|(offset, what)| Note { offset: Offset(offset), what });
    assert_eq!(entries().notes, expected);
}

#[test]
fn what_no_sequencer_made_is_refused_by_its_offset() {
    type Change = fn(&mut Entries);
    let cases: [(Change, u64, &str); 16] = [
        (|all| all.records.retain(|record| record.offset.0 != 1), 1, "offset 2 where 1 comes next"),
        (|all| all.records[1].offset = Offset(0), 1, "offset 0 where 1 comes next"),
        (|all| all.records[3].id = 1, 3, "offset 3: tick number 1 where 0 comes next"),
        (
            |all| all.records[2].ingest_time = NOW - Span::from_secs(1),
            2,
            "offset 2: came in at 999999.000, before the one before it at 1000000.000",
        ),
        (|all| drop(all.notes.remove(0)), 0, "offset 0: source number 0 has no name"),
        (|all| drop(all.notes.remove(1)), 0, "offset 0: driver number 0 has no name"),
        (|all| drop(all.notes.remove(2)), 1, "offset 1: trip number 0 has no name"),
        (|all| all.notes.swap(0, 1), 0, "offset 0: a note of a source, of which the record there says nothing"),
        (|all| all.notes[2].offset = Offset(2), 1, "offset 1: trip number 0 has no name"),
        (|all| all.notes[2].offset = Offset(7), 1, "offset 1: trip number 0 has no name"),
        (
            |all| all.notes[1].what = Noted::Driver { driver: DriverId(1), key: Key::Number(1) },
            0,
            "offset 0: a note of a driver, of which the record there says nothing",
        ),
        (
            |all| {
                all.notes[1].what = Noted::Driver { driver: DriverId(1), key: Key::Number(1) };
                all.records[0].payload = Payload::Status { driver: DriverId(1), status: DriverStatus::Busy };
            },
            0,
            "offset 0: driver number 1 where 0 comes next",
        ),
        (
            |all| {
                all.records[2].payload = Payload::Status { driver: DriverId(1), status: DriverStatus::Busy };
                let what = Noted::Driver { driver: DriverId(1), key: Key::Number(70) };
                all.notes.push(Note { offset: Offset(2), what });
            },
            2,
            "offset 2: driver number 1 would be 70, which is taken",
        ),
        (
            |all| all.notes.push(Note { offset: Offset(2), what: Noted::TripForgotten { trip: TripId(0) } }),
            2,
            "offset 2: a note of a trip that is forgotten, of which the record there says nothing",
        ),
        (
            |all| all.notes.push(Note { offset: Offset(3), what: Noted::TripForgotten { trip: TripId(1) } }),
            3,
            "offset 3: trip number 1 has no name",
        ),
        (
            |all| all.notes.push(Note { offset: Offset(4), what: Noted::OpaqueId { fingerprint: 1 } }),
            4,
            "offset 4: a note of an opaque id, of which the record there says nothing",
        ),
    ];
    for (change, taken_in, message) in cases {
        let mut bad = entries();
        change(&mut bad);
        let (mut sequencer, mut expected) = (fresh(), fresh());
        assert_eq!(sequencer.absorb(&bad).unwrap_err().to_string(), message);
        // Everything before it is taken in, and nothing of it.
        let mut good = entries();
        good.records.truncate(taken_in as usize);
        good.notes.retain(|note| note.offset.0 < taken_in);
        expected.absorb(&good).unwrap();
        assert_eq!(sequencer.checkpoint(), expected.checkpoint(), "{message}");
    }
}

#[test]
fn a_dictionary_takes_no_wrong_names() {
    let named = |number, key| Noted::Driver { driver: DriverId(number), key: Key::Number(key) };
    let trip = |number, key| Noted::Trip { trip: TripId(number), key: Key::Number(key) };
    let forgotten = |number| Noted::TripForgotten { trip: TripId(number) };
    let dictionary = Dictionary::new();
    let mut offset = 0;
    let mut absorb = |what| {
        offset += 1;
        dictionary.absorb(&[Note { offset: Offset(offset), what }]).map_err(|error| error.to_string())
    };
    for (what, refused) in [
        (named(0, 10), None),
        (named(0, 10), None),
        (named(0, 11), Some("offset 3: driver number 0 would be 11, which is taken")),
        (named(2, 11), Some("offset 4: driver number 2 where 1 comes next")),
        (named(1, 10), Some("offset 5: driver number 1 would be 10, which is taken")),
        (trip(1, 20), Some("offset 6: trip number 1 where 0 comes next")),
        (trip(0, 20), None),
        (trip(0, 21), Some("offset 8: trip number 0 would be 21, which is taken")),
        (trip(1, 20), Some("offset 9: trip number 1 would be 20, which is taken")),
        (forgotten(1), Some("offset 10: trip number 1 has no name")),
        (forgotten(0), None),
        (forgotten(0), None),
        (trip(1, 20), None),
    ] {
        assert_eq!(absorb(what).err().as_deref(), refused);
    }
    // The name is the second trip's; the first can be looked up until all before its end has been told.
    assert_eq!(dictionary.trip(&Key::Number(20)), Some(TripId(1)));
    dictionary.release(Offset(11));
    assert_eq!(dictionary.trip_key(TripId(0)), Some(Key::Number(20)));
    dictionary.release(Offset(12));
    assert_eq!((dictionary.trip_key(TripId(0)), dictionary.trip_key(TripId(1))), (None, Some(Key::Number(20))));
    // Long gone, it does not come back.
    dictionary.absorb(&[Note { offset: Offset(7), what: trip(0, 20) }]).unwrap();
    assert_eq!(dictionary.trip_key(TripId(0)), None);
}
