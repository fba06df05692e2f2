//! Writes into `corpus/` what a fuzzer begins with: whole files of each kind, small ones.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::{fs, io, thread};

use etaflow::{
    Config, CutReport, Dictionary, Entries, Event, EventSource, Executor, GpsFix, Image, Key, Log, Mark, MarkFile,
    MemoryLog, MemoryLogConfig, NodeId, Offset, Outputs, SegmentLog, SegmentLogConfig, Sequencer, SequencerConfig,
    SimulatedStorage, Span, SyncPolicy, Timestamp, encode_notes, encode_snapshot,
};

const START: Timestamp = Timestamp::from_secs(1_700_000_000);
const SECONDS: usize = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let (pieces, checkpoint) = sequenced()?;
    let mut notes = Vec::new();
    pieces.iter().for_each(|entries| encode_notes(&entries.notes, &mut notes));
    let records = pieces.iter().flat_map(|entries| &entries.records);
    let frames: Vec<u8> = records.take(40).flat_map(|record| record.encode()).collect();
    put("frames", "records", &frames)?;
    put("notes", "notes", &notes)?;
    put("checkpoint", "checkpoint", &checkpoint)?;
    for (name, segment_bytes) in [("open", 1 << 20), ("full", 4 << 10)] {
        put("segment", name, &segment(&pieces, segment_bytes)?)?;
    }
    put("mark", "mark", &mark()?)?;
    let image = image(&pieces)?;
    put(
        "snapshot",
        "snapshot",
        &encode_snapshot(&Image { parts: image.parts.iter().rev().take(4).cloned().collect(), ..image.clone() }),
    )?;
    states(&image)?;
    Ok(())
}

fn put(target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(name), bytes)
}

/// What a few drivers and their dispatch say, in the one order, a second a piece; and what the sequencer knows then.
fn sequenced() -> Result<(Vec<Entries>, Vec<u8>), Box<dyn Error>> {
    let network = etaflow_fuzz::network();
    let place = |nth: usize| network.coord(NodeId((nth * 7 % network.node_count()) as u32));
    let mut sequencer = Sequencer::new(SequencerConfig::default(), Arc::new(Dictionary::new()));
    let mut app = EventSource::new(Key::new("app")?, 0);
    let mut pieces = Vec::new();
    for second in 0..SECONDS {
        let now = START + Span::from_secs(second as i64);
        let driver = |nth: usize| Key::new(&format!("driver-{nth}"));
        let trip = Key::Number(second as u64 / 8);
        let mut events: Vec<Event> = Vec::new();
        for nth in 0..3 {
            let fix = GpsFix::at(place(second / 4 + nth)).with_accuracy_m(4.0).with_speed_mps(8.0);
            events.push(app.location(now, driver(nth)?, fix));
        }
        match second % 8 {
            1 => events.push(app.requested(now, trip, place(second), place(second + 3))),
            2 => events.push(app.assigned(now, trip, driver(second % 3)?)),
            5 if second < 24 => events.push(app.picked_up(now, trip)),
            7 if second < 16 => events.push(app.completed(now, trip)),
            _ => {}
        }
        let mut entries = Entries::default();
        for event in &events {
            sequencer.admit(event, now, &mut entries);
        }
        sequencer.tick(now + Span::from_millis(999), &mut entries);
        pieces.push(entries);
    }
    Ok((pieces, sequencer.checkpoint()))
}

/// The first segment of a log.
fn segment(pieces: &[Entries], segment_bytes: u64) -> Result<Vec<u8>, Box<dyn Error>> {
    let storage = SimulatedStorage::new();
    let config = SegmentLogConfig { segment_bytes, sync: SyncPolicy::Sync, ..SegmentLogConfig::default() };
    let (log, _) = SegmentLog::open_stepwise(Arc::new(storage.clone()), &config)?;
    for entries in pieces {
        log.append(&entries.records, &entries.notes)?;
    }
    Ok(storage.contents("log/00000000000000000000.seg").ok_or("there is a segment")?)
}

fn mark() -> Result<Vec<u8>, Box<dyn Error>> {
    let storage = SimulatedStorage::new();
    let mut file = MarkFile::open(Arc::new(storage.clone()), "groups/fuzz")?;
    file.set(Mark { offset: 3, within: 0 })?;
    file.set(Mark { offset: 5, within: 2 })?;
    let mut bytes = storage.contents("groups/fuzz").ok_or("there is a mark")?;
    bytes.drain(36..4_096);
    Ok(bytes)
}

/// The state after all that was said.
fn image(pieces: &[Entries]) -> Result<Image, Box<dyn Error>> {
    let log = Arc::new(MemoryLog::new(&MemoryLogConfig::default()));
    let (cut, images) = mpsc::sync_channel(1);
    let snapshots = Box::new(move |report: CutReport| cut.send(report.image).expect("who asks waits"));
    let outputs = Outputs { snapshots: Some(snapshots), ..Outputs::default() };
    let config = Config { shards: 1, ..Config::default() };
    let executor = Executor::start(etaflow_fuzz::network(), &config, Arc::clone(&log) as _, Offset(0).into(), outputs)?;
    let handle = executor.handle();
    for (entries, nth) in pieces.iter().zip(1..) {
        if nth == SECONDS {
            while handle.applied() < log.end() {
                thread::yield_now();
            }
            handle.request_snapshot();
        }
        log.append(&entries.records, &entries.notes)?;
    }
    log.close();
    executor.join()?;
    Ok(images.recv()?)
}

/// One entity of each length that there is of a kind.
fn states(image: &Image) -> Result<(), Box<dyn Error>> {
    let mut seeds = BTreeMap::new();
    for part in &image.parts {
        for entity in part.entities() {
            let (number, state) = entity?;
            let seed = [&[part.kind, number as u8], state].concat();
            seeds.insert((part.kind, state.len()), seed);
        }
    }
    for ((kind, length), seed) in seeds {
        put("state", &format!("{}-{length}", char::from(kind)), &seed)?;
    }
    Ok(())
}
