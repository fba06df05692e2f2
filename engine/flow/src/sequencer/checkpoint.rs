//! What a sequencer knows, written down.
//!
//! Little-endian, version 1:
//!
//! | what | as |
//! |---|---|
//! | magic | 8 bytes |
//! | version | u32 |
//! | next offset, next tick | u64 each |
//! | clock, newest event, watermark | microseconds since 1970, i64 each |
//! | sources, in the order of their numbers | u32: how many; each: key, window |
//! | drivers, in the order of their numbers | u32: how many; each: key |
//! | next trip | u32 |
//! | trips that have not ended, in the order of their numbers | u32: how many; each: number, time of request, key |
//! | trips that have ended, in the order of that | u32: how many; each: number, time of the end, key |
//! | opaque ids, the oldest first | u32: how many; each: 16 bytes |
//! | checksum | u32: CRC32C of all before |
//!
//! A key is written as in notes. A window is a byte (1: has numbers, 2: none came below its words), its highest number,
//! its lowest, the index of its first word (u64 each), how many words there are (u32), and these.

use std::sync::Arc;

use etaflow_road::Timestamp;
use rustc_hash::FxHashSet;

use super::config::SequencerConfig;
use super::dictionary::Dictionary;
use super::seen::SequenceWindow;
use super::trips::TripSince;
use super::writer::Sequencer;
use crate::bytes::{ByteReader, BytesError, put_time};
use crate::event::{DriverId, Key, Offset, SourceId, TripId};

const MAGIC: [u8; 8] = *b"\x89ETC\r\n\x1a\n";
const VERSION: u32 = 1;
const CHECKSUM_BYTES: usize = 4;
/// Magic, version and checksum.
const BYTES_MIN: usize = 8 + 4 + CHECKSUM_BYTES;

/// Why bytes are not a checkpoint that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// It is something else, or cut short at once.
    #[error("is no checkpoint of a sequencer")]
    Foreign,
    /// It is of a version that is not known here.
    #[error("has version {0}, must be {VERSION}; a newer etaflow wrote it")]
    Version(u32),
    /// It is not what was written.
    #[error("is damaged: its checksum is {found:08x}, its content's {computed:08x}")]
    Checksum {
        /// The one it has.
        found: u32,
        /// The one it should have.
        computed: u32,
    },
    /// It is whole, and yet no sequencer would have written it.
    #[error("is wrong: {0}")]
    Content(#[from] BytesError),
}

/// What a checkpoint says.
#[derive(Debug)]
pub(super) struct Checkpoint {
    next_offset: Offset,
    next_tick: u64,
    clock: Timestamp,
    newest: Timestamp,
    watermark: Timestamp,
    pub(super) sources: Vec<Key>,
    windows: Vec<SequenceWindow>,
    pub(super) drivers: Vec<Key>,
    pub(super) next_trip: u32,
    pub(super) under_way: Vec<TripSince>,
    pub(super) ended: Vec<TripSince>,
    opaque: Vec<u128>,
}

impl Sequencer {
    /// All that it knows, as bytes that [`restore`](Self::restore) takes. They are the same for all who know the same.
    pub fn checkpoint(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.checkpoint_bytes());
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        out.extend(self.next_offset.0.to_le_bytes());
        out.extend(self.next_tick.to_le_bytes());
        [self.clock, self.newest, self.watermark].into_iter().for_each(|time| put_time(&mut out, time));
        put_count(&mut out, self.sources.len());
        let sources = in_order(self.sources.iter().map(|(key, source)| (source.index(), key)));
        for (key, window) in sources.iter().zip(&self.windows) {
            key.encode(&mut out);
            window.encode(&mut out);
        }
        put_count(&mut out, self.drivers.len());
        let drivers = in_order(self.drivers.iter().map(|(key, driver)| (driver.index(), key)));
        drivers.iter().for_each(|key| key.encode(&mut out));
        out.extend(self.trips.next().to_le_bytes());
        put_trips(&mut out, self.trips.under_way());
        put_trips(&mut out, self.trips.ended());
        let opaque = self.opaque.in_order();
        put_count(&mut out, opaque.len());
        opaque.for_each(|fingerprint| out.extend(fingerprint.to_le_bytes()));
        out.extend(crc32c::crc32c(&out).to_le_bytes());
        out
    }

    /// A sequencer that knows what the one knew that wrote the checkpoint, and goes on from there.
    ///
    /// `dictionary` is its own from here on: it has the names of the checkpoint, and no others. `config` may be another
    /// than it was. Names beyond a bound that is lower now stay; ids beyond one that is lower now are forgotten, and
    /// those that a narrower window has forgotten a wider one does not bring back.
    ///
    /// # Errors
    /// If it is no checkpoint, or damaged. `dictionary` is then as it was.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use etaflow::*;
    /// let mut sequencer = Sequencer::new(SequencerConfig::default(), Arc::new(Dictionary::new()));
    /// sequencer.tick(Timestamp::from_secs(1_000), &mut Entries::default());
    /// let checkpoint = sequencer.checkpoint();
    ///
    /// let again = Sequencer::restore(SequencerConfig::default(), Arc::new(Dictionary::new()), &checkpoint)?;
    /// assert_eq!((again.next_offset(), again.next_tick()), (Offset(1), 1));
    /// assert_eq!(again.checkpoint(), checkpoint);
    /// # Ok::<(), CheckpointError>(())
    /// ```
    pub fn restore(
        config: SequencerConfig,
        dictionary: Arc<Dictionary>,
        checkpoint: &[u8],
    ) -> Result<Self, CheckpointError> {
        let config = config.bounded();
        let read = Checkpoint::decode(checkpoint, config.sequence_window)?;
        let mut sequencer = Self::new(config, dictionary);
        sequencer.dictionary.refill(&read);
        let Checkpoint { sources, windows, drivers, next_trip, under_way, ended, opaque, .. } = read;
        sequencer.sources = sources.into_iter().zip((0..).map(SourceId)).collect();
        sequencer.windows = windows;
        sequencer.drivers = drivers.into_iter().zip((0..).map(DriverId)).collect();
        sequencer.trips.refill(next_trip, &under_way, &ended);
        opaque.into_iter().for_each(|fingerprint| sequencer.opaque.insert(fingerprint));
        sequencer.next_offset = read.next_offset;
        sequencer.next_tick = read.next_tick;
        sequencer.clock = read.clock;
        sequencer.newest = read.newest;
        sequencer.watermark = read.watermark;
        Ok(sequencer)
    }

    /// About how long a checkpoint is: enough where keys are numbers.
    fn checkpoint_bytes(&self) -> usize {
        let trips = 21 * self.trips.len();
        let sources: usize = self.windows.iter().map(|window| 38 + window.bytes()).sum();
        128 + sources + 9 * self.drivers.len() + trips + 16 * self.opaque.in_order().len()
    }
}

impl Dictionary {
    /// Takes the names, and nothing else, out of a checkpoint, in place of all that it has: those that are known before
    /// the offset that is returned. [`absorb`](Self::absorb) goes on from there.
    ///
    /// # Errors
    /// If it is no checkpoint, or damaged. The dictionary is then as it was.
    pub fn restore(&self, checkpoint: &[u8]) -> Result<Offset, CheckpointError> {
        let read = Checkpoint::decode(checkpoint, super::config::WINDOW_MAX)?;
        self.refill(&read);
        Ok(read.next_offset)
    }
}

impl Checkpoint {
    fn decode(bytes: &[u8], window: u64) -> Result<Self, CheckpointError> {
        if bytes.len() < BYTES_MIN || !bytes.starts_with(&MAGIC) {
            return Err(CheckpointError::Foreign);
        }
        let (content, checksum) = bytes.split_at(bytes.len() - CHECKSUM_BYTES);
        let mut reader = ByteReader::new(content);
        reader.take("the magic", MAGIC.len())?;
        let version = reader.u32("the version")?;
        if version != VERSION {
            return Err(CheckpointError::Version(version));
        }
        let found = ByteReader::new(checksum).u32("the checksum")?;
        let computed = crc32c::crc32c(content);
        if found != computed {
            return Err(CheckpointError::Checksum { found, computed });
        }
        let read = Self::decode_content(&mut reader, window)?;
        reader.end()?;
        Ok(read)
    }

    fn decode_content(reader: &mut ByteReader<'_>, window: u64) -> Result<Self, BytesError> {
        let next_offset = Offset(reader.u64("the next offset")?);
        let next_tick = reader.u64("the next tick")?;
        let clock = reader.time("the clock")?;
        let newest = reader.time("the newest event's time")?;
        let watermark = reader.time("the watermark")?;
        let count = reader.u32("the number of sources")?;
        let (mut sources, mut windows) = (Vec::new(), Vec::new());
        for _ in 0..count {
            sources.push(Key::decode(reader, "a source's key")?);
            windows.push(SequenceWindow::decode(window, reader)?);
        }
        check_distinct(reader, "a source's key", sources.iter())?;
        let count = reader.u32("the number of drivers")?;
        let drivers = (0..count).map(|_| Key::decode(reader, "a driver's key")).collect::<Result<Vec<_>, _>>()?;
        check_distinct(reader, "a driver's key", drivers.iter())?;
        let next_trip = reader.u32("the next trip")?;
        let under_way = get_trips(reader, next_trip)?;
        let ended = get_trips(reader, next_trip)?;
        let trips = || under_way.iter().chain(&ended);
        check_distinct(reader, "a trip's number", trips().map(|since| since.trip))?;
        check_distinct(reader, "a trip's key", trips().map(|since| &since.key))?;
        if !under_way.is_sorted_by_key(|since| since.trip) {
            return Err(reader.error("the trips under way", "are not in the order of their numbers"));
        }
        let count = reader.u32("the number of opaque ids")?;
        let opaque = (0..count).map(|_| reader.u128("an opaque id")).collect::<Result<Vec<_>, _>>()?;
        check_distinct(reader, "an opaque id", opaque.iter())?;
        Ok(Self {
            next_offset,
            next_tick,
            clock,
            newest,
            watermark,
            sources,
            windows,
            drivers,
            next_trip,
            under_way,
            ended,
            opaque,
        })
    }
}

/// Keys in the order of their numbers, which have no gaps.
fn in_order<'a>(keys: impl ExactSizeIterator<Item = (usize, &'a Key)>) -> Vec<&'a Key> {
    const NONE: Key = Key::Number(0);
    let mut ordered = vec![&NONE; keys.len()];
    keys.for_each(|(number, key)| ordered[number] = key);
    ordered
}

fn put_count(out: &mut Vec<u8>, count: usize) {
    let count = u32::try_from(count).expect("numbers are u32, and fewer ids are remembered");
    out.extend(count.to_le_bytes());
}

fn put_trips<'a>(out: &mut Vec<u8>, trips: impl Iterator<Item = (TripId, Timestamp, &'a Key)>) {
    let count_at = out.len();
    put_count(out, 0);
    let mut count = 0_u32;
    for (trip, at, key) in trips {
        out.extend(trip.0.to_le_bytes());
        put_time(out, at);
        key.encode(out);
        count += 1;
    }
    out[count_at..count_at + 4].copy_from_slice(&count.to_le_bytes());
}

fn get_trips(reader: &mut ByteReader<'_>, next: u32) -> Result<Vec<TripSince>, BytesError> {
    let count = reader.u32("the number of trips")?;
    let mut trips = Vec::new();
    for _ in 0..count {
        let trip = TripId(reader.u32("a trip's number")?);
        let since = TripSince { trip, at: reader.time("a trip's time")?, key: Key::decode(reader, "a trip's key")? };
        if trip.0 >= next {
            return Err(reader.error("a trip's number", "was not yet given"));
        }
        trips.push(since);
    }
    if trips.is_sorted_by_key(|since| since.at) {
        Ok(trips)
    } else {
        Err(reader.error("the trips", "are not in the order of their times"))
    }
}

fn check_distinct<T: std::hash::Hash + Eq>(
    reader: &ByteReader<'_>,
    what: &'static str,
    all: impl Iterator<Item = T>,
) -> Result<(), BytesError> {
    let mut seen = FxHashSet::default();
    for item in all {
        if !seen.insert(item) {
            return Err(reader.error(what, "is there twice"));
        }
    }
    Ok(())
}
