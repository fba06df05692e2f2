use std::fmt;
use std::path::PathBuf;

use etaflow_road::Timestamp;

use super::checkpoint;
use super::durability::{DURABILITY_BYTES, Durability, SLOT_BYTES};
use super::files::LogFiles;
use super::frame::{BATCH_HEADER_BYTES, BatchHeader, MAGIC, check_batch, decode_batch};
use super::header::{HEADER_BYTES, INDEX_STEP_BYTES, IndexEntry, SEAL_MAGIC, Seal};
use super::layout::{CHECKPOINTS, MARK, SEGMENTS, list, list_segments, segment_path};
use super::opened::OpenSegment;
use super::window::Window;
use crate::event::{Entries, Offset};
use crate::log::LogError;
use crate::storage::{Access, Storage, read_all};

/// Something that [`LogFiles::verify`] has found.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// In which file.
    pub path: PathBuf,
    /// Where in it, in bytes.
    pub at: u64,
    /// The record that should be there.
    pub offset: Option<Offset>,
    /// How bad it is.
    pub kind: FindingKind,
    /// What is wrong.
    pub what: &'static str,
}

/// How bad a [`Finding`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// A file that is not the log's.
    Foreign,
    /// What comes after the end of what is durable is not whole: it is being written, or is cut off when the log is opened.
    Unfinished,
    /// Bytes are not what was written.
    Damage,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: byte {}: {}", self.path.display(), self.at, self.what)?;
        self.offset.map_or(Ok(()), |offset| write!(f, ", at offset {}", offset.0))
    }
}

/// What [`LogFiles::verify`] has gone through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Verified {
    /// Segments.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Records that are whole.
    pub records: u64,
    /// Notes that are whole.
    pub notes: u64,
    /// States of the sequencer that are whole.
    pub checkpoints: u64,
    /// Findings that are damage.
    pub damages: u64,
}

impl LogFiles {
    /// Reads all of the log's files, and tells of everything in them that is not as it was written: no bit can be other than it
    /// was without being found. Goes on behind what is damaged. A writer may be at work meanwhile.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn verify(&self, found: impl FnMut(Finding)) -> Result<Verified, LogError> {
        let durable = self.durable()?;
        let storage = self.storage().as_ref();
        let mut verifier = Verifier { storage, durable, found, done: Verified::default() };
        verifier.durability()?;
        verifier.segments()?;
        verifier.checkpoints()?;
        Ok(verifier.done)
    }
}

struct Verifier<'a, F> {
    storage: &'a dyn Storage,
    durable: Offset,
    found: F,
    done: Verified,
}

/// Where in the log it is.
struct Here {
    offset: Offset,
    time: Timestamp,
}

impl<F: FnMut(Finding)> Verifier<'_, F> {
    fn tell(&mut self, path: PathBuf, at: u64, offset: Option<Offset>, kind: FindingKind, what: &'static str) {
        self.done.damages += u64::from(kind == FindingKind::Damage);
        (self.found)(Finding { path, at, offset, kind, what });
    }

    /// Bytes at an offset are wrong: damage, if they were durable.
    fn wrong(&mut self, segment: &OpenSegment, at: u64, offset: Offset, what: &'static str) {
        let kind = if offset < self.durable { FindingKind::Damage } else { FindingKind::Unfinished };
        self.tell(segment.shown.clone(), at, Some(offset), kind, what);
    }

    fn durability(&mut self) -> Result<(), LogError> {
        let shown = self.storage.show(MARK);
        let read = || {
            let bytes = read_all(self.storage, MARK, 1 << 20);
            bytes.map_err(|error| LogError::io(shown.clone(), "reading it", &error))
        };
        let faults = |bytes: &[u8]| -> Vec<(u64, &'static str)> {
            let slots = Durability::slots(bytes);
            let broken = slots.iter().filter(|(_, slot)| slot.is_none());
            let mut faults: Vec<_> = broken.map(|(at, _)| (*at as u64, "no durable mark that is whole")).collect();
            let between = |at: usize| slots.iter().all(|(slot, _)| !(*slot..slot + SLOT_BYTES).contains(&at));
            let strange = (0..bytes.len()).filter(|&at| between(at)).find(|&at| bytes[at] != 0);
            faults.extend(strange.map(|at| (at as u64, "something where nothing was written")));
            if bytes.len() > DURABILITY_BYTES {
                faults.push((DURABILITY_BYTES as u64, "something behind the durable mark"));
            }
            faults
        };
        let Some(bytes) = read()? else {
            self.tell(shown.clone(), 0, None, FindingKind::Damage, "the durable mark is missing");
            return Ok(());
        };
        if faults(&bytes).is_empty() {
            return Ok(());
        }
        // The writer may have been at it.
        for (at, what) in faults(&read()?.unwrap_or_default()) {
            self.tell(shown.clone(), at, None, FindingKind::Damage, what);
        }
        Ok(())
    }

    fn segments(&mut self) -> Result<(), LogError> {
        let listing = list_segments(self.storage)?;
        for name in &listing.foreign {
            let path = self.storage.show(&format!("{SEGMENTS}/{name}"));
            self.tell(path, 0, None, FindingKind::Foreign, "is no segment");
        }
        let mut here = Here { offset: listing.offsets.first().copied().unwrap_or_default(), time: Timestamp::MIN };
        for (nth, &base) in listing.offsets.iter().enumerate() {
            let next = listing.offsets.get(nth + 1).copied();
            if base != here.offset {
                let path = self.storage.show(&segment_path(here.offset.min(base)));
                let what = if base > here.offset { "records are missing" } else { "begins before the one before ends" };
                let kind = FindingKind::Damage;
                self.tell(path, 0, Some(here.offset), kind, what);
                here.offset = base;
            }
            self.segment(base, next, &mut here)?;
        }
        if here.offset < self.durable {
            let path = self.storage.show(&segment_path(here.offset));
            self.tell(path, 0, Some(here.offset), FindingKind::Damage, "records are missing up to the durable mark");
        }
        Ok(())
    }

    fn segment(&mut self, base: Offset, next: Option<Offset>, here: &mut Here) -> Result<(), LogError> {
        let segment = match OpenSegment::open(self.storage, base, Access::Read) {
            Ok(Some(segment)) => segment,
            // Let go of meanwhile.
            Ok(None) => {
                (here.offset, here.time) = (next.unwrap_or(here.offset), Timestamp::MIN);
                return Ok(());
            }
            Err(LogError::Damaged { path, at, what, .. }) => {
                let durable = base < self.durable || next.is_some();
                let kind = if durable { FindingKind::Damage } else { FindingKind::Unfinished };
                self.tell(path, at, Some(base), kind, what);
                here.offset = next.unwrap_or(base);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        self.done.segments += 1;
        let size = segment.size()?;
        self.done.bytes += size;
        let seal = self.batches(&segment, next, here)?;
        if let (None, Some(next)) = (seal, next) {
            self.tell(segment.shown.clone(), size, Some(next), FindingKind::Damage, "the segment has no seal");
        }
        Ok(())
    }

    /// Goes from batch to batch to the end of a segment; its seal, if it ends with one.
    fn batches(
        &mut self,
        segment: &OpenSegment,
        next: Option<Offset>,
        here: &mut Here,
    ) -> Result<Option<Seal>, LogError> {
        let failed = segment.failed("reading it");
        let mut window = Window::default();
        let mut at = HEADER_BYTES as u64;
        let mut index: Vec<IndexEntry> = Vec::new();
        let mut entries = Entries::default();
        // Whether it is known where all batches are.
        let mut intact = true;
        loop {
            let bytes = window.bytes(segment.file.as_ref(), at, BATCH_HEADER_BYTES).map_err(&failed)?;
            if bytes.is_empty() {
                return Ok(None);
            }
            if bytes.starts_with(SEAL_MAGIC) {
                return self.seal(segment, at, next, here, intact.then_some(&index));
            }
            let header = match bytes.first_chunk().map_or(Err("a batch is cut short"), BatchHeader::decode) {
                Ok(header) => header,
                Err(what) => {
                    self.wrong(segment, at, here.offset, what);
                    (intact, here.time) = (false, Timestamp::MIN);
                    // Anybody's name may have the seal's first letters in it.
                    let seal_at = segment.seal()?.map(|(_, at)| at);
                    match next_batch(segment, &mut window, at + 1, seal_at).map_err(&failed)? {
                        Some(found) => at = found,
                        None => return Ok(None),
                    }
                    continue;
                }
            };
            if header.base != here.offset {
                self.wrong(segment, at, here.offset, "the batch has another offset");
            }
            if at - index.last().map_or(HEADER_BYTES as u64, |entry| entry.at) >= INDEX_STEP_BYTES {
                index.push(IndexEntry { offset: header.base, at, time: here.time });
            }
            let bytes = window.bytes(segment.file.as_ref(), at, header.batch_bytes()).map_err(&failed)?;
            let whole = bytes.get(..header.batch_bytes()).ok_or("the batch is cut short");
            entries.clear();
            let checked = whole.and_then(|batch| {
                check_batch(batch)?;
                decode_batch(&header, batch, header.base..header.end(), true, &mut entries)
            });
            let checked = checked.and_then(|()| agrees(segment, &header, &entries, here));
            match checked {
                Ok(()) => {
                    self.done.records += entries.records.len() as u64;
                    self.done.notes += entries.notes.len() as u64;
                }
                Err(what) => self.wrong(segment, at, header.base, what),
            }
            (here.offset, here.time) = (header.end(), here.time.max(header.time));
            at += header.batch_bytes() as u64;
        }
    }

    fn seal(
        &mut self,
        segment: &OpenSegment,
        at: u64,
        next: Option<Offset>,
        here: &mut Here,
        index: Option<&Vec<IndexEntry>>,
    ) -> Result<Option<Seal>, LogError> {
        let found = segment.seal()?.filter(|(_, found_at)| *found_at == at).map(|(seal, _)| seal);
        let what = match &found {
            None => Some("the segment's seal is damaged or cut short"),
            Some(seal) if seal.end != here.offset || seal.time != here.time => {
                Some("the segment's seal says another end")
            }
            Some(seal) if index.is_some_and(|index| seal.index != *index) => {
                Some("the segment's seal says other places of batches")
            }
            Some(_) => None,
        };
        if let Some(what) = what {
            // It was on the disk before the next segment began.
            let kind = if next.is_some() { FindingKind::Damage } else { FindingKind::Unfinished };
            self.tell(segment.shown.clone(), at, Some(here.offset), kind, what);
        }
        // Whatever is wrong with it was told.
        Ok(Some(found.unwrap_or(Seal { end: here.offset, time: here.time, index: Vec::new() })))
    }

    fn checkpoints(&mut self) -> Result<(), LogError> {
        let listing = list(self.storage, CHECKPOINTS, ".ckpt")?;
        for name in listing.foreign.iter().filter(|name| !name.ends_with(".new")) {
            let path = self.storage.show(&format!("{CHECKPOINTS}/{name}"));
            self.tell(path, 0, None, FindingKind::Foreign, "is no state of the sequencer");
        }
        for at in listing.offsets {
            match checkpoint::read(self.storage, at)? {
                Some(Ok(_)) => self.done.checkpoints += 1,
                Some(Err(LogError::Damaged { path, what, .. })) => {
                    self.tell(path, 0, Some(at), FindingKind::Damage, what);
                }
                Some(Err(error)) => return Err(error),
                // Let go of meanwhile.
                None => {}
            }
        }
        Ok(())
    }
}

/// Whether a batch that is whole fits to what came before it.
fn agrees(segment: &OpenSegment, header: &BatchHeader, entries: &Entries, here: &Here) -> Result<(), &'static str> {
    let begins = header.base == segment.header.base;
    if begins && segment.header.created < here.time {
        return Err("the segment was begun before what comes before it came in");
    }
    // A segment may have been begun for a record that was lost.
    let before = if begins && here.time > Timestamp::MIN { segment.header.created } else { here.time };
    let latest = entries.records.iter().map(|record| record.ingest_time).fold(before, Timestamp::max);
    // Without what came before, after retention or damage, the time so far is not known.
    if here.time > Timestamp::MIN && header.time != latest {
        return Err("the batch says another time than its records");
    }
    if header.synced > header.base { Err("the batch knows of a later offset than its own") } else { Ok(()) }
}

/// Where the next batch begins whose header is whole, from `at` on, or the seal that is at `seal_at`.
fn next_batch(
    segment: &OpenSegment,
    window: &mut Window,
    at: u64,
    seal_at: Option<u64>,
) -> std::io::Result<Option<u64>> {
    let mut at = at;
    loop {
        let bytes = window.bytes(segment.file.as_ref(), at, BATCH_HEADER_BYTES)?;
        if bytes.len() < BATCH_HEADER_BYTES {
            return Ok(None);
        }
        let found = bytes.windows(BATCH_HEADER_BYTES).zip(at..).find(|(place, here)| {
            let header = if place.starts_with(MAGIC) { place.first_chunk() } else { None };
            header.is_some_and(|header| BatchHeader::decode(header).is_ok()) || seal_at == Some(*here)
        });
        match found {
            Some((_, here)) => return Ok(Some(here)),
            None => at += (bytes.len() - BATCH_HEADER_BYTES + 1) as u64,
        }
    }
}
