use std::ops::Range;

use crate::geo::Coord;
use crate::id::EdgeId;
use crate::routing::Position;
use crate::unit::Timestamp;

/// What became of a fix.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// It is on a road.
    Matched(Match<'a>),
    /// It does not fit what came before. It is kept back, and nothing changes until later fixes have decided.
    Held(HoldReason),
    /// It is of no use, and nothing changes.
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
    /// Whether it is known in which direction the vehicle moves along the street. Not before it has moved.
    pub direction_sure: bool,
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

/// How a vehicle moved, now that it is final: steps in order of time, each from the end of the one before.
///
/// The first step of a trace begins where the trace does.
#[derive(Debug, Clone, Copy)]
pub struct Committed<'a> {
    pub(super) steps: &'a [StepDraft],
    pub(super) edges: &'a [EdgeId],
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
    /// When it was there; later than `from_time`.
    pub to_time: Timestamp,
    /// The edges from that of `from` to that of `to`, both included; each follows the one before by an allowed turn.
    /// If it is one edge, `to` is not behind `from`.
    pub path: &'a [EdgeId],
}

/// A step, with its path in a list that all steps share.
#[derive(Debug, Clone)]
pub(super) struct StepDraft {
    pub(super) from: Position,
    pub(super) from_time: Timestamp,
    pub(super) to: Position,
    pub(super) to_time: Timestamp,
    pub(super) path: Range<usize>,
}

impl<'a> Committed<'a> {
    /// Whether nothing has become final.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The steps, in order of time.
    pub fn steps(&self) -> impl ExactSizeIterator<Item = Step<'a>> + use<'a> {
        let edges = self.edges;
        self.steps.iter().map(move |step| Step {
            from: step.from,
            from_time: step.from_time,
            to: step.to,
            to_time: step.to_time,
            path: &edges[step.path.clone()],
        })
    }
}
