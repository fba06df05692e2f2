use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc};
use std::{mem, thread};

use okaywal::{Configuration, Entry, EntryId, EntryWriter, LogManager, ReadChunkResult, SegmentReader, WriteAheadLog};

use super::keeper::{Failure, Keeper, Kept, Tally, encode};
use super::load::Load;

const BUFFER_BYTES: usize = 64 << 10;

/// A megabyte, as it comes.
const PREALLOCATED_BYTES: u32 = 1 << 20;

/// okaywal: an entry is what comes in an interval, and has a chunk for each batch. A thread of its own commits entries, so
/// that the next one is written while the last one is made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OkayWal {
    /// The file grows as it is written.
    Growing,
    /// Its documentation has it that writing over bytes is faster than making a file longer, and so that files should be
    /// used again: room for all is filled with zeros before the measuring begins.
    Filled,
}

/// It is all in one file, since what is in a file that is full is given up.
fn open(folder: &Path, preallocated: u32, manager: impl LogManager) -> io::Result<WriteAheadLog> {
    let configuration = Configuration::default_for(folder).preallocate_bytes(preallocated);
    configuration.checkpoint_after_bytes(u64::MAX).buffer_bytes(BUFFER_BYTES).open(manager)
}

/// Writes what comes in an interval; false if there is no more.
fn fill(entry: &mut EntryWriter<'_>, load: &mut Load, frames: &mut Vec<u8>) -> io::Result<bool> {
    while let Some(batch) = load.next_batch() {
        encode(batch, frames);
        entry.write_chunk(frames)?;
        if load.sync_due() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes entries and hands them on to be committed, until there is no more or the other end is gone.
fn write<'log>(log: &'log WriteAheadLog, load: &mut Load, to: mpsc::SyncSender<EntryWriter<'log>>) -> io::Result<()> {
    let mut frames = Vec::new();
    loop {
        let mut entry = log.begin_entry()?;
        let goes_on = fill(&mut entry, load, &mut frames)?;
        if to.send(entry).is_err() || !goes_on {
            return Ok(());
        }
    }
}

impl Keeper for OkayWal {
    fn name(&self) -> &'static str {
        match self {
            Self::Growing => "okaywal",
            Self::Filled => "okaywal, filled before",
        }
    }

    fn append(&self, folder: &Path, load: &mut Load) -> Result<(), Failure> {
        let room = if *self == Self::Filled { load.bytes() + load.bytes() / 8 } else { 0 };
        let log = open(folder, u32::try_from(room)?.max(PREALLOCATED_BYTES), Reading::default())?;
        // What was filled is on the disk then, and no part of what is measured.
        log.begin_entry()?.commit()?;
        load.begin();
        let (to, entries) = mpsc::sync_channel::<EntryWriter<'_>>(1);
        thread::scope(|scope| {
            let committing = scope.spawn(move || entries.iter().try_for_each(|entry| entry.commit().map(drop)));
            let written = write(&log, load, to);
            written.and(committing.join().expect("does not panic"))
        })?;
        load.end();
        Ok(())
    }

    fn open(&self, folder: &Path) -> Result<Box<dyn Kept>, Failure> {
        Ok(Box::new(Opened { folder: folder.into() }))
    }
}

struct Opened {
    folder: PathBuf,
}

impl Kept for Opened {
    /// Reading from the first record on is what it does when it is opened, and only then.
    fn scan(&self, tally: Tally) -> Result<Tally, Failure> {
        let reading = Reading { tally: Arc::new(Mutex::new(tally)), frames: Vec::new() };
        let tally = Arc::clone(&reading.tally);
        open(&self.folder, PREALLOCATED_BYTES, reading)?;
        let mut tally = tally.lock().expect("does not panic");
        Ok(mem::take(&mut tally))
    }
}

/// Counts what is read.
#[derive(Debug, Default)]
struct Reading {
    tally: Arc<Mutex<Tally>>,
    frames: Vec<u8>,
}

impl LogManager for Reading {
    fn recover(&mut self, entry: &mut Entry<'_>) -> io::Result<()> {
        let mut tally = self.tally.lock().expect("does not panic");
        while let ReadChunkResult::Chunk(mut chunk) = entry.read_chunk()? {
            self.frames.clear();
            chunk.read_to_end(&mut self.frames)?;
            if !chunk.check_crc()? {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a chunk's checksum is wrong"));
            }
            tally.take_frames(&self.frames).map_err(io::Error::other)?;
        }
        Ok(())
    }

    fn checkpoint_to(&mut self, _: EntryId, _: &mut SegmentReader, _: &WriteAheadLog) -> io::Result<()> {
        Err(io::Error::other("a file is never full"))
    }
}
