//! What every way to search must do; the reference and what is asked in earnest alike.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::fixture::{Draw, draws, positions, street, world};
use super::{Dijkstra, Metric, Position, Query, Route, Targets, oracle};
use crate::city::SyntheticCity;
use crate::id::EdgeId;
use crate::network::Network;
use crate::unit::{INFINITY, Weight};

/// What is tested.
trait Search {
    fn over(network: &Arc<Network>) -> Self;
    fn duration(&mut self, metric: &Metric, from: &[Position], to: &[Position]) -> Option<Weight>;
    fn route(&mut self, metric: &Metric, from: &[Position], to: &[Position]) -> Option<Route>;
    fn many_to_one(&mut self, at: &Metric, from: &[Position], to: &[Position], limit: Weight, out: &mut Vec<Weight>);
    fn one_to_many(&mut self, at: &Metric, from: &[Position], to: &[Position], limit: Weight, out: &mut Vec<Weight>);
    fn nearest(&mut self, at: &Metric, of: &Targets, to: &[Position], k: usize, limit: Weight) -> Vec<(u32, Weight)>;
}

/// Has all tests run for a type, in a module of that name.
macro_rules! search_tests {
    ($module:ident, $search:ty) => {
        impl Search for $search {
            fn over(network: &Arc<Network>) -> Self {
                <$search>::new(Arc::clone(network))
            }
            fn duration(&mut self, metric: &Metric, from: &[Position], to: &[Position]) -> Option<Weight> {
                <$search>::duration(self, metric, from, to)
            }
            fn route(&mut self, metric: &Metric, from: &[Position], to: &[Position]) -> Option<Route> {
                <$search>::route(self, metric, from, to)
            }
            fn many_to_one(
                &mut self,
                at: &Metric,
                from: &[Position],
                to: &[Position],
                limit: Weight,
                out: &mut Vec<Weight>,
            ) {
                <$search>::many_to_one(self, at, from, to, limit, out);
            }
            fn one_to_many(
                &mut self,
                at: &Metric,
                from: &[Position],
                to: &[Position],
                limit: Weight,
                out: &mut Vec<Weight>,
            ) {
                <$search>::one_to_many(self, at, from, to, limit, out);
            }
            fn nearest(
                &mut self,
                at: &Metric,
                of: &Targets,
                to: &[Position],
                k: usize,
                limit: Weight,
            ) -> Vec<(u32, Weight)> {
                <$search>::nearest(self, at, of, to, k, limit)
            }
        }

        mod $module {
            use super::*;

            proptest! {
                #![proptest_config(ProptestConfig::with_cases(1_500))]

                #[test]
                fn a_duration_is_that_of_the_oracle_and_of_its_route(
                    (network, metric) in world(), from in draws(0..4), to in draws(0..4),
                ) {
                    durations_and_routes::<$search>((&network, &metric), &from, &to)?;
                }

                #[test]
                fn along_a_route_every_millimetre_is_on_it(
                    (network, metric) in world(), from in draws(1..4), to in draws(1..4),
                    shares in prop::collection::vec(0.0..1.2, 9),
                ) {
                    places_along::<$search>((&network, &metric), &from, &to, &shares)?;
                }

                #[test]
                fn many_to_one_and_one_to_many_are_those_of_the_oracle(
                    (network, metric) in world(), many in draws(0..8), one in draws(0..3), limit in limits(),
                ) {
                    times_of_many::<$search>((&network, &metric), &many, &one, limit)?;
                }

                #[test]
                fn the_nearest_are_those_of_the_oracle(
                    (network, metric) in world(), at in draws(0..20), to in draws(0..3),
                    k in 0..7_usize, limit in limits(),
                ) {
                    nearest::<$search>((&network, &metric), &at, &to, k, limit)?;
                }

                #[test]
                fn a_query_that_has_been_used_answers_like_a_new_one(
                    (network, metric) in world(), places in draws(2..12),
                ) {
                    reuse::<$search>((&network, &metric), &places)?;
                }
            }

            #[test]
            fn who_has_just_passed_must_come_back_around() {
                passed::<$search>();
            }

            #[test]
            fn an_edge_that_does_not_exist_reaches_nothing() {
                an_unknown_edge::<$search>();
            }

            #[test]
            fn the_way_through_a_city_is_that_of_one_search_to_many() {
                across_a_city::<$search>();
            }
        }
    };
}

search_tests!(dijkstra, Dijkstra);
search_tests!(query, Query);

fn durations_and_routes<S: Search>(
    (network, metric): (&Arc<Network>, &Metric),
    from: &[Draw],
    to: &[Draw],
) -> TestCaseResult {
    let (from, to) = (positions(network, from), positions(network, to));
    let mut query = S::over(network);
    let expected = oracle::best(network, metric, &from, &to);
    prop_assert_eq!(query.duration(metric, &from, &to), expected);
    let route = query.route(metric, &from, &to);
    prop_assert_eq!(route.as_ref().map(|route| route.duration), expected);
    if let Some(route) = route {
        let (source, target) = (route.source, route.target);
        prop_assert!(from.contains(&source) && to.contains(&target));
        prop_assert_eq!((Some(&source.edge), Some(&target.edge)), (route.edges.first(), route.edges.last()));
        prop_assert!(route.edges.len() > 1 || source.offset_mm <= target.offset_mm);
        let driven = drive(network, metric, &route.edges, source, target);
        prop_assert_eq!(driven, (u64::from(route.duration), route.length_mm));
    }
    Ok(())
}

fn places_along<S: Search>(
    (network, metric): (&Arc<Network>, &Metric),
    from: &[Draw],
    to: &[Draw],
    shares: &[f64],
) -> TestCaseResult {
    let (from, to) = (positions(network, from), positions(network, to));
    let Some(route) = S::over(network).route(metric, &from, &to) else { return Ok(()) };
    let driven =
        shares.iter().map(|share| (share * route.length_mm as f64) as u64).chain([0, route.length_mm, u64::MAX]);
    for driven_mm in driven {
        let place = route.position_at(network, driven_mm);
        let mut before = 0;
        let fits = route.edges.iter().any(|&edge| {
            let here = before + u64::from(place.offset_mm);
            before += u64::from(network.length_mm(edge));
            edge == place.edge && here == driven_mm.min(route.length_mm) + u64::from(route.source.offset_mm)
        });
        prop_assert!(fits, "{:?} is not {} mm along {:?}", place, driven_mm, route);
    }
    prop_assert_eq!(route.position_at(network, u64::MAX), route.target);
    Ok(())
}

fn times_of_many<S: Search>(
    (network, metric): (&Arc<Network>, &Metric),
    many: &[Draw],
    one: &[Draw],
    limit: Weight,
) -> TestCaseResult {
    let (many, one) = (positions(network, many), positions(network, one));
    let mut query = S::over(network);
    let mut out = vec![7];
    query.many_to_one(metric, &many, &one, limit, &mut out);
    let expected = |source: &Position| within(limit, oracle::best(network, metric, &[*source], &one));
    prop_assert_eq!(&out, &many.iter().map(expected).collect::<Vec<_>>());
    query.one_to_many(metric, &one, &many, limit, &mut out);
    let expected = |target: &Position| within(limit, oracle::best(network, metric, &one, &[*target]));
    prop_assert_eq!(&out, &many.iter().map(expected).collect::<Vec<_>>());
    Ok(())
}

fn nearest<S: Search>(
    (network, metric): (&Arc<Network>, &Metric),
    at: &[Draw],
    to: &[Draw],
    k: usize,
    limit: Weight,
) -> TestCaseResult {
    let (at, to) = (positions(network, at), positions(network, to));
    let mut targets = Targets::new(network);
    for (id, &position) in (0..).zip(&at) {
        targets.insert(id, position);
    }
    let mut expected: Vec<_> = (0..)
        .zip(&at)
        .map(|(id, &position)| (id, within(limit, oracle::best(network, metric, &[position], &to))))
        .filter(|&(_, time)| time < INFINITY)
        .collect();
    expected.sort_by_key(|&(id, time)| (time, id));
    expected.truncate(k);
    let mut query = S::over(network);
    prop_assert_eq!(query.nearest(metric, &targets, &to, k, limit), expected);
    Ok(())
}

fn reuse<S: Search>((network, metric): (&Arc<Network>, &Metric), places: &[Draw]) -> TestCaseResult {
    let places = positions(network, places);
    let mut used = S::over(network);
    for pair in places.windows(2) {
        let fresh = S::over(network).route(metric, &pair[..1], &pair[1..]);
        prop_assert_eq!(used.route(metric, &pair[..1], &pair[1..]), fresh);
    }
    Ok(())
}

fn passed<S: Search>() {
    let network = Arc::new(street());
    let metric = Metric::free_flow(&network);
    let at = |offset_mm| [Position { edge: EdgeId(0), offset_mm }];
    let mut query = S::over(&network);
    let whole = metric.weight(EdgeId(0)) + metric.weight(EdgeId(1));
    // At each end of the street is a turn at a dead end, 8 s by default.
    assert_eq!(query.duration(&metric, &at(0), &at(0)), Some(0));
    assert_eq!(query.route(&metric, &at(1), &at(0)).map(|route| route.edges), Some([0, 1, 0].map(EdgeId).to_vec()));
    assert_eq!(query.duration(&metric, &at(1), &at(0)), Some(whole + 16_000));
}

fn an_unknown_edge<S: Search>() {
    let network = Arc::new(street());
    let metric = Metric::free_flow(&network);
    let (here, nowhere) = ([Position { edge: EdgeId(0), offset_mm: 0 }], [Position { edge: EdgeId(7), offset_mm: 0 }]);
    let mut query = S::over(&network);
    assert_eq!(query.route(&metric, &here, &nowhere), None);
    assert_eq!(query.route(&metric, &nowhere, &here), None);
    assert_eq!(query.route(&metric, &nowhere, &nowhere), None);
    let behind = [Position { edge: EdgeId(0), offset_mm: 1 }];
    let around = query.route(&metric, &[nowhere, behind].concat(), &[nowhere, here].concat());
    assert_eq!(around, query.route(&metric, &behind, &here));
    assert!(around.is_some());
    let mut out = Vec::new();
    query.many_to_one(&metric, &[here, nowhere].concat(), &[here, nowhere].concat(), INFINITY, &mut out);
    assert_eq!(out, [0, INFINITY]);
    query.one_to_many(&metric, &[here, nowhere].concat(), &[here, nowhere].concat(), INFINITY, &mut out);
    assert_eq!(out, [0, INFINITY]);
    let mut targets = Targets::new(&network);
    targets.insert(3, here[0]);
    assert_eq!(query.nearest(&metric, &targets, &[nowhere, here].concat(), 2, INFINITY), [(3, 0)]);
}

/// Across a whole city, where a way from place to place is long: one search to many finds it no sooner.
fn across_a_city<S: Search>() {
    let network = Arc::new(SyntheticCity { nodes: 2_000, ..SyntheticCity::default() }.build());
    let mut query = S::over(&network);
    let edges = network.edge_count() as u32;
    let place = |nth: u32| Position { edge: EdgeId(nth.wrapping_mul(2_654_435_761) % edges), offset_mm: nth % 40_000 };
    for slow in 0..3_u32 {
        let jam = |(edge, &weight): (u32, &Weight)| weight * (10 + edge.wrapping_mul(slow * 7_919) % 13 * slow) / 10;
        let weights = (0..).zip(network.free_flow_weights()).map(jam).collect();
        let metric = Metric::new(&network, weights).expect("weights within bounds");
        let to: Vec<Position> = (0..60).map(|nth| place(nth * 31 + slow)).collect();
        let mut out = Vec::new();
        for nth in 0..12 {
            let from = [place(nth * 977 + 5), place(nth * 613 + 2)];
            query.one_to_many(&metric, &from, &to, INFINITY, &mut out);
            for (&target, &time) in to.iter().zip(&out) {
                assert!(time < INFINITY);
                assert_eq!(query.duration(&metric, &from, &[target]), Some(time));
            }
        }
    }
}

/// Drives a route edge by edge and returns what it takes from the best fitting pair of its ends.
fn drive(network: &Network, metric: &Metric, edges: &[EdgeId], from: Position, to: Position) -> (u64, u64) {
    let time = |edge| u64::from(metric.weight(edge));
    let mut duration = u64::from(metric.elapsed(network, to)) + time(edges[0]);
    duration -= u64::from(metric.elapsed(network, from));
    for pair in edges.windows(2) {
        duration += u64::from(network.turn_cost(pair[0], pair[1]));
    }
    let inner = if edges.len() > 2 { &edges[1..edges.len() - 1] } else { &[] };
    duration += inner.iter().map(|&edge| time(edge)).sum::<u64>();
    let mut length: u64 = inner.iter().map(|&edge| u64::from(network.length_mm(edge))).sum();
    length += u64::from(network.length_mm(edges[0])) + u64::from(to.offset_mm);
    length -= u64::from(from.offset_mm);
    if edges.len() == 1 {
        duration -= time(edges[0]);
        length -= u64::from(network.length_mm(edges[0]));
    }
    (duration, length)
}

fn within(limit: Weight, time: Option<Weight>) -> Weight {
    time.filter(|&time| time <= limit).unwrap_or(INFINITY)
}

fn limits() -> impl Strategy<Value = Weight> {
    prop_oneof![2 => Just(INFINITY), 2 => 0..120_000_u32, 1 => Just(0)]
}
