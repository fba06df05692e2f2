use std::collections::VecDeque;
use std::sync::Arc;

use etaflow_road::{Span, Timestamp};

use crate::bytes::{ByteReader, BytesError, put_time};
use crate::event::TripId;
use crate::stream::{StateDigest, StateError, Tick};

/// What this state is called.
const CALIBRATION: &str = "calibration";

/// A share of one, in fixed point.
const ONE: i64 = 1 << 12;

/// Forecasts of less than this (milliseconds) are all off by as much as this one is.
const SHORT_MS: u32 = 60_000;

/// The forecasts, in milliseconds, at which the spread is learned; between two it is interpolated.
const KNOTS_MS: [u32; KNOTS] = [15_000, 60_000, 150_000, 300_000, 500_000, 750_000, 1_200_000, 2_400_000];

const KNOTS: usize = 8;
const PHASES: usize = 2;

/// How many of the newest residuals of a knot count at most, ...
const RESIDUALS_MAX: usize = 400;
/// ... for how long, ...
const RESIDUAL_AGE_MAX: Span = Span::from_secs(30 * 60);
/// ... and how many count however old they are.
const RESIDUALS_MIN: usize = 60;

/// An error counts as so many times the forecast at most.
const SHARE_MAX: i64 = 30;

/// What is thought of the residuals as long as there are few: a plain spread, a little to the late side, as a share of
/// the forecast.
const PRIOR: [f64; 15] =
    [-0.30, -0.22, -0.16, -0.11, -0.07, -0.03, 0.0, 0.04, 0.08, 0.12, 0.17, 0.23, 0.31, 0.42, 0.60];

/// When in a ride a forecast is made: one who has just got in may still go anywhere, one who is on his way has shown that
/// he goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Phase {
    /// Before the ride, or at its beginning.
    Departure = 0,
    /// After it.
    EnRoute = 1,
}

/// How long a part of a trip took, beside what was forecast of it when it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Residual {
    /// Of which trip.
    pub trip: TripId,
    /// When it was made.
    pub phase: Phase,
    /// What the travel times added up to, in milliseconds.
    pub forecast_ms: u32,
    /// What it really took, in milliseconds.
    pub actual_ms: u32,
}

/// What the trips that have ended say of how far off the sum of a way's travel times is: its median error and its
/// spread, by when it was made and by its length.
///
/// The quantiles of the newest residuals at a few lengths of forecast, and a plain spread as long as there are none.
#[derive(Debug)]
pub struct Calibration {
    /// By phase and knot.
    knots: [[VecDeque<(Timestamp, i32)>; KNOTS]; PHASES],
    quantiles: Arc<Quantiles>,
    pending: Vec<Residual>,
}

/// What to add to a forecast: for each phase and at each knot p10, p50 and p90 of the error, as a share of the forecast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quantiles {
    at: [[[i32; 3]; KNOTS]; PHASES],
}

impl Default for Calibration {
    fn default() -> Self {
        let prior: VecDeque<_> = PRIOR.iter().map(|share| (Timestamp::MIN, (share * ONE as f64) as i32)).collect();
        let at = [[quantiles_of(&prior); KNOTS]; PHASES];
        let knots = std::array::from_fn(|_| std::array::from_fn(|_| prior.clone()));
        Self { knots, quantiles: Arc::new(Quantiles { at }), pending: Vec::new() }
    }
}

impl Calibration {
    /// Adds what a shard's trips took.
    pub fn add(&mut self, residuals: &[Residual]) {
        self.pending.extend_from_slice(residuals);
    }

    /// The quantiles now that all shards have sent what they had up to this tick.
    pub fn on_tick(&mut self, tick: &Tick) -> &Arc<Quantiles> {
        if self.pending.is_empty() {
            return &self.quantiles;
        }
        // In an order of their own, whichever shard was first.
        self.pending.sort_unstable();
        let mut quantiles = (*self.quantiles).clone();
        for residual in self.pending.drain(..) {
            let (phase, knot) = (residual.phase as usize, Quantiles::knot(residual.forecast_ms));
            let base = i64::from(residual.forecast_ms.max(SHORT_MS));
            let off = i64::from(residual.actual_ms) - i64::from(residual.forecast_ms);
            let share = (off * ONE / base).clamp(-ONE, SHARE_MAX * ONE) as i32;
            let shares = &mut self.knots[phase][knot];
            shares.push_back((tick.time, share));
            let old = |&(at, _): &(Timestamp, i32)| tick.time.since(at) > RESIDUAL_AGE_MAX;
            while shares.len() > RESIDUALS_MAX || (shares.len() > RESIDUALS_MIN && shares.front().is_some_and(old)) {
                shares.pop_front();
            }
            quantiles.at[phase][knot] = quantiles_of(shares);
        }
        self.quantiles = Arc::new(quantiles);
        &self.quantiles
    }

    /// The newest quantiles.
    pub fn quantiles(&self) -> &Arc<Quantiles> {
        &self.quantiles
    }

    /// Appends all of it: what is the same appends the same bytes. The quantiles follow from the rest.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let Self { knots, quantiles: _, pending } = self;
        for residuals in knots.iter().flatten() {
            out.extend((residuals.len() as u32).to_le_bytes());
            for &(at, share) in residuals {
                put_time(out, at);
                out.extend(share.to_le_bytes());
            }
        }
        out.extend((pending.len() as u32).to_le_bytes());
        for &Residual { trip, phase, forecast_ms, actual_ms } in pending {
            out.extend(trip.0.to_le_bytes());
            out.push(phase as u8);
            out.extend(forecast_ms.to_le_bytes());
            out.extend(actual_ms.to_le_bytes());
        }
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// If it was not written by that.
    pub fn restore(bytes: &[u8]) -> Result<Self, StateError> {
        let mut reader = ByteReader::new(bytes);
        Self::read(&mut reader).map_err(|error| StateError::of(CALIBRATION, 0, &error))
    }

    fn read(reader: &mut ByteReader<'_>) -> Result<Self, BytesError> {
        let mut calibration = Self::default();
        let mut at = [[[0; 3]; KNOTS]; PHASES];
        for (residuals, at) in calibration.knots.iter_mut().flatten().zip(at.iter_mut().flatten()) {
            residuals.clear();
            let count = reader.u32("the number of residuals")? as usize;
            if !(1..=RESIDUALS_MAX).contains(&count) {
                return Err(reader.error("the number of residuals", "is none that is kept"));
            }
            for _ in 0..count {
                let made_at = reader.time("the time of a residual")?;
                residuals.push_back((made_at, read_share(reader, "a residual")?));
            }
            *at = quantiles_of(residuals);
        }
        calibration.quantiles = Arc::new(Quantiles { at });
        for _ in 0..reader.u32("the number of new residuals")? {
            let (trip, phase) = (TripId(reader.u32("a residual's trip")?), Phase::decode(reader)?);
            let (forecast_ms, actual_ms) = (reader.u32("a forecast")?, reader.u32("what it took")?);
            calibration.pending.push(Residual { trip, phase, forecast_ms, actual_ms });
        }
        reader.end()?;
        Ok(calibration)
    }

    /// Adds the whole state to `digest`.
    pub fn digest(&self, digest: &mut StateDigest) {
        let mut bytes = Vec::new();
        self.encode(&mut bytes);
        digest.entity(b'q', 0, &bytes);
    }
}

fn read_share(reader: &mut ByteReader<'_>, what: &'static str) -> Result<i32, BytesError> {
    let share = reader.u32(what)? as i32;
    if (-ONE..=SHARE_MAX * ONE).contains(&i64::from(share)) {
        Ok(share)
    } else {
        Err(reader.error(what, "is off by too much"))
    }
}

impl Phase {
    pub(super) fn decode(reader: &mut ByteReader<'_>) -> Result<Self, BytesError> {
        match reader.u8("a phase")? {
            0 => Ok(Self::Departure),
            1 => Ok(Self::EnRoute),
            _ => Err(reader.error("a phase", "is none")),
        }
    }
}

impl Quantiles {
    /// The p10, p50 and p90 of how long something takes whose travel times add up to `forecast_ms`, in milliseconds;
    /// ascending.
    pub fn of(&self, phase: Phase, forecast_ms: u32) -> [u32; 3] {
        let at = &self.at[phase as usize];
        let above = KNOTS_MS.partition_point(|&knot| knot <= forecast_ms);
        let shares = match (above.checked_sub(1), KNOTS_MS.get(above)) {
            (None, _) => at[0],
            (Some(below), None) => at[below],
            (Some(below), Some(&high)) => {
                let low = KNOTS_MS[below];
                let (into, span) = (i64::from(forecast_ms - low), i64::from(high - low));
                std::array::from_fn(|nth| {
                    let (from, to) = (i64::from(at[below][nth]), i64::from(at[above][nth]));
                    (from + (to - from) * into / span) as i32
                })
            }
        };
        let base = i64::from(forecast_ms.max(SHORT_MS));
        shares
            .map(|share| (i64::from(forecast_ms) + base * i64::from(share) / ONE).clamp(0, i64::from(u32::MAX)) as u32)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        self.at.iter().flatten().flatten().for_each(|share| out.extend(share.to_le_bytes()));
    }

    pub(super) fn decode(reader: &mut ByteReader<'_>) -> Result<Self, BytesError> {
        let mut at = [[[0; 3]; KNOTS]; PHASES];
        for shares in at.iter_mut().flatten() {
            for share in shares.iter_mut() {
                *share = read_share(reader, "a spread")?;
            }
            if !shares.is_sorted() {
                return Err(reader.error("a spread", "does not ascend"));
            }
        }
        Ok(Self { at })
    }

    /// The knot that a forecast belongs to: the closest, by ratio. One residual of a trip counts for each.
    pub(super) fn knot(forecast_ms: u32) -> usize {
        let above = KNOTS_MS.partition_point(|&knot| knot <= forecast_ms);
        let (Some(below), Some(&high)) = (above.checked_sub(1), KNOTS_MS.get(above)) else {
            return above.min(KNOTS - 1);
        };
        let square = u64::from(forecast_ms) * u64::from(forecast_ms);
        if square < u64::from(KNOTS_MS[below]) * u64::from(high) { below } else { above }
    }
}

fn quantiles_of(residuals: &VecDeque<(Timestamp, i32)>) -> [i32; 3] {
    let mut sorted: Vec<i32> = residuals.iter().map(|&(_, share)| share).collect();
    sorted.sort_unstable();
    let last = sorted.len() - 1;
    [1, 5, 9].map(|tenths| sorted[(last * tenths + 5) / 10])
}

#[cfg(test)]
#[path = "calibration_tests.rs"]
mod tests;
