use etaflow::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::error_stats::{ErrorStats, Outcome, within_20pct};
use super::prediction::Prediction;

/// Where a horizon begins, in seconds truly left; the last one has no end.
pub const HORIZONS_S: [u32; 6] = [0, 120, 300, 600, 1_200, 2_400];

/// With less than this left, an error has no relative size: seconds would count as multiples.
const RELATIVE_MIN: Span = Span::from_secs(60);

/// Percentiles are kept to a second, from here down to minus here.
const ERROR_MAX_S: i64 = 7_200;

/// The errors of predictions as they are made, by how much time was truly left.
///
/// Means are exact; percentiles are exact to a second within two hours and held to two hours beyond. Memory is bounded
/// (about 0.4 MB), and neither the order of the predictions nor the order of merging matters.
#[derive(Debug, Clone)]
pub struct HorizonScore {
    horizons: Vec<ErrorSums>,
    ended: u64,
}

impl Default for HorizonScore {
    fn default() -> Self {
        Self { horizons: vec![ErrorSums::default(); HORIZONS_S.len()], ended: 0 }
    }
}

impl HorizonScore {
    /// Without predictions yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Counts `prediction` about a trip that arrived at `arrival`. One made after the arrival is counted apart.
    pub fn record(&mut self, prediction: &Prediction, arrival: Timestamp) {
        let outcome = Outcome::new(prediction, prediction.predicted_at, arrival);
        if outcome.remaining < Span::ZERO {
            self.ended += 1;
            return;
        }
        let later = HORIZONS_S.partition_point(|&from_s| Span::from_secs(i64::from(from_s)) <= outcome.remaining);
        self.horizons[later - 1].record(&outcome);
    }

    /// Adds what `other` counted.
    pub fn merge(&mut self, other: &Self) {
        self.ended += other.ended;
        for (sums, more) in self.horizons.iter_mut().zip(&other.horizons) {
            sums.merge(more);
        }
    }

    /// How many predictions were made after the arrival; they are in no other figure.
    pub fn ended(&self) -> u64 {
        self.ended
    }

    /// What is known so far.
    pub fn summary(&self) -> EtaSummary {
        let mut all = ErrorSums::default();
        for sums in &self.horizons {
            all.merge(sums);
        }
        let by_horizon = self.horizons.iter().enumerate().map(|(index, sums)| HorizonError {
            from_s: HORIZONS_S[index],
            to_s: HORIZONS_S.get(index + 1).copied(),
            stats: sums.stats(),
        });
        EtaSummary { all: all.stats(), by_horizon: by_horizon.collect() }
    }
}

/// The errors of predicted arrival times, in all and by horizon.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct EtaSummary {
    /// Of all predictions.
    #[serde(flatten)]
    pub all: ErrorStats,
    /// By how much time was truly left, the shortest first.
    pub by_horizon: Vec<HorizonError>,
}

/// The errors of the predictions that were made with so much time truly left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HorizonError {
    /// At least this many seconds.
    pub from_s: u32,
    /// Less than this many seconds; `None` is no bound.
    pub to_s: Option<u32>,
    /// The errors.
    #[serde(flatten)]
    pub stats: ErrorStats,
}

impl HorizonError {
    /// In minutes, as a reader would say it.
    ///
    /// ```
    /// # use etaflow_simulator::{ErrorStats, HorizonError};
    /// let horizon = HorizonError { from_s: 120, to_s: Some(300), stats: ErrorStats::default() };
    /// assert_eq!(horizon.label(), "2–5 min");
    /// ```
    pub fn label(&self) -> String {
        match self.to_s {
            Some(to_s) => format!("{}–{} min", self.from_s / 60, to_s / 60),
            None => format!("≥ {} min", self.from_s / 60),
        }
    }
}

/// Sums of integers, so that the order of adding does not matter.
#[derive(Debug, Clone)]
struct ErrorSums {
    n: u64,
    n_relative: u64,
    within: u64,
    covered: u64,
    error_us: i128,
    size_us: i128,
    relative_ppm: i128,
    /// How many errors there are of each whole second from `-ERROR_MAX_S` on.
    by_second: Vec<u64>,
}

impl Default for ErrorSums {
    fn default() -> Self {
        let by_second = vec![0; 2 * ERROR_MAX_S as usize + 1];
        Self { n: 0, n_relative: 0, within: 0, covered: 0, error_us: 0, size_us: 0, relative_ppm: 0, by_second }
    }
}

impl ErrorSums {
    fn record(&mut self, outcome: &Outcome) {
        let error_us = outcome.error.micros();
        let size_us = i128::from(error_us).abs();
        self.n += 1;
        self.covered += u64::from(outcome.covered);
        self.error_us += i128::from(error_us);
        self.size_us += size_us;
        if outcome.remaining >= RELATIVE_MIN {
            self.n_relative += 1;
            self.within += u64::from(within_20pct(outcome));
            self.relative_ppm += size_us * 1_000_000 / i128::from(outcome.remaining.micros());
        }
        let second = (error_us as f64 / 1e6).round().clamp(-ERROR_MAX_S as f64, ERROR_MAX_S as f64) as i64;
        self.by_second[(second + ERROR_MAX_S) as usize] += 1;
    }

    fn merge(&mut self, other: &Self) {
        self.n += other.n;
        self.n_relative += other.n_relative;
        self.within += other.within;
        self.covered += other.covered;
        self.error_us += other.error_us;
        self.size_us += other.size_us;
        self.relative_ppm += other.relative_ppm;
        for (count, more) in self.by_second.iter_mut().zip(&other.by_second) {
            *count += more;
        }
    }

    fn stats(&self) -> ErrorStats {
        let per = |sum: f64, n: u64| (n > 0).then(|| sum / n as f64);
        let (middle, last) = (ERROR_MAX_S as usize, 2 * ERROR_MAX_S as usize);
        let sizes: Vec<u64> = (0..=middle)
            .map(|size| self.by_second[middle + size] + if size > 0 { self.by_second[middle - size] } else { 0 })
            .collect();
        debug_assert_eq!(last + 1, self.by_second.len());
        let error_s = |share| self.value_at(&self.by_second, share).map(|index| index as f64 - ERROR_MAX_S as f64);
        let size_s = |share| self.value_at(&sizes, share).map(|index| index as f64);
        ErrorStats {
            n: self.n,
            n_relative: self.n_relative,
            mae_s: per(self.size_us as f64 / 1e6, self.n),
            abs_p50_s: size_s(0.5),
            abs_p95_s: size_s(0.95),
            mape: per(self.relative_ppm as f64 / 1e6, self.n_relative),
            within_20pct: per(self.within as f64, self.n_relative),
            bias_s: per(self.error_us as f64 / 1e6, self.n),
            coverage: per(self.covered as f64, self.n),
            error_p10_s: error_s(0.1),
            error_p50_s: error_s(0.5),
            error_p90_s: error_s(0.9),
        }
    }

    /// The index of the bin that holds the value of that rank.
    fn value_at(&self, counts: &[u64], share: f64) -> Option<usize> {
        let rank = (share * self.n.checked_sub(1)? as f64).round() as u64;
        let mut seen = 0;
        counts.iter().position(|&count| {
            seen += count;
            seen > rank
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn prediction(at_s: i64, arrival_p50_s: i64) -> Prediction {
        Prediction {
            trip_id: 1,
            predicted_at: Timestamp::from_secs(at_s),
            elapsed: Span::ZERO,
            arrival_p10: Timestamp::from_secs(arrival_p50_s - 30),
            arrival_p50: Timestamp::from_secs(arrival_p50_s),
            arrival_p90: Timestamp::from_secs(arrival_p50_s + 30),
            cause: "tick".into(),
        }
    }

    #[test]
    fn predictions_go_by_the_time_truly_left() {
        let mut score = HorizonScore::new();
        let arrival = Timestamp::from_secs(10_000);
        for (left_s, error_s) in [(0, 1), (119, 3), (120, -10), (3_000, 60), (-1, 5)] {
            score.record(&prediction(10_000 - left_s, 10_000 + error_s), arrival);
        }
        let summary = score.summary();
        let counts: Vec<_> = summary.by_horizon.iter().map(|horizon| horizon.stats.n).collect();
        assert_eq!(counts, [2, 1, 0, 0, 0, 1]);
        assert_eq!(score.ended(), 1);
        assert_eq!(summary.by_horizon[0].stats.mae_s, Some(2.0));
        // With 0 s left there is no relative error; with 119 s left there is.
        assert_eq!(summary.by_horizon[0].stats.n_relative, 1);
        assert_eq!(summary.by_horizon[5].label(), "≥ 40 min");
        assert_eq!(summary.all.bias_s, Some((1.0 + 3.0 - 10.0 + 60.0) / 4.0));
        assert_eq!(summary.all.coverage, Some(0.75));
        assert_eq!(serde_json::to_value(&summary).unwrap()["n"], 4);
    }

    proptest! {
        #[test]
        fn agrees_with_the_exact_statistics(
            rows in prop::collection::vec((60_i64..5_000, -6_000_i64..6_000), 1..60), split in 0_usize..60,
        ) {
            let arrival = Timestamp::from_secs(100_000);
            let made: Vec<_> =
                rows.iter().map(|&(left, error)| prediction(100_000 - left, 100_000 + error)).collect();
            let (first, second) = made.split_at(split.min(made.len()));
            let (mut score, mut other) = (HorizonScore::new(), HorizonScore::new());
            first.iter().for_each(|row| score.record(row, arrival));
            second.iter().for_each(|row| other.record(row, arrival));
            score.merge(&other);
            let outcomes: Vec<_> = made.iter().map(|row| Outcome::new(row, row.predicted_at, arrival)).collect();
            let (exact, streamed) = (ErrorStats::of(&outcomes), score.summary().all);
            prop_assert_eq!((exact.n, exact.n_relative), (streamed.n, streamed.n_relative));
            prop_assert_eq!((exact.coverage, exact.within_20pct), (streamed.coverage, streamed.within_20pct));
            for (one, two, tolerance) in [
                (exact.mae_s, streamed.mae_s, 1e-6),
                (exact.bias_s, streamed.bias_s, 1e-6),
                (exact.mape, streamed.mape, 2e-6),
            ] {
                prop_assert!((one.unwrap() - two.unwrap()).abs() <= tolerance, "{one:?} {two:?}");
            }
            // The nearest rank's value lies between the neighbours that the exact one interpolates between.
            let mut errors: Vec<_> = rows.iter().map(|row| row.1).collect();
            errors.sort_unstable();
            let rank = 0.9 * (errors.len() - 1) as f64;
            let p90 = streamed.error_p90_s.unwrap() as i64;
            prop_assert!(errors[rank.floor() as usize] <= p90 && p90 <= errors[rank.ceil() as usize]);
        }
    }
}
