use std::sync::Arc;

use proptest::prelude::*;

use super::fixture::{draws, positions, street, world};
use super::{Metric, MetricCustomizer, MetricError, Query};
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

    #[test]
    fn routes_depend_on_nothing_but_travel_times(
        (network, metric) in world(), places in draws(2..6),
        steps in prop::collection::vec((0..6_u8, prop::collection::vec((any::<prop::sample::Index>(), 1..4_u32), 0..9)), 0..9),
    ) {
        let places = positions(&network, &places);
        let routes = |query: &mut Query, metric: &Metric| -> Vec<_> {
            let pairs = places.iter().flat_map(|from| places.iter().map(move |to| (from, to)));
            pairs.map(|(from, to)| query.route(metric, &[*from], &[*to])).collect()
        };
        let mut query = Query::new(Arc::clone(&network));
        let mut customizer = MetricCustomizer::new(&network);
        let mut other = Metric::free_flow(&network);
        let mut changed = metric;
        for (what, draws) in steps {
            let edge = |at: &prop::sample::Index| EdgeId(at.index(network.edge_count()) as u32);
            let changes: Vec<_> = draws.iter().map(|(at, weight)| (edge(at), *weight)).collect();
            match what {
                0 => customizer.perfect(&mut changed),
                1 => drop(routes(&mut query, &changed)),
                2 => {
                    other.clone_from(&changed);
                    std::mem::swap(&mut other, &mut changed);
                }
                3 => {
                    let weights = changed.weights().to_vec();
                    customizer.customize(&mut changed, &weights).expect("they were within bounds");
                }
                _ => customizer.change(&mut changed, &changes).expect("they are within bounds"),
            }
        }
        let fresh = Metric::new(&network, changed.weights().to_vec()).expect("they were within bounds");
        let expected = routes(&mut Query::new(Arc::clone(&network)), &fresh);
        prop_assert_eq!(routes(&mut query, &changed), expected);
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

#[test]
fn a_change_of_an_edge_that_does_not_exist_changes_nothing() {
    let network = street();
    let mut metric = Metric::free_flow(&network);
    let mut customizer = MetricCustomizer::new(&network);
    let error = customizer.change(&mut metric, &[(EdgeId(0), 5), (EdgeId(2), 5)]);
    assert_eq!(error, Err(MetricError::Edge { edge: EdgeId(2), edges: 2 }));
    assert_eq!(metric, Metric::free_flow(&network));
}
