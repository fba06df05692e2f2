//! Reasons as a word.

use etaflow_road::{BreakReason, HoldReason, RejectReason};

/// Why a new trace begins; that it is the first one is no reason.
pub(super) fn of_break(reason: BreakReason) -> Option<&'static str> {
    match reason {
        BreakReason::First => None,
        BreakReason::Gap => Some("gap"),
        BreakReason::Jump => Some("jump"),
        BreakReason::NoRoute => Some("no_route"),
    }
}

pub(super) fn of_hold(reason: HoldReason) -> &'static str {
    match reason {
        HoldReason::Jump => "jump",
        HoldReason::NoRoute => "no_route",
    }
}

pub(super) fn of_reject(reason: RejectReason) -> &'static str {
    match reason {
        RejectReason::Stale => "stale",
        RejectReason::DuplicateTime => "duplicate_time",
        RejectReason::Inaccurate => "inaccurate",
        RejectReason::OffMap => "off_map",
    }
}
