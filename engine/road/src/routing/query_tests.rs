use std::sync::Arc;

use proptest::prelude::*;

use super::{Metric, MetricError, Position, Query, Targets, oracle};
use crate::city::SyntheticCity;
use crate::geo::Coord;
use crate::id::EdgeId;
use crate::network::{BuilderEdge, Network, NetworkBuilder, NewEdge, RoadClass, TurnModel};
use crate::unit::{INFINITY, Weight};

/// A network with everything that may go wrong: one-way streets, parallel edges, loops, lone nodes, forbidden turns,
/// lengths that are shorter than the crow flies, closed edges.
fn world() -> impl Strategy<Value = (Arc<Network>, Metric)> {
    let street = (0..9_usize, 0..9_usize, any::<bool>(), prop::option::of(1.0..900.0));
    let streets = prop::collection::vec(street, 1..22);
    let places = prop::collection::vec((0..300_i32, 0..300_i32), 9);
    let forbidden = prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..12);
    let network = (places, streets, forbidden).prop_map(|(places, streets, forbidden)| {
        let mut builder = NetworkBuilder::new();
        let place = |(lat, lon)| Coord::from_e7(411_000_000 + lat * 100, -86_000_000 + lon * 100).expect("in range");
        let nodes: Vec<_> = (0..).zip(places).map(|(key, at)| builder.node(key, place(at))).collect();
        let mut edges: Vec<BuilderEdge> = Vec::new();
        for (tail, head, one_way, length_m) in streets {
            let straight = NewEdge::straight(nodes[tail], nodes[head], RoadClass::Residential, 10.0);
            let edge = NewEdge { length_m, ..straight };
            if one_way {
                edges.push(builder.edge(edge, ""));
            } else {
                let (there, back) = builder.street(edge, "");
                edges.extend([there, back]);
            }
        }
        for (from, to) in forbidden {
            builder.forbid(edges[from.index(edges.len())], edges[to.index(edges.len())]);
        }
        Arc::new(builder.build(&TurnModel::default()).expect("has edges"))
    });
    network.prop_flat_map(|network| {
        let weights = prop_oneof![any_weights(network.edge_count()), crow_weights(&network)];
        (Just(network), weights).prop_map(|(network, weights)| {
            let metric = Metric::new(&network, weights).expect("weights within bounds");
            (network, metric)
        })
    })
}

/// Weights that have nothing to do with distances.
fn any_weights(edges: usize) -> impl Strategy<Value = Vec<Weight>> + use<> {
    let huge = INFINITY / 3..INFINITY;
    let weight = prop_oneof![20 => 1..60_000_u32, 4 => 1..5_u32, 2 => Just(INFINITY), 1 => huge];
    prop::collection::vec(weight, edges)
}

/// Weights that are hardly more than the crow needs at one speed and outweigh the turns, where a lower bound is tight and must not be above.
fn crow_weights(network: &Network) -> impl Strategy<Value = Vec<Weight>> + use<> {
    let ends = |edge| network.coord(network.tail(edge)).distance(network.coord(network.head(edge))).0;
    let crow: Vec<f64> = network.edges().map(ends).collect();
    let detours = prop::collection::vec(prop_oneof![8 => 1e4..1.2e4, 1 => Just(f64::INFINITY)], crow.len());
    detours.prop_map(move |detours| {
        let weights = crow.iter().zip(detours).map(|(crow, detour)| (crow * detour) as Weight);
        weights.map(|weight| weight.clamp(1, INFINITY)).collect()
    })
}

type Draw = (prop::sample::Index, u32);

fn draws(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Draw>> {
    let offset = prop_oneof![4 => 0..200_000_u32, 1 => Just(0), 1 => Just(u32::MAX)];
    prop::collection::vec((any::<prop::sample::Index>(), offset), count)
}

fn positions(network: &Network, draws: &[Draw]) -> Vec<Position> {
    let position = |(at, offset_mm): &Draw| {
        let edge = EdgeId(at.index(network.edge_count()) as u32);
        Position { edge, offset_mm: (*offset_mm).min(network.length_mm(edge)) }
    };
    draws.iter().map(position).collect()
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn a_duration_is_that_of_the_oracle_and_of_its_route(
        (network, metric) in world(), from in draws(0..4), to in draws(0..4),
    ) {
        let (from, to) = (positions(&network, &from), positions(&network, &to));
        let mut query = Query::new(Arc::clone(&network));
        let expected = oracle::best(&network, &metric, &from, &to);
        prop_assert_eq!(query.duration(&metric, &from, &to), expected);
        let route = query.route(&metric, &from, &to);
        prop_assert_eq!(route.as_ref().map(|route| route.duration), expected);
        if let Some(route) = route {
            let (source, target) = (route.source, route.target);
            prop_assert!(from.contains(&source) && to.contains(&target));
            prop_assert_eq!((Some(&source.edge), Some(&target.edge)), (route.edges.first(), route.edges.last()));
            prop_assert!(route.edges.len() > 1 || source.offset_mm <= target.offset_mm);
            let driven = drive(&network, &metric, &route.edges, source, target);
            prop_assert_eq!(driven, (u64::from(route.duration), route.length_mm));
        }
    }

    #[test]
    fn along_a_route_every_millimetre_is_on_it(
        (network, metric) in world(), from in draws(1..4), to in draws(1..4), shares in prop::collection::vec(0.0..1.2, 9),
    ) {
        let (from, to) = (positions(&network, &from), positions(&network, &to));
        let Some(route) = Query::new(Arc::clone(&network)).route(&metric, &from, &to) else { return Ok(()) };
        let driven = shares.iter().map(|share| (share * route.length_mm as f64) as u64).chain([0, route.length_mm, u64::MAX]);
        for driven_mm in driven {
            let place = route.position_at(&network, driven_mm);
            let mut before = 0;
            let fits = route.edges.iter().any(|&edge| {
                let here = before + u64::from(place.offset_mm);
                before += u64::from(network.length_mm(edge));
                edge == place.edge && here == driven_mm.min(route.length_mm) + u64::from(route.source.offset_mm)
            });
            prop_assert!(fits, "{:?} is not {} mm along {:?}", place, driven_mm, route);
        }
        prop_assert_eq!(route.position_at(&network, u64::MAX), route.target);
    }

    #[test]
    fn many_to_one_and_one_to_many_are_those_of_the_oracle(
        (network, metric) in world(), many in draws(0..8), one in draws(0..3), limit in limits(),
    ) {
        let (many, one) = (positions(&network, &many), positions(&network, &one));
        let mut query = Query::new(Arc::clone(&network));
        let mut out = vec![7];
        query.many_to_one(&metric, &many, &one, limit, &mut out);
        let expected = |source: &Position| within(limit, oracle::best(&network, &metric, &[*source], &one));
        prop_assert_eq!(&out, &many.iter().map(expected).collect::<Vec<_>>());
        query.one_to_many(&metric, &one, &many, limit, &mut out);
        let expected = |target: &Position| within(limit, oracle::best(&network, &metric, &one, &[*target]));
        prop_assert_eq!(&out, &many.iter().map(expected).collect::<Vec<_>>());
    }

    #[test]
    fn the_nearest_are_those_of_the_oracle(
        (network, metric) in world(), at in draws(0..20), to in draws(0..3), k in 0..7_usize, limit in limits(),
    ) {
        let (at, to) = (positions(&network, &at), positions(&network, &to));
        let mut targets = Targets::new(&network);
        for (id, &position) in (0..).zip(&at) {
            targets.insert(id, position);
        }
        let mut expected: Vec<_> = (0..)
            .zip(&at)
            .map(|(id, &position)| (id, within(limit, oracle::best(&network, &metric, &[position], &to))))
            .filter(|&(_, time)| time < INFINITY)
            .collect();
        expected.sort_by_key(|&(id, time)| (time, id));
        expected.truncate(k);
        let mut query = Query::new(Arc::clone(&network));
        prop_assert_eq!(query.nearest(&metric, &targets, &to, k, limit), expected);
    }

    #[test]
    fn a_query_that_has_been_used_answers_like_a_new_one(
        (network, metric) in world(), places in draws(2..12),
    ) {
        let places = positions(&network, &places);
        let mut used = Query::new(Arc::clone(&network));
        for pair in places.windows(2) {
            let fresh = Query::new(Arc::clone(&network)).route(&metric, &pair[..1], &pair[1..]);
            prop_assert_eq!(used.route(&metric, &pair[..1], &pair[1..]), fresh);
        }
    }

    #[test]
    fn targets_are_where_a_map_says(steps in prop::collection::vec((0..8_u32, any::<bool>(), 0..2_u32, 0..9_u32), 0..60)) {
        let network = street();
        let mut targets = Targets::new(&network);
        let mut model = std::collections::BTreeMap::new();
        for (id, stays, edge, offset_mm) in steps {
            let position = Position { edge: EdgeId(edge), offset_mm };
            if stays {
                prop_assert_eq!(targets.insert(id, position), model.insert(id, position));
            } else {
                prop_assert_eq!(targets.remove(id), model.remove(&id));
            }
            prop_assert_eq!(targets.len(), model.len());
            for id in 0..9 {
                prop_assert_eq!(targets.position(id), model.get(&id).copied());
            }
            for edge in network.edges() {
                let mut on_edge = targets.on_edge(edge).to_vec();
                on_edge.sort_unstable();
                let there = model.iter().filter(|(_, at)| at.edge == edge);
                prop_assert_eq!(on_edge, there.map(|(&id, at)| (id, at.offset_mm)).collect::<Vec<_>>());
            }
        }
    }
}

/// One street, open both ways.
fn street() -> Network {
    let mut builder = NetworkBuilder::new();
    let place = |lon| Coord::from_degrees(41.0, lon).expect("in range");
    let (a, b) = (builder.node(1, place(-8.0)), builder.node(2, place(-7.99)));
    builder.street(NewEdge::straight(a, b, RoadClass::Residential, 10.0), "");
    builder.build(&TurnModel::default()).expect("has edges")
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
fn who_has_just_passed_must_come_back_around() {
    let network = Arc::new(street());
    let metric = Metric::free_flow(&network);
    let at = |offset_mm| [Position { edge: EdgeId(0), offset_mm }];
    let mut query = Query::new(Arc::clone(&network));
    let whole = metric.weight(EdgeId(0)) + metric.weight(EdgeId(1));
    // At each end of the street is a turn at a dead end, 8 s by default.
    assert_eq!(query.duration(&metric, &at(0), &at(0)), Some(0));
    assert_eq!(query.route(&metric, &at(1), &at(0)).map(|route| route.edges), Some([0, 1, 0].map(EdgeId).to_vec()));
    assert_eq!(query.duration(&metric, &at(1), &at(0)), Some(whole + 16_000));
}

#[test]
fn an_edge_that_does_not_exist_reaches_nothing() {
    let network = Arc::new(street());
    let metric = Metric::free_flow(&network);
    let (here, nowhere) = ([Position { edge: EdgeId(0), offset_mm: 0 }], [Position { edge: EdgeId(7), offset_mm: 0 }]);
    let mut query = Query::new(Arc::clone(&network));
    assert_eq!(query.route(&metric, &here, &nowhere), None);
    assert_eq!(query.route(&metric, &nowhere, &here), None);
    assert_eq!(query.route(&metric, &nowhere, &nowhere), None);
    let mut out = Vec::new();
    query.many_to_one(&metric, &[here, nowhere].concat(), &[here, nowhere].concat(), INFINITY, &mut out);
    assert_eq!(out, [0, INFINITY]);
    query.one_to_many(&metric, &[here, nowhere].concat(), &[here, nowhere].concat(), INFINITY, &mut out);
    assert_eq!(out, [0, INFINITY]);
    let mut targets = Targets::new(&network);
    targets.insert(3, here[0]);
    assert_eq!(query.nearest(&metric, &targets, &[nowhere, here].concat(), 2, INFINITY), [(3, 0)]);
}

/// Across a whole city, where a search has a direction to go in: as soon as a search that has none.
#[test]
fn the_way_through_a_city_is_that_of_a_search_in_all_directions() {
    let network = Arc::new(SyntheticCity { nodes: 2_000, ..SyntheticCity::default() }.build());
    let mut query = Query::new(Arc::clone(&network));
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
