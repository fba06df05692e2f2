use std::ops::AddAssign;

use super::outcome::{BreakReason, HoldReason, RejectReason};

/// How often a new trace began, but for the first one, and why; and jumps inside of traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct BreakCounts {
    /// There was no fix that fitted for too long.
    pub gap: u64,
    /// The fixes were elsewhere all of a sudden.
    pub jump: u64,
    /// No way along the roads led to where they were.
    pub no_route: u64,
    /// The trace went on, on a road that no way leads to (see [`Joint::Jumps`](super::Joint::Jumps)).
    pub jumped: u64,
}

/// How many fixes were held back, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct HoldCounts {
    /// Nothing on a road moves that fast.
    pub jump: u64,
    /// No way along the roads leads there.
    pub no_route: u64,
}

/// How many fixes were of no use, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RejectCounts {
    /// Older than one before.
    pub stale: u64,
    /// Of the same time as the one before.
    pub duplicate_time: u64,
    /// By their own words anywhere.
    pub inaccurate: u64,
    /// With no road near.
    pub off_map: u64,
}

impl BreakCounts {
    /// Counts one more; that there was no trace before is no break.
    pub fn count(&mut self, reason: BreakReason) {
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

impl HoldCounts {
    /// Counts one more.
    pub fn count(&mut self, reason: HoldReason) {
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

impl RejectCounts {
    /// Counts one more.
    pub fn count(&mut self, reason: RejectReason) {
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

impl AddAssign for BreakCounts {
    fn add_assign(&mut self, other: Self) {
        self.gap += other.gap;
        self.jump += other.jump;
        self.no_route += other.no_route;
        self.jumped += other.jumped;
    }
}

impl AddAssign for HoldCounts {
    fn add_assign(&mut self, other: Self) {
        self.jump += other.jump;
        self.no_route += other.no_route;
    }
}

impl AddAssign for RejectCounts {
    fn add_assign(&mut self, other: Self) {
        self.stale += other.stale;
        self.duplicate_time += other.duplicate_time;
        self.inaccurate += other.inaccurate;
        self.off_map += other.off_map;
    }
}
