use crate::unit::{Span, Timestamp};

/// Times that were written with fractions are a little off.
const TOLERANCE: Span = Span::from_millis(1);

/// Thins a trace out: keeps a fix only if enough time has passed since the last one that was kept.
///
/// A fix that is older than that one is kept too, so that whoever looks at times sees it.
///
/// ```
/// use etaflow_road::{Sampling, Span, Timestamp};
///
/// let mut sampling = Sampling::every(Span::from_secs(10));
/// let kept: Vec<i64> = [0, 4, 9, 10, 19, 3, 25].into_iter().filter(|&at| sampling.keeps(Timestamp::from_secs(at))).collect();
/// assert_eq!(kept, [0, 10, 3, 25]);
/// ```
#[derive(Debug, Clone)]
pub struct Sampling {
    every: Span,
    last: Option<Timestamp>,
}

impl Sampling {
    /// At least this far apart, but for a millisecond; all are kept if it is nothing.
    pub fn every(every: Span) -> Self {
        Self { every, last: None }
    }

    /// Whether the next fix, of this time, is kept.
    pub fn keeps(&mut self, time: Timestamp) -> bool {
        let Some(last) = self.last else {
            self.last = Some(time);
            return true;
        };
        let passed = time.since(last);
        if passed < Span::ZERO || self.every == Span::ZERO {
            return true;
        }
        let keeps = passed.micros().saturating_add(TOLERANCE.micros()) >= self.every.micros();
        if keeps {
            self.last = Some(time);
        }
        keeps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sampling_forgives_a_millisecond() {
        let mut sampling = Sampling::every(Span::from_secs(1));
        let kept: Vec<bool> = [0, 999_000, 1_500_000, 1_998_000, 1_998_000, 998_000, 2_997_000, 3_500_000]
            .map(|micros| sampling.keeps(Timestamp::from_micros(micros)))
            .to_vec();
        assert_eq!(kept, [true, true, false, true, false, true, true, false]);
        let mut all = Sampling::every(Span::ZERO);
        assert!([5, 5, 4, 6].into_iter().all(|second| all.keeps(Timestamp::from_secs(second))));
    }
}
