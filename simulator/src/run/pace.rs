use etaflow::{Clock, ManualClock, Span, Timestamp, WallClock};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often a run by the wall looks at what is due.
const WALL_STEP: std::time::Duration = std::time::Duration::from_millis(1);

/// By how much a run as fast as it can goes at a time, in stream time.
const MAX_STEP: Span = Span::from_millis(100);

/// How much time has passed since the start of a run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Passed {
    /// In the scenario's time.
    pub(super) stream: Span,
    /// On the wall.
    pub(super) wall: Span,
}

/// How stream time passes.
pub(super) enum Pace {
    /// As on the wall, or so many times as fast.
    Wall { clock: WallClock, begun: Timestamp, start: Timestamp, times: f64, interval: Interval },
    /// As fast as the engine takes what comes.
    Max { clock: ManualClock },
}

impl Pace {
    /// Stream time `start` is when the wall shows `begun`; then it goes `times` as fast.
    pub(super) fn wall(clock: WallClock, begun: Timestamp, start: Timestamp, times: f64) -> Self {
        let mut interval = interval(WALL_STEP);
        interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Self::Wall { clock, begun, start, times, interval }
    }

    pub(super) fn max(start: Timestamp) -> Self {
        Self::Max { clock: ManualClock::new(start) }
    }

    /// Waits until there may be something to do, and tells the stream time.
    pub(super) async fn next(&mut self) -> Timestamp {
        match self {
            Self::Wall { clock, begun, start, times, interval } => {
                interval.tick().await;
                let passed = clock.now().since(*begun).micros().max(0) as f64 * *times;
                *start + Span::from_micros(passed as i64)
            }
            Self::Max { clock } => {
                clock.advance_to(clock.now() + MAX_STEP);
                // Lets the bus and the signals have their turn.
                tokio::task::yield_now().await;
                clock.now()
            }
        }
    }
}
