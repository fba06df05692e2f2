use std::sync::Arc;

use super::graph::Network;
use crate::cch::{Graph, Hierarchy};
use crate::id::EdgeId;
use crate::unit::{INFINITY, Weight};

/// What routing with turns is prepared from: the hierarchy of a graph whose nodes are the edges of a network, and whose
/// arcs are the turns that are allowed. An arc stands for the turn and the edge that it leads into. Arcs are numbered by
/// where the hierarchy has them, so that all of them can be weighed in its order.
#[derive(Debug)]
pub(crate) struct TurnHierarchy {
    pub(crate) hierarchy: Arc<Hierarchy>,
    /// Per arc: what the turn costs.
    cost: Vec<Weight>,
    /// Per arc: the edge that it leads into.
    into: Vec<EdgeId>,
    /// Where the arcs into each edge begin in `arc`; length edges + 1.
    first: Vec<u32>,
    /// The arcs into each edge, end to end; the first ones are numbered by place, those from an edge to itself come last.
    arc: Vec<u32>,
}

impl TurnHierarchy {
    fn new(network: &Network) -> Self {
        let (mut arcs, mut turns) = (Vec::new(), Vec::new());
        let mut first = vec![0];
        for edge in network.edges() {
            for (from, cost) in network.predecessors(edge) {
                arcs.push((from.0, edge.0));
                turns.push((cost, edge));
            }
            first.push(arcs.len() as u32);
        }
        let graph = Graph::new(network.edge_count() as u32, arcs).expect("turns are between edges");
        // An order from a file is one of all edges, but may be so bad a one that nothing can be made of it.
        let given = network.edge_order().and_then(|order| Hierarchy::new(&graph, order).ok());
        let mut hierarchy = given.unwrap_or_else(|| {
            Hierarchy::new(&graph, &network.compute_edge_order()).expect("streets are nothing like a complete graph")
        });
        let by_edge = hierarchy.number_by_place();
        let (cost, into) = by_edge.iter().map(|&turn| turns[turn as usize]).unzip();
        let mut arc = vec![0; by_edge.len()];
        for (new, &old) in (0..).zip(&by_edge) {
            arc[old as usize] = new;
        }
        Self { hierarchy: Arc::new(hierarchy), cost, into, first, arc }
    }

    /// The edge that an arc leads into.
    #[inline]
    pub(crate) fn edge_into(&self, arc: u32) -> EdgeId {
        self.into[arc as usize]
    }

    /// The arcs into an edge, and what they weigh if the edge weighs `weight`.
    pub(crate) fn arcs_into(&self, edge: EdgeId, weight: Weight) -> impl Iterator<Item = (u32, Weight)> + '_ {
        let arcs = &self.arc[self.first[edge.index()] as usize..self.first[edge.index() + 1] as usize];
        arcs.iter().map(move |&arc| (arc, (self.cost[arc as usize] + weight).min(INFINITY)))
    }

    /// Writes what the arcs weigh if the edges weigh `weights`, in their order.
    pub(crate) fn write(&self, weights: &[Weight], arcs: &mut [Weight]) {
        debug_assert!(arcs.len() <= self.into.len(), "only turns from an edge to itself have no place");
        for (arc, (edge, cost)) in arcs.iter_mut().zip(self.into.iter().zip(&self.cost)) {
            *arc = (cost + weights[edge.index()]).min(INFINITY);
        }
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
    /// seconds for a city. Who asks meanwhile, waits.
    ///
    /// # Panics
    /// If it cannot be made: with 2^28 turns and shortcuts or more (a continent's, or a city's of whose junctions many
    /// have thousands of streets).
    pub fn turn_hierarchy(&self) -> &Arc<Hierarchy> {
        &self.turns().hierarchy
    }
}
