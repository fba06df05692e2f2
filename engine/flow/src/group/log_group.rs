use std::sync::Arc;

use etaflow_road::Timestamp;
use event_listener::Listener;

use super::StartFrom;
use super::error::GroupError;
use super::lag::GroupLag;
use super::position::{Extent, Position};
use crate::event::Offset;
use crate::log::{Batch, Log, LogError};
use crate::storage::Storage;

/// A consumer group, in the process that writes the log; [`FileGroup`](crate::FileGroup) is one in any other.
///
/// Any number of groups read one log, and disturb neither it nor each other. Each has a name, and how far it has come is
/// [committed](Self::commit) in a file of its own, `groups/<name>`: a reader that ends, or is killed, begins there in
/// its next life. So every record is read at least once, and again if its end came before the commit; who applies a
/// record twice as if it was once, or commits in one go with what it does, has it exactly once. A group is read by one at
/// a time: the second is refused.
///
/// A group gets what is durable, and nothing before that: what it acted on cannot be lost any more with the log's end. The
/// log keeps what a group has not committed, however long that takes; a group that nobody reads any more is to be
/// [removed](crate::remove_group).
///
/// One that is slower than the log's memory reads from its files, and goes on in memory where these end, without a gap.
///
/// ```
/// # use std::sync::Arc;
/// # use etaflow::*;
/// # let directory = tempfile::tempdir()?;
/// let storage: Arc<dyn Storage> = Arc::new(DiskStorage::create(directory.path())?);
/// let (log, _) = SegmentLog::open(Arc::clone(&storage), &SegmentLogConfig::default())?;
/// let log: Arc<dyn Log> = Arc::new(log);
/// let mut sequencer = Sequencer::new(SequencerConfig::default(), Arc::new(Dictionary::new()));
/// let mut entries = Entries::default();
/// (0..3).for_each(|second| sequencer.tick(Timestamp::from_secs(second), &mut entries));
/// log.append(&entries.records, &entries.notes)?;
///
/// let mut billing = LogGroup::open(Arc::clone(&storage), Arc::clone(&log), "billing", StartFrom::Earliest)?;
/// let batch = billing.next_blocking()?.ok_or("the log goes on")?;
/// assert_eq!(batch.records().len(), 3);
/// // Done with two of them when it ends: the third is read again.
/// billing.commit(Offset(2))?;
/// drop(billing);
/// let mut billing = LogGroup::open(storage, log, "billing", StartFrom::Earliest)?;
/// assert_eq!((billing.committed(), billing.lag().records), (Offset(2), 1));
/// let batch = billing.next_blocking()?.ok_or("the log goes on")?;
/// assert_eq!(batch.records()[0].offset, Offset(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LogGroup {
    log: Arc<dyn Log>,
    position: Position,
}

impl LogGroup {
    /// Opens the group of that name, to go on where it has committed; a new one begins as `from` says. `storage` is the
    /// log's.
    ///
    /// # Errors
    /// If the name cannot be one; if somebody else has the group open; if the log does not have, or does not have any more,
    /// what it is to read next; if a file cannot be read or written.
    pub fn open(storage: Arc<dyn Storage>, log: Arc<dyn Log>, name: &str, from: StartFrom) -> Result<Self, GroupError> {
        let position = Position::open(&storage, name, from, false, &log)?;
        Ok(Self { log, position })
    }

    /// Opens the group of that name, and lets it begin as `from` says, whatever it has committed.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn reset(
        storage: Arc<dyn Storage>,
        log: Arc<dyn Log>,
        name: &str,
        from: StartFrom,
    ) -> Result<Self, GroupError> {
        let position = Position::open(&storage, name, from, true, &log)?;
        Ok(Self { log, position })
    }

    /// The next records, if there are some that are durable already.
    ///
    /// # Errors
    /// If they cannot be read, or the log does not have them any more.
    pub fn poll(&mut self) -> Result<Option<Batch>, GroupError> {
        loop {
            let durable = self.log.durable();
            if self.position.next >= durable {
                return Ok(None);
            }
            let batch = match self.log.read(self.position.next) {
                Err(LogError::Truncated { start, .. }) => {
                    self.position.overtaken(Offset(start))?;
                    continue;
                }
                read => read?.and_then(|batch| batch.before(durable)),
            };
            if let Some(last) = batch.as_ref().and_then(|batch| batch.records().last()) {
                self.position.advance(Offset(last.offset.0 + 1));
            }
            return Ok(batch);
        }
    }

    /// Waits for the next records; `None` when the log is closed and read to its end.
    ///
    /// # Errors
    /// As [`poll`](Self::poll); and if the log has failed, after all that was durable.
    pub fn next_blocking(&mut self) -> Result<Option<Batch>, GroupError> {
        loop {
            let changed = self.log.listen();
            if let Some(next) = self.next_or_end()? {
                return Ok(next);
            }
            changed.wait();
        }
    }

    /// As [`next_blocking`](Self::next_blocking), for async callers. Cancelled, it loses nothing.
    ///
    /// # Errors
    /// As [`next_blocking`](Self::next_blocking).
    pub async fn next(&mut self) -> Result<Option<Batch>, GroupError> {
        loop {
            let changed = self.log.listen();
            if let Some(next) = self.next_or_end()? {
                return Ok(next);
            }
            changed.await;
        }
    }

    /// The next records, or that there will be none; `None` if that is not known yet.
    fn next_or_end(&mut self) -> Result<Option<Option<Batch>>, GroupError> {
        // Looked at first: what became durable before that is seen by the poll after it.
        let (closed, failure) = (self.log.is_closed(), self.log.failure());
        if let Some(batch) = self.poll()? {
            return Ok(Some(Some(batch)));
        }
        match failure {
            Some(failure) => Err(failure.into()),
            None => Ok((closed && self.position.next >= self.log.end()).then_some(None)),
        }
    }

    /// The offset of the record that it reads next.
    pub fn next_offset(&self) -> Offset {
        self.position.next
    }

    /// All before this offset is done, in this life or an earlier one.
    pub fn committed(&self) -> Offset {
        self.position.committed()
    }

    /// Says that all before `offset` is done. It is durable when this returns, which takes as long as the disk takes: once
    /// for many records is enough, as who is killed reads again what came after. An earlier offset than one that is
    /// committed changes nothing.
    ///
    /// # Errors
    /// If it was not read yet, or the commit cannot be written; it can then be tried again.
    pub fn commit(&mut self, offset: Offset) -> Result<(), GroupError> {
        self.position.commit(offset)
    }

    /// How far what is committed is behind the log's end. May read a file of the log.
    pub fn lag(&self) -> GroupLag {
        let start = self.log.start();
        GroupLag::of(self.committed(), start, self.log.end(), |offset| {
            let batch = self.log.read(offset).ok().flatten()?;
            Some(batch.records().first()?.ingest_time)
        })
    }
}

impl Extent for Arc<dyn Log> {
    fn oldest(&self) -> Result<Offset, LogError> {
        Ok(self.start())
    }

    fn durable_end(&self) -> Result<Offset, LogError> {
        Ok(self.durable())
    }

    /// Times of arrival never go back, so that a few looks are enough.
    fn first_at(&self, time: Timestamp) -> Result<Offset, LogError> {
        let (mut low, mut high) = (self.start().0, self.durable().0);
        let durable = high;
        while low < high {
            let middle = low.midpoint(high);
            match self.read(Offset(middle)) {
                Ok(Some(batch)) => {
                    let records = batch.records();
                    let earlier = records.partition_point(|record| record.ingest_time < time);
                    if earlier == 0 {
                        high = middle;
                        continue;
                    }
                    low = middle + earlier as u64;
                    if earlier < records.len() {
                        break;
                    }
                }
                Ok(None) => high = middle,
                Err(LogError::Truncated { start, .. }) => low = start,
                Err(error) => return Err(error),
            }
        }
        Ok(Offset(low.min(durable).max(self.start().0)))
    }
}
