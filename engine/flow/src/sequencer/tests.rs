use std::collections::HashSet;
use std::sync::Arc;

use etaflow_road::{Coord, Span, Timestamp};
use proptest::prelude::*;

use super::seen::{Seen, SequenceWindow};
use super::*;
use crate::bytes::ByteReader;
use crate::event::{
    DriverId, DriverStatus, Entries, Event, EventData, EventId, GpsFix, Key, Offset, Payload, Reason, RoadRef, TripId,
};
use crate::profile::{Profiles, SpeedProfile};

const NOW: Timestamp = Timestamp::from_secs(1_000_000);

fn sequencer(config: SequencerConfig) -> Sequencer {
    config.validate().unwrap();
    Sequencer::new(config, Arc::new(Dictionary::new()))
}

fn event(source: u64, number: u64, data: EventData) -> Event {
    Event { source: Key::Number(source), id: EventId::Sequence(number), time: NOW, due: None, data }
}

fn seen_driver(driver: u64) -> EventData {
    EventData::StatusChanged { driver: Key::Number(driver), status: DriverStatus::Available }
}

fn requested(trip: u64) -> EventData {
    EventData::TripRequested { trip: Key::Number(trip), pickup: Coord::default(), dropoff: Coord::default() }
}

fn completed(trip: u64) -> EventData {
    EventData::TripCompleted { trip: Key::Number(trip) }
}

/// Feeds a sequencer with one event after another, each with a fresh id.
struct Feed {
    sequencer: Sequencer,
    now: Timestamp,
    number: u64,
    out: Entries,
}

impl Feed {
    fn new(config: SequencerConfig) -> Self {
        Self { sequencer: sequencer(config), now: NOW, number: 0, out: Entries::default() }
    }

    fn give(&mut self, data: EventData) -> Result<Payload, Reason> {
        self.number += 1;
        let event = Event { time: self.now, ..event(0, self.number, data) };
        self.admit(&event)
    }

    fn admit(&mut self, event: &Event) -> Result<Payload, Reason> {
        match self.sequencer.admit(event, self.now, &mut self.out) {
            Admission::Accepted(offset) => {
                let record = self.out.records.last().unwrap();
                assert_eq!(record.offset, offset);
                Ok(record.payload)
            }
            Admission::DeadLettered(reason, detail) => {
                assert!(!detail.is_empty());
                Err(reason)
            }
            Admission::Duplicate => panic!("{event:?} did not come before"),
        }
    }

    fn tick_after(&mut self, span: Span) {
        self.now = self.now + span;
        self.sequencer.tick(self.now, &mut self.out);
    }
}

#[test]
fn names_become_dense_numbers() {
    let dictionary = Arc::new(Dictionary::new());
    let mut feed = Feed::new(SequencerConfig::default());
    feed.sequencer = Sequencer::new(SequencerConfig::default(), Arc::clone(&dictionary));
    for (number, key) in [500, 7, 500, 9].into_iter().enumerate() {
        feed.give(seen_driver(key)).unwrap();
        assert_eq!(dictionary.drivers(), [1, 2, 2, 3][number]);
    }
    assert_eq!(dictionary.driver(&Key::Number(7)), Some(DriverId(1)));
    assert_eq!(dictionary.driver_key(DriverId(2)), Some(Key::Number(9)));
    assert_eq!(dictionary.driver_key(DriverId(3)), None);
    assert_eq!(
        feed.give(requested(3)),
        Ok(Payload::Requested { trip: TripId(0), pickup: Coord::default(), dropoff: Coord::default() })
    );
    assert_eq!(
        feed.give(EventData::TripAssigned { trip: Key::Number(3), driver: Key::Number(9) }),
        Ok(Payload::Assigned { trip: TripId(0), driver: DriverId(2) })
    );
    assert_eq!(dictionary.trip_key(TripId(0)), Some(Key::Number(3)));
    assert_eq!(
        dictionary.source(&Key::Number(0)).and_then(|source| dictionary.source_key(source)),
        Some(Key::Number(0))
    );
    let road = RoadRef { from_node: 1, to_node: 2 };
    assert_eq!(feed.give(EventData::RoadClosed(road)), Ok(Payload::Closed(road)));
    let offsets: Vec<u64> = feed.out.records.iter().map(|record| record.offset.0).collect();
    assert_eq!(offsets, (0..7).collect::<Vec<_>>());
    assert_eq!(feed.sequencer.next_offset(), Offset(7));
}

#[test]
fn names_nobody_has_heard_of_are_dead_letters() {
    let mut feed = Feed::new(SequencerConfig::default());
    let trip = Key::Number(1);
    for data in [
        EventData::TripAssigned { trip: trip.clone(), driver: Key::Number(1) },
        EventData::TripPickedUp { trip: trip.clone() },
        EventData::TripCancelled { trip: trip.clone() },
        completed(1),
    ] {
        assert_eq!(feed.give(data), Err(Reason::UnknownTrip));
    }
    feed.give(requested(1)).unwrap();
    assert_eq!(feed.give(requested(1)), Err(Reason::TripExists));
    assert_eq!(feed.give(EventData::TripAssigned { trip, driver: Key::Number(1) }), Err(Reason::UnknownDriver));
    assert_eq!(feed.out.records.len(), 1);
}

#[test]
fn keys_that_no_constructor_makes_are_malformed() {
    let mut feed = Feed::new(SequencerConfig::default());
    for text in ["", "42", &"x".repeat(129)] {
        let key = Key::Text(text.into());
        let status = DriverStatus::Busy;
        assert_eq!(feed.give(EventData::StatusChanged { driver: key.clone(), status }), Err(Reason::Malformed));
        let foreign = Event { source: key, ..event(0, 1, seen_driver(1)) };
        assert_eq!(feed.admit(&foreign), Err(Reason::Malformed));
    }
}

#[test]
fn a_dead_letter_leaves_nothing_behind() {
    let dictionary = Arc::new(Dictionary::new());
    let mut sequencer = Sequencer::new(SequencerConfig::default(), Arc::clone(&dictionary));
    let mut out = Entries::default();
    let early = event(5, 1, completed(1));
    for _ in 0..2 {
        let admission = sequencer.admit(&early, NOW, &mut out);
        assert!(matches!(admission, Admission::DeadLettered(Reason::UnknownTrip, _)), "{admission:?}");
    }
    assert_eq!((dictionary.source(&Key::Number(5)), out.records.len()), (None, 0));
    sequencer.admit(&event(6, 1, requested(1)), NOW, &mut out);
    assert_eq!(sequencer.admit(&early, NOW, &mut out), Admission::Accepted(Offset(1)));
    assert_eq!(sequencer.admit(&early, NOW, &mut out), Admission::Duplicate);
}

#[test]
fn time_is_judged_at_its_bounds() {
    let config = SequencerConfig::default();
    let step = Span::from_micros(1);
    for (time, expected) in [
        (NOW - config.lateness_max, None),
        (NOW - config.lateness_max - step, Some(Reason::Late)),
        (NOW + config.future_max, None),
        (NOW + config.future_max + step, Some(Reason::Future)),
        (Timestamp::MIN, Some(Reason::Late)),
        (Timestamp::from_micros(i64::MAX), Some(Reason::Future)),
    ] {
        let mut feed = Feed::new(config.clone());
        let result = feed.admit(&Event { time, ..event(0, 1, seen_driver(1)) });
        assert_eq!(result.err(), expected, "{time}");
    }
}

#[test]
fn a_repetition_is_a_duplicate_however_late() {
    let mut feed = Feed::new(SequencerConfig::default());
    let first = event(0, 1, seen_driver(1));
    feed.admit(&first).unwrap();
    let much_later = NOW + Span::from_secs(100_000);
    assert_eq!(feed.sequencer.admit(&first, much_later, &mut feed.out), Admission::Duplicate);
}

#[test]
fn counts_are_held_to_their_bounds() {
    let config = SequencerConfig { drivers_max: 2, trips_max: 2, sources_max: 2, ..SequencerConfig::default() };
    let mut feed = Feed::new(config);
    for key in [1, 2] {
        feed.give(seen_driver(key)).unwrap();
        feed.give(requested(key)).unwrap();
    }
    assert_eq!(feed.give(seen_driver(3)), Err(Reason::TooManyDrivers));
    assert_eq!(feed.give(requested(3)), Err(Reason::TooManyTrips));
    feed.give(seen_driver(2)).unwrap();
    feed.admit(&event(1, 1, seen_driver(1))).unwrap();
    assert_eq!(feed.admit(&event(2, 1, seen_driver(1))), Err(Reason::TooManySources));
    // A place is free again once an ended trip is forgotten.
    feed.give(completed(1)).unwrap();
    assert_eq!(feed.give(requested(3)), Err(Reason::TooManyTrips));
    feed.tick_after(Span::from_secs(3_600));
    assert!(matches!(feed.give(requested(3)), Ok(Payload::Requested { trip: TripId(2), .. })));
}

#[test]
fn trips_are_forgotten_after_their_time() {
    let (hour, second) = (Span::from_secs(3_600), Span::from_secs(1));
    let mut feed = Feed::new(SequencerConfig::default());
    feed.give(requested(1)).unwrap();
    feed.give(requested(2)).unwrap();
    feed.tick_after(Span::from_secs(23 * 3_600 + 1_800));
    feed.give(completed(1)).unwrap();
    feed.tick_after(Span::from_secs(1_799));
    feed.give(completed(1)).unwrap();
    assert_eq!(feed.give(requested(2)), Err(Reason::TripExists));
    // A day after its request: trip 2 goes, trip 1 has an hour from its first end.
    feed.tick_after(second);
    assert_eq!(feed.give(completed(2)), Err(Reason::UnknownTrip));
    assert_eq!(feed.give(requested(1)), Err(Reason::TripExists));
    feed.tick_after(Span::from_secs(1_799));
    assert_eq!(feed.give(requested(1)), Err(Reason::TripExists));
    feed.tick_after(second);
    assert!(matches!(feed.give(requested(1)), Ok(Payload::Requested { trip: TripId(2), .. })));
    // The deadline of the first trip of that name does not touch the second.
    feed.tick_after(hour);
    assert_eq!(feed.give(requested(1)), Err(Reason::TripExists));
}

#[test]
fn what_was_due_waits_until_it_comes() {
    let mut feed = Feed::new(SequencerConfig::default());
    for (due, waited_us) in [
        (None, 0),
        (Some(NOW - Span::from_millis(3)), 3_000),
        (Some(NOW + Span::from_secs(1)), 0),
        (Some(Timestamp::MIN), u32::MAX),
    ] {
        feed.number += 1;
        feed.admit(&Event { due, ..event(0, feed.number, seen_driver(1)) }).unwrap();
        assert_eq!(feed.out.records.last().unwrap().waited_us, waited_us);
    }
}

#[test]
fn the_watermark_follows_the_newest_event() {
    let config = SequencerConfig::default();
    let mut feed = Feed::new(config.clone());
    let watermark = |feed: &Feed| match feed.out.records.last().unwrap().payload {
        Payload::Tick { watermark } => watermark,
        _ => panic!("no tick"),
    };
    feed.give(seen_driver(1)).unwrap();
    feed.tick_after(Span::ZERO);
    assert_eq!(watermark(&feed), NOW - config.watermark_delay);
    // One clock that is ahead moves it no further than the time of its arrival.
    feed.admit(&Event { time: NOW + Span::from_secs(20), ..event(0, 2, seen_driver(1)) }).unwrap();
    feed.tick_after(Span::ZERO);
    assert_eq!(watermark(&feed), NOW - config.watermark_delay);
    // Nobody speaks: nothing that would be accepted is before it.
    feed.tick_after(Span::from_secs(600));
    assert_eq!(watermark(&feed), feed.now - config.lateness_max);
}

#[test]
fn opaque_ids_are_forgotten_first_in_first_out() {
    let mut feed = Feed::new(SequencerConfig { opaque_ids_max: 3, ..SequencerConfig::default() });
    let opaque =
        |source, id: &str| Event { id: EventId::Opaque(Key::new(id).unwrap()), ..event(source, 0, seen_driver(1)) };
    for id in ["a", "b", "7"] {
        feed.admit(&opaque(1, id)).unwrap();
    }
    let Feed { sequencer, out, now, .. } = &mut feed;
    assert_eq!(sequencer.admit(&opaque(1, "a"), *now, out), Admission::Duplicate);
    // The same id of another source, and the same number as a sequence, are others.
    assert!(matches!(sequencer.admit(&opaque(2, "a"), *now, out), Admission::Accepted(_)));
    assert!(matches!(sequencer.admit(&event(1, 7, seen_driver(1)), *now, out), Admission::Accepted(_)));
    assert!(matches!(sequencer.admit(&opaque(1, "a"), *now, out), Admission::Accepted(_)));
    assert_eq!(sequencer.admit(&opaque(1, "7"), *now, out), Admission::Duplicate);
}

#[test]
fn a_source_without_gaps_takes_one_word() {
    let mut window = SequenceWindow::new(1 << 18);
    for number in 0..1_000_000 {
        window.insert(number);
        assert!(window.words_kept() <= 1);
    }
    assert_eq!(window.check(999_999 - (1 << 18)), Seen::TooOld);
    assert_eq!(window.check(1_000_000 - (1 << 18)), Seen::Before);
    // The worst: it jumps to the end of numbers, and comes back.
    window.insert(u64::MAX);
    window.insert(u64::MAX - (1 << 18) + 1);
    assert_eq!(window.check(u64::MAX - (1 << 18)), Seen::TooOld);
    assert!(window.words_kept() <= (1 << 12) + 1);
}

#[test]
fn settings_out_of_bounds_are_named() {
    let default = SequencerConfig::default;
    for (config, message) in [
        (SequencerConfig { drivers_max: 0, ..default() }, "drivers_max is 0, must be 1 to 100000000"),
        (SequencerConfig { sources_max: 1_000_001, ..default() }, "sources_max is 1000001, must be 1 to 1000000"),
        (SequencerConfig { sequence_window: 65, ..default() }, "sequence_window modulo 64 is 1, must be 0 to 0"),
        (
            SequencerConfig { future_max: Span::from_micros(-1), ..default() },
            "future_max is -1, must be 0 to 86400000000 us",
        ),
    ] {
        assert_eq!(config.validate().unwrap_err().to_string(), message);
    }
}

/// Numbers near each other, near a bound, and anywhere.
fn sequence_numbers() -> impl Strategy<Value = Vec<u64>> {
    let near = prop_oneof![0..700u64, 5_000..5_700u64, (u64::MAX - 300)..=u64::MAX, any::<u64>()];
    let forward = (0..1_000_000u64, prop::collection::vec(0..400u64, 1..400)).prop_map(|(start, steps)| {
        // A walk that mostly goes on, and looks back.
        let place = |(index, step): (usize, u64)| (start + 3 * index as u64 + step).saturating_sub(200);
        steps.into_iter().enumerate().map(place).collect()
    });
    prop_oneof![prop::collection::vec(near, 1..300), forward, Just((0..1_000).chain(0..1_000).collect())]
}

proptest! {
    #[test]
    fn a_window_is_a_set_of_everything(numbers in sequence_numbers(), words in 1..5u64) {
        let size = 64 * words;
        let (mut window, mut all) = (SequenceWindow::new(size), HashSet::new());
        for number in numbers {
            let highest = all.iter().max().copied();
            let expected = match highest {
                Some(highest) if u128::from(number) + u128::from(size) <= u128::from(highest) => Seen::TooOld,
                _ if all.contains(&number) => Seen::Before,
                _ => Seen::New,
            };
            prop_assert_eq!(window.check(number), expected, "{}", number);
            if expected == Seen::New {
                window.insert(number);
                all.insert(number);
            }
            prop_assert!(window.words_kept() as u64 <= words + 1);
        }
    }

    #[test]
    fn a_window_that_is_kept_by_another_forgets_and_brings_nothing_back(
        before in sequence_numbers(), words in (1..5u64, 1..5u64), after in sequence_numbers(),
    ) {
        let (mut window, mut all) = (SequenceWindow::new(64 * words.0), HashSet::new());
        for number in before {
            if window.check(number) == Seen::New {
                window.insert(number);
                all.insert(number);
            }
        }
        let (floor, mut bytes) = (window.floor(), Vec::new());
        window.encode(&mut bytes);
        prop_assert_eq!(bytes.len(), window.bytes());
        let mut reader = ByteReader::new(&bytes);
        let size = 64 * words.1;
        let mut window = SequenceWindow::decode(size, &mut reader).unwrap();
        prop_assert_eq!(reader.left(), 0);
        for number in after {
            let highest = all.iter().max().copied();
            let too_old = number < floor
                || highest.is_some_and(|highest| u128::from(number) + u128::from(size) <= u128::from(highest));
            let expected = match all.contains(&number) {
                _ if too_old => Seen::TooOld,
                true => Seen::Before,
                false => Seen::New,
            };
            prop_assert_eq!(window.check(number), expected, "{}", number);
            if expected == Seen::New {
                window.insert(number);
                all.insert(number);
            }
            prop_assert!(window.words_kept() as u64 <= words.1 + 1);
        }
    }

    #[test]
    fn a_window_of_any_bytes_is_refused_or_bounded(
        before in sequence_numbers(), changes in prop::collection::vec(any::<(u8, u8)>(), 0..4), after in sequence_numbers(),
    ) {
        let (mut window, mut bytes) = (SequenceWindow::new(128), Vec::new());
        before.into_iter().for_each(|number| if window.check(number) == Seen::New { window.insert(number) });
        window.encode(&mut bytes);
        for (at, to) in changes {
            let length = bytes.len();
            bytes[usize::from(at) % length] = to;
        }
        if let Ok(mut window) = SequenceWindow::decode(64, &mut ByteReader::new(&bytes)) {
            for number in after {
                if window.check(number) == Seen::New {
                    window.insert(number);
                    prop_assert_eq!(window.check(number), Seen::Before);
                }
                prop_assert!(window.words_kept() <= 2);
            }
        }
    }

    #[test]
    fn every_event_counts_once(
        ids in prop::collection::vec((0..3u64, 0..60u64, any::<bool>(), 0..4i64), 1..400),
    ) {
        let mut sequencer = sequencer(SequencerConfig::default());
        let (mut all, mut out, mut now, mut accepted) = (HashSet::new(), Entries::default(), NOW, 0);
        for (source, number, opaque, pause) in ids {
            now = now + Span::from_secs(pause);
            let id = if opaque { EventId::Opaque(Key::Number(number)) } else { EventId::Sequence(number) };
            let data = EventData::LocationUpdated { driver: Key::Number(number), fix: GpsFix::at(Coord::default()) };
            let event = Event { source: Key::Number(source), id: id.clone(), time: now, due: None, data };
            let admission = sequencer.admit(&event, now, &mut out);
            let fresh = all.insert((source, id));
            let expected = if fresh { Admission::Accepted(Offset(out.records.len() as u64 - 1)) } else { Admission::Duplicate };
            prop_assert_eq!(admission, expected);
            accepted += usize::from(fresh);
            if pause == 0 {
                sequencer.tick(now, &mut out);
                accepted += 1;
            }
        }
        prop_assert_eq!(out.records.len(), accepted);
        prop_assert!(out.records.iter().enumerate().all(|(index, record)| record.offset.0 == index as u64));
    }

    #[test]
    fn the_watermark_never_goes_back(steps in prop::collection::vec((-90..60i64, -40..70i64, any::<bool>()), 1..200)) {
        let mut feed = Feed::new(SequencerConfig::default());
        let (mut last, mut last_tick) = (Timestamp::MIN, Timestamp::MIN);
        for (number, (clock, behind, tick)) in (1u64..).zip(steps) {
            // The clock that is given may go back; what the log says may not.
            feed.now = feed.now + Span::from_secs(clock);
            let time = feed.now - Span::from_secs(behind);
            feed.sequencer.admit(&Event { time, ..event(0, number, seen_driver(1)) }, feed.now, &mut feed.out);
            if tick {
                feed.tick_after(Span::ZERO);
                let record = feed.out.records.last().unwrap();
                let Payload::Tick { watermark } = record.payload else { panic!("no tick") };
                prop_assert!(watermark >= last && watermark <= record.time && record.time >= last_tick);
                (last, last_tick) = (watermark, record.time);
            }
        }
        prop_assert!(feed.out.records.is_sorted_by_key(|record| record.ingest_time));
    }
}

#[test]
fn a_profile_that_is_not_kept_does_not_come_into_the_log() {
    let network = etaflow_road::SyntheticCity { nodes: 1_000, ..etaflow_road::SyntheticCity::default() }.build();
    let (profiles, profile) = (Profiles::in_memory(&network), SpeedProfile::free_flow(&network));
    let adopted = EventData::ProfileAdopted { profile: profile.id() };
    let mut feed = Feed::new(SequencerConfig::default());
    assert_eq!(feed.give(adopted.clone()), Err(Reason::UnknownProfile), "none are kept here");
    feed.sequencer = sequencer(SequencerConfig::default()).with_profiles(profiles.clone());
    assert_eq!(feed.give(adopted.clone()), Err(Reason::UnknownProfile), "not this one");
    profiles.keep(&profile).unwrap();
    assert_eq!(feed.give(adopted), Ok(Payload::ProfileAdopted { profile: profile.id() }));
}
