use etaflow_road::{Span, Timestamp};

use crate::event::TripId;

/// Which trips' ways are looked at again at a tick: each once in a period, at a moment of its own that its number
/// decides, so that every tick has its share.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round {
    /// In microseconds, as all else.
    period: i64,
    /// How far into the period the tick before was.
    last: i64,
    /// How long ago that is.
    gap: i64,
}

impl Round {
    /// What is due at a tick at `now`, if the one before was at `last`; nothing at the first.
    ///
    /// # Panics
    /// If the period is not positive.
    pub(super) fn new(period: Span, last: Option<Timestamp>, now: Timestamp) -> Self {
        assert!(period > Span::ZERO, "a period of {} us", period.micros());
        let (period, last) = (period.micros(), last.unwrap_or(now));
        Self { period, last: last.micros().rem_euclid(period), gap: now.since(last).micros() }
    }

    /// Whether a trip's moment has come since the tick before.
    #[inline]
    pub(super) fn has(&self, trip: TripId) -> bool {
        // The golden section: numbers in a row fall far from each other, and any run of them is spread evenly.
        let share = u64::from(trip.0.wrapping_mul(2_654_435_769));
        let moment = ((u128::from(share) * self.period as u128) >> 32) as i64;
        let left = if moment > self.last { moment - self.last } else { self.period - (self.last - moment) };
        left <= self.gap
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nobody_waits_longer_than_a_period_and_a_tick(
            period_ms in 1_000_i64..20_000,
            gaps_ms in prop::collection::vec(1_i64..9_000, 1..100),
            trip in any::<u32>(),
        ) {
            let (mut last, mut looked, mut now) = (None, None, Timestamp::from_secs(500));
            for gap in gaps_ms {
                let round = Round::new(Span::from_millis(period_ms), last, now);
                if last.is_none() || round.has(TripId(trip)) {
                    looked = Some(now);
                }
                let waited = looked.map(|at| now.since(at).millis());
                prop_assert!(waited.is_some_and(|waited| waited < period_ms), "{waited:?} of {period_ms} ms");
                last = Some(now);
                now = now + Span::from_millis(gap);
            }
        }

        #[test]
        fn every_tick_has_its_share(first in any::<u32>(), second in 0_i64..1_000_000) {
            let trips = 4_000;
            for nth in second..second + 8 {
                let (last, now) = (Timestamp::from_secs(nth), Timestamp::from_secs(nth + 1));
                let round = Round::new(Span::from_secs(8), Some(last), now);
                let due = (0..trips).filter(|&trip| round.has(TripId(first.wrapping_add(trip)))).count();
                prop_assert!((490..=510).contains(&due), "{due} of {trips} in an eighth of the time");
            }
        }
    }
}
