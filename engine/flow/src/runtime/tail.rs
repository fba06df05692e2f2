use std::sync::Arc;
use std::time::Duration;

use super::failure::EngineError;
use super::monitor::Stop;
use super::recover::{Course, Ready};
use super::restore::Restorer;
use super::shared::Shared;
use crate::effect::LogEnd;
use crate::event::{Entries, Offset, Payload, Record};
use crate::log::{Log, LogFiles, MemoryLog, MemoryLogConfig, SegmentReader};
use crate::sequencer::Dictionary;
use crate::storage::Storage;

/// So many records are handed on at once, if there are so many: while it catches up, batches are large.
const BATCH_RECORDS: usize = 8_192;

/// How long it waits before it looks for more, at first and at most.
const PAUSE_MIN: Duration = Duration::from_millis(1);
const PAUSE_MAX: Duration = Duration::from_millis(8);

/// Reads a log's files as far as they are durable, learns the names, and hands the records on to the pipeline by way of a
/// log in memory: it never sees what could still be lost, and knows every name before a record uses it.
pub(super) struct Tail {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) files: LogFiles,
    pub(super) config: MemoryLogConfig,
    pub(super) dictionary: Arc<Dictionary>,
    pub(super) halt: Arc<Stop>,
    /// Once it is ready.
    pub(super) log: Option<MemoryLog>,
}

impl Course for Tail {
    fn ready(&mut self, from: Offset) -> Result<Ready, EngineError> {
        let end = LogEnd::Told(self.files.durable().map_err(EngineError::Read)?);
        let restorer = Restorer { storage: &self.storage, files: &self.files };
        let absorbed = restorer.names(&self.dictionary, from)?;
        let log = MemoryLog::starting_at(&self.config, from);
        self.log = Some(log.clone());
        Ok(Ready { log: Arc::new(log), is_short: true, end, absorbed, torn: None })
    }

    fn go(self: Box<Self>, shared: &Arc<Shared>) -> Result<(), EngineError> {
        let log = self.log.clone().expect("it is ready before it goes on");
        let ended = self.follow(&log, shared);
        log.close();
        ended
    }
}

impl Tail {
    fn follow(&self, log: &MemoryLog, shared: &Shared) -> Result<(), EngineError> {
        let mut reader = self.files.reader(log.end()).map_err(EngineError::Read)?;
        let mut records = Vec::new();
        let mut pause = PAUSE_MIN;
        while !self.halt.is_stopped() {
            let read = self.read(&mut reader, &mut records);
            // What comes before something damaged is taken all the same.
            if !records.is_empty() {
                let events = records.iter().filter(|record: &&Record| !matches!(record.payload, Payload::Tick { .. }));
                shared.replays(events.count() as u64);
                if log.append(&records, &[]).is_err() {
                    // A shard has failed, and has closed it.
                    return Ok(());
                }
                records.clear();
                pause = PAUSE_MIN;
            } else if read.is_ok() {
                self.halt.wait(pause);
                pause = (pause * 2).min(PAUSE_MAX);
            }
            read?;
        }
        Ok(())
    }

    /// Reads what there is, a batch at most, and learns its names.
    fn read(&self, reader: &mut SegmentReader, records: &mut Vec<Record>) -> Result<(), EngineError> {
        let mut entries = Entries::default();
        while records.len() < BATCH_RECORDS && reader.next_into(&mut entries).map_err(EngineError::Read)? {
            let restorer = Restorer { storage: &self.storage, files: &self.files };
            self.dictionary.absorb(&entries.notes).map_err(|why| restorer.absorb_error(why))?;
            records.append(&mut entries.records);
        }
        Ok(())
    }
}
