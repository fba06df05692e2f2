//! Epochs that were written down and read back, beside those that were not.

use std::sync::LazyLock;

use etaflow_road::{EdgeId, INFINITY, Position, Query, SyntheticCity, Weight};
use proptest::prelude::*;

use super::*;
use crate::eta::{Calibration, Phase, Residual};
use crate::event::TripId;
use crate::stream::Tick;
use crate::stream::fixture::{harmed, harms};

static CITY: LazyLock<Arc<Network>> =
    LazyLock::new(|| Arc::new(SyntheticCity { nodes: 500, ..SyntheticCity::default() }.build()));

/// An edge, and by how much it is slower than the map says; closed above a hundred.
fn changes_of() -> impl Strategy<Value = Vec<(usize, u32)>> {
    prop::collection::vec((any::<usize>(), 1_u32..110), 0..30)
}

fn metric(changes: &[(usize, u32)]) -> Arc<Metric> {
    let mut weights = CITY.free_flow_weights().to_vec();
    let edges = weights.len();
    for &(edge, times) in changes {
        let weight = &mut weights[edge % edges];
        *weight = if times > 100 { INFINITY } else { weight.saturating_mul(times).min(INFINITY) };
    }
    Arc::new(Metric::new(&CITY, weights).expect("all are weights"))
}

fn quantiles(actual_ms: u32) -> Arc<Quantiles> {
    let mut calibration = Calibration::default();
    let residual = |trip| Residual { trip: TripId(trip), phase: Phase::EnRoute, forecast_ms: 300_000, actual_ms };
    calibration.add(&(0..40).map(residual).collect::<Vec<_>>());
    let time = etaflow_road::Timestamp::from_secs(1_000);
    Arc::clone(calibration.on_tick(&Tick { number: 0, time, watermark: time }))
}

fn written(epoch: &Epoch) -> Vec<u8> {
    let mut bytes = Vec::new();
    epoch.encode(&mut bytes);
    bytes
}

fn durations(metric: &Metric) -> Vec<Option<Weight>> {
    let mut query = Query::new(Arc::clone(&CITY));
    let at = |nth: usize| Position { edge: EdgeId((nth * 131 % CITY.edge_count()) as u32), offset_mm: 0 };
    (0..20).map(|nth| query.duration(metric, &[at(nth)], &[at(nth * 7 + 3)])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn an_epoch_that_was_read_back_is_the_same(
        number in any::<u64>(),
        own in changes_of(),
        (near, metric_number) in (changes_of(), 0_u64..4),
        actual_ms in 0_u32..900_000,
        harms in harms(),
    ) {
        let epoch = Epoch { number, metric: metric(&own), metric_number, quantiles: quantiles(actual_ms) };
        let bytes = written(&epoch);
        // Nothing is known, another metric is, and so is this one.
        let others = [(metric_number + 1, metric(&near))];
        let own = [others[0].clone(), (metric_number, Arc::clone(&epoch.metric))];
        for known in [&[], &others[..], &own[..]] {
            let read = Epoch::decode(&CITY, &bytes, known).expect("it was just written");
            prop_assert_eq!((read.number, read.metric_number), (number, metric_number));
            prop_assert_eq!(&read.quantiles, &epoch.quantiles);
            prop_assert_eq!(&read.metric, &epoch.metric);
            prop_assert_eq!(durations(&read.metric), durations(&epoch.metric));
            prop_assert_eq!(Arc::ptr_eq(&read.metric, &epoch.metric), known.len() == 2);
        }
        let harmed = harmed(&bytes, &harms);
        if let Ok(read) = Epoch::decode(&CITY, &harmed, &others) {
            prop_assert_eq!(written(&read), harmed);
        }
    }
}

#[test]
fn a_metric_that_is_known_and_has_other_travel_times_is_refused() {
    let epoch = Epoch { number: 9, metric: metric(&[(3, 2)]), metric_number: 1, quantiles: quantiles(1) };
    let known = [(1, metric(&[(4, 2)]))];
    let error = Epoch::decode(&CITY, &written(&epoch), &known).expect_err("they differ");
    assert!(error.to_string().starts_with("epoch number 9: a travel time"), "{error}");
}
