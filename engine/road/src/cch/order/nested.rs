//! Orders by nested dissection, for nodes and for arcs.

use super::cell::{Cell, NOWHERE};
use super::cut::Kind;
use super::dissection::Dissection;
use super::kernel::Kernel;
use super::links::Links;
use super::permutation::Order;
use crate::cch::graph::Graph;
use crate::geo::Xy;

impl Order {
    /// An order of the nodes of a graph, for a small hierarchy. Node `i` is at `places[i]`, which serves to find cuts:
    /// wrong places, or the same for all, make it worse, and not invalid.
    ///
    /// On as many threads as the machine has. The same graph and places give the same order, whatever their number.
    ///
    /// # Panics
    /// If there are more or fewer places than nodes.
    ///
    /// ```
    /// use etaflow_road::{Graph, Order, Xy};
    ///
    /// // Two rows of four: the shortest cut is across, near the middle.
    /// let arcs = vec![(0, 1), (1, 2), (2, 3), (4, 5), (5, 6), (6, 7), (0, 4), (1, 5), (2, 6), (3, 7)];
    /// let places: Vec<Xy> = (0..8).map(|node| Xy { x: f64::from(node % 4), y: f64::from(node / 4) }).collect();
    /// let order = Order::of_nodes(&Graph::new(8, arcs)?, &places);
    /// assert_eq!(order.len(), 8);
    /// # Ok::<(), etaflow_road::GraphError>(())
    /// ```
    pub fn of_nodes(graph: &Graph, places: &[Xy]) -> Self {
        nodes_with(graph, places, threads())
    }

    /// An order of the arcs of a graph, for a small hierarchy in which they are the nodes, and in which arcs are the
    /// turns from one to the next: so that turns can be forbidden, or cost something.
    ///
    /// The graph of the turns is cut where the graph itself is, through arcs (Buchhold, Wagner, Zeitz and Zuendorf 2020,
    /// "Customizable Contraction Hierarchies with Turn Costs"). Of the arcs of a cut, all of one direction
    /// come before all of the other: below the cut they lead to each other only by way of the other direction, so that
    /// contraction adds about half as many arcs as it would the other way.
    ///
    /// Places, threads and panics are as of [`of_nodes`](Self::of_nodes).
    ///
    /// ```
    /// use etaflow_road::{Graph, Order, Xy};
    ///
    /// let street = Graph::new(3, vec![(0, 1), (1, 0), (1, 2), (2, 1)])?;
    /// let order = Order::of_arcs(&street, &[0.0, 1.0, 2.0].map(|x| Xy { x, y: 0.0 }));
    /// assert_eq!(order.len(), 4);
    /// # Ok::<(), etaflow_road::GraphError>(())
    /// ```
    pub fn of_arcs(graph: &Graph, places: &[Xy]) -> Self {
        arcs_with(graph, places, threads())
    }
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The pairs of nodes with an arc between them, and how many arcs that is.
fn undirected(graph: &Graph) -> (Vec<(u32, u32)>, Vec<u32>) {
    let mut pairs: Vec<_> = graph.arcs().iter().map(|&(tail, head)| (tail.min(head), tail.max(head))).collect();
    pairs.retain(|(one, other)| one != other);
    pairs.sort_unstable();
    pairs.chunk_by(|one, other| one == other).map(|equal| (equal[0], equal.len() as u32)).unzip()
}

fn nodes_with(graph: &Graph, places: &[Xy], threads: usize) -> Order {
    assert_eq!(places.len(), graph.node_count(), "every node has a place");
    let kernel = Kernel::of(graph);
    let (edges, _) = undirected(&kernel.graph);
    let side: Vec<u32> = kernel.gone.iter().map(|&gone| if gone { NOWHERE } else { 0 }).collect();
    let whole = Cell::new(places.to_vec(), kernel.mass, &edges);
    let order = Dissection::new(Kind::Nodes, &Links::new(&kernel.graph), threads).order(&whole, &side);
    Order::new(kernel.nodes.into_iter().chain(order).collect()).expect("every node is taken out once")
}

fn arcs_with(graph: &Graph, places: &[Xy], threads: usize) -> Order {
    assert_eq!(places.len(), graph.node_count(), "every node has a place");
    let kernel = Kernel::of(graph);
    let (edges, weight) = undirected(&kernel.graph);
    let whole = Cell::new(places.to_vec(), kernel.mass, &edges);
    let side = vec![0; whole.len()];
    let order = Dissection::new(Kind::Edges(&weight), &Links::new(&kernel.graph), threads).order(&whole, &side);
    let loops = (0..).zip(graph.arcs()).filter(|(_, (tail, head))| tail == head).map(|(arc, _)| arc);
    let late = order.into_iter().map(|arc| kernel.stands_for[arc as usize]);
    Order::new(loops.chain(kernel.arcs).chain(late).collect()).expect("every edge is cut once")
}

#[cfg(test)]
#[path = "nested_tests.rs"]
mod tests;
