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

criterion_group!(benches, admit);
criterion_main!(benches);
