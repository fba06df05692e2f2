use etaflow::{Accounts, Engine, EngineState as State, Span};

use super::latency::LatencyGauge;
use super::outages::behind;
use super::pace::Passed;
use crate::report::{EngineState, Sample};

/// Looks at the engine once an interval, and remembers what it saw.
pub(super) struct Sampler {
    interval: Span,
    last: Span,
    accounts: Accounts,
    applied: u64,
    lag_max: u64,
    samples: Vec<Sample>,
}

impl Sampler {
    pub(super) fn new(interval: Span) -> Self {
        Self { interval, last: Span::ZERO, accounts: Accounts::default(), applied: 0, lag_max: 0, samples: Vec::new() }
    }

    /// Looks, if it is time: by the wall, as its rates are.
    pub(super) fn step(
        &mut self,
        engine: &Engine,
        gauge: &LatencyGauge,
        passed: Passed,
        trips_active: u64,
    ) -> Option<&Sample> {
        let lag_events = behind(engine);
        self.lag_max = self.lag_max.max(lag_events);
        let since = passed.wall.secs_f64() - self.last.secs_f64();
        if since < self.interval.secs_f64() {
            return None;
        }
        self.last = passed.wall;
        let (accounts, applied) = (engine.accounts(), engine.applied().0);
        let per_s = |now: u64, then: u64| now.saturating_sub(then) as f64 / since;
        let lag = engine.view().lag();
        let latency = gauge.take_interval();
        let ratio = engine.view().speed_ratio();
        self.samples.push(Sample {
            t_s: passed.stream.secs_f64(),
            offered_per_s: per_s(accounts.offered, self.accounts.offered),
            accepted_per_s: per_s(accounts.accepted, self.accounts.accepted),
            processed_per_s: per_s(applied, self.applied),
            lag_events,
            lag_s: lag.behind.map(Span::secs_f64),
            state: match lag.state {
                State::Live => EngineState::Live,
                State::CatchingUp | State::Recovering => EngineState::CatchingUp,
            },
            latency_p50_ms: latency.map(|latency| latency.p50),
            latency_p99_ms: latency.map(|latency| latency.p99),
            trips_active,
            metric_epoch: ratio.epoch,
            speed_ratio: Some(ratio.value),
            catch_up_s: lag.catch_up.map(Span::secs_f64),
        });
        (self.accounts, self.applied) = (accounts, applied);
        self.samples.last()
    }

    /// The most records that were ever behind, and all samples.
    pub(super) fn finish(self) -> (u64, Vec<Sample>) {
        (self.lag_max, self.samples)
    }
}
