//! Snapshots of the whole pipeline: how long the shards are held up while one is cut, and how long it takes to go on from
//! one.
//!
//! Drivers and trips are those of a made-up world. Snapshots are cut while the world goes on at the pace of the clock, so
//! that the shards have the time between records that they have when they are live. What goes on from the last one has to
//! come to the same end as what never stopped.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use etaflow::{
    Clock, Config, CutReport, Dictionary, DiskStorage, Entries, Executor, ExecutorReport, Image, Log, MemoryLog,
    MemoryLogConfig, Offset, Outputs, Sequencer, SequencerConfig, SnapshotStore, Start, WallClock,
};
use etaflow_road::{Network, Span, Timestamp};
use etaflow_simulator::{World, WorldConfig};

use crate::comparison::{median, timed};
use crate::disk::Disk;
use crate::log::Failure;
use crate::pace::wait_until;
use crate::{GroupError, Request, Row};

const GROUP: &str = "snapshot";

/// How many drivers and trips there are, and how many seconds of theirs come before the first snapshot.
#[derive(Debug, Clone, Copy)]
struct Scale {
    drivers: u32,
    trips: u32,
    warm_s: usize,
}

impl Scale {
    const FULL: Self = Self { drivers: 100_000, trips: 100_000, warm_s: 12 };
}

/// A driver says where he is every so often.
const FIX_RATE_HZ: f64 = 0.2;
/// Seconds from one snapshot to the next.
const BETWEEN_S: usize = 2;
/// A second is appended in so many pieces.
const PIECES: usize = 100;

/// What was measured, in milliseconds, and the last snapshot with what it is to come to.
struct Cuts {
    pauses: Vec<f64>,
    durations: Vec<f64>,
    last: CutReport,
    report: ExecutorReport,
}

/// Snapshots cut, written, read and gone on from, with 100,000 drivers and 100,000 trips.
pub fn rows(request: &Request) -> Result<Vec<Row>, GroupError> {
    measured(request, Scale::FULL)
}

fn measured(request: &Request, scale: Scale) -> Result<Vec<Row>, GroupError> {
    let disk = Disk::new(request)?;
    let failed = |source| GroupError::Keeper { who: "the pipeline", source };
    let network = Arc::new(request.network()?);
    request.tell(format_args!("{} nodes, {} edges", network.node_count(), network.edge_count()));
    let seconds = seconds(&network, scale, scale.warm_s + BETWEEN_S * (request.rounds + 1));
    let log: Arc<MemoryLog> = Arc::new(MemoryLog::new(&MemoryLogConfig::default()));
    let cuts = cut(&network, &log, &seconds, request, scale.warm_s).map_err(failed)?;
    let (bytes, entities) = (cuts.last.bytes as f64, cuts.last.entities as f64);
    let of = format!("{} drivers, {} trips", scale.drivers, scale.trips);
    let mut rows = vec![
        row(format!("a shard held up at once, {of}"), "ms", median(cuts.pauses)),
        row(format!("cut to whole, {of}"), "ms", median(cuts.durations)),
        row(format!("size, {of}"), "MB", bytes / 1e6),
        row(format!("entities, {of}"), "entities", entities),
    ];
    let storage = DiskStorage::open(disk.folder("snapshots")?).map_err(|error| failed(error.into()))?;
    let store = SnapshotStore::new(Arc::new(storage), 1);
    let restored = restored(&network, &log, &store, &cuts.last.image, request).map_err(failed)?;
    rows.extend(restored.into_iter().map(|(what, ms)| row(format!("{what}, {of}"), "ms", ms)));
    let executor = executor(&network, &log, Start::Image(&cuts.last.image), 2, Outputs::default()).map_err(failed)?;
    let report = executor.join().map_err(|error| failed(error.into()))?;
    assert_eq!(report, cuts.report, "what goes on from a snapshot comes to the same end");
    rows.retain(|row| request.wants(&row.operation));
    Ok(rows)
}

fn row(operation: String, unit: &'static str, figure: f64) -> Row {
    Row { group: GROUP, operation, peer: "", unit, ours: Some(figure), theirs: None, speedup: None }
}

/// What is in the log of each second; a tick is the last.
fn seconds(network: &Arc<Network>, scale: Scale, count: usize) -> Vec<Entries> {
    let start = Timestamp::from_secs(1_700_000_000);
    let Scale { drivers, trips: trips_under_way, .. } = scale;
    let config = WorldConfig { drivers, trips_under_way, fix_rate_hz: FIX_RATE_HZ, ..WorldConfig::default() };
    let mut world = World::new(Arc::clone(network), config, 1, start);
    let mut sequencer = Sequencer::new(SequencerConfig::default(), Arc::new(Dictionary::new()));
    let mut said = Vec::new();
    let mut second = |nth: usize| {
        let until = start + Span::from_secs(nth as i64);
        world.advance(until, &mut said);
        let mut entries = Entries::default();
        for emission in said.drain(..) {
            sequencer.admit(&emission.event, emission.event.time, &mut entries);
        }
        sequencer.tick(until, &mut entries);
        entries
    };
    (1..=count).map(&mut second).collect()
}

fn executor(
    network: &Arc<Network>,
    log: &Arc<MemoryLog>,
    start: Start<'_>,
    shards: u32,
    outputs: Outputs,
) -> Result<Executor, Failure> {
    let config = Config { shards, ..Config::default() };
    Ok(Executor::start(Arc::clone(network), &config, Arc::clone(log) as Arc<dyn Log>, start, outputs)?)
}

/// Two shards follow the world. The first seconds come at once, and from then on at the pace of the clock, with a snapshot
/// every so often.
fn cut(
    network: &Arc<Network>,
    log: &Arc<MemoryLog>,
    seconds: &[Entries],
    request: &Request,
    warm_s: usize,
) -> Result<Cuts, Failure> {
    let clock = WallClock::new();
    let (send, cut) = mpsc::sync_channel(1);
    let told = clock.clone();
    let tap = move |report: CutReport| _ = send.send((report, told.now()));
    let outputs = Outputs { snapshots: Some(Box::new(tap)), ..Outputs::default() };
    let executor = executor(network, log, Offset(0).into(), 2, outputs)?;
    let handle = executor.handle();
    let (warm, live) = seconds.split_at(warm_s);
    for entries in warm {
        log.append(&entries.records, &entries.notes)?;
    }
    request.tell(format_args!("{} records at once", log.end().0));
    while handle.applied() < log.end() && !executor.is_finished() {
        thread::yield_now();
    }
    let (mut pauses, mut durations) = (Vec::new(), Vec::new());
    let mut last = None;
    for (round, live) in live.chunks_exact(BETWEEN_S).enumerate() {
        // Otherwise the cut would be at the tick before.
        while handle.applied() < log.end() && !executor.is_finished() {
            thread::yield_now();
        }
        let ticked = live_snapshot(log, live, &clock, || handle.request_snapshot())?;
        let (report, whole) = wait_for(&cut)?;
        let (pause, duration) = (report.pause_max.micros() as f64 / 1e3, whole.since(ticked).micros() as f64 / 1e3);
        request.tell(format_args!("held up for {pause:.1} ms, whole after {duration:.0} ms, {} bytes", report.bytes));
        if round > 0 {
            pauses.push(pause);
            durations.push(duration);
        }
        last = Some(report);
    }
    log.close();
    let report = executor.join()?;
    Ok(Cuts { pauses, durations, last: last.ok_or("there is a round")?, report })
}

/// Some seconds at the pace of the clock, with a snapshot that is cut at the first tick; when that tick came.
fn live_snapshot(
    log: &MemoryLog,
    seconds: &[Entries],
    clock: &WallClock,
    ask: impl Fn(),
) -> Result<Timestamp, Failure> {
    let mut ticked = None;
    for entries in seconds {
        let start = clock.now();
        if ticked.is_none() {
            ask();
        }
        let piece = entries.records.len().div_ceil(PIECES).max(1);
        for (records, nth) in entries.records.chunks(piece).zip(1..) {
            wait_until(clock, start + Span::from_micros(nth * 1_000_000 / PIECES as i64));
            // Nobody asks for names here.
            log.append(records, &[])?;
        }
        ticked.get_or_insert(clock.now());
    }
    Ok(ticked.ok_or("there is a second")?)
}

fn wait_for<T>(reports: &Receiver<T>) -> Result<T, Failure> {
    const PATIENCE: std::time::Duration = std::time::Duration::from_secs(60);
    Ok(reports.recv_timeout(PATIENCE)?)
}

/// Milliseconds that it takes to write a snapshot to a file, to read it, and to start from it; medians over the rounds.
fn restored(
    network: &Arc<Network>,
    log: &Arc<MemoryLog>,
    store: &SnapshotStore,
    image: &Image,
    request: &Request,
) -> Result<Vec<(&'static str, f64)>, Failure> {
    const WHAT: [&str; 4] =
        ["written to a file, synced", "read from the file", "start from it, 1 shard", "start from it, 2 shards"];
    let mut figures = WHAT.map(|_| Vec::with_capacity(request.rounds));
    for round in 0..=request.rounds {
        let (written, written_us) = timed(|| store.write(image));
        let offset = written?.offset;
        let (read, read_us) = timed(|| store.read(offset));
        let read = read?;
        assert_eq!(&read, image, "what is read is what was written");
        let start = |shards| -> Result<f64, Failure> {
            let (executor, us) = timed(|| executor(network, log, Start::Image(&read), shards, Outputs::default()));
            executor?.join()?;
            Ok(us)
        };
        let us = [written_us, read_us, start(1)?, start(2)?];
        if round > 0 {
            figures.iter_mut().zip(us).for_each(|(figures, us)| figures.push(us / 1e3));
        }
    }
    Ok(WHAT.into_iter().zip(figures.map(median)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_world_is_cut_and_gone_on_from() {
        let request = Request { rounds: 1, nodes: Some(1_000), ..Request::default() };
        let rows = measured(&request, Scale { drivers: 200, trips: 60, warm_s: 4 }).expect("it needs no file");
        let units: Vec<_> = rows.iter().map(|row| row.unit).collect();
        assert_eq!(units, ["ms", "ms", "MB", "entities", "ms", "ms", "ms", "ms"]);
        assert!(rows.iter().all(|row| row.ours.is_some_and(|figure| figure > 0.0)), "{rows:?}");
    }
}
