use std::collections::VecDeque;

use super::fix::Fix;
use super::outcome::{Committed, Outcome, Step};
use crate::geo::{Coord, LocalFrame, Xy};
use crate::network::Network;
use crate::routing::Position;
use crate::unit::Timestamp;

/// A vehicle whose fix is this much farther from one place than from another is at the other, in metres: more than what
/// two roads that are mistaken for each other are apart.
const ELSEWHERE_M: f64 = 30.0;

/// Says of every fix of one driver where it turned out to be, once that is final.
///
/// A [`Matcher`](super::Matcher) commits steps between some of the fixes. Here each fix is waited for, in order: one that
/// a step ends with is where the step ends, one in between at the point of the step's path that is nearest to it, though
/// never behind the one before. One that no step passes (the vehicle stood at the end, or is elsewhere all of a sudden) is
/// where the last step ended, or where it was matched to at once if there was no step or that is far nearer to it. A fix
/// that was held or rejected is nowhere.
///
/// Bounded: at most `pending_max` fixes wait, at 40 bytes each. When there would be more (a driver stands for an hour, and
/// no step ends), the oldest one is settled as one that no step passes.
///
/// ```
/// use std::sync::Arc;
///
/// use etaflow_road::{
///     CommittedFixes, EdgeIndex, Fix, Matcher, MatcherConfig, SyntheticCity, Timestamp, Trace,
/// };
///
/// let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
/// let index = Arc::new(EdgeIndex::new(&network));
/// let mut matcher = Matcher::new(Arc::clone(&network), index, MatcherConfig::default())?;
/// let (mut trace, mut fixes, mut settled) = (Trace::default(), CommittedFixes::new(1_000), Vec::new());
///
/// let edge = network.edges().next().ok_or("it has no roads")?;
/// for second in 0..4_u32 {
///     let coord = network.coord_at(edge, second * network.length_mm(edge) / 4);
///     let fix = Fix::new(Timestamp::from_secs(second.into()), coord);
///     let outcome = matcher.on_fix(&mut trace, &fix);
///     fixes.on_outcome(&network, second.into(), &fix, &outcome, &mut settled);
/// }
/// fixes.on_end(&network, matcher.end(&mut trace), &mut settled);
/// assert!(settled.iter().map(|fix| fix.number).eq(0..4));
/// assert!(settled.iter().all(|fix| fix.position.is_some()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct CommittedFixes {
    /// What is not settled yet, oldest first. The first one was matched.
    pending: VecDeque<Pending>,
    pending_max: usize,
    /// Where the last step of the open trace ended.
    reached: Option<Position>,
}

/// Where a fix turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommittedFix {
    /// The number that it came with.
    pub number: u64,
    /// The place on the road; `None` if it was held or rejected.
    pub position: Option<Position>,
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    number: u64,
    time: Timestamp,
    coord: Coord,
    /// Where it was matched to at once, if it was.
    at_once: Option<Position>,
}

impl CommittedFixes {
    /// With room for this many fixes that are not settled yet. With 0 none waits for a step.
    pub fn new(pending_max: usize) -> Self {
        Self { pending: VecDeque::new(), pending_max, reached: None }
    }

    /// Takes a fix with its number and what the matcher said of it, and appends to `settled` what is final now, in the
    /// order in which the fixes came.
    pub fn on_outcome(
        &mut self,
        network: &Network,
        number: u64,
        fix: &Fix,
        outcome: &Outcome<'_>,
        settled: &mut Vec<CommittedFix>,
    ) {
        let mut pending = Pending { number, time: fix.time, coord: fix.coord, at_once: None };
        match outcome {
            Outcome::Matched(matched) => {
                pending.at_once = Some(matched.position);
                if matched.broke.is_some() {
                    // All of this is of the trace before.
                    self.on_end(network, matched.committed, settled);
                    self.pending.push_back(pending);
                } else {
                    self.pending.push_back(pending);
                    self.take_steps(network, matched.committed, settled);
                }
            }
            Outcome::Held(_) | Outcome::Rejected(_) => self.pending.push_back(pending),
        }
        self.settle_nowhere(settled);
        while self.pending.len() > self.pending_max {
            self.settle_without_step(network, self.reached, settled);
            self.settle_nowhere(settled);
        }
    }

    /// Takes what the matcher committed at the end of the trace, and appends all that is left to `settled`.
    pub fn on_end(&mut self, network: &Network, committed: Committed<'_>, settled: &mut Vec<CommittedFix>) {
        self.take_steps(network, committed, settled);
        while !self.pending.is_empty() {
            self.settle_without_step(network, self.reached, settled);
        }
        self.reached = None;
    }

    /// How many fixes are not settled yet.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    fn take_steps(&mut self, network: &Network, committed: Committed<'_>, settled: &mut Vec<CommittedFix>) {
        for step in committed.steps() {
            self.take_step(network, &step, settled);
        }
    }

    fn take_step(&mut self, network: &Network, step: &Step<'_>, settled: &mut Vec<CommittedFix>) {
        let mut cursor = Cursor { nth: 0, offset_mm: step.from.offset_mm };
        let is_due = |first: &&Pending| first.at_once.is_none() || first.time <= step.to_time;
        while let Some(first) = self.pending.front().filter(is_due) {
            if first.at_once.is_none() {
                // Wherever it is, the ones after it have not gone there.
                self.settle_first(None, settled);
                continue;
            }
            let position = match first.time {
                // The first of a trace, or one before a gap that no step bridges.
                time if time < step.from_time => {
                    self.settle_without_step(network, self.reached.or(Some(step.from)), settled);
                    continue;
                }
                time if time == step.from_time && time < step.to_time => step.from,
                time if time == step.to_time => step.to,
                _ => cursor.move_to(network, step, first.coord),
            };
            self.settle_first(Some(position), settled);
        }
        self.reached = Some(step.to);
    }

    /// Settles the ones in front that are nowhere.
    fn settle_nowhere(&mut self, settled: &mut Vec<CommittedFix>) {
        while self.pending.front().is_some_and(|first| first.at_once.is_none()) {
            self.settle_first(None, settled);
        }
    }

    /// Settles the first one at `stood`, unless it was matched to a place that is far nearer.
    fn settle_without_step(&mut self, network: &Network, stood: Option<Position>, settled: &mut Vec<CommittedFix>) {
        let position = self.pending.front().and_then(|first| {
            let at_once = first.at_once?;
            let away_m = |place: Position| first.coord.distance(network.coord_at(place.edge, place.offset_mm)).0;
            Some(stood.filter(|&stood| away_m(stood) <= away_m(at_once) + ELSEWHERE_M).unwrap_or(at_once))
        });
        self.settle_first(position, settled);
    }

    /// Settles the first one there, if it was matched.
    fn settle_first(&mut self, position: Option<Position>, settled: &mut Vec<CommittedFix>) {
        let Some(first) = self.pending.pop_front() else { return };
        settled.push(CommittedFix { number: first.number, position: position.filter(|_| first.at_once.is_some()) });
    }
}

/// How far along the path of a step the fixes have come.
#[derive(Debug, Clone, Copy)]
struct Cursor {
    /// Which edge of the path.
    nth: usize,
    offset_mm: u32,
}

impl Cursor {
    /// Moves on to the point that is nearest to `coord`, and no farther than the end of the step.
    fn move_to(&mut self, network: &Network, step: &Step<'_>, coord: Coord) -> Position {
        let frame = LocalFrame::at(coord);
        let (mut nearest, mut nearest_sq) = (*self, f64::INFINITY);
        for (nth, &edge) in step.path.iter().enumerate().skip(self.nth) {
            let from_mm = if nth == self.nth { self.offset_mm } else { 0 };
            let to_mm = if nth + 1 == step.path.len() { step.to.offset_mm } else { network.length_mm(edge) };
            let position = Position { edge, offset_mm: from_mm };
            let (offset_mm, distance_sq) = nearest_on_edge(network, frame, position, to_mm.max(from_mm));
            if distance_sq < nearest_sq {
                (nearest, nearest_sq) = (Self { nth, offset_mm }, distance_sq);
            }
        }
        *self = nearest;
        step.path.get(nearest.nth).map_or(step.to, |&edge| Position { edge, offset_mm: nearest.offset_mm })
    }
}

/// Where an edge, from one place on it to another ahead, is nearest to the origin of `frame`, in millimetres from its
/// tail, and the square of the distance there in metres. Of equally near places the first.
fn nearest_on_edge(network: &Network, frame: LocalFrame, from: Position, to_mm: u32) -> (u32, f64) {
    let (shape, length_mm) = (network.shape(from.edge), network.length_mm(from.edge));
    // As `Network::coord_at` measures: the plane is true only near its origin, and an edge may be long.
    let step_m = |pair: &[Coord]| pair[0].distance(pair[1]).0;
    let total_m: f64 = shape.windows(2).map(step_m).sum();
    let mm_per_m = if total_m > 0.0 { f64::from(length_mm) / total_m } else { 0.0 };
    let (low, high) = (f64::from(from.offset_mm), f64::from(to_mm));
    let (mut nearest, mut nearest_sq) = (from.offset_mm, f64::INFINITY);
    let mut begin = 0.0;
    for pair in shape.windows(2) {
        let (start, end) = (frame.to_xy(pair[0]), frame.to_xy(pair[1]));
        let step_mm = step_m(pair) * mm_per_m;
        // The last point may be a rounding error short of the end.
        let is_near = begin <= high && begin + step_mm >= low - 1.0;
        if is_near {
            let projected = Xy::default().project(start, end);
            let offset = (begin + projected.fraction * step_mm).clamp(low, high);
            let share = if step_mm > 0.0 { ((offset - begin) / step_mm).clamp(0.0, 1.0) } else { 0.0 };
            let (x, y) = (start.x + share * (end.x - start.x), start.y + share * (end.y - start.y));
            let distance_sq = x * x + y * y;
            if distance_sq < nearest_sq {
                (nearest, nearest_sq) = (offset.round() as u32, distance_sq);
            }
        }
        begin += step_mm;
    }
    (nearest.clamp(from.offset_mm, to_mm), nearest_sq)
}

#[cfg(test)]
#[path = "committed_fixes_tests.rs"]
mod tests;
