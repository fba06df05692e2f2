use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};

use etaflow_road::{EdgeIndex, Timestamp};

use super::assembly::Sharer;
use super::counts::Counts;
use super::cut::Cut;
use super::exchange::{Exchange, Poisoned};
use super::failure::{ExecutorError, message_of};
use super::gate::Gate;
use super::observer::{Applied, Observer};
use super::output::Output;
use super::shard::{Effects, Shard};
use crate::eta::Epoch;
use crate::event::{Offset, Payload, Record};
use crate::log::LogReader;
use crate::stream::Tick;
use crate::time::{Clock, WallClock};

/// How many records a shard takes before it shows what follows from them.
const RECORDS_MAX: usize = 1_024;

/// How much of a snapshot a shard writes at least before it takes the next records, in bytes: half a millisecond, which
/// nobody notices.
const SLICE_BYTES: usize = 256 << 10;

/// What some records of a shard led to.
pub(super) struct Lot {
    pub(super) shard: usize,
    pub(super) outputs: Vec<Output>,
    /// Before this offset they are all of its.
    pub(super) upto: Offset,
    /// Whether a snapshot is cut there.
    pub(super) cut: bool,
}

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
    /// The share of a snapshot that is being written.
    pub(super) cut: Option<Cut>,
    pub(super) pace: Pace,
    pub(super) snapshot: Sharer,
}

/// How many records come between two ticks: what is left of a snapshot is shared out among those that are still to come
/// before the next one. Where a shard catches up it never waits, and ticks come fast.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Between the last two ticks.
    last: usize,
    /// Since the last one.
    now: usize,
}

impl Pace {
    fn take(&mut self, records: usize) {
        self.now += records;
    }

    fn tick(&mut self) {
        self.last = std::mem::take(&mut self.now);
    }

    /// How much of what is left is due after a lot of records, the last that was taken.
    fn share_of(&self, left: usize, records: usize) -> usize {
        // The lot itself is one of those: its share is written after it.
        let to_come = (self.last + records).saturating_sub(self.now).max(records).max(1);
        (left as u128 * records as u128 / to_come as u128) as usize
    }
}

/// What the threads of a pipeline have in common.
pub(super) struct Shared {
    pub(super) exchange: Exchange,
    pub(super) gate: Gate,
    pub(super) applied: Vec<AtomicU64>,
    pub(super) told: AtomicU64,
    pub(super) index: Arc<EdgeIndex>,
    pub(super) counts: Vec<Mutex<Counts>>,
    /// Whether anybody takes snapshots.
    pub(super) snapshots: bool,
    /// For what a snapshot costs, and for nothing else.
    pub(super) clock: WallClock,
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
            let batch = if self.cut.is_some() {
                let Some(batch) = self.reader.poll()? else {
                    self.write_snapshot(SLICE_BYTES);
                    continue;
                };
                batch
            } else {
                let Some(batch) = self.reader.next_blocking()? else { return Ok(()) };
                batch
            };
            for mut records in batch.records().chunks(RECORDS_MAX) {
                while !records.is_empty() {
                    records = &records[self.take(records)?..];
                }
            }
        }
    }

    /// Takes records up to where a snapshot is cut; how many.
    fn take(&mut self, records: &[Record]) -> Result<usize, ExecutorError> {
        self.effects.clear();
        self.last_tick = None;
        let (mut taken, mut cut) = (0, false);
        for record in records {
            taken += 1;
            if let Payload::Tick { watermark } = record.payload {
                cut = self.tick(record, watermark)?;
            } else {
                self.record(record);
            }
            if cut {
                break;
            }
        }
        self.show(&records[..taken], cut)?;
        self.pace.take(taken);
        let due = self.cut.as_ref().map_or(0, |cut| self.pace.share_of(cut.left_bytes(), taken));
        self.write_snapshot(due.max(SLICE_BYTES));
        Ok(taken)
    }

    /// Shows what followed from a lot of records.
    fn show(&mut self, records: &[Record], cut: bool) -> Result<(), ExecutorError> {
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
        let lot = Lot { shard: self.number as usize, outputs: std::mem::take(&mut self.effects.outputs), upto, cut };
        // The merge ends only when all shards have.
        self.lots.send(lot).map_err(|_| ExecutorError::Stopped { shard: self.number })
    }

    fn record(&mut self, record: &Record) {
        if let Some(cut) = &mut self.cut {
            let start = self.shared.clock.now();
            cut.before(record, &self.shard);
            cut.add_pause(self.shared.clock.now().since(start));
        }
        self.shard.on_record(record, &mut self.effects);
    }

    /// Takes a tick. Whether a snapshot is cut there.
    fn tick(&mut self, record: &Record, watermark: Timestamp) -> Result<bool, ExecutorError> {
        // It changes everything.
        self.write_snapshot(usize::MAX);
        self.pace.tick();
        let tick = Tick { number: record.id, time: record.time, watermark };
        let contribution = self.shard.contribute();
        let met = self
            .shared
            .exchange
            .meet(&tick, contribution)
            .map_err(|Poisoned| ExecutorError::Stopped { shard: self.number })?;
        self.epoch = met.epoch;
        self.shard.on_tick(record, &tick, &self.epoch, &mut self.effects);
        self.last_tick = Some(tick);
        if met.cut {
            self.cut = Some(Cut::new(&self.shard, Offset(record.offset.0 + 1), tick));
        }
        Ok(met.cut)
    }

    /// Writes about so many bytes more of the snapshot that is under way, if there is one.
    fn write_snapshot(&mut self, bytes: usize) {
        let Some(mut cut) = self.cut.take() else { return };
        let start = self.shared.clock.now();
        let whole = cut.write_slice(bytes, &self.shard);
        self.snapshot.bring(if whole { cut.finish() } else { cut.take_full() });
        cut.add_pause(self.shared.clock.now().since(start));
        cut.end_pause();
        if whole {
            self.snapshot.end_shard(&cut);
        } else {
            self.cut = Some(cut);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_written_evenly_by_the_next_tick() {
        let mut pace = Pace::default();
        pace.take(10_000);
        pace.tick();
        let (mut left, mut shares) = (50_000_000, Vec::new());
        for _ in 0..10 {
            pace.take(1_000);
            shares.push(pace.share_of(left, 1_000));
            left -= shares.last().copied().unwrap_or(0);
        }
        assert_eq!((left, shares), (0, vec![5_000_000; 10]));
        // More records than before: nothing is left to wait for.
        pace.take(1_000);
        assert_eq!(pace.share_of(7, 1_000), 7);
        assert_eq!(Pace::default().share_of(7, 0), 0);
    }
}
