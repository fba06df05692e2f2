use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use etaflow_road::{Span, Timestamp};
use event_listener::{Event, Listener};

use crate::event::Offset;
use crate::log::Log;
use crate::pipeline::CutReport;
use crate::snapshot::{Image, SnapshotStore};
use crate::time::{Clock, WallClock};

/// Keeps the snapshots that are cut, and says when the next is due.
pub(super) struct Keeper {
    store: SnapshotStore,
    every: Option<Span>,
    clock: WallClock,
    state: Mutex<State>,
    kept: Event,
}

struct State {
    asked_at: Timestamp,
    report: SnapshotReport,
}

/// What has become of an engine's snapshots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotReport {
    /// How many were written.
    pub written: u64,
    /// How many could not be.
    pub failed: u64,
    /// The last that was written.
    pub last: Option<WrittenSnapshot>,
    /// Why the last one could not be written, if it could not. The engine goes on without; a restart takes longer.
    pub error: Option<String>,
}

/// A snapshot that was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WrittenSnapshot {
    /// Where it is.
    pub path: PathBuf,
    /// The first record that is not in it.
    pub offset: Offset,
    /// The time of the tick at which it was cut.
    pub time: Timestamp,
    /// How long the file is.
    pub bytes: u64,
    /// How many drivers, traces, trips and plans are in it.
    pub entities: u64,
    /// The longest time for which a shard was held up at once.
    pub pause_max: Span,
    /// How long it took to write the file.
    pub took: Span,
}

impl Keeper {
    pub(super) fn new(store: SnapshotStore, every: Option<Span>) -> Self {
        let clock = WallClock::new();
        let state = Mutex::new(State { asked_at: clock.now(), report: SnapshotReport::default() });
        Self { store, every, clock, state, kept: Event::new() }
    }

    /// Whether it is time for the next one; then it counts as asked for.
    pub(super) fn is_due(&self) -> bool {
        let Some(every) = self.every else { return false };
        let (now, mut state) = (self.clock.now(), self.lock());
        let due = now.since(state.asked_at) >= every;
        if due {
            state.asked_at = now;
        }
        due
    }

    /// Keeps a snapshot, once the log cannot lose what is in it; `complete` adds what else belongs there, or says why that
    /// cannot be had.
    pub(super) fn keep(
        &self,
        cut: CutReport,
        log: &dyn Log,
        complete: impl FnOnce(&mut Image) -> Result<(), &'static str>,
    ) {
        let CutReport { mut image, entities, pause_max, .. } = cut;
        if !is_durable(log, image.offset) {
            // The log has failed, and says so itself.
            return;
        }
        let begun = self.clock.now();
        let completed = complete(&mut image).map_err(str::to_owned);
        let written = completed.and_then(|()| self.store.write(&image).map_err(|error| error.to_string()));
        let took = self.clock.now().since(begun);
        let report = &mut self.lock().report;
        match written {
            Ok(info) => {
                report.written += 1;
                report.error = None;
                let (path, offset, bytes) = (info.path, info.offset, info.bytes);
                let time = image.tick.time;
                report.last = Some(WrittenSnapshot { path, offset, time, bytes, entities, pause_max, took });
            }
            Err(error) => {
                report.failed += 1;
                report.error = Some(error);
            }
        }
        self.kept.notify(usize::MAX);
    }

    pub(super) fn report(&self) -> SnapshotReport {
        self.lock().report.clone()
    }

    /// Waits until another one was written, or could not be, than those of `before`; not for longer than `at_most`.
    pub(super) fn wait_for_another(&self, before: &SnapshotReport, at_most: Duration) {
        let until = self.clock.now() + Span::from_micros(at_most.as_micros() as i64);
        loop {
            let kept = self.kept.listen();
            let report = self.report();
            let left = until.since(self.clock.now()).micros();
            if (report.written, report.failed) != (before.written, before.failed) || left <= 0 {
                return;
            }
            kept.wait_timeout(Duration::from_micros(left as u64));
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits until everything before `offset` is durable; false if it never will be.
fn is_durable(log: &dyn Log, offset: Offset) -> bool {
    loop {
        let changed = log.listen();
        if log.durable() >= offset {
            return true;
        }
        if log.failure().is_some() {
            return false;
        }
        changed.wait();
    }
}
