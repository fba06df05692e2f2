use std::collections::VecDeque;

use etaflow_road::{Span, Timestamp};

use super::answer::EngineState;
use crate::event::Offset;

/// How far an engine is behind its log.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lag {
    /// By so many records, of those that the log still has. Unknown while it recovers: nobody knows yet from where on it
    /// will have to take them.
    pub records: Option<u64>,
    /// By so much time: from the arrival of the last record that was taken to that of the newest. 0 when none is left;
    /// unknown before the first was taken.
    pub behind: Option<Span>,
    /// In how much time it will be live, if what is taken in and what arrives go on as they have of late. 0 while it is
    /// live; unknown while the backlog does not shrink, and before that was measured.
    pub catch_up: Option<Span>,
    /// Whether it is up to date.
    pub state: EngineState,
}

impl Lag {
    /// That of an engine with nothing left to take.
    pub const NONE: Self =
        Self { records: Some(0), behind: Some(Span::ZERO), catch_up: Some(Span::ZERO), state: EngineState::Live };

    /// That of an engine that recovers.
    pub const RECOVERING: Self = Self { records: None, behind: None, catch_up: None, state: EngineState::Recovering };
}

/// How far a log and who follows it have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The oldest record that the log still has.
    pub start: Offset,
    /// The offset that the log's next record will have.
    pub end: Offset,
    /// Everything before this offset has been taken.
    pub applied: Offset,
    /// When the newest record arrived, if that is known.
    pub newest_at: Option<Timestamp>,
    /// When the last record that was taken arrived, if one was.
    pub applied_at: Option<Timestamp>,
}

/// Measures lag and predicts its end, from how far the log and the engine have come at some moments.
///
/// Rates are those of the last second of catching up: what was before, when it was live or stood still, says nothing of
/// how fast it drains.
///
/// ```
/// # use etaflow::*;
/// let mut meter = LagMeter::new(Span::from_secs(1));
/// let start = Timestamp::from_secs(1_000);
/// // 90,000 records behind, of which 10,000 a second arrived; 40,000 a second are taken, and 10,000 arrive.
/// let lag = [0, 500, 1_000].map(|millis| {
///     let (end, applied) = (10 * millis + 100_000, 40 * millis + 10_000);
///     let arrived_at = |offset: i64| Some(start + Span::from_micros(100 * offset));
///     let (newest_at, applied_at) = (arrived_at(end), arrived_at(applied));
///     let (end, applied) = (Offset(end as u64), Offset(applied as u64));
///     let standing = Standing { start: Offset(0), end, applied, newest_at, applied_at };
///     meter.observe(start + Span::from_millis(millis), &standing)
/// });
/// assert_eq!((lag[0].records, lag[0].behind, lag[0].catch_up), (Some(90_000), Some(Span::from_secs(9)), None));
/// // It is live when no more than the 10,000 of the last second are left.
/// let left = Span::from_micros((60_000 - 10_000) * 1_000_000 / 30_000);
/// assert_eq!((lag[2].records, lag[2].catch_up), (Some(60_000), Some(left)));
/// ```
#[derive(Debug, Clone)]
pub struct LagMeter {
    live_max: Span,
    /// What was seen since it is catching up, oldest first: of the last [`WINDOW`], and one moment before.
    seen: VecDeque<Seen>,
    /// When something was taken last.
    drained_at: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct Seen {
    at: Timestamp,
    end: Offset,
    applied: Offset,
    newest_at: Option<Timestamp>,
}

/// Over how much time rates are measured. It spans a dozen ticks of catching up and more, which take their time each.
const WINDOW: Span = Span::from_secs(1);

/// Moments closer to each other than this are seen as one, so that no more than so many are kept.
const STEP: Span = Span::from_millis(10);

/// When nothing was taken for so long, it stands still.
const STALL: Span = Span::from_secs(1);

impl LagMeter {
    /// A meter that says `live` as long as the engine is behind by no more than `live_max`.
    pub fn new(live_max: Span) -> Self {
        Self { live_max, seen: VecDeque::new(), drained_at: None }
    }

    /// The lag at `now`. An earlier time than one that was given before counts as that one.
    pub fn observe(&mut self, now: Timestamp, standing: &Standing) -> Lag {
        // The two offsets are not read at one instant: the engine may have come past the end that was read first.
        let records = standing.end.0.saturating_sub(standing.applied.max(standing.start).0);
        let behind = match (standing.newest_at, standing.applied_at) {
            _ if records == 0 => Some(Span::ZERO),
            (Some(newest), Some(applied)) => Some(newest.since(applied).max(Span::ZERO)),
            _ => None,
        };
        let live = behind.is_some_and(|behind| behind <= self.live_max);
        self.keep(now, standing, live);
        if live {
            return Lag { records: Some(records), behind, catch_up: Some(Span::ZERO), state: EngineState::Live };
        }
        let catch_up = self.predict(records, behind);
        Lag { records: Some(records), behind, catch_up, state: EngineState::CatchingUp }
    }

    fn keep(&mut self, now: Timestamp, standing: &Standing, live: bool) {
        let last = self.seen.back().copied();
        let at = last.map_or(now, |last| now.max(last.at));
        let moved = last.is_some_and(|last| standing.applied > last.applied);
        let stood = self.drained_at.is_none_or(|drained| at.since(drained) >= STALL);
        if live || (moved && stood) {
            // It drains from where it was last seen on.
            self.seen.drain(..self.seen.len().saturating_sub(1));
        }
        if moved {
            self.drained_at = Some(at);
        }
        let Standing { end, applied, newest_at, .. } = *standing;
        let seen = Seen { at, end, applied, newest_at };
        let before = self.seen.len().checked_sub(2).map(|nth| self.seen[nth].at);
        match self.seen.back_mut() {
            Some(last) if live || before.is_some_and(|before| at.since(before) < STEP) => *last = seen,
            _ => self.seen.push_back(seen),
        }
        while self.seen.get(1).is_some_and(|second| at.since(second.at) >= WINDOW) {
            self.seen.pop_front();
        }
    }

    /// In how much time it will be live.
    fn predict(&self, records: u64, behind: Option<Span>) -> Option<Span> {
        let (first, last) = (self.seen.front()?, self.seen.back()?);
        let elapsed = last.at.since(first.at).secs_f64();
        if elapsed <= 0.0 || self.drained_at.is_none_or(|drained| last.at.since(drained) >= STALL) {
            return None;
        }
        let per_second = |to: Offset, from: Offset| to.0.saturating_sub(from.0) as f64 / elapsed;
        let newer = first.newest_at.zip(last.newest_at).map_or(0.0, |(from, to)| to.since(from).secs_f64());
        let seconds = Rates {
            arriving: per_second(last.end, first.end),
            draining: per_second(last.applied, first.applied),
            passing: newer.max(0.0) / elapsed,
        }
        .until_live(records as f64, behind.map(Span::secs_f64), self.live_max.secs_f64())?;
        // More seconds than can be counted are as good as none.
        (seconds < 1e9).then(|| Span::from_micros((seconds * 1e6).max(1.0) as i64))
    }
}

/// How fast things go, in each second.
struct Rates {
    /// Records that arrive.
    arriving: f64,
    /// Records that are taken.
    draining: f64,
    /// Seconds that the log's time passes: 0 if nothing arrives, and not 1 under a scenario's clock.
    passing: f64,
}

impl Rates {
    /// In how many seconds what is left spans no more than `live_max`, if it is so many records over so many seconds now.
    fn until_live(&self, records: f64, behind: Option<f64>, live_max: f64) -> Option<f64> {
        let shrinking = self.draining - self.arriving;
        if shrinking <= 0.0 {
            return None;
        }
        let Some(behind) = behind.filter(|&behind| behind > live_max) else { return Some(records / shrinking) };
        // The border between what is to be taken and what may be left lies in the backlog of now, and moves with time.
        let density = records / behind;
        let nearing = self.draining - density * self.passing;
        let within = density * (behind - live_max) / nearing;
        if nearing > 0.0 && self.passing * within <= live_max {
            return Some(within);
        }
        // Or it will lie in what is still to arrive.
        Some((records - self.arriving / self.passing * live_max).max(0.0) / shrinking)
    }
}

#[cfg(test)]
#[path = "lag_tests.rs"]
mod tests;
