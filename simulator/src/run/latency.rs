use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use etaflow::{Applied, Clock, Observer, WallClock};

use crate::report::{LatencyRecorder, Percentiles};

/// Measures the time from when each event was due to when what follows from it can be asked for.
pub(super) struct LatencyGauge {
    clock: WallClock,
    /// One for each shard, which alone writes it.
    shards: Vec<Mutex<Recorders>>,
    /// Whether the engine is out, or has not caught up yet.
    outage: AtomicBool,
}

#[derive(Default)]
struct Recorders {
    regular: LatencyRecorder,
    outage: LatencyRecorder,
}

impl LatencyGauge {
    pub(super) fn new(clock: WallClock, shards: u32) -> Self {
        Self { clock, shards: (0..shards).map(|_| Mutex::default()).collect(), outage: AtomicBool::new(false) }
    }

    /// What is measured from now on is counted apart.
    pub(super) fn set_outage(&self, outage: bool) {
        self.outage.store(outage, Ordering::Release);
    }

    /// The percentiles of all that was measured since the last call, in milliseconds.
    pub(super) fn take_interval(&self) -> Option<Percentiles> {
        let mut all = LatencyRecorder::new();
        for shard in &self.shards {
            let mut recorders = lock(shard);
            let Recorders { regular, outage } = &mut *recorders;
            for recorder in [regular, outage] {
                all.merge_interval(recorder);
            }
        }
        all.take_interval()
    }

    /// The percentiles of the whole run, outside outages and inside, in milliseconds.
    pub(super) fn totals(&self) -> (Option<Percentiles>, Option<Percentiles>) {
        let (mut regular, mut outage) = (LatencyRecorder::new(), LatencyRecorder::new());
        for shard in &self.shards {
            let recorders = lock(shard);
            regular.merge(&recorders.regular);
            outage.merge(&recorders.outage);
        }
        (regular.total(), outage.total())
    }
}

impl Observer for LatencyGauge {
    fn on_applied(&self, applied: &Applied<'_>) {
        let now = self.clock.now();
        let outage = self.outage.load(Ordering::Acquire);
        let mut recorders = lock(&self.shards[applied.shard as usize]);
        let recorder = if outage { &mut recorders.outage } else { &mut recorders.regular };
        for record in applied.records.iter().filter(|record| applied.state.answers_for(record)) {
            recorder.record(now.since(record.due()));
        }
    }
}

fn lock(recorders: &Mutex<Recorders>) -> MutexGuard<'_, Recorders> {
    recorders.lock().unwrap_or_else(PoisonError::into_inner)
}
