use etaflow::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::prediction::Prediction;

/// One prediction held against what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Predicted minus true arrival.
    pub error: Span,
    /// How much time was truly left at the moment that is asked about; not positive if none was.
    pub remaining: Span,
    /// Whether the arrival was from p10 to p90.
    pub covered: bool,
}

impl Outcome {
    /// `prediction` held against the arrival at `arrival`, asked about at `moment`.
    pub fn new(prediction: &Prediction, moment: Timestamp, arrival: Timestamp) -> Self {
        Self {
            error: prediction.arrival_p50.since(arrival),
            remaining: arrival.since(moment),
            covered: (prediction.arrival_p10..=prediction.arrival_p90).contains(&arrival),
        }
    }
}

/// The errors of many predictions. What cannot be said (of no predictions at all) is `None`.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct ErrorStats {
    /// How many predictions.
    pub n: u64,
    /// How many of them have a relative error.
    pub n_relative: u64,
    /// Mean absolute error in seconds.
    pub mae_s: Option<f64>,
    /// Median absolute error in seconds.
    pub abs_p50_s: Option<f64>,
    /// 95th percentile of the absolute error in seconds.
    pub abs_p95_s: Option<f64>,
    /// Mean absolute relative error; 0.41 is 41 %.
    pub mape: Option<f64>,
    /// Share whose relative error is at most 0.2, of those that have one.
    pub within_20pct: Option<f64>,
    /// Mean error in seconds; positive is too late.
    pub bias_s: Option<f64>,
    /// Share of arrivals from p10 to p90.
    pub coverage: Option<f64>,
    /// 10th percentile of the error in seconds.
    pub error_p10_s: Option<f64>,
    /// Median of the error in seconds.
    pub error_p50_s: Option<f64>,
    /// 90th percentile of the error in seconds.
    pub error_p90_s: Option<f64>,
}

impl ErrorStats {
    /// The statistics of `outcomes`, whose order does not matter.
    pub fn of(outcomes: &[Outcome]) -> Self {
        let mut errors: Vec<i64> = outcomes.iter().map(|outcome| outcome.error.micros()).collect();
        let mut sizes: Vec<i64> = errors.iter().map(|error| error.saturating_abs()).collect();
        errors.sort_unstable();
        sizes.sort_unstable();
        // Summed in sorted order, so that the same outcomes give the same bits in whatever order they come.
        let mut relative: Vec<f64> = outcomes.iter().filter_map(relative_error).collect();
        relative.sort_unstable_by(f64::total_cmp);
        let within = outcomes.iter().filter(|outcome| within_20pct(outcome)).count();
        let covered = outcomes.iter().filter(|outcome| outcome.covered).count();
        Self {
            n: outcomes.len() as u64,
            n_relative: relative.len() as u64,
            mae_s: mean_s(&sizes),
            abs_p50_s: percentile_s(&sizes, 0.5),
            abs_p95_s: percentile_s(&sizes, 0.95),
            mape: share(relative.iter().sum(), relative.len()),
            within_20pct: share(within as f64, relative.len()),
            bias_s: mean_s(&errors),
            coverage: share(covered as f64, outcomes.len()),
            error_p10_s: percentile_s(&errors, 0.1),
            error_p50_s: percentile_s(&errors, 0.5),
            error_p90_s: percentile_s(&errors, 0.9),
        }
    }
}

fn relative_error(outcome: &Outcome) -> Option<f64> {
    let remaining_us = outcome.remaining.micros();
    (remaining_us > 0).then(|| outcome.error.micros().unsigned_abs() as f64 / remaining_us as f64)
}

/// In integers, so that an error of exactly a fifth is within it.
pub(super) fn within_20pct(outcome: &Outcome) -> bool {
    let remaining_us = i128::from(outcome.remaining.micros());
    remaining_us > 0 && i128::from(outcome.error.micros()).abs() * 5 <= remaining_us
}

pub(super) fn share(part: f64, of: usize) -> Option<f64> {
    (of > 0).then(|| part / of as f64)
}

fn mean_s(values_us: &[i64]) -> Option<f64> {
    let sum: i128 = values_us.iter().map(|&value| i128::from(value)).sum();
    share(sum as f64 / 1e6, values_us.len())
}

/// `values_us` in ascending order.
fn percentile_s(values_us: &[i64], share: f64) -> Option<f64> {
    let last = values_us.len().checked_sub(1)?;
    let rank = share * last as f64;
    let below = values_us[rank.floor() as usize] as f64;
    let above = values_us[rank.ceil() as usize] as f64;
    Some((below + (above - below) * rank.fract()) / 1e6)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn outcome(error_s: i64, remaining_s: i64, covered: bool) -> Outcome {
        Outcome { error: Span::from_secs(error_s), remaining: Span::from_secs(remaining_s), covered }
    }

    #[test]
    fn figures_by_hand() {
        let stats = ErrorStats::of(&[
            outcome(-100, 500, true),  // exactly 20 %
            outcome(50, 100, false),   // 50 %
            outcome(0, 0, true),       // no relative error
            outcome(250, 1000, false), // 25 %
        ]);
        assert_eq!((stats.n, stats.n_relative), (4, 3));
        assert_eq!(stats.mae_s, Some(100.0));
        assert_eq!(stats.bias_s, Some(50.0));
        assert_eq!(stats.abs_p50_s, Some(75.0));
        // Rank 0.95 * 3 = 2.85 between 100 and 250.
        assert!((stats.abs_p95_s.unwrap() - 227.5).abs() < 1e-9);
        assert!((stats.mape.unwrap() - 0.95 / 3.0).abs() < 1e-12);
        assert_eq!(stats.within_20pct, Some(1.0 / 3.0));
        assert_eq!(stats.coverage, Some(0.5));
        assert_eq!(stats.error_p50_s, Some(25.0));
        assert!((stats.error_p10_s.unwrap() + 70.0).abs() < 1e-9);
    }

    #[test]
    fn nothing_is_said_of_nothing() {
        assert_eq!(ErrorStats::of(&[]), ErrorStats::default());
        let only_zero_length = ErrorStats::of(&[outcome(30, 0, false)]);
        assert_eq!(only_zero_length.mape, None);
        assert_eq!(only_zero_length.mae_s, Some(30.0));
    }

    proptest! {
        #[test]
        fn order_does_not_matter(
            rows in prop::collection::vec((-5_000_i64..5_000, -10_i64..5_000, any::<bool>()), 1..50)
        ) {
            let outcomes: Vec<_> = rows.iter().map(|&(error, left, covered)| outcome(error, left, covered)).collect();
            let backwards: Vec<_> = outcomes.iter().rev().copied().collect();
            let stats = ErrorStats::of(&outcomes);
            prop_assert_eq!(stats, ErrorStats::of(&backwards));
            let (p10, p50, p90) =
                (stats.error_p10_s.unwrap(), stats.error_p50_s.unwrap(), stats.error_p90_s.unwrap());
            prop_assert!(p10 <= p50 && p50 <= p90);
            prop_assert!(stats.mae_s.unwrap() >= stats.bias_s.unwrap().abs() - 1e-9);
        }

        #[test]
        fn extreme_spans_do_not_overflow(error in any::<i64>(), left in any::<i64>()) {
            let outcome = Outcome { error: Span::from_micros(error), remaining: Span::from_micros(left), covered: true };
            let stats = ErrorStats::of(&[outcome, outcome]);
            prop_assert!(stats.mae_s.unwrap().is_finite());
        }
    }
}
