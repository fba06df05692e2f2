use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use etaflow_road::Timestamp;
use event_listener::{Event, Listener};

use super::engine::Gauges;
use super::telemetry;
use crate::event::Offset;
use crate::log::Log;
use crate::time::{Clock, WallClock};
use crate::view::{Lag, LagMeter};

/// How often lag is measured.
const INTERVAL: Duration = Duration::from_millis(50);

/// Every how many measurements the metrics are reported.
const REPORT_EVERY: u32 = 20;

/// Measures lag, for the view and the metrics, until it is stopped.
pub(super) struct Monitor {
    pub(super) gauges: Arc<Gauges>,
    pub(super) meter: LagMeter,
    pub(super) stop: Arc<Stop>,
}

#[derive(Default)]
pub(super) struct Stop {
    stopped: AtomicBool,
    told: Event,
}

impl Stop {
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.told.notify(usize::MAX);
    }

    /// Waits; true if it was told to stop.
    fn wait(&self, at_most: Duration) -> bool {
        let told = self.told.listen();
        self.stopped.load(Ordering::Acquire) || told.wait_timeout(at_most).is_some()
    }
}

impl Monitor {
    pub(super) fn run(mut self) {
        telemetry::describe();
        let clock = WallClock::new();
        for round in 0_u32.. {
            let lag = self.measure(clock.now());
            self.gauges.view.set_lag(lag);
            if round % REPORT_EVERY == 0 {
                telemetry::report(&self.gauges.accounts(), &lag, self.gauges.view.trips());
            }
            if self.stop.wait(INTERVAL) {
                break;
            }
        }
        let lag = self.measure(clock.now());
        self.gauges.view.set_lag(lag);
        telemetry::report(&self.gauges.accounts(), &lag, self.gauges.view.trips());
    }

    fn measure(&mut self, now: Timestamp) -> Lag {
        let log: &dyn Log = &*self.gauges.log;
        // The engine's offset first: it cannot be past an end that is read later.
        let applied = self.gauges.applied();
        // Who hears of a trip's end is found by its name.
        self.gauges.dictionary.release(self.gauges.told());
        let applied_at = self.gauges.published.applied_at();
        let end = log.end();
        let newest = end.0.checked_sub(1).and_then(|last| log.read(Offset(last)).ok().flatten());
        let newest_at = newest.and_then(|batch| Some(batch.records().first()?.ingest_time));
        self.meter.observe(now, end, applied, newest_at, applied_at)
    }
}
