use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use etaflow_road::{Span, Timestamp};

/// What time it is, for those at the edge; the engine's core takes time as an argument or from ticks.
pub trait Clock: Send + Sync + 'static {
    /// Now. Never goes backwards.
    fn now(&self) -> Timestamp;
}

/// The system's time at its making, carried on by the monotonic clock, so that a correction of the system's time moves
/// nothing backwards.
#[derive(Debug, Clone)]
pub struct WallClock {
    start: Timestamp,
    since: Instant,
}

impl WallClock {
    /// Asks the system for the time.
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for the time")]
    pub fn new() -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { start: Timestamp::from_micros(since_epoch.as_micros() as i64), since: Instant::now() }
    }
}

impl Default for WallClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        self.start + Span::from_micros(self.since.elapsed().as_micros() as i64)
    }
}

/// A clock that is told what time it is: a scenario's, or a replay's.
#[derive(Debug, Clone, Default)]
pub struct ManualClock {
    micros: Arc<AtomicI64>,
}

impl ManualClock {
    /// A clock that stands at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self { micros: Arc::new(AtomicI64::new(start.micros())) }
    }

    /// Moves it on to `time`; of no effect if it is past that already.
    pub fn advance_to(&self, time: Timestamp) {
        self.micros.fetch_max(time.micros(), Ordering::Release);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::Acquire))
    }
}
