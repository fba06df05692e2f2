use std::fmt;

use etaflow_road::{BreakCounts, HoldCounts, MatcherConfig, RejectCounts, Span};
use serde::Serialize;

use crate::wording::Length;

/// The whole route of a trace, and what became of its fixes.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct RouteLine {
    /// After how many more fixes that were matched an answer was committed at the latest,
    pub lag_fixes: usize,
    /// or after how many seconds.
    pub lag_span_s: f64,
    /// How many seconds fixes are apart at least; 0 if none was left out.
    pub sampling_s: f64,
    /// How many fixes the trace has.
    pub fixes_in_trace: u64,
    /// How many of them were matched or tried to, each with a line of its own; the others were too near in time.
    pub fixes: u64,
    /// How many are on a road.
    pub matched: u64,
    /// How many were held.
    pub held: HoldCounts,
    /// How many were of no use.
    pub rejected: RejectCounts,
    /// How often a new trace began, or one went on where no way led.
    pub breaks: BreakCounts,
    /// How many fixes were committed on another road, or in another direction, than was said at once.
    pub revisions: u64,
    /// The length of all parts, in metres.
    pub length_m: f64,
    /// Where the vehicle drove, in order of time. A new part begins where the trace broke, or the vehicle turned back on
    /// the road; where it was seen and did not move there is none.
    pub parts: Vec<Part>,
    /// The `nodes` of the part, if there is just one.
    pub nodes: Option<Vec<i64>>,
    /// The `start_offset_m` of the part, if there is just one.
    pub start_offset_m: Option<f64>,
    /// The `end_offset_m` of the part, if there is just one.
    pub end_offset_m: Option<f64>,
    /// The `end_left_m` of the part, if there is just one.
    pub end_left_m: Option<f64>,
}

/// A part of a route along which the vehicle drove on and on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// Why it begins: `first`, `gap`, `jump`, `no_route`, `jumped` or `turn_back`.
    pub begins: &'static str,
    /// When it begins, in seconds since 1970.
    pub begin_unix_s: f64,
    /// When it ends, in seconds since 1970.
    pub end_unix_s: f64,
    /// Its length in metres.
    pub length_m: f64,
    /// The ids of all nodes in the order of driving: the first one is behind the start or at it, the last one ahead of the
    /// end or at it, and all between are passed. Shape points without an id are left out.
    pub nodes: Vec<i64>,
    /// How far was driven from each node to the next, in metres: one fewer than `nodes`, and they add up to `length_m`.
    pub driven_m: Vec<f64>,
    /// How far the start is from the first node, in metres, in the direction of driving.
    pub start_offset_m: f64,
    /// How far the end is from the last but one node, in metres.
    pub end_offset_m: f64,
    /// How far the last node is from the end, in metres.
    pub end_left_m: f64,
}

impl RouteLine {
    /// Of a trace that is not looked at yet.
    pub(super) fn new(config: &MatcherConfig, sampling: Span, fixes_in_trace: usize) -> Self {
        let (lag_fixes, lag_span_s) = (config.lag_fixes, config.lag_span.secs_f64());
        let (sampling_s, fixes_in_trace) = (sampling.secs_f64(), fixes_in_trace as u64);
        Self { lag_fixes, lag_span_s, sampling_s, fixes_in_trace, ..Self::default() }
    }
}

impl fmt::Display for RouteLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { fixes, fixes_in_trace, matched, held, rejected, breaks, revisions, .. } = self;
        let share = 100.0 * *matched as f64 / (*fixes).max(1) as f64;
        write!(f, "{}", counted(*fixes, "fix", "es"))?;
        if fixes != fixes_in_trace {
            write!(f, " of {fixes_in_trace}")?;
        }
        write!(f, ", {share:.1} % matched")?;
        let reasons = [
            ("held, for a jump", held.jump),
            ("held, for no way leads there", held.no_route),
            ("older than one before", rejected.stale),
            ("of the same time as one before", rejected.duplicate_time),
            ("too inaccurate", rejected.inaccurate),
            ("off the map", rejected.off_map),
        ];
        for (what, count) in reasons.iter().filter(|(_, count)| *count > 0) {
            write!(f, ", {count} {what}")?;
        }
        let parts = counted(self.parts.len() as u64, "part", "s");
        let (breaks, revisions) = (counted(breaks.total(), "break", "s"), counted(*revisions, "revision", "s"));
        write!(f, "\n{} in {parts}, {breaks}, {revisions}", Length(self.length_m))
    }
}

fn counted(count: u64, one: &str, more: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { more })
}
