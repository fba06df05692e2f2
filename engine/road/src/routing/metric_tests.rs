use proptest::prelude::*;

use super::fixture::{street, world};
use super::{Metric, MetricError};
use crate::id::EdgeId;
use crate::unit::{INFINITY, Weight};

proptest! {
    #[test]
    fn a_changed_metric_is_that_of_the_changed_weights(
        (network, metric) in world(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), prop_oneof![1..=INFINITY, Just(INFINITY)]), 0..9),
    ) {
        let edge = |at: prop::sample::Index| EdgeId(at.index(network.edge_count()) as u32);
        let changes: Vec<(EdgeId, Weight)> = changes.into_iter().map(|(at, weight)| (edge(at), weight)).collect();
        let mut weights = metric.weights().to_vec();
        changes.iter().for_each(|&(edge, weight)| weights[edge.index()] = weight);
        prop_assert_eq!(metric.with_changes(&changes), Metric::new(&network, weights));
    }
}

#[test]
fn weights_out_of_bounds_are_named() {
    let network = street();
    assert_eq!(Metric::new(&network, vec![1]), Err(MetricError::Length { found: 1, expected: 2 }));
    for weight in [0, INFINITY + 1, u32::MAX] {
        let error = Metric::new(&network, vec![5, weight]);
        assert_eq!(error, Err(MetricError::Weight { edge: EdgeId(1), weight }));
    }
    assert!(Metric::new(&network, vec![1, INFINITY]).is_ok());
}

#[test]
fn a_change_out_of_bounds_is_named() {
    let metric = Metric::free_flow(&street());
    for weight in [0, INFINITY + 1, u32::MAX] {
        let error = metric.with_changes(&[(EdgeId(0), 5), (EdgeId(1), weight)]);
        assert_eq!(error, Err(MetricError::Weight { edge: EdgeId(1), weight }));
    }
    assert_eq!(metric.with_changes(&[]), Ok(metric));
}
