//! Events per second through the whole engine: 10,000 drivers for 40 s of a made-up city, a fix a second each, with
//! 1,500 trips under way.
//!
//! The yardstick in the same run is the matcher alone on one core: whatever is slower than that is not the roads' fault.
//! The sequencer is measured alone as well, and the pipeline alone on a log that is there already.

#![allow(missing_docs, reason = "criterion's macros make public items")]

use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use etaflow::{
    Config, Dictionary, Entries, Event, Executor, ExecutorReport, Log, MemoryLog, MemoryLogConfig, Note, Offset,
    Outputs, Payload, Record, Sequencer, SequencerConfig,
};
use etaflow_road::{EdgeIndex, Fix, Matcher, MatcherConfig, Network, Outcome, Span, SyntheticCity, Timestamp, Trace};
use etaflow_simulator::{World, WorldConfig};

const DRIVERS: u32 = 10_000;
const TRIPS: u32 = 1_500;
const SECONDS: i64 = 40;

/// How many events are taken in at once, as from a bus.
const EVENTS_MAX: usize = 256;

/// What is said in a second, and the tick at its end.
struct Second {
    events: Vec<Event>,
    until: Timestamp,
}

fn seconds(network: &Arc<Network>) -> Vec<Second> {
    let start = Timestamp::from_secs(1_700_000_000);
    let config = WorldConfig { drivers: DRIVERS, trips_under_way: TRIPS, ..WorldConfig::default() };
    let mut world = World::new(Arc::clone(network), config, 1, start);
    let mut said = Vec::new();
    (1..=SECONDS)
        .map(|second| {
            let until = start + Span::from_secs(second);
            world.advance(until, &mut said);
            Second { events: said.drain(..).map(|emission| emission.event).collect(), until }
        })
        .collect()
}

/// Puts all events into an order and hands it on in pieces, as an engine's ingest thread does.
fn sequence(seconds: &[Second], mut append: impl FnMut(&[Record], &[Note])) {
    let mut sequencer = Sequencer::new(SequencerConfig::default(), Arc::new(Dictionary::new()));
    let mut entries = Entries::default();
    for second in seconds {
        for events in second.events.chunks(EVENTS_MAX) {
            for event in events {
                sequencer.admit(event, event.time, &mut entries);
            }
            append(&entries.records, &entries.notes);
            entries.clear();
        }
        sequencer.tick(second.until, &mut entries);
        append(&entries.records, &entries.notes);
        entries.clear();
    }
}

fn memory_log() -> Arc<MemoryLog> {
    Arc::new(MemoryLog::new(&MemoryLogConfig::default()))
}

fn execute(network: &Arc<Network>, shards: u32, log: Arc<MemoryLog>) -> Executor {
    let config = Config { shards, ..Config::default() };
    Executor::start(Arc::clone(network), &config, log, Offset(0).into(), Outputs::default())
        .expect("a valid configuration")
}

/// The matcher on all fixes of the log.
fn match_all(network: &Arc<Network>, index: &Arc<EdgeIndex>, fixes: &[(usize, Fix)]) -> usize {
    let matcher = Matcher::new(Arc::clone(network), Arc::clone(index), MatcherConfig::default());
    let mut matcher = matcher.expect("the default is valid");
    let mut traces = vec![Trace::default(); DRIVERS as usize];
    let outcomes = fixes.iter().filter(|(driver, fix)| {
        let outcome = matcher.on_fix(&mut traces[*driver], fix);
        matches!(outcome, Outcome::Matched(_))
    });
    outcomes.count()
}

fn fix_of(record: &Record) -> Option<(usize, Fix)> {
    let Payload::Location { driver, fix } = record.payload else { return None };
    let readings = (fix.accuracy_m(), fix.speed_mps(), fix.heading_deg());
    let (accuracy_m, speed_mps, heading_deg) = readings;
    Some((driver.0 as usize, Fix { time: record.time, coord: fix.coord(), accuracy_m, speed_mps, heading_deg }))
}

fn end_to_end(criterion: &mut Criterion) {
    let network = Arc::new(SyntheticCity::default().build());
    let index = Arc::new(EdgeIndex::new(&network));
    let seconds = seconds(&network);
    let events: usize = seconds.iter().map(|second| second.events.len()).sum();
    let recorded = memory_log();
    let mut fixes = Vec::new();
    sequence(&seconds, |records, notes| {
        fixes.extend(records.iter().filter_map(fix_of));
        recorded.append(records, notes).expect("in order");
    });
    recorded.close();
    println!("{events} events of {DRIVERS} drivers in {SECONDS} s, {} fixes", fixes.len());

    let mut group = criterion.benchmark_group("end_to_end");
    group.sample_size(10).throughput(Throughput::Elements(events as u64));
    group.bench_function("matcher alone, a thread", |bencher| bencher.iter(|| match_all(&network, &index, &fixes)));
    group.bench_function("sequencer and log alone, a thread", |bencher| {
        bencher.iter_batched_ref(
            memory_log,
            |log| sequence(&seconds, |records, notes| log.append(records, notes).expect("in order")),
            BatchSize::PerIteration,
        );
    });
    let mut reports: Vec<ExecutorReport> = Vec::new();
    for shards in [1, 2] {
        group.bench_function(format!("pipeline on a log, {shards} shards"), |bencher| {
            bencher.iter(|| {
                let executor = execute(&network, shards, Arc::clone(&recorded));
                reports.push(executor.join().expect("no shard fails"));
            });
        });
    }
    for shards in [1, 2] {
        group.bench_function(format!("sequencer and pipeline, {shards} shards"), |bencher| {
            bencher.iter(|| {
                let log = memory_log();
                let executor = execute(&network, shards, Arc::clone(&log));
                sequence(&seconds, |records, notes| log.append(records, notes).expect("in order"));
                log.close();
                reports.push(executor.join().expect("no shard fails"));
            });
        });
    }
    group.finish();
    let Some(first) = reports.first() else { return };
    println!("{first:?}");
    for report in &reports {
        assert_eq!(report, first, "the same log, the same results");
    }
}

criterion_group!(benches, end_to_end);
criterion_main!(benches);
