//! Networks that are hardly any, travel times out of bounds, places that do not exist: an error that names it, or the
//! right answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use etaflow_road::{
    BuilderNode, Coord, Dijkstra, EdgeId, INFINITY, Metric, MetricError, Network, NetworkBuilder, NewEdge, Position,
    Query, RoadClass, Targets, TurnModel, Weight,
};

/// Nodes 1, 2, 3, ... in a row, a hundred metres apart, and the streets and one-way edges between them.
fn network(nodes: i64, streets: &[(i64, i64)], one_way: &[(i64, i64)]) -> Arc<Network> {
    let mut builder = NetworkBuilder::new();
    let place = |key: i64| Coord::from_e7(411_000_000, -86_000_000 + key as i32 * 10_000).expect("on the globe");
    let nodes: Vec<BuilderNode> = (1..=nodes).map(|key| builder.node(key, place(key))).collect();
    let edge = |(tail, head): (i64, i64)| {
        let straight =
            NewEdge::straight(nodes[tail as usize - 1], nodes[head as usize - 1], RoadClass::Residential, 10.0);
        NewEdge { length_m: Some(100.0), ..straight }
    };
    for &ends in streets {
        builder.street(edge(ends), "");
    }
    for &ends in one_way {
        builder.edge(edge(ends), "");
    }
    Arc::new(builder.build(&TurnModel::default()).expect("has edges"))
}

/// On the edge from one node to another, of several the first.
fn on(network: &Network, from: i64, to: i64, offset_mm: u32) -> Position {
    Position { edge: network.edges_between(from, to)[0], offset_mm }
}

/// Asks in every way from one place to another, which all must say the same, and returns it.
fn ask(network: &Arc<Network>, metric: &Metric, from: &[Position], to: &[Position]) -> Option<Weight> {
    let (mut query, mut dijkstra) = (Query::new(Arc::clone(network)), Dijkstra::new(Arc::clone(network)));
    let duration = dijkstra.duration(metric, from, to);
    assert_eq!(query.duration(metric, from, to), duration, "from {from:?} to {to:?}");
    let route = query.route(metric, from, to);
    assert_eq!(route.as_ref().map(|route| route.duration), duration, "from {from:?} to {to:?}");
    if let Some(route) = route {
        assert_eq!(super::route::fault(network, metric, &route, from, to), None, "{route:?}");
    }
    let (mut times, mut expected) = (vec![7], vec![9]);
    query.one_to_many(metric, from, to, INFINITY, &mut times);
    dijkstra.one_to_many(metric, from, to, INFINITY, &mut expected);
    assert_eq!(times, expected, "from {from:?} to {to:?}");
    assert_eq!(times.iter().copied().min().filter(|&time| time < INFINITY), duration);
    query.many_to_one(metric, from, to, INFINITY, &mut times);
    dijkstra.many_to_one(metric, from, to, INFINITY, &mut expected);
    assert_eq!(times, expected, "from {from:?} to {to:?}");
    assert_eq!(times.iter().copied().min().filter(|&time| time < INFINITY), duration);
    let mut targets = Targets::new(network);
    for (id, &position) in (0..).zip(from) {
        if position.edge.index() < network.edge_count() {
            targets.insert(id, position);
        }
    }
    let nearest = query.nearest(metric, &targets, to, 1, INFINITY);
    assert_eq!(nearest.first().map(|&(_, time)| time), duration, "from {from:?} to {to:?}");
    duration
}

#[test]
fn weights_out_of_bounds_are_named_and_change_nothing() {
    let network = network(3, &[(1, 2), (2, 3)], &[]);
    let check = |weights: Vec<Weight>, expected: &str| {
        let error = Metric::new(&network, weights).expect_err(expected).to_string();
        assert_eq!(error, expected);
    };
    check(vec![], "0 weights for 4 edges");
    check(vec![1; 3], "3 weights for 4 edges");
    check(vec![1; 5], "5 weights for 4 edges");
    check(vec![1, 2, 0, 4], "the weight of edge 2 is 0 ms, not within 1..=2147483647");
    check(vec![1, 2, 3, INFINITY + 1], "the weight of edge 3 is 2147483648 ms, not within 1..=2147483647");
    check(vec![u32::MAX; 4], "the weight of edge 0 is 4294967295 ms, not within 1..=2147483647");
    let metric = Metric::free_flow(&network);
    for weight in [0, INFINITY + 1, u32::MAX] {
        let edge = EdgeId(1);
        let changed = metric.with_changes(&[(EdgeId(0), 5), (edge, weight), (EdgeId(0), 6)]);
        assert_eq!(changed.expect_err("is out of bounds"), MetricError::Weight { edge, weight });
    }
    assert_eq!(metric.weights(), network.free_flow_weights());
    let unknown = metric.with_changes(&[(EdgeId(4), 5)]).expect_err("there is no edge 4");
    assert_eq!(unknown.to_string(), "there is no edge 4, but 4 from 0 on");
}

#[test]
fn a_sum_that_overflows_is_no_way() {
    let network = network(4, &[(1, 2), (2, 3), (3, 4)], &[]);
    let at = |from, to, offset_mm| [on(&network, from, to, offset_mm)];
    let weights = |weight: Weight| Metric::new(&network, vec![weight; 6]).expect("weights within bounds");
    let metric = weights(INFINITY - 1);
    assert_eq!(ask(&network, &metric, &at(1, 2, 0), &at(1, 2, 100_000)), Some(INFINITY - 1));
    assert_eq!(ask(&network, &metric, &at(1, 2, 0), &at(2, 3, 0)), Some(INFINITY - 1));
    assert_eq!(ask(&network, &metric, &at(1, 2, 0), &at(2, 3, 100_000)), None);
    assert_eq!(ask(&network, &metric, &at(1, 2, 0), &at(3, 4, 0)), None);
    let metric = weights(INFINITY / 2);
    assert_eq!(ask(&network, &metric, &at(1, 2, 0), &at(3, 4, 0)), Some(INFINITY - 1));
    assert_eq!(ask(&network, &metric, &at(1, 2, 0), &at(3, 4, 1)), None);
    let metric = weights(INFINITY);
    assert_eq!(ask(&network, &metric, &at(1, 2, 0), &at(1, 2, 0)), None);
    assert_eq!(ask(&network, &metric, &at(1, 2, 0), &at(2, 3, 0)), None);
}

#[test]
fn a_node_without_edges_is_in_nobodys_way() {
    let network = network(9, &[(2, 5)], &[(5, 8)]);
    assert_eq!(network.node_count(), 9);
    let metric = Metric::free_flow(&network);
    let at = |from, to| [on(&network, from, to, 0)];
    assert_eq!(ask(&network, &metric, &at(2, 5), &at(5, 8)), Some(metric.weight(at(2, 5)[0].edge)));
    assert_eq!(ask(&network, &metric, &at(5, 8), &at(2, 5)), None);
}

#[test]
fn of_parallel_edges_the_faster_is_driven() {
    let network = network(4, &[(1, 2), (3, 4)], &[(2, 3), (2, 3), (2, 3)]);
    let between = network.edges_between(2, 3);
    assert_eq!(between.len(), 3);
    let (from, to) = ([on(&network, 1, 2, 0)], [on(&network, 3, 4, 0)]);
    let free = Metric::free_flow(&network);
    for fast in 0..3 {
        let change = |nth: usize| (between[nth], if nth == fast { 100 } else { 200 });
        let metric = free.with_changes(&[change(0), change(1), change(2)]).expect("weights within bounds");
        assert_eq!(ask(&network, &metric, &from, &to), Some(metric.weight(from[0].edge) + 100));
        let route = Query::new(Arc::clone(&network)).route(&metric, &from, &to).expect("there is a way");
        assert_eq!(route.edges, [from[0].edge, between[fast], to[0].edge]);
        let metric = metric.with_changes(&[(between[fast], INFINITY)]).expect("weights within bounds");
        assert_eq!(ask(&network, &metric, &from, &to), Some(metric.weight(from[0].edge) + 200));
    }
}

#[test]
fn a_loop_is_driven_by_who_is_on_it_alone() {
    let network = network(3, &[(1, 2), (2, 3)], &[(2, 2), (2, 2)]);
    let metric = Metric::free_flow(&network);
    let at = |from, to, offset_mm| [on(&network, from, to, offset_mm)];
    let past = ask(&network, &metric, &at(1, 2, 0), &at(2, 3, 0)).expect("the street leads there");
    let turn = network.turn_cost(at(1, 2, 0)[0].edge, at(2, 3, 0)[0].edge);
    assert_eq!(past, metric.weight(at(1, 2, 0)[0].edge) + turn);
    let onto = ask(&network, &metric, &at(1, 2, 0), &at(2, 2, 50_000));
    let off = ask(&network, &metric, &at(2, 2, 50_000), &at(2, 3, 0));
    let around = ask(&network, &metric, &at(2, 2, 50_000), &at(2, 2, 49_999));
    assert!(onto.is_some() && off.is_some() && around.is_some());
}

#[test]
fn who_is_at_a_dead_end_turns_or_stays() {
    let network = network(4, &[(1, 2), (2, 3)], &[(3, 4)]);
    let metric = Metric::free_flow(&network);
    let at = |from, to, offset_mm| [on(&network, from, to, offset_mm)];
    let (there, back) = (at(2, 1, 0), at(1, 2, 0));
    let turn = TurnModel::default().dead_end_ms;
    assert_eq!(ask(&network, &metric, &there, &back), Some(metric.weight(there[0].edge) + turn));
    // The one-way edge ends where nothing leads on.
    assert_eq!(ask(&network, &metric, &at(3, 4, 1), &at(3, 4, 0)), None);
    assert_eq!(ask(&network, &metric, &at(3, 4, 0), &at(3, 4, 1)), Some(metric.elapsed(&network, at(3, 4, 1)[0])));
    assert_eq!(ask(&network, &metric, &at(3, 4, 0), &at(1, 2, 0)), None);
}

#[test]
fn from_one_component_there_is_no_way_to_another() {
    let network = network(6, &[(1, 2), (2, 3), (4, 5), (5, 6)], &[]);
    let metric = Metric::free_flow(&network);
    let at = |from, to| on(&network, from, to, 0);
    assert_eq!(ask(&network, &metric, &[at(1, 2)], &[at(4, 5)]), None);
    assert_eq!(ask(&network, &metric, &[at(5, 6)], &[at(3, 2)]), None);
    let within = ask(&network, &metric, &[at(4, 5)], &[at(5, 6)]);
    assert!(within.is_some());
    assert_eq!(ask(&network, &metric, &[at(1, 2), at(4, 5)], &[at(5, 6)]), within);
    assert_eq!(ask(&network, &metric, &[at(4, 5)], &[at(3, 2), at(5, 6)]), within);
}

#[test]
fn a_place_that_does_not_exist_is_reached_by_nobody() {
    let network = network(3, &[(1, 2), (2, 3)], &[]);
    let metric = Metric::free_flow(&network);
    let (from, to) = (on(&network, 1, 2, 1), on(&network, 2, 3, 5));
    let way = ask(&network, &metric, &[from], &[to]);
    assert!(way.is_some());
    for edge in [EdgeId(4), EdgeId(u32::MAX)] {
        let nowhere = Position { edge, offset_mm: 0 };
        assert_eq!(ask(&network, &metric, &[nowhere], &[to]), None);
        assert_eq!(ask(&network, &metric, &[from], &[nowhere]), None);
        assert_eq!(ask(&network, &metric, &[nowhere], &[nowhere]), None);
        assert_eq!(ask(&network, &metric, &[nowhere, from, nowhere], &[nowhere, to]), way);
    }
    let mut targets = Targets::new(&network);
    let nowhere = Position { edge: EdgeId(4), offset_mm: 0 };
    assert!(catch_unwind(AssertUnwindSafe(|| targets.insert(1, nowhere))).is_err(), "there is no edge 4");
    assert!(targets.is_empty());
    // What is past the end of an edge is at its end.
    let (end, past) = (on(&network, 2, 3, 100_000), on(&network, 2, 3, u32::MAX));
    assert_eq!(ask(&network, &metric, &[from], &[end]), ask(&network, &metric, &[from], &[past]));
    assert_eq!(ask(&network, &metric, &[past], &[end]), Some(0));
    assert_eq!(ask(&network, &metric, &[end], &[past]), Some(0));
}

#[test]
fn nothing_asked_for_is_nothing_found() {
    let network = network(3, &[(1, 2), (2, 3)], &[]);
    let metric = Metric::free_flow(&network);
    let (here, there) = (on(&network, 1, 2, 0), on(&network, 2, 3, 0));
    assert_eq!(Query::new(Arc::clone(&network)).duration(&metric, &[], &[]), None);
    let mut query = Query::new(Arc::clone(&network));
    for (from, to) in [(&[][..], &[there][..]), (&[here], &[]), (&[], &[])] {
        assert_eq!(query.duration(&metric, from, to), None);
        assert_eq!(query.route(&metric, from, to), None);
        let mut times = vec![7];
        query.one_to_many(&metric, from, to, INFINITY, &mut times);
        assert_eq!(times, vec![INFINITY; to.len()]);
        query.many_to_one(&metric, from, to, INFINITY, &mut times);
        assert_eq!(times, vec![INFINITY; from.len()]);
    }
    let mut targets = Targets::new(&network);
    assert_eq!(query.nearest(&metric, &targets, &[there], 3, INFINITY), []);
    targets.insert(5, here);
    targets.insert(2, there);
    assert_eq!(query.nearest(&metric, &targets, &[], 3, INFINITY), []);
    assert_eq!(query.nearest(&metric, &targets, &[there], 0, INFINITY), []);
    assert_eq!(query.nearest(&metric, &targets, &[there], 3, 0), [(2, 0)]);
    assert_eq!(query.nearest(&metric, &targets, &[there], usize::MAX, u32::MAX).len(), 2);
    let mut times = Vec::new();
    query.one_to_many(&metric, &[here], &[here, there], 0, &mut times);
    assert_eq!(times, [0, INFINITY]);
    query.many_to_one(&metric, &[here, there], &[there], 0, &mut times);
    assert_eq!(times, [INFINITY, 0]);
}

#[test]
fn a_metric_or_targets_of_another_network_are_refused() {
    let (network, other) = (network(3, &[(1, 2), (2, 3)], &[]), network(2, &[(1, 2)], &[]));
    let (metric, foreign) = (Metric::free_flow(&network), Metric::free_flow(&other));
    let at = [on(&network, 1, 2, 0)];
    let targets = Targets::new(&network);
    let refused = |what: &str, ask: &dyn Fn(&mut Query) -> bool| {
        let mut query = Query::new(Arc::clone(&network));
        let panic = catch_unwind(AssertUnwindSafe(|| ask(&mut query))).expect_err(what);
        // It is a text of one kind or the other, as there is something to fill in or not.
        let said = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        let said = said.unwrap_or_default();
        assert!(said.contains("of another "), "{what}: {said:?}");
    };
    refused("duration", &|query| query.duration(&foreign, &at, &at).is_some());
    refused("route", &|query| query.route(&foreign, &at, &at).is_some());
    refused("one to many", &|query| {
        query.one_to_many(&foreign, &at, &at, INFINITY, &mut Vec::new());
        true
    });
    refused("many to one", &|query| {
        query.many_to_one(&foreign, &at, &at, INFINITY, &mut Vec::new());
        true
    });
    refused("nearest", &|query| query.nearest(&foreign, &targets, &at, 1, INFINITY).is_empty());
    refused("nearest", &|query| query.nearest(&metric, &Targets::new(&other), &at, 1, INFINITY).is_empty());
}

/// The network with the fewest edges there can be.
#[test]
fn a_single_edge_is_a_network() {
    for ends in [(1, 2), (1, 1)] {
        let network = network(2, &[], &[ends]);
        let metric = Metric::free_flow(&network);
        let at = |offset_mm| [Position { edge: EdgeId(0), offset_mm }];
        let whole = metric.weight(EdgeId(0));
        assert_eq!(ask(&network, &metric, &at(0), &at(100_000)), Some(whole));
        let around = ask(&network, &metric, &at(50_000), &at(49_000));
        assert_eq!(around.is_some(), ends.0 == ends.1, "{ends:?}: {around:?}");
    }
}
