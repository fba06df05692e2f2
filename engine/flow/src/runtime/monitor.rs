use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use etaflow_road::Timestamp;
use event_listener::{Event, Listener};

use super::following::Shared;
use super::telemetry;
use crate::time::{Clock, WallClock};
use crate::view::{Lag, LagMeter};

/// How often lag is measured.
const INTERVAL: Duration = Duration::from_millis(50);

/// Every how many measurements the metrics are reported.
const REPORT_EVERY: u32 = 20;

/// Measures lag, for the view and the metrics, until it is stopped.
pub(super) struct Monitor {
    pub(super) shared: Arc<Shared>,
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
            if round % REPORT_EVERY == 0 {
                self.report(&lag);
            }
            if self.stop.wait(INTERVAL) {
                break;
            }
        }
        let lag = self.measure(clock.now());
        self.report(&lag);
    }

    fn report(&self, lag: &Lag) {
        telemetry::report(&self.shared.accounts(), lag, self.shared.view().trips());
    }

    fn measure(&mut self, now: Timestamp) -> Lag {
        self.shared.release_names();
        let lag = self.meter.observe(now, &self.shared.standing());
        self.shared.view().set_lag(lag);
        lag
    }
}
