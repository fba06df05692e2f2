use etaflow_road::{Span, Timestamp};

/// Times that were written with fractions are a little off.
const TOLERANCE: Span = Span::from_millis(1);

/// Thins a trace out: keeps a fix only if enough time has passed since the last one that was kept.
///
/// A fix that is older than that one is kept too, so that whoever looks at times sees it.
///
/// ```
/// use etaflow_road::{Span, Timestamp};
/// use etaflow_serve::Sampling;
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
