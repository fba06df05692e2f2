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
