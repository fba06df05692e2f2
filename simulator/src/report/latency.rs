use etaflow::Span;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// A longer latency counts as this: an hour, in microseconds.
const LATENCY_MAX_US: u64 = 3_600_000_000;

/// Percentiles are right to one part in a thousand.
const DIGITS: u8 = 3;

/// Where latencies lie, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// How many were measured; at least one.
    pub n: u64,
    /// Half are at most this.
    pub p50: f64,
    /// 99 in 100 are at most this.
    pub p99: f64,
    /// 999 in 1,000 are at most this.
    pub p999: f64,
    /// The longest.
    pub max: f64,
}

/// Counts latencies from 1 µs to an hour, to one part in a thousand, in bounded memory (about 0.4 MB).
///
/// Shorter ones count as 1 µs; longer ones as an hour, and [`saturated`](Self::saturated) says how many there were.
///
/// ```
/// # use etaflow::Span;
/// # use etaflow_simulator::LatencyRecorder;
/// let mut recorder = LatencyRecorder::new();
/// for millis in 1..=1_000 {
///     recorder.record(Span::from_millis(millis));
/// }
/// let second = recorder.take_interval().unwrap();
/// assert!((second.p50 - 500.0).abs() < 1.0);
/// assert!(recorder.take_interval().is_none());
/// assert_eq!(recorder.total().unwrap().n, 1_000);
/// ```
#[derive(Debug, Clone)]
pub struct LatencyRecorder {
    total: Histogram<u64>,
    interval: Histogram<u64>,
    saturated: u64,
}

impl Default for LatencyRecorder {
    fn default() -> Self {
        Self::new()
    }
}

impl LatencyRecorder {
    /// With nothing recorded.
    pub fn new() -> Self {
        let histogram =
            Histogram::new_with_bounds(1, LATENCY_MAX_US, DIGITS).expect("1 < LATENCY_MAX_US / 2, and DIGITS <= 5");
        Self { total: histogram.clone(), interval: histogram, saturated: 0 }
    }

    /// Counts one latency.
    pub fn record(&mut self, latency: Span) {
        self.record_n(latency, 1);
    }

    /// Counts `n` of one latency, as of a batch that came through together.
    pub fn record_n(&mut self, latency: Span, n: u64) {
        let micros = u64::try_from(latency.micros()).unwrap_or(0);
        if micros > LATENCY_MAX_US {
            self.saturated += n;
        }
        self.interval.saturating_record_n(micros.clamp(1, LATENCY_MAX_US), n);
    }

    /// The percentiles since the last call, or since the beginning; `None` if nothing was recorded since.
    pub fn take_interval(&mut self) -> Option<Percentiles> {
        let percentiles = percentiles(&self.interval);
        self.fold_interval();
        percentiles
    }

    /// The percentiles of everything; `None` if there is nothing.
    pub fn total(&self) -> Option<Percentiles> {
        let mut all = self.total.clone();
        add(&mut all, &self.interval);
        percentiles(&all)
    }

    /// Adds what `other` recorded to the total, and what it has in its interval to this one's.
    pub fn merge(&mut self, other: &Self) {
        add(&mut self.total, &other.total);
        add(&mut self.interval, &other.interval);
        self.saturated += other.saturated;
    }

    /// Adds what another has recorded since its interval began, and begins a new interval there.
    pub fn merge_interval(&mut self, other: &mut Self) {
        add(&mut self.interval, &other.interval);
        other.fold_interval();
    }

    /// How many latencies were longer than an hour.
    pub fn saturated(&self) -> u64 {
        self.saturated
    }

    fn fold_interval(&mut self) {
        add(&mut self.total, &self.interval);
        self.interval.reset();
    }
}

fn add(sum: &mut Histogram<u64>, more: &Histogram<u64>) {
    sum.add(more).expect("all histograms here have the same bounds");
}

fn percentiles(histogram: &Histogram<u64>) -> Option<Percentiles> {
    let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e3;
    // The histogram rounds its maximum up to the end of the bin; a limit of an hour should not read as more.
    let max = histogram.max().min(LATENCY_MAX_US) as f64 / 1e3;
    (!histogram.is_empty()).then(|| Percentiles {
        n: histogram.len(),
        p50: at(0.5).min(max),
        p99: at(0.99).min(max),
        p999: at(0.999).min(max),
        max,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn extremes_are_held_to_the_range() {
        let mut recorder = LatencyRecorder::new();
        recorder.record(Span::from_micros(i64::MAX));
        recorder.record(Span::from_micros(-5));
        assert_eq!(recorder.saturated(), 1);
        let total = recorder.total().unwrap();
        assert_eq!((total.n, total.max), (2, 3_600_000.0));
        assert_eq!(total.p50, 0.001);
    }

    proptest! {
        #[test]
        fn percentiles_are_right_to_a_thousandth(
            values in prop::collection::vec(1_i64..4_000_000_000, 1..300), split in any::<prop::sample::Index>(),
        ) {
            let (first, second) = values.split_at(split.index(values.len()));
            let (mut recorder, mut other) = (LatencyRecorder::new(), LatencyRecorder::new());
            first.iter().for_each(|&micros| recorder.record(Span::from_micros(micros)));
            recorder.take_interval();
            second.iter().for_each(|&micros| other.record(Span::from_micros(micros)));
            recorder.merge(&other);
            let mut sorted: Vec<_> = values.iter().map(|&micros| micros.min(LATENCY_MAX_US as i64) as f64 / 1e3).collect();
            sorted.sort_by(f64::total_cmp);
            let total = recorder.total().unwrap();
            prop_assert_eq!(total.n, values.len() as u64);
            for (share, found) in [(0.5, total.p50), (0.99, total.p99), (0.999, total.p999), (1.0, total.max)] {
                let rank = ((share * sorted.len() as f64).ceil() as usize).max(1);
                let exact = sorted[rank - 1];
                prop_assert!((found - exact).abs() <= exact * 1.1e-3, "p{share}: {found}, exactly {exact}");
            }
            prop_assert_eq!(recorder.take_interval().map_or(0, |interval| interval.n), second.len() as u64);
        }
    }
}
