use etaflow_road::{Span, Timestamp};

use super::answer::EngineState;
use crate::event::Offset;

/// How far the engine is behind its log.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lag {
    /// By so many records.
    pub records: u64,
    /// By so much time: from the arrival of the last record that was taken to that of the newest. 0 when none is left;
    /// unknown before the first was taken.
    pub behind: Option<Span>,
    /// When it will have caught up, if what is taken in and what arrives go on as they do. 0 when it has; unknown while
    /// the backlog does not shrink.
    pub catch_up: Option<Span>,
    /// Whether it is up to date.
    pub state: EngineState,
}

/// Measures lag and predicts its end, from what it is shown of the log's and the engine's offsets.
#[derive(Debug, Clone)]
pub struct LagMeter {
    live_max: Span,
    last: Option<(Timestamp, Offset, Offset)>,
    /// Records per second that arrive and that drain, smoothed.
    rates: Option<(f64, f64)>,
    /// When something was taken last.
    drained_at: Option<Timestamp>,
}

/// Over how many seconds the rates are smoothed.
const SMOOTH_S: f64 = 1.0;

impl LagMeter {
    /// A meter that says `live` as long as the engine is behind by no more than `live_max`.
    pub fn new(live_max: Span) -> Self {
        Self { live_max, last: None, rates: None, drained_at: None }
    }

    /// The lag at `now`, when the log ends at `end`, everything before `applied` has been taken, and the newest and the
    /// last taken record arrived at the times given.
    pub fn observe(
        &mut self,
        now: Timestamp,
        end: Offset,
        applied: Offset,
        newest_at: Option<Timestamp>,
        applied_at: Option<Timestamp>,
    ) -> Lag {
        self.rate(now, end, applied);
        // The two offsets are not read at one instant: the engine may have come past the end that was read first.
        let records = end.0.saturating_sub(applied.0);
        let behind = match (newest_at, applied_at) {
            _ if records == 0 => Some(Span::ZERO),
            (Some(newest), Some(applied)) => Some(newest.since(applied).max(Span::ZERO)),
            _ => None,
        };
        let shrinking = self.rates.map_or(0.0, |(arriving, draining)| draining - arriving);
        let catch_up = match records {
            0 => Some(Span::ZERO),
            // Rates fade, and fade alike: by themselves they would predict an end when all stands still.
            _ if shrinking > 0.0 && self.drains(now) => {
                Some(Span::from_micros((records as f64 / shrinking * 1e6) as i64))
            }
            _ => None,
        };
        let live = behind.is_some_and(|behind| behind <= self.live_max);
        let state = if live { EngineState::Live } else { EngineState::CatchingUp };
        Lag { records, behind, catch_up, state }
    }

    /// Whether something was taken lately.
    fn drains(&self, now: Timestamp) -> bool {
        self.drained_at.is_some_and(|at| now.since(at).secs_f64() < SMOOTH_S)
    }

    fn rate(&mut self, now: Timestamp, end: Offset, applied: Offset) {
        if let Some((then, last_end, last_applied)) = self.last {
            let elapsed = now.since(then).secs_f64();
            if elapsed <= 0.0 {
                return;
            }
            if applied > last_applied {
                self.drained_at = Some(now);
            }
            let weight = 1.0 - (-elapsed / SMOOTH_S).exp();
            let per_second = |to: Offset, from: Offset| to.0.saturating_sub(from.0) as f64 / elapsed;
            let now = (per_second(end, last_end), per_second(applied, last_applied));
            let before = self.rates.unwrap_or(now);
            let smooth = |before: f64, now: f64| before + weight * (now - before);
            self.rates = Some((smooth(before.0, now.0), smooth(before.1, now.1)));
        }
        self.last = Some((now, end, applied));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn lag_is_what_is_left_and_never_nonsense(
            steps in prop::collection::vec((0_i64..3_000, 0_u64..5_000, 0_u64..5_000), 1..50)
        ) {
            let mut meter = LagMeter::new(Span::from_secs(1));
            let (mut now, mut end, mut applied) = (Timestamp::from_secs(0), 0, 0);
            for (millis, arrives, drains) in steps {
                now = now + Span::from_millis(millis);
                end += arrives;
                applied = (applied + drains).min(end);
                let at = |offset: u64| Some(Timestamp::from_millis(offset as i64));
                let lag = meter.observe(now, Offset(end), Offset(applied), at(end), at(applied));
                prop_assert_eq!(lag.records, end - applied);
                prop_assert_eq!(lag.behind, Some(Span::from_millis((end - applied) as i64)));
                prop_assert!(lag.catch_up.is_none_or(|span| span >= Span::ZERO));
                prop_assert_eq!(lag.records == 0, lag.catch_up == Some(Span::ZERO) && lag.behind == Some(Span::ZERO));
            }
        }
    }

    #[test]
    fn nobody_knows_when_it_ends_while_nothing_is_taken() {
        let mut meter = LagMeter::new(Span::from_secs(1));
        let mut at = |millis: i64, end: u64, applied: u64| {
            let now = Timestamp::from_millis(millis);
            meter.observe(now, Offset(end), Offset(applied), Some(now), Some(now)).catch_up
        };
        // It is catching up, and then it is out; nothing arrives either.
        for step in 0..20 {
            at(step * 50, 50_000, 1_000 * step as u64);
        }
        assert!(at(1_000, 50_000, 20_000).is_some());
        for step in 21..200 {
            let catch_up = at(step * 50, 50_000, 20_000);
            assert_eq!(catch_up.is_some(), step < 40, "after {} ms", step * 50 - 1_000);
        }
    }

    #[test]
    fn a_steady_drain_is_predicted() {
        let mut meter = LagMeter::new(Span::from_secs(1));
        let mut lag = None;
        for step in 0..100 {
            let now = Timestamp::from_millis(step * 100);
            let (end, applied) = (100_000 + 1_000 * step as u64, 5_000 * step as u64);
            lag = Some(meter.observe(now, Offset(end.max(applied)), Offset(applied), Some(now), None));
            if end <= applied + 40_000 {
                break;
            }
        }
        // 40,000 records are left; 50,000 a second drain and 10,000 arrive.
        let predicted = lag.and_then(|lag| lag.catch_up).expect("it drains").secs_f64();
        assert!((0.9..1.2).contains(&predicted), "{predicted}");
    }
}
