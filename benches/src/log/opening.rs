//! What it takes to open a log of some size, to find one's place in it, and to read all of it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use etaflow::{DiskStorage, LogFiles, Offset, Record};

use super::keeper::{Failure, Keeper, Tally};
use super::load::{Amount, BATCH, Load, ingest_time};
use super::ours::{Ours, open};
use crate::Random;
use crate::comparison::{median, timed};

/// A batch has so many bytes beside its records.
const HEADER_BYTES: u64 = 48;
/// The log is that much shorter than its size says: its last segment is nearly full, which takes the longest to open.
const SHORT_BYTES: u64 = 8 << 20;
/// How many places are looked for in a round.
const PLACES: usize = 200;
/// What is behind the end of a log whose writer has ended while it wrote.
const TORN: [u8; 5_000] = [0x5a; 5_000];

/// Medians over some rounds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Opening {
    /// Microseconds to open it, after its writer closed it.
    pub(super) closed_us: f64,
    /// Microseconds to open it with half a batch at its end.
    pub(super) torn_us: f64,
    /// Microseconds to find the first record of a time, which is anywhere in the log.
    pub(super) place_us: f64,
    /// Millions of records a second read.
    pub(super) read: f64,
}

/// Writes a log of about that size into an empty folder, and measures it. It is in the system's memory, as far as there
/// is room.
pub(super) fn opening(folder: &Path, bytes: u64, rounds: usize) -> Result<Opening, Failure> {
    let batch_bytes = HEADER_BYTES + (BATCH * Record::FRAME_BYTES) as u64;
    let batches = (bytes.saturating_sub(SHORT_BYTES) / batch_bytes).max(1);
    let mut load = Load::new(Amount::Records(batches * BATCH as u64));
    Ours.append(folder, &mut load)?;
    let records = load.records();
    let mut figures = [const { Vec::new() }; 4];
    for round in 0..=rounds {
        let (closed, closed_us) = timed(|| opened(folder, records));
        closed?;
        tear(folder)?;
        let (torn, torn_us) = timed(|| opened(folder, records));
        torn?;
        let places: Vec<u64> = places(round as u64, records);
        let files = LogFiles::open(std::sync::Arc::new(DiskStorage::open(folder)?))?;
        let (found, places_us) = timed(|| places.iter().try_for_each(|&place| find(&files, place)));
        found?;
        let kept = Ours.open(folder)?;
        let (tally, read_us) = timed(|| kept.scan(Tally::default()));
        tally?.check(records);
        if round > 0 {
            let round = [closed_us, torn_us, places_us / PLACES as f64, records as f64 / read_us];
            figures.iter_mut().zip(round).for_each(|(figures, figure)| figures.push(figure));
        }
    }
    let [closed_us, torn_us, place_us, read] = figures.map(median);
    Ok(Opening { closed_us, torn_us, place_us, read })
}

/// Opens the log for writing, and finds all there.
fn opened(folder: &Path, records: u64) -> Result<(), Failure> {
    let log = open(folder)?;
    let end = etaflow::Log::end(&log);
    if end == Offset(records) { Ok(()) } else { Err(format!("the log ends at {}, not at {records}", end.0).into()) }
}

/// Leaves half a batch at the end of the newest segment.
fn tear(folder: &Path) -> io::Result<()> {
    let entries = fs::read_dir(folder.join("log"))?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    let newest = entries.into_iter().max().ok_or(io::ErrorKind::NotFound)?;
    OpenOptions::new().append(true).open(newest)?.write_all(&TORN)
}

fn places(seed: u64, records: u64) -> Vec<u64> {
    let mut random = Random(seed);
    (0..PLACES).map(|_| random.below(records as usize) as u64).collect()
}

fn find(files: &LogFiles, place: u64) -> Result<(), Failure> {
    let found = files.offset_at(ingest_time(place))?;
    if found == Offset(place) { Ok(()) } else { Err(format!("{} found in place of {place}", found.0).into()) }
}
