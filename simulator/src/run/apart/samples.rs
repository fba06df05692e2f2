use etaflow::Span;
use etaflow_serve::Status;

use crate::report::{EngineState, Sample};

/// How often.
const INTERVAL: Span = Span::from_secs(1);

/// Remembers once an interval how the world, the log and the engine stood.
#[derive(Default)]
pub(super) struct Sampler {
    last: Span,
    offered: u64,
    accepted: u64,
    processed: u64,
    lag_max: u64,
    samples: Vec<Sample>,
}

impl Sampler {
    /// Looks, if it is time. While the engine is dead it has taken what it had taken before.
    pub(super) fn step(
        &mut self,
        passed: Span,
        offered: u64,
        accepted: u64,
        (processed, status): (u64, Option<Status>),
        trips_active: u64,
    ) -> Option<&Sample> {
        let lag_events = accepted.saturating_sub(processed);
        self.lag_max = self.lag_max.max(lag_events);
        let since = passed.secs_f64() - self.last.secs_f64();
        if since < INTERVAL.secs_f64() {
            return None;
        }
        let per_s = |now: u64, then: u64| now.saturating_sub(then) as f64 / since;
        self.samples.push(Sample {
            t_s: passed.secs_f64(),
            offered_per_s: per_s(offered, self.offered),
            accepted_per_s: per_s(accepted, self.accepted),
            processed_per_s: per_s(processed, self.processed),
            lag_events,
            lag_s: status.as_ref().and_then(|status| status.lag_s),
            state: match &status {
                Some(status) if status.is_live() => EngineState::Live,
                Some(status) if status.is_catching_up() => EngineState::CatchingUp,
                _ => EngineState::Recovering,
            },
            trips_active,
            catch_up_s: status.and_then(|status| status.catch_up_s),
            ..Sample::default()
        });
        (self.last, self.offered, self.accepted, self.processed) = (passed, offered, accepted, processed);
        self.samples.last()
    }

    /// The most records that were ever behind, and all samples.
    pub(super) fn finish(self) -> (u64, Vec<Sample>) {
        (self.lag_max, self.samples)
    }
}
