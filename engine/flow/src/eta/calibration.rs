use std::collections::VecDeque;
use std::sync::Arc;

use crate::event::TripId;
use crate::stream::{StateDigest, Tick};

/// A share of one, in fixed point.
const ONE: i64 = 1 << 12;

/// Forecasts of less than this (milliseconds) are all off by as much as this one is.
const SHORT_MS: u32 = 60_000;

/// The forecasts, in milliseconds, at which the spread is learned; between two it is interpolated.
const KNOTS_MS: [u32; 8] = [15_000, 60_000, 150_000, 300_000, 500_000, 750_000, 1_200_000, 2_400_000];

/// How many of the newest residuals of a knot count.
const RESIDUALS_MAX: usize = 400;

/// What is thought of the residuals as long as there are few: a plain spread, a little to the late side, as a share of
/// the forecast.
const PRIOR: [f64; 15] =
    [-0.30, -0.22, -0.16, -0.11, -0.07, -0.03, 0.0, 0.04, 0.08, 0.12, 0.17, 0.23, 0.31, 0.42, 0.60];

/// How long a part of a trip took, beside what was forecast of it when it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Residual {
    /// Of which trip.
    pub trip: TripId,
    /// What the travel times added up to, in milliseconds.
    pub forecast_ms: u32,
    /// What it really took, in milliseconds.
    pub actual_ms: u32,
}

/// What the trips that have ended say of how far off the sum of a way's travel times is: its median error and its
/// spread, by the length of the forecast.
///
/// The quantiles of the newest residuals at a few lengths of forecast, and a plain spread as long as there are none.
#[derive(Debug)]
pub struct Calibration {
    knots: Vec<VecDeque<i32>>,
    quantiles: Arc<Quantiles>,
    pending: Vec<Residual>,
}

/// What to add to a forecast: at each knot p10, p50 and p90 of the error, as a share of the forecast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantiles {
    at: [[i32; 3]; KNOTS_MS.len()],
}

impl Default for Calibration {
    fn default() -> Self {
        let prior: VecDeque<i32> = PRIOR.iter().map(|share| (share * ONE as f64) as i32).collect();
        let at = [quantiles_of(&prior); KNOTS_MS.len()];
        Self { knots: vec![prior; KNOTS_MS.len()], quantiles: Arc::new(Quantiles { at }), pending: Vec::new() }
    }
}

impl Calibration {
    /// Adds what a shard's trips took.
    pub fn add(&mut self, residuals: &[Residual]) {
        self.pending.extend_from_slice(residuals);
    }

    /// The quantiles now that all shards have sent what they had up to this tick.
    pub fn on_tick(&mut self, _tick: &Tick) -> &Arc<Quantiles> {
        if self.pending.is_empty() {
            return &self.quantiles;
        }
        // In an order of their own, whichever shard was first.
        self.pending.sort_unstable();
        let mut touched = [false; KNOTS_MS.len()];
        for residual in self.pending.drain(..) {
            let knot = nearest_knot(residual.forecast_ms);
            let base = i64::from(residual.forecast_ms.max(SHORT_MS));
            let off = i64::from(residual.actual_ms) - i64::from(residual.forecast_ms);
            let share = (off * ONE / base).clamp(-ONE, 8 * ONE) as i32;
            if self.knots[knot].len() == RESIDUALS_MAX {
                self.knots[knot].pop_front();
            }
            self.knots[knot].push_back(share);
            touched[knot] = true;
        }
        let mut quantiles = (*self.quantiles).clone();
        for (knot, _) in touched.iter().enumerate().filter(|&(_, &touched)| touched) {
            quantiles.at[knot] = quantiles_of(&self.knots[knot]);
        }
        self.quantiles = Arc::new(quantiles);
        &self.quantiles
    }

    /// The newest quantiles.
    pub fn quantiles(&self) -> &Arc<Quantiles> {
        &self.quantiles
    }

    /// Adds the whole state to `digest`.
    pub fn digest(&self, digest: &mut StateDigest) {
        for (knot, residuals) in self.knots.iter().enumerate() {
            let bytes: Vec<u8> = residuals.iter().flat_map(|share| share.to_le_bytes()).collect();
            digest.entity(b'q', knot as u64, &bytes);
        }
    }
}

impl Quantiles {
    /// The p10, p50 and p90 of how long something takes whose travel times add up to `forecast_ms`, in milliseconds;
    /// ascending.
    pub fn of(&self, forecast_ms: u32) -> [u32; 3] {
        let above = KNOTS_MS.partition_point(|&knot| knot <= forecast_ms);
        let shares = match (above.checked_sub(1), KNOTS_MS.get(above)) {
            (None, _) => self.at[0],
            (Some(below), None) => self.at[below],
            (Some(below), Some(&high)) => {
                let low = KNOTS_MS[below];
                let (into, span) = (i64::from(forecast_ms - low), i64::from(high - low));
                std::array::from_fn(|nth| {
                    let (from, to) = (i64::from(self.at[below][nth]), i64::from(self.at[above][nth]));
                    (from + (to - from) * into / span) as i32
                })
            }
        };
        let base = i64::from(forecast_ms.max(SHORT_MS));
        shares
            .map(|share| (i64::from(forecast_ms) + base * i64::from(share) / ONE).clamp(0, i64::from(u32::MAX)) as u32)
    }

    /// The knot that a forecast belongs to, for which one residual of a trip counts.
    pub(super) fn knot(forecast_ms: u32) -> usize {
        nearest_knot(forecast_ms)
    }
}

/// The knot that is closest to a forecast, by ratio.
fn nearest_knot(forecast_ms: u32) -> usize {
    let above = KNOTS_MS.partition_point(|&knot| knot <= forecast_ms);
    match above {
        0 => 0,
        _ if above == KNOTS_MS.len() => above - 1,
        _ => {
            let (low, high) = (u64::from(KNOTS_MS[above - 1]), u64::from(KNOTS_MS[above]));
            let square = u64::from(forecast_ms) * u64::from(forecast_ms);
            if square < low * high { above - 1 } else { above }
        }
    }
}

fn quantiles_of(residuals: &VecDeque<i32>) -> [i32; 3] {
    let mut sorted: Vec<i32> = residuals.iter().copied().collect();
    sorted.sort_unstable();
    let last = sorted.len() - 1;
    [1, 5, 9].map(|tenths| sorted[(last * tenths + 5) / 10])
}

#[cfg(test)]
mod tests {
    use etaflow_road::Timestamp;
    use proptest::prelude::*;

    use super::*;

    const TICK: Tick = Tick { number: 0, time: Timestamp::MIN, watermark: Timestamp::MIN };

    proptest! {
        #[test]
        fn quantiles_ascend_and_do_not_depend_on_the_shards(
            residuals in prop::collection::vec((0_u32..50, 0_u32..4_000_000, 0_u32..8_000_000), 0..200),
            forecast_ms in 0_u32..4_000_000,
            cut in 0_usize..200,
        ) {
            let residuals: Vec<Residual> = residuals.into_iter()
                .map(|(trip, forecast_ms, actual_ms)| Residual { trip: TripId(trip), forecast_ms, actual_ms })
                .collect();
            let (mut one, mut two) = (Calibration::default(), Calibration::default());
            one.add(&residuals);
            let (first, second) = residuals.split_at(cut.min(residuals.len()));
            two.add(second);
            two.add(first);
            let quantiles = Arc::clone(one.on_tick(&TICK));
            prop_assert_eq!(&quantiles, two.on_tick(&TICK));
            let [p10, p50, p90] = quantiles.of(forecast_ms);
            prop_assert!(p10 <= p50 && p50 <= p90);
        }
    }

    #[test]
    fn what_always_takes_twice_as_long_is_forecast_so() {
        let mut calibration = Calibration::default();
        let residuals: Vec<Residual> = (0..RESIDUALS_MAX as u32)
            .map(|trip| Residual { trip: TripId(trip), forecast_ms: 300_000, actual_ms: 600_000 })
            .collect();
        calibration.add(&residuals);
        assert_eq!(calibration.on_tick(&TICK).of(300_000), [600_000; 3]);
    }
}
