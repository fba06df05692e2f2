use std::ops::AddAssign;

use etaflow_road::{BreakCounts, HoldCounts, RejectCounts};
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
    pub breaks: BreakCounts,
    /// Why fixes were held back.
    pub held: HoldCounts,
    /// Why fixes were rejected.
    pub rejected: RejectCounts,
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
        self.breaks += other.breaks;
        self.held += other.held;
        self.rejected += other.rejected;
    }
}
