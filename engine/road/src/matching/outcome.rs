use std::ops::Range;

use crate::geo::Coord;
use crate::id::EdgeId;
use crate::routing::Position;
use crate::unit::Timestamp;

/// A direction that is at least as likely counts as certain.
pub(super) const DIRECTION_SURE: f32 = 0.95;

/// What became of a fix.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// It is on a road.
    Matched(Match<'a>),
    /// It does not fit what came before. It is kept back, and nothing changes until later fixes have decided.
    Held(HoldReason),
    /// It is of no use, and nothing changes but, where there is no road near it, the time of the last fix.
    Rejected(RejectReason),
}

/// Where a fix is, as far as is known now.
#[derive(Debug, Clone, Copy)]
pub struct Match<'a> {
    /// The likeliest place on the road.
    pub position: Position,
    /// The same on the globe.
    pub point: Coord,
    /// How far the fix is from it, in metres.
    pub distance_m: f32,
    /// How likely its edge is, of all that were considered: 0 to 1.
    pub confidence: f32,
    /// How likely it is that the vehicle heads this way along the street and not the other: 0.5 to 1, and 1 where only
    /// one way is open. About 0.5 until it has moved.
    pub direction_confidence: f32,
    /// Why a new trace begins with this fix, if one does. What is committed with it belongs to the trace before.
    pub broke: Option<BreakReason>,
    /// What has become final.
    pub committed: Committed<'a>,
}

/// Why a new trace begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BreakReason {
    /// There was none.
    First,
    /// There was no fix that fitted for too long.
    Gap,
    /// The fixes are elsewhere all of a sudden, and stay there.
    Jump,
    /// No way along the roads leads there, and the fixes stay there.
    NoRoute,
}

/// Why a fix is held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HoldReason {
    /// Nothing on a road moves that fast.
    Jump,
    /// No way along the roads leads there.
    NoRoute,
}

/// Why a fix is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectReason {
    /// It is older than the last one.
    Stale,
    /// It is of the same time as the last one.
    DuplicateTime,
    /// By its own words it may be anywhere.
    Inaccurate,
    /// There is no road near it.
    OffMap,
}

/// How a vehicle moved, now that it is final: steps in order of time.
#[derive(Debug, Clone, Copy)]
pub struct Committed<'a> {
    pub(super) steps: &'a [StepDraft],
    pub(super) edges: &'a [EdgeId],
    pub(super) revisions: &'a [Revision],
}

/// How a vehicle moved from one point to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<'a> {
    /// Where it was.
    pub from: Position,
    /// When it was there.
    pub from_time: Timestamp,
    /// Where it went.
    pub to: Position,
    /// When it was there; not before `from_time`.
    pub to_time: Timestamp,
    /// How it follows the step before.
    pub joint: Joint,
    /// The edges from that of `from` to that of `to`, both included; each follows the one before by an allowed turn.
    /// If it is one edge, `to` is not behind `from`.
    pub path: &'a [EdgeId],
}

/// How a step follows the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Joint {
    /// It begins where and when the other ended.
    Continues,
    /// It begins there in the other direction: the vehicle has turned back on the road.
    TurnsBack,
    /// It begins on a road that no way leads to, though the trace went on: the map lacks one.
    Jumps,
    /// It is the first of a trace, unless the vehicle has jumped before it was known to move.
    Breaks(BreakReason),
}

/// A fix that was answered with one edge, and turned out to be on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revision {
    /// When the fix was.
    pub time: Timestamp,
    /// The edge that was answered.
    pub said: EdgeId,
    /// Where the vehicle was.
    pub position: Position,
}

impl Match<'_> {
    /// Whether it is all but certain which way along the street the vehicle heads.
    pub fn direction_sure(&self) -> bool {
        self.direction_confidence >= DIRECTION_SURE
    }
}

impl<'a> Committed<'a> {
    /// Whether nothing has become final.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.revisions.is_empty()
    }

    /// What was answered and is no longer true, in order of time: of the fixes that were kept, those whose edge is
    /// another one now. What is made of steps need not be corrected; what is made of answers may have to be.
    pub fn revisions(&self) -> &'a [Revision] {
        self.revisions
    }

    /// The steps, in order of time.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = Step<'a>> + use<'a> {
        let edges = self.edges;
        self.steps.iter().map(move |step| Step {
            from: step.from,
            from_time: step.from_time,
            to: step.to,
            to_time: step.to_time,
            joint: step.joint,
            path: &edges[step.path.clone()],
        })
    }
}

/// A step, with its path in a list that all steps share.
#[derive(Debug, Clone)]
pub(super) struct StepDraft {
    pub(super) from: Position,
    pub(super) from_time: Timestamp,
    pub(super) to: Position,
    pub(super) to_time: Timestamp,
    pub(super) joint: Joint,
    pub(super) path: Range<usize>,
}

/// What became final with one fix.
#[derive(Debug, Default)]
pub(super) struct Settled {
    pub(super) steps: Vec<StepDraft>,
    /// The paths of all steps, one after the other.
    pub(super) edges: Vec<EdgeId>,
    pub(super) revisions: Vec<Revision>,
}

impl Settled {
    pub(super) fn clear(&mut self) {
        self.steps.clear();
        self.edges.clear();
        self.revisions.clear();
    }

    pub(super) fn committed(&self) -> Committed<'_> {
        Committed { steps: &self.steps, edges: &self.edges, revisions: &self.revisions }
    }
}
