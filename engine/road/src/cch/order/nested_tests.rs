use proptest::prelude::*;

use super::super::fill::Fill;
use super::*;
use crate::city::SyntheticCity;
use crate::geo::LocalFrame;
use crate::network::Network;

/// Graphs with self-loops, parallel arcs and parts that do not hang together, on few places or many.
fn graphs() -> impl Strategy<Value = (Graph, Vec<Xy>)> {
    let arcs = |nodes: u32| prop::collection::vec((0..nodes, 0..nodes), 0..3 * nodes as usize);
    let places = |nodes: u32, spread: i32| prop::collection::vec((0..=spread, 0..=spread), nodes as usize);
    (1..300_u32, prop::sample::select(vec![0, 3, 1_000])).prop_flat_map(move |(nodes, spread)| {
        (arcs(nodes), places(nodes, spread)).prop_map(move |(arcs, places)| {
            let place = |(x, y): (i32, i32)| Xy { x: f64::from(x), y: f64::from(y) };
            (Graph::new(nodes, arcs).expect("in range"), places.into_iter().map(place).collect())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_node_and_every_arc_has_a_rank((graph, places) in graphs()) {
        // That each is there once is checked where an order is made.
        prop_assert_eq!(nodes_with(&graph, &places, 1).len(), graph.node_count());
        prop_assert_eq!(arcs_with(&graph, &places, 1).len(), graph.arcs().len());
    }
}

#[test]
fn the_smallest_graphs_have_orders() {
    let nothing = Graph::new(0, vec![]).expect("is a graph");
    assert!(Order::of_nodes(&nothing, &[]).is_empty());
    assert!(Order::of_arcs(&nothing, &[]).is_empty());
    let turning = Graph::new(1, vec![(0, 0), (0, 0)]).expect("is a graph");
    assert_eq!(Order::of_nodes(&turning, &[Xy::default()]).nodes(), [0]);
    assert_eq!(Order::of_arcs(&turning, &[Xy::default()]).nodes(), [0, 1]);
}

fn junctions(network: &Network) -> (Graph, Vec<Xy>) {
    let arcs = network.edges().map(|edge| (network.tail(edge).0, network.head(edge).0)).collect();
    let frame = LocalFrame::at(SyntheticCity::default().anchor);
    let places = network.nodes().map(|node| frame.to_xy(network.coord(node))).collect();
    (Graph::new(network.node_count() as u32, arcs).expect("in range"), places)
}

fn turns(network: &Network) -> Vec<(u32, u32)> {
    let from = |edge| network.successors(edge).map(move |(next, _): (crate::id::EdgeId, _)| (edge.0, next.0));
    network.edges().flat_map(from).collect()
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let (graph, places) = junctions(&SyntheticCity { nodes: 5_000, ..SyntheticCity::default() }.build());
    for threads in [2, 3] {
        assert_eq!(nodes_with(&graph, &places, threads), nodes_with(&graph, &places, 1));
        assert_eq!(arcs_with(&graph, &places, threads), arcs_with(&graph, &places, 1));
    }
}

#[test]
fn a_hierarchy_of_a_city_is_small() {
    let network = SyntheticCity { nodes: 5_000, ..SyntheticCity::default() }.build();
    let (graph, places) = junctions(&network);
    let fill = Fill::of(graph.arcs(), Order::of_nodes(&graph, &places).nodes());
    assert!(fill.arcs < 34_500 && fill.triangles < 101_000 && fill.depth < 80, "{fill:?}");
    let fill = Fill::of(&turns(&network), Order::of_arcs(&graph, &places).nodes());
    assert!(fill.arcs < 165_000 && fill.triangles < 700_000 && fill.depth < 165, "{fill:?}");
}

/// The cells are as many as the nodes if each cut takes one off, and a street has ends as far apart as can be.
#[test]
fn a_very_long_street_is_no_trouble() {
    let nodes = 500_000_u32;
    let arcs = (1..nodes).flat_map(|node| [(node - 1, node), (node, node - 1)]).collect();
    let graph = Graph::new(nodes, arcs).expect("in range");
    let places: Vec<Xy> = (0..nodes).map(|node| Xy { x: f64::from(node), y: 0.0 }).collect();
    for places in [places, vec![Xy::default(); nodes as usize]] {
        assert_eq!(Order::of_nodes(&graph, &places).len(), nodes as usize);
        assert_eq!(Order::of_arcs(&graph, &places).len(), graph.arcs().len());
    }
}
