use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};

use etaflow_road::{EdgeIndex, Timestamp};

use super::exchange::{Exchange, Poisoned};
use super::failure::{ExecutorError, message_of};
use super::gate::Gate;
use super::observer::{Applied, Observer};
use super::output::Output;
use super::shard::{Counts, Effects, Shard};
use crate::eta::Epoch;
use crate::event::{Offset, Payload, Record};
use crate::log::LogReader;
use crate::stream::Tick;

/// How many records a shard takes before it shows what follows from them.
const RECORDS_MAX: usize = 1_024;

/// Outputs of a shard, and the offset up to which they are all of its.
pub(super) type Lot = (usize, Vec<Output>, Offset);

/// Takes a shard through the log.
pub(super) struct Worker {
    pub(super) shard: Shard,
    pub(super) number: u32,
    pub(super) reader: LogReader,
    pub(super) epoch: Arc<Epoch>,
    pub(super) last_tick: Option<Tick>,
    pub(super) effects: Effects,
    pub(super) observer: Option<Arc<dyn Observer>>,
    pub(super) shared: Arc<Shared>,
    pub(super) lots: SyncSender<Lot>,
}

/// What the threads of a pipeline have in common.
pub(super) struct Shared {
    pub(super) exchange: Exchange,
    pub(super) gate: Gate,
    pub(super) applied: Vec<AtomicU64>,
    pub(super) told: AtomicU64,
    pub(super) index: Arc<EdgeIndex>,
    pub(super) counts: Vec<Mutex<Counts>>,
}

impl Worker {
    /// Until the log ends or something fails.
    pub(super) fn run(mut self) -> Result<Shard, ExecutorError> {
        let shard = self.number;
        let shared = Arc::clone(&self.shared);
        let log = self.reader.log();
        let ended = catch_unwind(AssertUnwindSafe(|| self.follow()));
        let failed = match ended {
            Ok(Ok(())) => {
                shared.exchange.leave();
                return Ok(self.shard);
            }
            Ok(Err(failure)) => failure,
            Err(panic) => ExecutorError::Panicked { shard, message: message_of(panic.as_ref()) },
        };
        // Loudly: nobody waits for this shard, and nothing more is taken in.
        shared.exchange.poison();
        log.close();
        Err(failed)
    }

    fn follow(&mut self) -> Result<(), ExecutorError> {
        loop {
            self.shared.gate.pass();
            let Some(batch) = self.reader.next_blocking()? else { return Ok(()) };
            for records in batch.records().chunks(RECORDS_MAX) {
                self.take(records)?;
            }
        }
    }

    fn take(&mut self, records: &[Record]) -> Result<(), ExecutorError> {
        self.effects.clear();
        self.last_tick = None;
        for record in records {
            match record.payload {
                Payload::Tick { watermark } => self.tick(record, watermark)?,
                _ => self.shard.on_record(record, &mut self.effects),
            }
        }
        if let Some(observer) = &self.observer {
            observer.on_applied(&Applied {
                shard: self.number,
                state: &self.shard,
                records,
                effects: &self.effects,
                epoch: &self.epoch,
                tick: self.last_tick,
            });
        }
        let Some(last) = records.last() else { return Ok(()) };
        let upto = Offset(last.offset.0 + 1);
        self.shared.applied[self.number as usize].store(upto.0, Ordering::Release);
        self.shared.counts[self.number as usize]
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone_from(self.shard.counts());
        let outputs = std::mem::take(&mut self.effects.outputs);
        // The merge ends only when all shards have.
        self.lots.send((self.number as usize, outputs, upto)).map_err(|_| ExecutorError::Stopped { shard: self.number })
    }

    fn tick(&mut self, record: &Record, watermark: Timestamp) -> Result<(), ExecutorError> {
        let tick = Tick { number: record.id, time: record.time, watermark };
        let contribution = self.shard.contribute();
        self.epoch = self
            .shared
            .exchange
            .meet(&tick, contribution)
            .map_err(|Poisoned| ExecutorError::Stopped { shard: self.number })?;
        self.shard.on_tick(record, &tick, &self.epoch, &mut self.effects);
        self.last_tick = Some(tick);
        Ok(())
    }
}
