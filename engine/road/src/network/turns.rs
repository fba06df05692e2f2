use std::sync::Arc;

use super::graph::Network;
use crate::cch::{Graph, Hierarchy};
use crate::id::EdgeId;
use crate::unit::{INFINITY, Weight};

/// What routing with turns is prepared from: the hierarchy of a graph whose nodes are the edges of a network, and whose
/// arcs are the turns that are allowed. An arc stands for the turn and the edge that it leads into.
#[derive(Debug)]
pub(crate) struct TurnHierarchy {
    pub(crate) hierarchy: Arc<Hierarchy>,
    /// Per arc: what the turn costs.
    pub(crate) cost: Vec<Weight>,
    /// Per arc: the edge that it leads into.
    pub(crate) into: Vec<EdgeId>,
    /// Where the arcs into each edge begin; length edges + 1.
    first: Vec<u32>,
}

impl TurnHierarchy {
    fn new(network: &Network) -> Self {
        let (mut arcs, mut cost, mut into) = (Vec::new(), Vec::new(), Vec::new());
        let mut first = vec![0];
        for edge in network.edges() {
            for (from, turn) in network.predecessors(edge) {
                arcs.push((from.0, edge.0));
                cost.push(turn);
                into.push(edge);
            }
            first.push(arcs.len() as u32);
        }
        let graph = Graph::new(network.edge_count() as u32, arcs).expect("turns are between edges");
        // An order from a file is one of all edges, but may be so bad a one that nothing can be made of it.
        let given = network.edge_order().and_then(|order| Hierarchy::new(&graph, order).ok());
        let hierarchy = given.unwrap_or_else(|| {
            Hierarchy::new(&graph, &network.compute_edge_order()).expect("streets are nothing like a complete graph")
        });
        Self { hierarchy: Arc::new(hierarchy), cost, into, first }
    }

    /// The arcs into an edge.
    #[inline]
    pub(crate) fn arcs_into(&self, edge: EdgeId) -> std::ops::Range<u32> {
        self.first[edge.index()]..self.first[edge.index() + 1]
    }

    /// What an arc into an edge weighs, if the edge weighs `weight`.
    #[inline]
    pub(crate) fn weight(&self, arc: u32, weight: Weight) -> Weight {
        (self.cost[arc as usize] + weight).min(INFINITY)
    }

    /// What all arcs weigh, if the edges weigh `weights`.
    pub(crate) fn weights(&self, weights: &[Weight], into: &mut Vec<Weight>) {
        into.clear();
        into.extend(self.into.iter().zip(&self.cost).map(|(edge, cost)| (cost + weights[edge.index()]).min(INFINITY)));
    }
}

impl Network {
    /// What routing is prepared from; made when it is first asked for.
    pub(crate) fn turns(&self) -> &Arc<TurnHierarchy> {
        self.turns.get_or_init(|| Arc::new(TurnHierarchy::new(self)))
    }

    /// The hierarchy that routing with turns is done by: its nodes are the edges, its arcs the turns.
    ///
    /// Made when it is first asked for, and that from the order of a network file if there is one: otherwise that takes
    /// seconds for a city.
    pub fn turn_hierarchy(&self) -> &Arc<Hierarchy> {
        &self.turns().hierarchy
    }
}
