//! What is done once a map: the order, the hierarchy, and how large they are.

use std::sync::Arc;

use etaflow_road::{Customized, Hierarchy, Network, Xy};

use super::turns::NO_TURNS;
use super::{RoadGraph, ours, peer_cch};
use crate::comparison::{Row, Unit, timed};

/// Ours and theirs.
type Pair = (f64, f64);

/// Finds our order, with rows that say how it and what follows from it compare.
pub(super) fn prepare(graph: &RoadGraph, network: &Network) -> (Vec<u32>, Vec<Row>) {
    let mut rows = Vec::new();
    let mut row = |operation: &str, peer, unit, (ours, theirs): Pair| {
        rows.push(Row {
            group: "routing",
            operation: operation.into(),
            peer,
            unit,
            ours: Some(ours),
            theirs: Some(theirs),
            speedup: Some(theirs / ours),
        });
    };
    let us = Unit::MicrosecondsPerOperation.name();
    let (order, our_order_us) = timed(|| ours::order(graph));
    let (hierarchy, our_us) = timed(|| ours::hierarchy(graph, &order));
    let (their_order, order_us) = timed(|| peer_cch::order(graph));
    let (theirs, cch_us) = timed(|| peer_cch::hierarchy(graph, &order));
    let in_their_order = ours::hierarchy(graph, &their_order);
    #[cfg(feature = "routingkit")]
    {
        use super::peer_routingkit;
        row(
            "order, ours on all threads",
            peer_routingkit::NAME,
            us,
            (our_order_us, timed(|| peer_routingkit::order(graph)).1),
        );
        row("hierarchy", peer_routingkit::NAME, us, (our_us, timed(|| peer_routingkit::hierarchy(graph, &order)).1));
    }
    row("order, ours on all threads", peer_cch::NAME, us, (our_order_us, order_us));
    row("hierarchy", peer_cch::NAME, us, (our_us, cch_us));
    #[cfg_attr(not(feature = "routingkit"), expect(unused_mut, reason = "one more with RoutingKit"))]
    let mut others =
        vec![("cch's order", in_their_order), ("median cuts", ours::hierarchy(graph, &median_cuts(graph)))];
    #[cfg(feature = "routingkit")]
    others.push(("RoutingKit's order", ours::hierarchy(graph, &super::peer_routingkit::order(graph))));
    for (name, other) in &others {
        let mut of_orders = |operation: &str, unit, of: fn(&Hierarchy) -> f64| {
            row(operation, name, unit, (of(&hierarchy), of(other)));
        };
        of_orders("height of the elimination tree", "nodes", |hierarchy| hierarchy.height() as f64);
        of_orders("arcs of our hierarchy", "arcs", |hierarchy| hierarchy.arc_count() as f64);
        of_orders("triangles of our hierarchy", "triangles", |hierarchy| hierarchy.triangle_count() as f64);
    }
    let (with_turns, turns_us) = timed(|| Arc::clone(network.turn_hierarchy().expect("a network of streets")));
    let mut of_turns = |operation: &str, unit, of: fn(&Hierarchy) -> f64| {
        row(&format!("turns: {operation}"), NO_TURNS, unit, (of(&with_turns), of(&hierarchy)));
    };
    of_turns("height of the elimination tree", "nodes", |hierarchy| hierarchy.height() as f64);
    of_turns("arcs of our hierarchy", "arcs", |hierarchy| hierarchy.arc_count() as f64);
    of_turns("triangles of our hierarchy", "triangles", |hierarchy| hierarchy.triangle_count() as f64);
    of_turns("memory of the hierarchy", "bytes", |hierarchy| hierarchy.bytes() as f64);
    row("turns: order and hierarchy", NO_TURNS, us, (turns_us, our_order_us + our_us));
    let (nodes, arcs) = (graph.node_count() as f64, graph.arc_count() as f64);
    let (our_bytes, their_bytes) = (hierarchy.bytes() as f64, peer_cch::bytes(theirs) as f64);
    row("memory of the hierarchy, per node", peer_cch::NAME, "bytes", (our_bytes / nodes, their_bytes / nodes));
    row("memory of the hierarchy, per arc", peer_cch::NAME, "bytes", (our_bytes / arcs, their_bytes / arcs));
    let customized = customized_bytes(graph, &hierarchy);
    let their_metric = 8.0 * theirs.cch_arc_count() as f64;
    row("memory of a metric, per node", peer_cch::NAME, "bytes", (customized / nodes, their_metric / nodes));
    row("memory of a metric, per arc", peer_cch::NAME, "bytes", (customized / arcs, their_metric / arcs));
    (order, rows)
}

fn customized_bytes(graph: &RoadGraph, hierarchy: &Arc<Hierarchy>) -> f64 {
    let customized = Customized::new(hierarchy, &graph.weight).expect("there is a weight for each arc");
    customized.bytes() as f64
}

/// The order that follows from cutting where half of the nodes are on either side, across the longer extent: those on
/// one side that have a neighbour on the other separate the two.
fn median_cuts(graph: &RoadGraph) -> Vec<u32> {
    let mut neighbours = vec![Vec::new(); graph.node_count()];
    for (&tail, &head) in graph.tail.iter().zip(&graph.head) {
        neighbours[tail as usize].push(head);
        neighbours[head as usize].push(tail);
    }
    let mut side = vec![0_u32; graph.node_count()];
    let mut cells: Vec<Vec<u32>> = vec![(0..graph.node_count() as u32).collect()];
    // From the top down: the order is the other way round.
    let mut order = Vec::with_capacity(graph.node_count());
    for cut in 1.. {
        let Some(mut near) = cells.pop() else { break };
        let along = longer_extent(graph, &near);
        near.sort_by(|&a, &b| along(&graph.place[a as usize]).total_cmp(&along(&graph.place[b as usize])));
        let far = near.split_off(near.len() / 2);
        far.iter().for_each(|&node| side[node as usize] = cut);
        let is_cut = |node: &u32| neighbours[*node as usize].iter().any(|&other| side[other as usize] == cut);
        let (separator, rest): (Vec<u32>, Vec<u32>) = near.into_iter().partition(is_cut);
        order.extend(separator);
        for cell in [rest, far] {
            if cell.len() > 1 {
                cells.push(cell);
            } else {
                order.extend(cell);
            }
        }
    }
    order.reverse();
    order
}

/// The coordinate that nodes differ by most.
fn longer_extent(graph: &RoadGraph, nodes: &[u32]) -> fn(&Xy) -> f64 {
    let extent = |of: fn(&Xy) -> f64| {
        let along = nodes.iter().map(|&node| of(&graph.place[node as usize]));
        along.clone().fold(f64::MIN, f64::max) - along.fold(f64::MAX, f64::min)
    };
    if extent(|place| place.x) > extent(|place| place.y) { |place| place.x } else { |place| place.y }
}
