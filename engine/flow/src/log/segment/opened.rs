use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::frame::{BATCH_HEADER_BYTES, BatchHeader};
use super::header::{HEADER_BYTES, HeaderFault, IndexEntry, SEAL_END_BYTES, Seal, SegmentHeader, VERSION};
use super::layout::{list_segments, segment_path};
use crate::event::Offset;
use crate::log::LogError;
use crate::storage::{Access, Storage, StorageFile};

/// A segment's file, open, whose header was read.
pub(super) struct OpenSegment {
    pub(super) file: Arc<dyn StorageFile>,
    pub(super) shown: PathBuf,
    pub(super) header: SegmentHeader,
}

impl OpenSegment {
    /// Opens the segment that begins at `base`; `None` if there is none.
    pub(super) fn open(storage: &dyn Storage, base: Offset, access: Access) -> Result<Option<Self>, LogError> {
        let Some(file) = open_file(storage, base, access)? else { return Ok(None) };
        let shown = storage.show(&segment_path(base));
        let mut bytes = [0; HEADER_BYTES];
        let read = file.read_at(&mut bytes, 0).map_err(|error| LogError::io(shown.clone(), "reading it", &error))?;
        let damaged = |what| LogError::Damaged { path: shown.clone(), at: 0, offset: base.0, durable: base.0, what };
        let header = SegmentHeader::decode(&bytes[..read]).map_err(|fault| match fault {
            HeaderFault::Damaged(what) => damaged(what),
            HeaderFault::Newer(found) => LogError::NewerVersion { path: shown.clone(), found, known: VERSION },
        })?;
        if header.base != base {
            return Err(damaged("the segment is named by another offset than its header says"));
        }
        Ok(Some(Self { file, shown, header }))
    }

    pub(super) fn failed(&self, action: &'static str) -> impl Fn(io::Error) -> LogError {
        let shown = self.shown.clone();
        move |error| LogError::io(shown.clone(), action, &error)
    }

    pub(super) fn damaged(&self, at: u64, offset: Offset, durable: Offset, what: &'static str) -> LogError {
        LogError::Damaged { path: self.shown.clone(), at, offset: offset.0, durable: durable.0, what }
    }

    pub(super) fn size(&self) -> Result<u64, LogError> {
        self.file.size().map_err(self.failed("reading its size"))
    }

    /// The seal and where it begins; `None` if there is none that is whole.
    pub(super) fn seal(&self) -> Result<Option<(Seal, u64)>, LogError> {
        let failed = self.failed("reading its seal");
        let size = self.size()?;
        let mut end = [0; SEAL_END_BYTES];
        if size < (HEADER_BYTES + SEAL_END_BYTES) as u64 {
            return Ok(None);
        }
        self.file.read_at(&mut end, size - SEAL_END_BYTES as u64).map_err(&failed)?;
        let Some(at) = Seal::found_by(&end).filter(|&at| at >= HEADER_BYTES as u64 && at < size) else {
            return Ok(None);
        };
        // An index of a whole segment of the largest size is far smaller.
        let bytes = usize::try_from(size - at).ok().filter(|&bytes| bytes <= 16 << 20);
        let Some(bytes) = bytes else { return Ok(None) };
        let mut seal = vec![0; bytes];
        let read = self.file.read_at(&mut seal, at).map_err(&failed)?;
        // A segment of no records is never full; the next one would have its name.
        let seal = Seal::decode(&seal[..read], at).ok().filter(|seal| seal.end > self.header.base);
        Ok(seal.map(|seal| (seal, at)))
    }

    /// The header of the batch that begins at `at`.
    pub(super) fn batch_header(&self, at: u64) -> Result<Result<BatchHeader, &'static str>, LogError> {
        let mut bytes = [0; BATCH_HEADER_BYTES];
        let read = self.file.read_at(&mut bytes, at).map_err(self.failed("reading it"))?;
        Ok(if read < bytes.len() { Err("the file ends here") } else { BatchHeader::decode(&bytes) })
    }

    /// Goes from batch to batch, without reading what is in them, to the one that has `to`, or to the first that `stop`s;
    /// where it begins. At the end of what is there, and at something that is no batch, it goes no further.
    pub(super) fn walk(
        &self,
        from: IndexEntry,
        stop: impl Fn(&BatchHeader) -> bool,
    ) -> Result<(IndexEntry, Option<BatchHeader>), LogError> {
        let mut here = from;
        loop {
            match self.batch_header(here.at)? {
                Ok(header) if header.base == here.offset => {
                    if stop(&header) {
                        return Ok((here, Some(header)));
                    }
                    let at = here.at + header.batch_bytes() as u64;
                    here = IndexEntry { offset: header.end(), at, time: header.time };
                }
                _ => return Ok((here, None)),
            }
        }
    }

    /// Its first batch.
    pub(super) fn first(&self) -> IndexEntry {
        IndexEntry { offset: self.header.base, at: HEADER_BYTES as u64, time: etaflow_road::Timestamp::MIN }
    }
}

/// The file of a segment, whatever is in it; `None` if there is none.
pub(super) fn open_file(
    storage: &dyn Storage,
    base: Offset,
    access: Access,
) -> Result<Option<Arc<dyn StorageFile>>, LogError> {
    let path = segment_path(base);
    match storage.open(&path, access) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LogError::io(storage.show(&path), "opening it", &error)),
    }
}

/// The base of the segment that has `offset`, if it is there at all.
pub(super) fn segment_of(storage: &dyn Storage, offset: Offset) -> Result<Offset, LogError> {
    let bases = list_segments(storage)?.offsets;
    let after = bases.partition_point(|&base| base <= offset);
    let before = after.checked_sub(1).and_then(|index| bases.get(index));
    before.copied().ok_or_else(|| {
        let start = bases.first().map_or(0, |base| base.0);
        LogError::Truncated { from: offset.0, start }
    })
}
