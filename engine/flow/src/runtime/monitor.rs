use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use etaflow_road::Timestamp;
use event_listener::{Event, Listener};

use super::shared::Shared;
use super::telemetry;
use crate::time::{Clock, WallClock};
use crate::view::{EngineState, Lag, LagMeter};

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
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.told.notify(usize::MAX);
    }

    /// Waits; true if it was told to stop.
    pub(super) fn wait(&self, at_most: Duration) -> bool {
        let told = self.told.listen();
        self.is_stopped() || told.wait_timeout(at_most).is_some()
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
        // Nobody tells any more what was not told, and a writer may wait for room.
        self.shared.let_go_of_all();
    }

    fn report(&self, lag: &Lag) {
        telemetry::report(&self.shared.accounts(), lag, self.shared.view().trips());
        telemetry::report_sinks(&self.shared.sinks());
    }

    fn measure(&mut self, now: Timestamp) -> Lag {
        self.shared.let_go();
        let standing = self.shared.standing();
        let lag = match self.shared.recovered() {
            Some(Ok(_)) => self.meter.observe(now, &standing),
            // What lives in memory alone has nothing to recover.
            None if self.shared.directory().is_none() => self.meter.observe(now, &standing),
            // What is restored was not drained.
            _ => Lag::RECOVERING,
        };
        self.shared.set_lag(lag);
        if self.shared.keeper().is_some_and(|keeper| lag.state != EngineState::Recovering && keeper.is_due()) {
            self.shared.request_snapshot();
        }
        lag
    }
}
