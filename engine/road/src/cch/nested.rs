//! Orders by nested dissection.

use super::cell::Cell;
use super::cut::Kind;
use super::dissection::Dissection;
use super::graph::Graph;
use super::order::Order;
use crate::geo::Xy;

impl Order {
    /// An order of the nodes by nested dissection, where node `i` is at `places[i]`.
    pub fn of_nodes(graph: &Graph, places: &[Xy]) -> Self {
        nodes_with(graph, places, threads())
    }

    /// An order of the arcs of a graph of junctions by nested dissection.
    pub fn of_arcs(graph: &Graph, places: &[Xy]) -> Self {
        arcs_with(graph, places, threads())
    }
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The pairs of nodes with an arc between them, each with the arcs, those to the lower node first.
fn undirected(graph: &Graph) -> (Vec<(u32, u32)>, Vec<Vec<u32>>) {
    let mut all: Vec<_> = (0_u32..)
        .zip(graph.arcs())
        .filter(|(_, (tail, head))| tail != head)
        .map(|(arc, &(tail, head))| (tail.min(head), tail.max(head), tail < head, arc))
        .collect();
    all.sort_unstable();
    let (mut edges, mut arcs) = (Vec::new(), Vec::new());
    for between in all.chunk_by(|one, other| (one.0, one.1) == (other.0, other.1)) {
        edges.push((between[0].0, between[0].1));
        arcs.push(between.iter().map(|&(.., arc)| arc).collect());
    }
    (edges, arcs)
}

fn nodes_with(graph: &Graph, places: &[Xy], threads: usize) -> Order {
    assert_eq!(places.len(), graph.node_count(), "every node has a place");
    let (edges, _) = undirected(graph);
    let whole = Cell::new(places.to_vec(), &edges);
    Order::new(Dissection::new(Kind::Nodes, threads).order(&whole)).expect("every node is taken out once")
}

fn arcs_with(graph: &Graph, places: &[Xy], threads: usize) -> Order {
    assert_eq!(places.len(), graph.node_count(), "every node has a place");
    let (edges, arcs) = undirected(graph);
    let weight: Vec<u32> = arcs.iter().map(|arcs| arcs.len() as u32).collect();
    let whole = Cell::new(places.to_vec(), &edges);
    let order = Dissection::new(Kind::Edges(&weight), threads).order(&whole);
    let loops = (0..).zip(graph.arcs()).filter(|(_, (tail, head))| tail == head).map(|(arc, _)| arc);
    let all = loops.chain(order.into_iter().flat_map(|edge| arcs[edge as usize].iter().copied())).collect();
    Order::new(all).expect("every edge is cut once")
}

#[cfg(test)]
#[path = "nested_tests.rs"]
mod tests;
