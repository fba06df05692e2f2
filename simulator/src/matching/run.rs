use etaflow_road::{Committed, Joint, Matcher, MatcherConfig, Outcome, Position, Sampling, Timestamp, Trace};

use super::arcs::ArcId;
use super::driven::Driven;
use super::error::MatchingError;
use super::mismatch::Mismatch;
use super::tally::Tally;
use super::track::Track;

/// What came of a track.
pub(super) struct Run {
    pub(super) tally: Tally,
    pub(super) driven: Vec<ArcId>,
    pub(super) mismatch: Mismatch,
}

/// Gives the fixes of a track to a matcher, and compares what it says with the truth.
pub(super) fn run(track: &Track, config: MatcherConfig, sampling: Sampling) -> Result<Run, MatchingError> {
    let mut matcher = Matcher::new(track.network.clone(), track.index.clone(), config)?;
    let (mut trace, mut driven) = (Trace::default(), Driven::new(&track.network, &track.arcs));
    let mut judge = Judge::new(track, track.thinned(sampling));
    for nth in 0..judge.given.len() {
        let fix = judge.given[nth];
        judge.on_given(fix);
        match matcher.on_fix(&mut trace, &track.fixes[fix]) {
            Outcome::Matched(matched) => {
                judge.on_matched(fix, matched.position);
                judge.on_committed(matched.committed);
                driven.take(matched.committed);
                if let Some(reason) = matched.broke {
                    // What is committed with it is of the trace before.
                    driven.end_trace();
                    judge.tally.breaks.count(reason);
                }
            }
            Outcome::Held(reason) => judge.tally.held.count(reason),
            Outcome::Rejected(reason) => judge.tally.rejected.count(reason),
        }
    }
    let committed = matcher.end(&mut trace);
    judge.on_committed(committed);
    driven.take(committed);
    Ok(finish(track, judge.tally, driven.finish()))
}

/// Compares the routes.
pub(super) fn finish(track: &Track, mut tally: Tally, driven: Vec<ArcId>) -> Run {
    let mismatch = Mismatch::between(&track.truth.route, &driven);
    let length =
        |route: &[ArcId]| route.iter().map(|&arc| track.arcs.length_m(arc)).fold(0.0, |sum, length| sum + length);
    tally.true_m = length(&track.truth.route);
    tally.missing_m = length(&mismatch.missing);
    tally.extra_m = length(&mismatch.extra);
    Run { tally, driven, mismatch }
}

/// Counts what is right.
struct Judge<'a> {
    track: &'a Track,
    /// The fixes that the matcher is given.
    given: Vec<usize>,
    /// The same by their times.
    by_time: Vec<(Timestamp, usize)>,
    tally: Tally,
}

impl<'a> Judge<'a> {
    fn new(track: &'a Track, given: Vec<usize>) -> Self {
        let mut by_time: Vec<_> = given.iter().map(|&fix| (track.fixes[fix].time, fix)).collect();
        by_time.sort_unstable();
        Self { track, given, by_time, tally: Tally::default() }
    }

    fn on_given(&mut self, fix: usize) {
        let place = self.track.truth.place(fix);
        self.tally.fixes += 1;
        self.tally.far += u64::from(place.is_far);
        self.tally.moving += u64::from(place.is_moving);
    }

    fn on_matched(&mut self, fix: usize, position: Position) {
        let place = self.track.truth.place(fix);
        let is_right = self.is_right(fix, position);
        self.tally.matched += 1;
        self.tally.right += u64::from(is_right);
        self.tally.moving_right += u64::from(is_right && place.is_moving);
    }

    fn on_committed(&mut self, committed: Committed<'_>) {
        for step in committed.steps() {
            self.tally.breaks.jumped += u64::from(step.joint == Joint::Jumps);
            let Ok(nth) = self.by_time.binary_search_by_key(&step.to_time, |&(time, _)| time) else { continue };
            let fix = self.by_time[nth].1;
            self.tally.committed += u64::from(!self.track.truth.place(fix).is_far);
            self.tally.committed_right += u64::from(self.is_right(fix, step.to));
        }
    }

    fn is_right(&self, fix: usize, position: Position) -> bool {
        let place = self.track.truth.place(fix);
        !place.is_far && self.track.truth.is_right(place, self.track.arcs.at(position))
    }
}

#[cfg(test)]
#[path = "run_tests.rs"]
mod tests;
