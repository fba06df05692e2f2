//! Opening: what is there, what of it is whole, and what was torn at its end.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;

use etaflow_road::Timestamp;

use super::frame::{self, BATCH_HEADER_BYTES, BatchHeader, check_batch};
use super::header::{HEADER_BYTES, INDEX_STEP_BYTES, IndexEntry, SEAL_MAGIC, Seal};
use super::layout::{SEGMENTS, list_segments, segment_path};
use super::opened::{OpenSegment, open_file};
use super::window::Window;
use crate::event::Offset;
use crate::log::LogError;
use crate::storage::{Access, Storage, StorageFile};

/// What was cut off at the end of the log: bytes of records that were not durable yet when the writer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torn {
    /// The segment's file.
    pub path: PathBuf,
    /// Where it was cut, in bytes.
    pub at: u64,
    /// How many bytes were cut off.
    pub bytes: u64,
}

/// A full segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SealedSegment {
    pub(super) base: Offset,
    pub(super) end: Offset,
    /// The latest ingest time up to its end.
    pub(super) time: Timestamp,
    pub(super) bytes: u64,
}

/// The segment that is written.
pub(super) struct ActiveSegment {
    pub(super) file: Arc<dyn StorageFile>,
    pub(super) base: Offset,
    /// Where it ends, in bytes.
    pub(super) at: u64,
    pub(super) index: Vec<IndexEntry>,
}

/// What was found.
pub(super) struct Recovered {
    pub(super) sealed: VecDeque<SealedSegment>,
    pub(super) active: Option<ActiveSegment>,
    pub(super) end: Offset,
    pub(super) time: Timestamp,
    pub(super) torn: Option<Torn>,
    pub(super) foreign: Vec<PathBuf>,
    /// What is damaged, but in nobody's way.
    pub(super) damage: Vec<LogError>,
}

impl Recovered {
    pub(super) fn start(&self) -> Offset {
        let active = self.active.as_ref().map_or(self.end, |active| active.base);
        self.sealed.front().map_or(active, |segment| segment.base)
    }
}

/// Finds the end of the log, and cuts off what is behind it. All before `synced` was on the disk.
pub(super) fn recover(storage: &dyn Storage, synced: Offset) -> Result<Recovered, LogError> {
    let listing = list_segments(storage)?;
    let foreign = listing.foreign.iter().map(|name| storage.show(&format!("{SEGMENTS}/{name}"))).collect();
    let mut found = Recovered {
        sealed: VecDeque::new(),
        active: None,
        end: listing.offsets.first().copied().unwrap_or_default(),
        time: Timestamp::MIN,
        torn: None,
        foreign,
        damage: Vec::new(),
    };
    for pair in listing.offsets.windows(2) {
        let sealed = check_sealed(storage, pair[0], pair[1], &mut found)?;
        found.sealed.push_back(sealed);
    }
    if let Some(last) = listing.offsets.last() {
        open_last(storage, *last, synced, &mut found)?;
    }
    if found.end < synced {
        let path = storage.show(&segment_path(found.end));
        return Err(LogError::Missing { path, from: found.end.0, to: synced.0 - 1 });
    }
    Ok(found)
}

/// A segment that has one after it: it must end where that begins.
fn check_sealed(
    storage: &dyn Storage,
    base: Offset,
    next: Offset,
    found: &mut Recovered,
) -> Result<SealedSegment, LogError> {
    let missing = |from: Offset| LogError::Missing {
        path: storage.show(&segment_path(from)),
        from: from.0,
        to: next.0.saturating_sub(1),
    };
    let segment = OpenSegment::open(storage, base, Access::Read)?.ok_or_else(|| missing(base))?;
    let (end, time) = match segment.seal()? {
        Some((seal, _)) => (seal.end, seal.time),
        None => {
            let (end, _) = segment.walk(segment.first(), |_| false)?;
            found.damage.push(segment.damaged(end.at, end.offset, end.offset, "the segment has no seal that is whole"));
            (end.offset, end.time)
        }
    };
    match end.cmp(&next) {
        std::cmp::Ordering::Less => Err(missing(end)),
        std::cmp::Ordering::Equal => Ok(SealedSegment { base, end, time, bytes: segment.size()? }),
        std::cmp::Ordering::Greater => {
            Err(segment.damaged(0, next, end, "the segment goes on past where the next one begins"))
        }
    }
}

/// The last segment: it is read as a whole, cut off where it is torn, and made durable.
fn open_last(storage: &dyn Storage, base: Offset, synced: Offset, found: &mut Recovered) -> Result<(), LogError> {
    let segment = match OpenSegment::open(storage, base, Access::Write) {
        Ok(Some(segment)) => segment,
        Ok(None) => return Ok(()),
        Err(error @ LogError::Damaged { .. }) => return drop_torn_segment(storage, base, synced, found, error),
        Err(error) => return Err(error),
    };
    let walked = walk_checked(&segment, synced)?;
    let size = segment.size()?;
    if walked.at < size && walked.seal.is_none() {
        segment.file.resize(walked.at).map_err(segment.failed("cutting off its torn end"))?;
        found.torn = Some(Torn { path: segment.shown.clone(), at: walked.at, bytes: size - walked.at });
    }
    let end_at = if walked.seal.is_some() { size } else { walked.at };
    write_again(&segment, walked.unsynced_at, end_at).map_err(segment.failed("making its end durable"))?;
    let folder = |error| LogError::io(storage.show(SEGMENTS), "syncing it", &error);
    storage.sync_folder(SEGMENTS).map_err(folder)?;
    found.end = walked.end;
    // Also of a segment whose first batch was lost: what it was begun at is said by nothing later.
    found.time = found.time.max(walked.time).max(segment.header.created);
    if walked.seal.is_some() {
        found.sealed.push_back(SealedSegment { base, end: walked.end, time: found.time, bytes: size });
    } else {
        found.active = Some(ActiveSegment { file: segment.file, base, at: walked.at, index: walked.index });
    }
    Ok(())
}

/// A segment that is not even begun: nothing of it was durable.
fn drop_torn_segment(
    storage: &dyn Storage,
    base: Offset,
    synced: Offset,
    found: &mut Recovered,
    error: LogError,
) -> Result<(), LogError> {
    let path = segment_path(base);
    let Some(file) = open_file(storage, base, Access::Read)? else { return Ok(()) };
    let failed = |action: &'static str| {
        let shown = storage.show(&path);
        move |error: std::io::Error| LogError::io(shown.clone(), action, &error)
    };
    let bytes = file.size().map_err(failed("reading its size"))?;
    let proven = synced.max(witness(file.as_ref(), 0, base).map_err(failed("reading it"))?);
    if base < proven {
        return Err(match error {
            LogError::Damaged { path, at, offset, what, .. } => {
                LogError::Damaged { path, at, offset, durable: proven.0, what }
            }
            other => other,
        });
    }
    storage.remove(&path).map_err(failed("removing it"))?;
    storage.sync_folder(SEGMENTS).map_err(failed("removing it"))?;
    found.torn = Some(Torn { path: storage.show(&path), at: 0, bytes });
    found.end = base;
    found.time = found.sealed.back().map_or(Timestamp::MIN, |segment| segment.time);
    Ok(())
}

struct Walked {
    end: Offset,
    at: u64,
    time: Timestamp,
    index: Vec<IndexEntry>,
    seal: Option<Seal>,
    /// From here on nobody knows what is on the disk.
    unsynced_at: u64,
}

/// Reads all batches of a segment. An end that is torn is where it ends; damage before that is an error.
fn walk_checked(segment: &OpenSegment, synced: Offset) -> Result<Walked, LogError> {
    let failed = segment.failed("reading it");
    let size = segment.size()?;
    let base = segment.header.base;
    let mut window = Window::default();
    let mut walked = Walked {
        end: base,
        at: HEADER_BYTES as u64,
        time: Timestamp::MIN,
        index: Vec::new(),
        seal: None,
        unsynced_at: if synced <= base { 0 } else { HEADER_BYTES as u64 },
    };
    let mut proven = synced;
    let fault = loop {
        let bytes = window.bytes(segment.file.as_ref(), walked.at, BATCH_HEADER_BYTES).map_err(&failed)?;
        if bytes.is_empty() {
            break (walked.end < proven).then_some("the file ends here");
        }
        if bytes.starts_with(SEAL_MAGIC) {
            match read_seal(segment, walked.at, size)? {
                Ok(seal) if seal.end == walked.end => {
                    walked.time = walked.time.max(seal.time);
                    walked.seal = Some(seal);
                    // If more was on the disk, the next segment is missing.
                    break None;
                }
                Ok(_) => break Some("the segment's seal has another offset"),
                Err(what) => break Some(what),
            }
        }
        let header = match bytes.first_chunk().map_or(Err("a batch is cut short"), BatchHeader::decode) {
            Ok(header) if header.base == walked.end => header,
            Ok(_) => break Some("the batch has another offset"),
            Err(what) => break Some(what),
        };
        let bytes = window.bytes(segment.file.as_ref(), walked.at, header.batch_bytes()).map_err(&failed)?;
        match bytes.get(..header.batch_bytes()).map_or(Err("the batch is cut short"), check_batch) {
            Ok(()) => {}
            Err(what) => break Some(what),
        }
        let last = walked.index.last().map_or(HEADER_BYTES as u64, |entry| entry.at);
        if walked.at - last >= INDEX_STEP_BYTES {
            walked.index.push(IndexEntry { offset: walked.end, at: walked.at, time: walked.time });
        }
        (walked.end, walked.at, walked.time) =
            (header.end(), walked.at + header.batch_bytes() as u64, walked.time.max(header.time));
        proven = proven.max(header.synced);
        if walked.end <= proven {
            walked.unsynced_at = walked.at;
        }
    };
    let Some(what) = fault else { return Ok(walked) };
    let proven = proven.max(witness(segment.file.as_ref(), walked.at, walked.end).map_err(&failed)?);
    if walked.end < proven { Err(segment.damaged(walked.at, walked.end, proven, what)) } else { Ok(walked) }
}

fn read_seal(segment: &OpenSegment, at: u64, size: u64) -> Result<Result<Seal, &'static str>, LogError> {
    Ok(match segment.seal()? {
        Some((seal, found_at)) if found_at == at => Ok(seal),
        _ if size > at => Err("the segment's seal is damaged"),
        _ => Err("the segment's seal is cut short"),
    })
}

/// What whole batches behind `at` know to have been on the disk: a batch that was written later than a torn one proves
/// nothing by itself, since a disk may write in any order.
fn witness(file: &dyn StorageFile, at: u64, after: Offset) -> std::io::Result<Offset> {
    let mut window = Window::default();
    let mut proven = Offset(0);
    let mut here = at;
    loop {
        let bytes = window.bytes(file, here, BATCH_HEADER_BYTES)?;
        if bytes.len() < BATCH_HEADER_BYTES {
            return Ok(proven);
        }
        let places = bytes.windows(BATCH_HEADER_BYTES);
        let Some(skip) = places.clone().position(|place| place.starts_with(frame::MAGIC)) else {
            here += places.count() as u64;
            continue;
        };
        here += skip as u64;
        let bytes = window.bytes(file, here, BATCH_HEADER_BYTES)?;
        let header = bytes.first_chunk().map(BatchHeader::decode).and_then(Result::ok);
        let Some(header) = header.filter(|header| header.base >= after) else {
            here += 1;
            continue;
        };
        let batch = window.bytes(file, here, header.batch_bytes())?;
        if batch.get(..header.batch_bytes()).is_some_and(|batch| check_batch(batch).is_ok()) {
            proven = proven.max(header.synced.min(header.base));
        }
        here += header.batch_bytes() as u64;
    }
}

/// Writes once more what may not be on the disk, and syncs it: where a sync has failed before, the system may have it in
/// memory alone and believe it to be on the disk.
fn write_again(segment: &OpenSegment, from: u64, to: u64) -> std::io::Result<()> {
    let mut bytes = vec![0; (1 << 20).min(to.saturating_sub(from) as usize)];
    let mut at = from;
    while at < to {
        let count = bytes.len().min((to - at) as usize);
        let read = segment.file.read_at(&mut bytes[..count], at)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        segment.file.write_at(&bytes[..read], at)?;
        at += read as u64;
    }
    segment.file.sync()
}
