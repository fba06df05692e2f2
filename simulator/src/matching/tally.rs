use std::ops::AddAssign;

use etaflow_road::{BreakReason, HoldReason, RejectReason};
use serde::Serialize;

/// What was counted and measured, of one track or of all.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Tally {
    /// The length of the true route, in metres.
    pub true_m: f64,
    /// The length of what is only in the true route.
    pub missing_m: f64,
    /// The length of what is only in the driven route.
    pub extra_m: f64,
    /// The fixes that the matcher was given.
    pub fixes: u64,
    /// Of these, the ones farther than 50 m from all of the true route: what is right for them is not known.
    pub far: u64,
    /// Of those that are not far, the ones whose road and direction were right at once.
    pub right: u64,
    /// Of those that are not far, the ones that move, later than a minute after the track's first fix.
    pub moving: u64,
    /// Of the moving, the ones whose road and direction were right at once.
    pub moving_right: u64,
    /// The fixes, far ones not counted, at whose time there is a final place.
    pub committed: u64,
    /// Of these, the ones whose final road and direction are right.
    pub committed_right: u64,
    /// The fixes that were matched at once, far ones counted.
    pub matched: u64,
    /// Why traces broke.
    pub breaks: Breaks,
    /// Why fixes were held back.
    pub held: Held,
    /// Why fixes were rejected.
    pub rejected: Rejected,
}

/// How often a new trace began, but for the first of each track; and jumps inside of traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Breaks {
    /// There was no fix that fitted for too long.
    pub gap: u64,
    /// The fixes were elsewhere all of a sudden.
    pub jump: u64,
    /// No way along the roads led there.
    pub no_route: u64,
    /// The trace went on, on a road that no way leads to.
    pub jumped: u64,
}

/// How many fixes were held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Held {
    /// Nothing on a road moves that fast.
    pub jump: u64,
    /// No way along the roads leads there.
    pub no_route: u64,
}

/// How many fixes were of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Rejected {
    /// Older than the one before.
    pub stale: u64,
    /// Of the same time as the one before.
    pub duplicate_time: u64,
    /// By their own words anywhere.
    pub inaccurate: u64,
    /// With no road near.
    pub off_map: u64,
}

impl Breaks {
    pub(super) fn count(&mut self, reason: BreakReason) {
        match reason {
            BreakReason::First => {}
            BreakReason::Gap => self.gap += 1,
            BreakReason::Jump => self.jump += 1,
            BreakReason::NoRoute => self.no_route += 1,
        }
    }

    /// For whatever reason.
    pub fn total(&self) -> u64 {
        self.gap + self.jump + self.no_route + self.jumped
    }
}

impl Held {
    pub(super) fn count(&mut self, reason: HoldReason) {
        match reason {
            HoldReason::Jump => self.jump += 1,
            HoldReason::NoRoute => self.no_route += 1,
        }
    }

    /// For whatever reason.
    pub fn total(&self) -> u64 {
        self.jump + self.no_route
    }
}

impl Rejected {
    pub(super) fn count(&mut self, reason: RejectReason) {
        match reason {
            RejectReason::Stale => self.stale += 1,
            RejectReason::DuplicateTime => self.duplicate_time += 1,
            RejectReason::Inaccurate => self.inaccurate += 1,
            RejectReason::OffMap => self.off_map += 1,
        }
    }

    /// For whatever reason.
    pub fn total(&self) -> u64 {
        self.stale + self.duplicate_time + self.inaccurate + self.off_map
    }
}

impl AddAssign<&Self> for Tally {
    fn add_assign(&mut self, other: &Self) {
        self.true_m += other.true_m;
        self.missing_m += other.missing_m;
        self.extra_m += other.extra_m;
        self.fixes += other.fixes;
        self.far += other.far;
        self.right += other.right;
        self.moving += other.moving;
        self.moving_right += other.moving_right;
        self.committed += other.committed;
        self.committed_right += other.committed_right;
        self.matched += other.matched;
        self.breaks.gap += other.breaks.gap;
        self.breaks.jump += other.breaks.jump;
        self.breaks.no_route += other.breaks.no_route;
        self.breaks.jumped += other.breaks.jumped;
        self.held.jump += other.held.jump;
        self.held.no_route += other.held.no_route;
        self.rejected.stale += other.rejected.stale;
        self.rejected.duplicate_time += other.rejected.duplicate_time;
        self.rejected.inaccurate += other.rejected.inaccurate;
        self.rejected.off_map += other.rejected.off_map;
    }
}
