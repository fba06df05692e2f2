//! What trips that have ended say of those that are under way.

use proptest::prelude::*;

use super::*;
use crate::stream::Digest;
use crate::stream::fixture::{harmed, harms};

const TICK: Tick = Tick { number: 0, time: Timestamp::MIN, watermark: Timestamp::MIN };

proptest! {
    #[test]
    fn quantiles_ascend_and_do_not_depend_on_the_shards(
        residuals in prop::collection::vec((0_u32..50, 0_u32..4_000_000, 0_u32..8_000_000), 0..200),
        forecast_ms in 0_u32..4_000_000,
        cut in 0_usize..200,
    ) {
        let residuals: Vec<Residual> = residuals.into_iter()
            .map(|(trip, forecast_ms, actual_ms)| Residual { trip: TripId(trip), phase: Phase::EnRoute, forecast_ms, actual_ms })
            .collect();
        let (mut one, mut two) = (Calibration::default(), Calibration::default());
        one.add(&residuals);
        let (first, second) = residuals.split_at(cut.min(residuals.len()));
        two.add(second);
        two.add(first);
        let quantiles = Arc::clone(one.on_tick(&TICK));
        prop_assert_eq!(&quantiles, two.on_tick(&TICK));
        let [p10, p50, p90] = quantiles.of(Phase::EnRoute, forecast_ms);
        prop_assert!(p10 <= p50 && p50 <= p90);
    }
}

#[test]
fn what_always_takes_twice_as_long_is_forecast_so() {
    let mut calibration = Calibration::default();
    let residuals: Vec<Residual> = (0..RESIDUALS_MAX as u32)
        .map(|trip| Residual { trip: TripId(trip), phase: Phase::Departure, forecast_ms: 300_000, actual_ms: 600_000 })
        .collect();
    calibration.add(&residuals);
    assert_eq!(calibration.on_tick(&TICK).of(Phase::Departure, 300_000), [600_000; 3]);
}

/// So many seconds later, what some trips took.
type Lot = (i64, Vec<(u32, bool, u32, u32)>);

fn lots() -> impl Strategy<Value = Vec<Lot>> {
    let residual = (0_u32..50, any::<bool>(), 0_u32..4_000_000, 0_u32..8_000_000);
    prop::collection::vec((0_i64..900, prop::collection::vec(residual, 0..30)), 0..40)
}

fn residuals(lot: &Lot) -> Vec<Residual> {
    let residual = |&(trip, departs, forecast_ms, actual_ms): &(u32, bool, u32, u32)| {
        let phase = if departs { Phase::Departure } else { Phase::EnRoute };
        Residual { trip: TripId(trip), phase, forecast_ms, actual_ms }
    };
    lot.1.iter().map(residual).collect()
}

fn play(calibration: &mut Calibration, now: Timestamp, lot: &Lot) -> Arc<Quantiles> {
    calibration.add(&residuals(lot));
    Arc::clone(calibration.on_tick(&Tick { number: 0, time: now, watermark: now }))
}

fn written(calibration: &Calibration) -> Vec<u8> {
    let mut bytes = Vec::new();
    calibration.encode(&mut bytes);
    bytes
}

fn digest(calibration: &Calibration) -> Digest {
    let mut digest = StateDigest::default();
    calibration.digest(&mut digest);
    digest.finish()
}

proptest! {
    #[test]
    fn what_was_read_back_goes_on_as_it_would_have(
        lots in lots(), cut in any::<prop::sample::Index>(), with_pending in any::<bool>(),
    ) {
        let (before, after) = lots.split_at(cut.index(lots.len() + 1));
        let (mut first, mut now) = (Calibration::default(), Timestamp::from_secs(1_000));
        for lot in before {
            now = now + Span::from_secs(lot.0);
            play(&mut first, now, lot);
        }
        if let (Some(lot), true) = (before.first(), with_pending) {
            first.add(&residuals(lot));
        }
        let mut second = Calibration::restore(&written(&first)).expect("it was just written");
        prop_assert_eq!(second.quantiles(), first.quantiles());
        for lot in after {
            now = now + Span::from_secs(lot.0);
            prop_assert_eq!(play(&mut second, now, lot), play(&mut first, now, lot));
            prop_assert_eq!(digest(&second), digest(&first));
        }
    }

    #[test]
    fn what_was_harmed_is_refused_or_a_calibration(before in lots(), after in lots(), harms in harms()) {
        let (mut first, mut now) = (Calibration::default(), Timestamp::from_secs(1_000));
        for lot in &before {
            now = now + Span::from_secs(lot.0);
            play(&mut first, now, lot);
        }
        let bytes = harmed(&written(&first), &harms);
        let Ok(mut read) = Calibration::restore(&bytes) else { return Ok(()) };
        prop_assert_eq!(written(&read), bytes);
        for lot in &after {
            now = now + Span::from_secs(lot.0);
            let quantiles = play(&mut read, now, lot);
            let [p10, p50, p90] = quantiles.of(Phase::EnRoute, lot.1.first().map_or(0, |residual| residual.2));
            prop_assert!(p10 <= p50 && p50 <= p90);
        }
    }
}
