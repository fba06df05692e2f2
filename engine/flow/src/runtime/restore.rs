use std::sync::Arc;

use etaflow_road::Timestamp;

use super::failure::EngineError;
use super::recovery::Unusable;
use crate::event::{Entries, Offset, Payload};
use crate::log::{CheckpointInfo, LogError, LogFiles};
use crate::sequencer::{CheckpointError, Dictionary, Sequencer, SequencerConfig};
use crate::storage::Storage;

/// The log's last records are looked for in so many at first, and then in more.
const LAST_RECORDS: u64 = 4_096;

/// How a sequencer, or a dictionary, was brought up to date.
#[derive(Debug, Default)]
pub(super) struct Absorbed {
    /// The state that it goes on from.
    pub(super) checkpoint: Option<Offset>,
    /// States that were of no use.
    pub(super) passed_over: Vec<Unusable>,
    /// How many records came after it.
    pub(super) records: u64,
    /// How many of them came after the names that were asked for, and are no ticks.
    pub(super) events: u64,
}

/// When the log's last records came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LogClock {
    /// The latest record.
    pub(super) latest: Timestamp,
    /// The latest tick, if there was one.
    pub(super) tick: Option<Timestamp>,
}

/// The files that a sequencer and its names are restored of.
pub(super) struct Restorer<'a> {
    pub(super) storage: &'a Arc<dyn Storage>,
    pub(super) files: &'a LogFiles,
}

/// The names that are known at an offset of the log in `storage`, from the newest state of its sequencer that is of use.
///
/// # Errors
/// If there is no log, there is no such state that the log goes on from, or the log is damaged or cannot be read.
pub fn names_at(storage: &Arc<dyn Storage>, at: Offset) -> Result<Dictionary, EngineError> {
    let files = LogFiles::open(Arc::clone(storage)).map_err(EngineError::Read)?;
    let names = Dictionary::new();
    Restorer { storage, files: &files }.names(&names, at)?;
    Ok(names)
}

impl Restorer<'_> {
    /// A sequencer that knows all that is in the log. Its dictionary also has the names of those trips that were known at
    /// `names_from`.
    pub(super) fn sequencer(
        &self,
        config: &SequencerConfig,
        dictionary: &Arc<Dictionary>,
        names_from: Offset,
    ) -> Result<(Sequencer, Absorbed), EngineError> {
        let mut absorbed = Absorbed::default();
        let restore = |bytes: &[u8]| Sequencer::restore(config.clone(), Arc::clone(dictionary), bytes);
        let restored = self.checkpoint(names_from, &mut absorbed, restore)?;
        let mut sequencer = restored.unwrap_or_else(|| Sequencer::new(config.clone(), Arc::clone(dictionary)));
        let mut reader = self.files.reader(sequencer.next_offset()).map_err(EngineError::Read)?;
        let mut entries = Entries::default();
        while reader.next_into(&mut entries).map_err(EngineError::Read)? {
            sequencer.absorb(&entries).map_err(|why| self.absorb_error(why))?;
            absorbed.records += entries.records.len() as u64;
            let events = entries
                .records
                .iter()
                .filter(|record| record.offset >= names_from && !matches!(record.payload, Payload::Tick { .. }));
            absorbed.events += events.count() as u64;
        }
        Ok((sequencer, absorbed))
    }

    /// Gives a dictionary the names that are known at `at`.
    pub(super) fn names(&self, dictionary: &Dictionary, at: Offset) -> Result<Absorbed, EngineError> {
        let mut absorbed = Absorbed::default();
        let from = self.checkpoint(at, &mut absorbed, |bytes| dictionary.restore(bytes))?.unwrap_or_else(|| {
            dictionary.clear();
            Offset(0)
        });
        let mut reader = self.files.reader(from).map_err(EngineError::Read)?.until(at);
        let mut entries = Entries::default();
        while reader.next_into(&mut entries).map_err(EngineError::Read)? {
            dictionary.absorb(&entries.notes).map_err(|why| self.absorb_error(why))?;
            absorbed.records += entries.records.len() as u64;
        }
        Ok(absorbed)
    }

    /// When the last records came; `None` if there is none.
    pub(super) fn clock(&self) -> Result<Option<LogClock>, EngineError> {
        let (start, end) =
            (self.files.start().map_err(EngineError::Read)?, self.files.durable().map_err(EngineError::Read)?);
        let mut count = LAST_RECORDS;
        loop {
            let from = Offset(end.0.saturating_sub(count)).max(start);
            let mut clock: Option<LogClock> = None;
            let mut reader = self.files.reader(from).map_err(EngineError::Read)?;
            while let Some(entries) = reader.next().map_err(EngineError::Read)? {
                for record in &entries.records {
                    let tick = matches!(record.payload, Payload::Tick { .. }).then_some(record.time);
                    let before = clock.and_then(|clock| clock.tick);
                    clock = Some(LogClock { latest: record.ingest_time, tick: tick.or(before) });
                }
            }
            if from == start || clock.is_some_and(|clock| clock.tick.is_some()) {
                return Ok(clock);
            }
            count *= 16;
        }
    }

    /// What is restored of the newest state of the sequencer that is of use, of those that go on from `before` or earlier;
    /// `None` if there is none, and the log begins with its first record.
    fn checkpoint<T>(
        &self,
        before: Offset,
        absorbed: &mut Absorbed,
        restore: impl Fn(&[u8]) -> Result<T, CheckpointError>,
    ) -> Result<Option<T>, EngineError> {
        let mut kept = self.files.checkpoints().map_err(EngineError::Read)?;
        kept.retain(|checkpoint| checkpoint.offset <= before);
        for CheckpointInfo { path, offset, .. } in kept.into_iter().rev() {
            let why = match self.files.checkpoint(offset) {
                Ok(None) => continue,
                Ok(Some(bytes)) => match restore(&bytes) {
                    Ok(restored) => {
                        absorbed.checkpoint = Some(offset);
                        return Ok(Some(restored));
                    }
                    Err(why) => why.to_string(),
                },
                Err(error @ LogError::Io { .. }) => return Err(EngineError::Read(error)),
                Err(why) => why.to_string(),
            };
            absorbed.passed_over.push(Unusable { path, why });
        }
        let start = self.files.start().map_err(EngineError::Read)?;
        if start > Offset(0) {
            return Err(EngineError::Names { path: self.storage.show("checkpoints"), start: start.0 });
        }
        Ok(None)
    }

    pub(super) fn absorb_error(&self, why: crate::sequencer::AbsorbError) -> EngineError {
        EngineError::Absorb { path: self.storage.show("log"), why }
    }
}
