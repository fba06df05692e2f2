use std::ops::Range;
use std::sync::Arc;

use etaflow_road::{EdgeIndex, Network, Span, Timestamp};

use super::super::failure::EngineError;
use super::super::recovery::Unusable;
use super::super::restore::Restorer;
use super::super::usable::Usable;
use super::error::PastError;
use crate::config::Config;
use crate::event::{Entries, Offset};
use crate::log::{Log, LogFiles, MemoryLog, MemoryLogConfig};
use crate::pipeline::{Executor, Outputs, Prepared, Start};
use crate::profile::Profiles;
use crate::snapshot::SnapshotStore;
use crate::storage::Storage;

/// How many records are on their way from the files to the shards at most.
const RECORDS_MAX: usize = 65_536;

/// What a time is asked for that comes right after another one.
const NEXT: Span = Span::from_micros(1);

/// What an engine of the past is made of.
pub(super) struct Shadow {
    pub(super) network: Arc<Network>,
    pub(super) index: Arc<EdgeIndex>,
    pub(super) config: Config,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) files: LogFiles,
    pub(super) store: SnapshotStore,
}

/// Where it begins.
pub(super) struct Origin {
    pub(super) prepared: Prepared,
    /// The first record that it takes.
    pub(super) from: Offset,
    pub(super) snapshot: Option<Offset>,
    pub(super) passed_over: Vec<Unusable>,
}

impl Shadow {
    /// The first record that came in after `time`.
    pub(super) fn offset_after(&self, time: Timestamp) -> Result<Offset, PastError> {
        Ok(self.files.offset_at(time + NEXT).map_err(EngineError::Read)?)
    }

    /// The same, if `time` is one of which the log tells.
    pub(super) fn end_at(&self, time: Timestamp) -> Result<Offset, PastError> {
        let clock = Restorer { storage: &self.storage, files: &self.files }.clock()?.ok_or(PastError::Nothing)?;
        if time > clock.latest {
            return Err(PastError::After { asked: time, latest: clock.latest });
        }
        let (start, end) = (self.start()?, self.offset_after(time)?);
        // The log's first record may be the one that follows a snapshot.
        if end == Offset(0) || end <= start {
            let earliest = self.earliest()?;
            if time < earliest {
                return Err(PastError::Before { asked: time, earliest });
            }
        }
        Ok(end)
    }

    pub(super) fn start(&self) -> Result<Offset, PastError> {
        Ok(self.files.start().map_err(EngineError::Read)?)
    }

    /// When a record came in; `None` if there is none.
    pub(super) fn came_in(&self, offset: Offset) -> Result<Option<Timestamp>, PastError> {
        let mut reader = self.files.reader(offset).map_err(EngineError::Read)?.until(Offset(offset.0 + 1));
        let entries = reader.next().map_err(EngineError::Read)?;
        Ok(entries.and_then(|entries| Some(entries.records.first()?.ingest_time)))
    }

    /// The earliest time that can be asked for.
    pub(super) fn earliest(&self) -> Result<Timestamp, PastError> {
        let start = self.start()?;
        if start == Offset(0) {
            return self.came_in(start)?.ok_or(PastError::Nothing);
        }
        for offset in self.snapshots(start..Offset(u64::MAX)) {
            // One that cannot be read is passed over; the time of its tick is that of the record before it.
            if let Ok(image) = self.store.read(offset) {
                return Ok(image.tick.time);
            }
        }
        Err(PastError::NoOrigin)
    }

    /// The offsets of snapshots within a range, ascending, as far as that can be found out.
    fn snapshots(&self, within: Range<Offset>) -> Vec<Offset> {
        let all = self.store.list().unwrap_or_default();
        all.into_iter().map(|info| info.offset).filter(|offset| within.contains(offset)).collect()
    }

    /// The newest snapshot at `known_from` or before, or the first record of the log; or, if the log has that no more, the
    /// oldest snapshot up to `end`.
    pub(super) fn origin(&self, (known_from, end): (Offset, Offset), time: Timestamp) -> Result<Origin, PastError> {
        let start = self.start()?;
        let mut passed_over = Vec::new();
        if let Some(origin) = self.newest(start, known_from, &mut passed_over)? {
            return Ok(Origin { passed_over, ..origin });
        }
        if start == Offset(0) {
            let prepared = self.prepare(start.into()).map_err(EngineError::from)?;
            return Ok(Origin { prepared, from: start, snapshot: None, passed_over });
        }
        for offset in self.snapshots(Offset(known_from.0 + 1)..Offset(end.0 + 1)) {
            if let Some(origin) = self.newest(offset, offset, &mut passed_over)? {
                return Ok(Origin { passed_over, ..origin });
            }
        }
        Err(PastError::Before { asked: time, earliest: self.earliest()? })
    }

    /// The newest snapshot of an offset from `start` to `at_most` that is of use.
    fn newest(
        &self,
        start: Offset,
        at_most: Offset,
        passed_over: &mut Vec<Unusable>,
    ) -> Result<Option<Origin>, PastError> {
        let prepare = |from: Start<'_>| self.prepare(from);
        let found = Usable::newest((&self.store, &self.files), start..=at_most, passed_over, prepare)
            .map_err(EngineError::from)?;
        // No sink is called: what waited for them is let go of.
        Ok(found.map(|Usable { prepared, snapshot, .. }| {
            let (from, snapshot, passed_over) = (snapshot.offset, Some(snapshot.offset), Vec::new());
            Origin { prepared, from, snapshot, passed_over }
        }))
    }

    fn prepare(&self, from: Start<'_>) -> Result<Prepared, crate::pipeline::StartError> {
        Executor::prepare(&self.network, Arc::clone(&self.index), &self.config, from)
    }

    /// Takes the records of a range, or fewer if it is `over` before; how many.
    pub(super) fn replay(
        &self,
        prepared: Prepared,
        records: Range<Offset>,
        outputs: Outputs,
        over: impl Fn() -> bool,
    ) -> Result<u64, PastError> {
        let log = MemoryLog::starting_at(&MemoryLogConfig { records_max: RECORDS_MAX }, records.start);
        let profiles = Some(Profiles::in_storage(&self.network, Arc::clone(&self.storage)));
        let executor = prepared.start(Arc::new(log.clone()), Outputs { profiles, ..outputs });
        let fed = self.feed(&log, records.end, over);
        log.close();
        // A shard that has failed has closed the log: that is the cause then.
        executor.join().map_err(EngineError::from)?;
        fed
    }

    fn feed(&self, log: &MemoryLog, end: Offset, over: impl Fn() -> bool) -> Result<u64, PastError> {
        let begin = log.end();
        let mut reader = self.files.reader(begin).map_err(EngineError::Read)?.until(end);
        let mut entries = Entries::default();
        while !over() && reader.next_into(&mut entries).map_err(EngineError::Read)? {
            for records in entries.records.chunks(RECORDS_MAX / 4) {
                if log.append(records, &[]).is_err() {
                    return Ok(log.end().0 - begin.0);
                }
            }
        }
        Ok(log.end().0 - begin.0)
    }
}
