//! What tests of the hierarchy are tried on.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Graph, Hierarchy, Order};
use crate::unit::{INFINITY, Weight};

/// A graph, an order that is no good one, and weights.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) graph: Graph,
    pub(super) order: Order,
    pub(super) weights: Vec<Weight>,
}

/// Any weight, the small ones and those at the bounds more often.
pub(super) fn weight() -> impl Strategy<Value = Weight> + Clone {
    prop_oneof![8 => 0..50_u32, 2 => 0..=INFINITY, 1 => Just(INFINITY), 1 => Just(INFINITY - 1), 1 => Just(0)]
}

pub(super) fn world() -> impl Strategy<Value = World> {
    world_of(weight())
}

/// A world whose weights are drawn from a strategy.
pub(super) fn world_of(weight: impl Strategy<Value = Weight> + Clone) -> impl Strategy<Value = World> {
    (1..30_u32).prop_flat_map(move |nodes| {
        let arcs = prop::collection::vec((0..nodes, 0..nodes), 0..90);
        let order = Just((0..nodes).collect::<Vec<_>>()).prop_shuffle();
        let weight = weight.clone();
        (arcs, order).prop_flat_map(move |(arcs, order)| {
            let graph = Graph::new(nodes, arcs).expect("the arcs are between its nodes");
            let order = Order::new(order).expect("a shuffled order is one");
            prop::collection::vec(weight.clone(), graph.arcs().len()).prop_map(move |weights| World {
                graph: graph.clone(),
                order: order.clone(),
                weights,
            })
        })
    })
}

impl World {
    pub(super) fn hierarchy(&self) -> Arc<Hierarchy> {
        Arc::new(Hierarchy::new(&self.graph, &self.order).expect("a small graph"))
    }

    /// The arcs that some draws name.
    pub(super) fn changes(&self, draws: &[(prop::sample::Index, Weight)]) -> Vec<(u32, Weight)> {
        let arcs = self.graph.arcs().len();
        let change = |(arc, weight): &(prop::sample::Index, Weight)| (arc.index(arcs) as u32, *weight);
        draws.iter().filter(|_| arcs > 0).map(change).collect()
    }
}

/// A street of that many nodes, there and back, and two ways of each arc's weight.
pub(super) fn street(nodes: u32) -> (World, [Vec<Weight>; 2]) {
    let arcs: Vec<_> = (1..nodes).flat_map(|node| [(node - 1, node), (node - 1, node), (node, node - 1)]).collect();
    let weights = [[1, 2, 3], [2, 1, 3]].map(|weights| weights.repeat(nodes as usize - 1));
    let graph = Graph::new(nodes, arcs).expect("arcs are between neighbours");
    let order = Order::new((0..nodes).map(|rank| rank * 7 % nodes).collect()).expect("7 and its length are coprime");
    (World { graph, order, weights: weights[0].clone() }, weights)
}
