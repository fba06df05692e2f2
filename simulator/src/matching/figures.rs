use serde::Serialize;

use super::tally::Tally;

/// Shares, from 0 to 1 but for the first, which is above 1 for a route that is mostly elsewhere. `None` where there is
/// nothing to have a share of.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
    /// Missing and extra length, by the true one.
    pub route_mismatch: f64,
    /// Missing length, by the true one.
    pub missing: f64,
    /// Extra length, by the true one.
    pub extra: f64,
    /// The share of the true route's length that was driven.
    pub correct: f64,
    /// The share of the fixes, far ones left out, whose road and direction were right at once.
    pub at_once: Option<f64>,
    /// The same of all fixes: far ones are wrong.
    pub at_once_with_far: Option<f64>,
    /// The same of those that move, past the first minute, far ones left out.
    pub at_once_moving: Option<f64>,
    /// The share of the final places at the times of fixes, far ones left out, whose road and direction are right.
    pub committed: Option<f64>,
}

impl Figures {
    /// Those of a tally: of one track, or pooled if it is of several.
    pub fn of(tally: &Tally) -> Self {
        let share = |part: u64, of: u64| (of > 0).then(|| part as f64 / of as f64);
        let by_length = |length_m: f64| length_m / tally.true_m;
        Self {
            route_mismatch: by_length(tally.missing_m + tally.extra_m),
            missing: by_length(tally.missing_m),
            extra: by_length(tally.extra_m),
            correct: 1.0 - by_length(tally.missing_m),
            at_once: share(tally.right, tally.fixes - tally.far),
            at_once_with_far: share(tally.right, tally.fixes),
            at_once_moving: share(tally.moving_right, tally.moving),
            committed: share(tally.committed_right, tally.committed),
        }
    }

    /// The means, each over those that have the figure.
    pub fn mean(all: &[Self]) -> Self {
        let mean = |figure: fn(&Self) -> Option<f64>| {
            let (sum, count) = all.iter().filter_map(figure).fold((0.0, 0), |(sum, n), value| (sum + value, n + 1));
            (count > 0).then(|| sum / f64::from(count))
        };
        let known = |figure| mean(figure).unwrap_or(f64::NAN);
        Self {
            route_mismatch: known(|figures| Some(figures.route_mismatch)),
            missing: known(|figures| Some(figures.missing)),
            extra: known(|figures| Some(figures.extra)),
            correct: known(|figures| Some(figures.correct)),
            at_once: mean(|figures| figures.at_once),
            at_once_with_far: mean(|figures| figures.at_once_with_far),
            at_once_moving: mean(|figures| figures.at_once_moving),
            committed: mean(|figures| figures.committed),
        }
    }
}
