//! Whoever takes in what a sequencer made, or what it wrote down, goes on as it does.

use std::sync::Arc;

use etaflow_road::{Coord, Span, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::event::{
    DriverId, DriverStatus, Entries, Event, EventData, EventId, GpsFix, Key, Offset, Record, RoadRef, SourceId, TripId,
    decode_notes, encode_notes,
};

const NOW: Timestamp = Timestamp::from_secs(1_000_000);
const NAMES: u64 = 9;

/// Bounds that a few events reach.
fn narrow() -> SequencerConfig {
    SequencerConfig {
        drivers_max: 6,
        trips_max: 5,
        sources_max: 3,
        sequence_window: 64,
        opaque_ids_max: 9,
        trip_retention: Span::from_secs(40),
        trip_lifetime_max: Span::from_secs(120),
        ..SequencerConfig::default()
    }
}

#[derive(Debug, Clone)]
enum Step {
    Event(Event, Timestamp),
    Tick(Timestamp),
}

/// Half of the names are text.
fn key(number: u64) -> Key {
    if number.is_multiple_of(2) { Key::Number(number) } else { Key::new(&format!("name {number}")).unwrap() }
}

fn data() -> impl Strategy<Value = EventData> {
    let names = || (0..NAMES).prop_map(key);
    let road = RoadRef { from_node: 1, to_node: 2 };
    prop_oneof![
        names().prop_map(|driver| EventData::LocationUpdated { driver, fix: GpsFix::at(Coord::default()) }),
        names().prop_map(|driver| EventData::StatusChanged { driver, status: DriverStatus::Available }),
        names().prop_map(|trip| EventData::TripRequested { trip, pickup: Coord::default(), dropoff: Coord::default() }),
        (names(), names()).prop_map(|(trip, driver)| EventData::TripAssigned { trip, driver }),
        names().prop_map(|trip| EventData::TripPickedUp { trip }),
        names().prop_map(|trip| EventData::TripCompleted { trip }),
        names().prop_map(|trip| EventData::TripCancelled { trip }),
        Just(EventData::RoadClosed(road)),
    ]
}

fn ids() -> impl Strategy<Value = EventId> {
    let numbers = prop_oneof![0..90u64, 100..400u64, Just(u64::MAX)];
    prop_oneof![3 => numbers.prop_map(EventId::Sequence), 2 => (0..20u64).prop_map(|id| EventId::Opaque(key(id)))]
}

/// The clock may go back, and leap.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let clock = prop_oneof![4 => -2..6i64, 1 => -90..90i64];
    let event = (0..4u64, ids(), data(), -70..40i64);
    let step = (clock, prop::option::weighted(0.8, event));
    prop::collection::vec(step, 1..160).prop_map(|steps| {
        let mut now = NOW;
        let step = |(clock, event): (i64, Option<_>)| {
            now = now + Span::from_secs(clock);
            let Some((source, id, data, ahead)) = event else { return Step::Tick(now) };
            Step::Event(Event { source: key(source), id, time: now + Span::from_secs(ahead), due: None, data }, now)
        };
        steps.into_iter().map(step).collect()
    })
}

fn take(sequencer: &mut Sequencer, step: &Step, out: &mut Entries) -> Option<Admission> {
    match step {
        Step::Event(event, now) => Some(sequencer.admit(event, *now, out)),
        Step::Tick(time) => {
            sequencer.tick(*time, out);
            None
        }
    }
}

fn run(sequencer: &mut Sequencer, steps: &[Step]) -> Entries {
    let mut out = Entries::default();
    for step in steps {
        take(sequencer, step, &mut out);
    }
    out
}

/// Through the log's forms, and back.
fn through_the_log(entries: &Entries) -> Entries {
    let mut bytes = Vec::new();
    encode_notes(&entries.notes, &mut bytes);
    let records = entries.records.iter().map(|record| Record::decode(&record.encode()).unwrap());
    Entries { records: records.collect(), notes: decode_notes(&bytes).unwrap() }
}

/// In pieces of so many records.
fn pieces(entries: &Entries, count: usize) -> Vec<Entries> {
    let piece = |records: &[Record]| {
        let (first, last) = (records[0].offset, records[records.len() - 1].offset);
        let notes = entries.notes.iter().filter(|note| (first..=last).contains(&note.offset));
        Entries { records: records.to_vec(), notes: notes.cloned().collect() }
    };
    entries.records.chunks(count).map(piece).collect()
}

/// All names that can be looked up, once those that are retired are let go.
fn names(dictionary: &Dictionary) -> Vec<String> {
    dictionary.release(Offset(u64::MAX));
    let numbers = 0..400;
    let by_number = numbers.map(|number| {
        let driver = dictionary.driver_key(DriverId(number));
        format!("{driver:?} {:?} {:?}", dictionary.source_key(SourceId(number)), dictionary.trip_key(TripId(number)))
    });
    let by_name = (0..NAMES).map(|name| {
        let key = key(name);
        format!("{:?} {:?} {:?}", dictionary.driver(&key), dictionary.source(&key), dictionary.trip(&key))
    });
    by_number.chain(by_name).collect()
}

proptest! {
    #[test]
    fn a_checkpoint_and_the_rest_are_the_original(
        steps in steps(), cuts in any::<(prop::sample::Index, prop::sample::Index)>(), piece in 1..20usize,
    ) {
        let (a, b) = (cuts.0.index(steps.len() + 1), cuts.1.index(steps.len() + 1));
        let (a, b) = (a.min(b), a.max(b));
        let dictionaries: [Arc<Dictionary>; 3] = Default::default();
        let mut original = Sequencer::new(narrow(), Arc::clone(&dictionaries[0]));
        let before = through_the_log(&run(&mut original, &steps[..a]));
        let checkpoint = original.checkpoint();
        let between = through_the_log(&run(&mut original, &steps[a..b]));

        // One that read all, and one that begins with the checkpoint.
        let mut reader = Sequencer::new(narrow(), Arc::clone(&dictionaries[1]));
        pieces(&before, piece).iter().try_for_each(|piece| reader.absorb(piece)).unwrap();
        prop_assert_eq!(reader.checkpoint(), checkpoint.clone());
        let restored = Sequencer::restore(narrow(), Arc::clone(&dictionaries[2]), &checkpoint).unwrap();
        prop_assert_eq!(restored.checkpoint(), checkpoint.clone());
        let follower = Dictionary::new();
        follower.absorb(&before.notes).unwrap();
        prop_assert_eq!(follower.restore(&checkpoint), Ok(Offset(before.records.len() as u64)));
        let mut others = [reader, restored];
        for piece in pieces(&between, piece) {
            follower.absorb(&piece.notes).unwrap();
            for other in &mut others {
                other.absorb(&piece).unwrap();
            }
        }
        prop_assert_eq!(names(&follower), names(&dictionaries[0]));
        // What it has is not taken in again.
        follower.absorb(&between.notes).unwrap();
        prop_assert_eq!(names(&follower), names(&dictionaries[0]));

        let mut sides = vec![original];
        sides.extend(others);
        for step in &steps[b..] {
            let told = sides.iter_mut().map(|side| {
                let mut out = Entries::default();
                (take(side, step, &mut out), out)
            });
            let told: Vec<_> = told.collect();
            prop_assert!(told.iter().all(|other| *other == told[0]), "{:?}", told);
        }
        let last = sides[0].checkpoint();
        for (side, dictionary) in sides.iter().zip(&dictionaries) {
            prop_assert_eq!(side.checkpoint(), last.clone());
            prop_assert_eq!(names(dictionary), names(&dictionaries[0]));
        }
    }
}

/// A bit of everything: sources with and without gaps, text and numbers, trips under way, ended and forgotten, opaque ids.
fn varied() -> (Sequencer, Entries) {
    let mut sequencer = Sequencer::new(SequencerConfig::default(), Arc::new(Dictionary::new()));
    let trip =
        |number| EventData::TripRequested { trip: key(number), pickup: Coord::default(), dropoff: Coord::default() };
    let status = |number| EventData::StatusChanged { driver: key(number), status: DriverStatus::Busy };
    let sequence = EventId::Sequence;
    let events = [
        (0, sequence(1_000), status(1), 0),
        (0, sequence(1_001), status(2), 0),
        (1, EventId::Opaque(key(3)), trip(4), 0),
        (1, EventId::Opaque(key(4)), EventData::TripCancelled { trip: key(4) }, 1),
        (2, sequence(0), trip(5), 1),
        (0, sequence(1_200), EventData::TripCompleted { trip: key(5) }, 3_600),
        (0, sequence(900), trip(6), 3_600),
        (0, sequence(1_199), trip(7), 3_601),
    ];
    let steps = events.map(|(source, id, data, at)| {
        let time = NOW + Span::from_secs(at);
        Step::Event(Event { source: key(source), id, time, due: None, data }, time)
    });
    let mut entries = run(&mut sequencer, &steps);
    sequencer.tick(NOW + Span::from_secs(3_601), &mut entries);
    assert_eq!((entries.records.len(), entries.notes.len()), (9, 12), "each was accepted, and a trip is forgotten");
    (sequencer, entries)
}

fn restore(checkpoint: &[u8]) -> Result<Sequencer, CheckpointError> {
    Sequencer::restore(SequencerConfig::default(), Arc::new(Dictionary::new()), checkpoint)
}

/// What [`varied`] was when version 1 was made.
const CHECKPOINT_V1: [&str; 7] = [
    "894554430d0a1a0a010000000900000000000000010000000000000040f647abe900000040f647abe900000000abfbaae900",
    "00000300000000000000000000000003b00400000000000000000000000000000e0000000000000005000000100000000000",
    "00000000000000030000000000000000000000000000000000000000000000800100066e616d652031020000000000000000",
    "0000000000000000000000000000000000000000000200000000000000010000000000000000000000000000000000000000",
    "0000000001000000010000000000000002000000066e616d65203100020000000000000004000000020000000200000000b4",
    "38abe90000000006000000000000000300000040f647abe9000000066e616d652037010000000100000000b438abe9000000",
    "066e616d65203502000000877514315d74a28140445ef858482d7dde579869c778033606348e06169a7edb3a4b1286",
];

#[test]
fn checkpoints_of_version_1_are_read() {
    let hex = CHECKPOINT_V1.concat();
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    let old: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
    assert_eq!(varied().0.checkpoint(), old);
    assert_eq!(restore(&old).unwrap().checkpoint(), old);
}

#[test]
fn any_damage_is_found_and_changes_nothing() {
    let (sequencer, _) = varied();
    let good = sequencer.checkpoint();
    let dictionary = Arc::new(Dictionary::new());
    dictionary.add_driver(&key(1), DriverId(0));
    let refused = |bytes: &[u8], what: &dyn std::fmt::Debug| {
        let restored = Sequencer::restore(SequencerConfig::default(), Arc::clone(&dictionary), bytes);
        assert!(restored.is_err() && dictionary.restore(bytes).is_err(), "{what:?}");
        assert_eq!((dictionary.drivers(), dictionary.trips()), (1, 0), "{what:?}");
    };
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        refused(&bad, &("bit", bit));
    }
    (0..good.len()).for_each(|length| refused(&good[..length], &("length", length)));
    refused(&[good.as_slice(), &[0]].concat(), &"a byte more");
}

/// With a checksum that is right.
fn sealed(content: &[u8]) -> Vec<u8> {
    [content, &crc32c::crc32c(content).to_le_bytes()].concat()
}

#[test]
fn what_is_wrong_with_a_checkpoint_is_named() {
    let (sequencer, _) = varied();
    let good = sequencer.checkpoint();
    let mut newer = good.clone();
    newer[8] = 2;
    let mut damaged = good.clone();
    damaged[20] ^= 1;
    let content = &good[..good.len() - 4];
    let longer = sealed(&[content, &[0]].concat());
    let shorter = sealed(&content[..content.len() - 1]);
    for (bytes, message) in [
        (b"PNG".as_slice(), "is no checkpoint of a sequencer"),
        (&newer, "has version 2, must be 1; a newer etaflow wrote it"),
        (&damaged, "is damaged: its checksum is "),
        (&longer, "is wrong: the rest at byte "),
        (&shorter, "is wrong: an opaque id at byte "),
    ] {
        let error = restore(bytes).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn duplicates_stay_duplicates_and_the_late_stay_late() {
    let (sequencer, entries) = varied();
    let mut read = Sequencer::new(SequencerConfig::default(), Arc::new(Dictionary::new()));
    read.absorb(&entries).unwrap();
    for mut again in [restore(&sequencer.checkpoint()).unwrap(), read] {
        let mut out = Entries::default();
        let mut admit = |source, id| {
            let data = EventData::StatusChanged { driver: key(1), status: DriverStatus::Busy };
            // The clock of the machine that it comes back on is a day behind.
            let now = NOW - Span::from_secs(86_400);
            again.admit(&Event { source: key(source), id, time: NOW, due: None, data }, now, &mut out)
        };
        for (source, id) in [(0, 1_000), (0, 1_001), (2, 0), (0, 1_200), (0, 900), (0, 1_199)] {
            assert_eq!(admit(source, EventId::Sequence(id)), Admission::Duplicate);
        }
        assert_eq!(admit(1, EventId::Opaque(key(3))), Admission::Duplicate);
        // An hour after it happened, by the log's time.
        assert!(matches!(admit(0, EventId::Sequence(5)), Admission::DeadLettered(crate::event::Reason::Late, _)));
        assert!(out.records.is_empty());
    }
}

#[test]
fn time_never_goes_back_after_a_restart() {
    let (sequencer, _) = varied();
    let mut again = restore(&sequencer.checkpoint()).unwrap();
    let last = NOW + Span::from_secs(3_601);
    assert_eq!((again.clock(), again.next_tick()), (last, 1));
    let mut out = Entries::default();
    for (clock, time) in [
        (Timestamp::MIN, last),
        (last - Span::from_secs(90), last),
        (last + Span::from_secs(30), last + Span::from_secs(30)),
    ] {
        again.tick(clock, &mut out);
        let event = Event {
            source: key(0),
            id: EventId::Sequence(4_000 + again.next_tick()),
            time,
            due: None,
            data: EventData::RoadClosed(RoadRef { from_node: 1, to_node: 2 }),
        };
        again.admit(&event, clock, &mut out);
        let told = out.records.iter().map(|record| (record.id, record.ingest_time));
        let expected = (again.next_tick() - 1, 4_000 + again.next_tick());
        assert_eq!(told.collect::<Vec<_>>(), [(expected.0, time), (expected.1, time)]);
        out.clear();
    }
}

#[test]
fn another_retention_counts_for_all_trips_alike() {
    let (sequencer, _) = varied();
    let config = SequencerConfig { trip_retention: Span::from_secs(10), ..SequencerConfig::default() };
    let dictionary = Arc::new(Dictionary::new());
    let mut again = Sequencer::restore(config, Arc::clone(&dictionary), &sequencer.checkpoint()).unwrap();
    assert_eq!(dictionary.trip(&key(5)), Some(TripId(1)));
    // It ended a second before the last tick, under a retention of an hour.
    again.tick(NOW + Span::from_secs(3_610), &mut Entries::default());
    assert_eq!((dictionary.trip(&key(5)), dictionary.trips()), (None, 2));
}

#[test]
fn no_more_trips_are_forgotten_at_a_tick_than_go_with_a_record() {
    const TRIPS: u64 = 20_000;
    let mut sequencer = Sequencer::new(SequencerConfig::default(), Arc::new(Dictionary::new()));
    let mut out = Entries::default();
    for number in 0..TRIPS {
        let (pickup, dropoff) = (Coord::default(), Coord::default());
        let data = EventData::TripRequested { trip: Key::Number(number), pickup, dropoff };
        let event = Event { source: key(0), id: EventId::Sequence(number), time: NOW, due: None, data };
        assert!(matches!(sequencer.admit(&event, NOW, &mut out), Admission::Accepted(_)));
    }
    let late = NOW + Span::from_secs(100_000);
    let mut other = Sequencer::new(SequencerConfig::default(), Arc::new(Dictionary::new()));
    for forgotten in [16_384, TRIPS as usize - 16_384, 0] {
        other.absorb(&out).unwrap();
        out.clear();
        sequencer.tick(late, &mut out);
        assert_eq!(out.notes.len(), forgotten);
    }
}
