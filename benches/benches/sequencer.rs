//! The sequencer by itself: location events of many drivers, numbered by their sources or not.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use etaflow::{
    Coord, Dictionary, Entries, Event, EventData, EventId, GpsFix, Key, Sequencer, SequencerConfig, Span, Timestamp,
};

const DRIVERS: u64 = 20_000;
const EVENTS: u64 = 200_000;

fn events(ids: impl Fn(u64) -> EventId, keys: impl Fn(u64) -> Key) -> Vec<Event> {
    let event = |number: u64| {
        let fix = GpsFix::at(Coord::default()).with_speed_mps(10.0);
        let (time, driver) = (Timestamp::from_micros(number as i64), keys(number * 7_919 % DRIVERS));
        let data = EventData::LocationUpdated { driver, fix };
        Event { source: Key::Number(number % 4), id: ids(number), time, due: None, data }
    };
    (0..EVENTS).map(event).collect()
}

fn admit(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sequencer");
    group.throughput(Throughput::Elements(EVENTS)).sample_size(20);
    let text = |number: u64| Key::new(&format!("driver-{number}")).expect("a short text is a key");
    let cases = [
        ("sequence numbers, numeric drivers", events(EventId::Sequence, Key::Number)),
        ("sequence numbers, text drivers", events(EventId::Sequence, text)),
        ("opaque ids, numeric drivers", events(|number| EventId::Opaque(Key::Number(number)), Key::Number)),
    ];
    for (name, events) in cases {
        let fresh = || {
            let sequencer = Sequencer::new(SequencerConfig::default(), Arc::new(Dictionary::new()));
            (sequencer, Entries { records: Vec::with_capacity(events.len()), notes: Vec::new() })
        };
        group.bench_function(name, |bencher| {
            bencher.iter_batched(
                fresh,
                |(mut sequencer, mut out)| {
                    for event in &events {
                        black_box(sequencer.admit(event, event.time + Span::from_millis(5), &mut out));
                    }
                    assert_eq!(out.records.len(), events.len(), "each is accepted");
                    (sequencer, out)
                },
                BatchSize::LargeInput,
            );
        });
    }
}

/// What it costs to write down 100,000 drivers and as many trips, which the thread that takes events in waits for, and to
/// take them in again.
fn checkpoint(criterion: &mut Criterion) {
    const NAMES: u64 = 100_000;
    let mut sequencer = Sequencer::new(SequencerConfig::default(), Arc::new(Dictionary::new()));
    let text = |what: &str, number: u64| Key::new(&format!("{what}-{number}")).expect("a short text is a key");
    let (now, mut log) = (Timestamp::from_secs(0), Entries::default());
    for number in 0..NAMES {
        let fix = GpsFix::at(Coord::default());
        let (driver, trip) = (text("driver", number), text("trip", number));
        let (pickup, dropoff) = (Coord::default(), Coord::default());
        let data = [EventData::LocationUpdated { driver, fix }, EventData::TripRequested { trip, pickup, dropoff }];
        for (id, data) in (2 * number..).map(EventId::Sequence).zip(data) {
            sequencer.admit(&Event { source: Key::Number(0), id, time: now, due: None, data }, now, &mut log);
        }
    }
    assert_eq!(log.records.len() as u64, 2 * NAMES, "each is accepted");
    let bytes = sequencer.checkpoint();
    let mut group = criterion.benchmark_group("sequencer of 100,000 drivers and trips");
    group.throughput(Throughput::Bytes(bytes.len() as u64)).sample_size(20);
    group.bench_function("checkpoint", |bencher| bencher.iter_with_large_drop(|| sequencer.checkpoint()));
    let fresh = || Arc::new(Dictionary::new());
    group.bench_function("restore", |bencher| {
        bencher.iter_with_large_drop(|| Sequencer::restore(SequencerConfig::default(), fresh(), &bytes));
    });
    group.throughput(Throughput::Elements(2 * NAMES));
    group.bench_function("absorb", |bencher| {
        bencher.iter_with_large_drop(|| {
            let mut other = Sequencer::new(SequencerConfig::default(), fresh());
            other.absorb(&log).expect("a sequencer has made it");
            other
        });
    });
}

criterion_group!(benches, admit, checkpoint);
criterion_main!(benches);
