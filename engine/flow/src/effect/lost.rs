use std::io;
use std::sync::Arc;

use super::deliverer::LogEnd;
use crate::event::Offset;
use crate::storage::{Mark, Storage, read_all, replace};

/// What a sink took last of records that the log has lost, and where the log ended when that was found out: as long as the
/// sink names no other effect, what it has taken of what the log has since is nothing.
///
/// It is a file beside the sink's mark: three numbers and their CRC-32C, little-endian.
pub(super) struct LostFile {
    storage: Arc<dyn Storage>,
    path: String,
}

const BYTES: usize = 3 * 8 + 4;

impl LostFile {
    pub(super) fn new(storage: Arc<dyn Storage>, sink: &str) -> Self {
        Self { storage, path: format!("sinks/{sink}.lost") }
    }

    /// Up to where the log is still the one of which `last` was taken, if it has lost that: to its end, or to where it ended
    /// when that was found out before, however far it has come since. `None` if nothing is lost.
    pub(super) fn end_of(&self, last: Mark, end: LogEnd) -> io::Result<Option<Offset>> {
        let before = self.read()?.filter(|&(known, _)| known == last).map(|(_, before)| before);
        match (before, end) {
            (Some(before), LogEnd::Told(_)) => return Ok(Some(before)),
            (Some(before), LogEnd::Found(end)) if before <= end => return Ok(Some(before)),
            (None, end) if !end.has_lost(last) => return Ok(None),
            _ => {}
        }
        let end = end.offset();
        let mut bytes = Vec::with_capacity(BYTES);
        [last.offset, last.within, end.0].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        replace(&*self.storage, &self.path, &bytes)?;
        Ok(Some(end))
    }

    /// One that is damaged says nothing.
    fn read(&self) -> io::Result<Option<(Mark, Offset)>> {
        let bytes = read_all(&*self.storage, &self.path, BYTES as u64)?;
        let Some((numbers, check)) = bytes.as_ref().and_then(|bytes| bytes.split_at_checked(BYTES - 4)) else {
            return Ok(None);
        };
        let mut parts = numbers.chunks_exact(8).filter_map(|part| part.try_into().map(u64::from_le_bytes).ok());
        let (Some(offset), Some(within), Some(end)) = (parts.next(), parts.next(), parts.next()) else {
            return Ok(None);
        };
        let same = crc32c::crc32c(numbers).to_le_bytes() == *check;
        Ok(same.then_some((Mark { offset, within }, Offset(end))))
    }

    /// The sink names another effect from now on.
    pub(super) fn remove(&self) -> io::Result<()> {
        match self.storage.remove(&self.path) {
            Ok(()) => self.storage.sync_folder("sinks"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }
}
