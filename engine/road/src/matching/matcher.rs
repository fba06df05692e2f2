use std::sync::Arc;

use super::commit::Committer;
use super::config::{MatcherConfig, MatcherConfigError};
use super::emission::Emission;
use super::fix::Fix;
use super::outcome::{BreakReason, Committed, HoldReason, Joint, Match, Outcome, RejectReason};
use super::trace::{Column, Open, Trace};
use super::transition::WaySearch;
use super::viterbi::{Best, Moved, Observation, Viterbi};
use crate::geo::{Coord, LocalFrame, Xy};
use crate::index::{Candidate, EdgeIndex};
use crate::network::Network;
use crate::unit::{Metres, Span, Timestamp};

/// Matches the fixes of any number of drivers, whose [`Trace`]s it is given. One for each thread.
///
/// It remembers nothing between fixes: all that a result depends on is in the network, the configuration, the trace
/// and the fix. Its memory is 16 bytes for each edge and 4 for each allowed turn.
#[derive(Debug)]
pub struct Matcher {
    network: Arc<Network>,
    index: Arc<EdgeIndex>,
    config: MatcherConfig,
    search: WaySearch,
    viterbi: Viterbi,
    candidates: Vec<Candidate>,
    committer: Committer,
}

/// How a fix stands to what came before.
enum Fit {
    Still,
    Moved { crow_m: f64 },
    Broke(BreakReason),
    Odd(HoldReason),
}

impl Matcher {
    /// One for a network and its index.
    ///
    /// # Errors
    /// If a value of the configuration is out of range.
    pub fn new(
        network: Arc<Network>,
        index: Arc<EdgeIndex>,
        config: MatcherConfig,
    ) -> Result<Self, MatcherConfigError> {
        config.validate()?;
        let search = WaySearch::new(&network, &config);
        let viterbi = Viterbi::default();
        Ok(Self { network, index, config, search, viterbi, candidates: Vec::new(), committer: Committer::default() })
    }

    /// The network that it matches to.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The configuration.
    pub fn config(&self) -> &MatcherConfig {
        &self.config
    }

    /// Takes the next fix of a driver.
    pub fn on_fix<'a>(&'a mut self, trace: &mut Trace, fix: &Fix) -> Outcome<'a> {
        self.committer.settled.clear();
        let silence = trace.seen.map_or(Span::ZERO, |seen| fix.time.since(seen));
        if let Err(reason) = self.admit(trace, fix) {
            return Outcome::Rejected(reason);
        }
        let frame = LocalFrame::at(fix.coord);
        let emission = self.emission(trace, fix, frame);
        let mut fit = match &trace.open {
            None => Fit::Broke(BreakReason::First),
            Some(open) => self.fit(open, fix, &emission, frame),
        };
        if let (Fit::Still, Some(open)) = (&fit, &mut trace.open) {
            let distance_m = crow_m(frame, open.point);
            if distance_m <= emission.radius_m {
                open.stand(fix.time, self.speed(fix, 0.0));
                self.commit_due(trace, fix.time);
                return self.matched(trace, distance_m as f32, None);
            }
            fit = Fit::Moved { crow_m: crow_m(frame, open.base) };
        }
        let radius = Metres(emission.radius_m);
        self.index.within_frame(&self.network, frame, radius, self.config.candidates_max, &mut self.candidates);
        if self.candidates.is_empty() {
            return Outcome::Rejected(RejectReason::OffMap);
        }
        let seen = Observation { frame, emission: &emission, candidates: &self.candidates };
        if let Fit::Moved { crow_m } = fit {
            let (config, network) = (&self.config, &self.network);
            let before = trace.base_column();
            // Where the next fix comes soon, it will tell an error from a detour.
            let is_soon = silence <= config.hold_span;
            let since = fix.time.since(trace.columns[trace.kept_columns() - 1].time);
            let way_max_m = if is_soon { 0.0 } else { config.speed_max_mps * since.secs_f64() };
            let from = trace.open.map_or(fix.coord, |open| open.base);
            let way = Moved { from, crow_m, way_max_m };
            let moved = self.viterbi.step(config, network, &mut self.search, before, seen, way);
            if moved {
                trace.drop_provisional();
                return self.extend(trace, fix, &emission, Some(crow_m), None);
            }
            fit = Fit::Odd(HoldReason::NoRoute);
        }
        let broke = match (fit, &mut trace.open) {
            (Fit::Broke(reason), _) => reason,
            (Fit::Odd(reason), Some(open)) if self.on_trial(open, fix.time) => {
                open.held += 1;
                return Outcome::Held(reason);
            }
            (Fit::Odd(HoldReason::Jump), _) => BreakReason::Jump,
            _ => BreakReason::NoRoute,
        };
        self.finish(trace);
        let seen = Observation { frame, emission: &emission, candidates: &self.candidates };
        self.viterbi.begin(&self.config, seen);
        self.extend(trace, fix, &emission, None, Some(broke))
    }

    /// Commits all that is open of a trace and ends it: the driver has gone.
    pub fn end<'a>(&'a mut self, trace: &mut Trace) -> Committed<'a> {
        self.committer.settled.clear();
        self.finish(trace);
        self.committer.settled.committed()
    }

    fn admit(&self, trace: &mut Trace, fix: &Fix) -> Result<(), RejectReason> {
        match trace.seen {
            Some(seen) if fix.time < seen => return Err(RejectReason::Stale),
            Some(seen) if fix.time == seen => return Err(RejectReason::DuplicateTime),
            _ => {}
        }
        if fix.accuracy().is_some_and(|accuracy| accuracy > self.config.accuracy_max_m) {
            return Err(RejectReason::Inaccurate);
        }
        trace.seen = Some(fix.time);
        Ok(())
    }

    fn emission(&self, trace: &Trace, fix: &Fix, frame: LocalFrame) -> Emission {
        let emission = Emission::new(&self.config, fix);
        let Some((open, last)) = trace.open.as_ref().zip(trace.columns.last()) else { return emission };
        let Xy { x, y } = frame.to_xy(open.coord);
        emission.with_step(&self.config, Xy { x: -x, y: -y }, fix.time.since(last.time))
    }

    fn fit(&self, open: &Open, fix: &Fix, emission: &Emission, frame: LocalFrame) -> Fit {
        let last_m = crow_m(frame, open.coord);
        let config = &self.config;
        let since = fix.time.since(open.fitted);
        if since > config.gap_max {
            return Fit::Broke(BreakReason::Gap);
        }
        let moving = fix.speed().is_some_and(|speed| speed > config.heading_speed_min_mps);
        if last_m <= config.still_m && !moving {
            return Fit::Still;
        }
        let error_m = 3.0 * (emission.sigma_m + f64::from(open.sigma_m));
        if last_m - error_m > config.speed_max_mps * since.secs_f64() {
            return Fit::Odd(HoldReason::Jump);
        }
        Fit::Moved { crow_m: crow_m(frame, open.base) }
    }

    /// How fast a vehicle goes: as the fix says, or else as it came to it from the last one that was kept. While it comes
    /// no farther than fixes err, that is ever longer ago, and the pace falls.
    fn speed(&self, fix: &Fix, pace: f64) -> f32 {
        fix.speed().unwrap_or(pace).max(0.0).min(self.config.speed_max_mps) as f32
    }

    fn on_trial(&self, open: &Open, now: Timestamp) -> bool {
        open.held < self.config.hold_max && now.since(open.fitted) <= self.config.hold_span
    }

    /// Appends the column that was made for a fix, `crow_m` from the one that it was reached from, and commits what is
    /// due.
    fn extend<'a>(
        &'a mut self,
        trace: &mut Trace,
        fix: &Fix,
        emission: &Emission,
        crow_m: Option<f64>,
        broke: Option<BreakReason>,
    ) -> Outcome<'a> {
        let before = trace.open;
        let pace = |(column, crow_m): (&Column, f64)| crow_m / fix.time.since(column.time).secs_f64();
        let speed_mps = self.speed(fix, trace.columns.last().zip(crow_m).map_or(0.0, pace));
        let provisional = crow_m.is_some_and(|crow_m| crow_m < self.config.thin_sigmas * emission.sigma_m);
        let answered = before.map_or(1, |open| open.answered.wrapping_add(1));
        let best = self.viterbi.push(&self.network, trace, fix.time, answered);
        let Best { state, candidate, confidence, direction_confidence } = best;
        let candidate = self.candidates[candidate];
        trace.open = Some(Open {
            coord: fix.coord,
            sigma_m: emission.sigma_m as f32,
            base: before.filter(|_| provisional).map_or(fix.coord, |open| open.base),
            provisional,
            fitted: fix.time,
            speed_mps,
            held: 0,
            answered,
            direction_confidence,
            confidence,
            best: state,
            point: candidate.point,
            committed: before.and_then(|open| open.committed),
            joint: broke.map_or_else(|| before.map_or(Joint::Continues, |open| open.joint), Joint::Breaks),
        });
        self.commit_due(trace, fix.time);
        self.matched(trace, candidate.distance_m, broke)
    }

    /// Commits the columns that are old enough.
    fn commit_due(&mut self, trace: &mut Trace, now: Timestamp) {
        let Some(open) = &trace.open else { return };
        let newest = trace.kept_columns() - 1;
        let due = |column: &Column| {
            let since = open.answered.wrapping_sub(column.number);
            since as usize >= self.config.lag_fixes || now.since(column.time) >= self.config.lag_span
        };
        // The first is already committed, if anything is.
        let first = usize::from(open.committed.is_some());
        let Some(last) = (first..=newest).rev().find(|&nth| due(&trace.columns[nth])) else { return };
        self.committer.commit(&self.network, &mut self.search, trace, last);
    }

    /// Commits all columns, and closes the trace.
    fn finish(&mut self, trace: &mut Trace) {
        if let Some(last) = trace.columns.len().checked_sub(1) {
            self.committer.commit(&self.network, &mut self.search, trace, last);
        }
        trace.close();
    }

    fn matched<'a>(&'a self, trace: &Trace, distance_m: f32, broke: Option<BreakReason>) -> Outcome<'a> {
        let Some((open, (position, _))) = trace.open.as_ref().zip(trace.position()) else {
            // Both callers have just matched the trace.
            return Outcome::Rejected(RejectReason::OffMap);
        };
        Outcome::Matched(Match {
            position,
            point: open.point,
            distance_m,
            confidence: open.confidence,
            direction_confidence: open.direction_confidence,
            broke,
            committed: self.committer.settled.committed(),
        })
    }
}

/// How far it is from a frame's origin to a place, in metres.
fn crow_m(frame: LocalFrame, to: Coord) -> f64 {
    let there = frame.to_xy(to);
    (there.x * there.x + there.y * there.y).sqrt()
}
