use std::sync::Arc;

use super::graph::Network;
use crate::cch::{Graph, Hierarchy, HierarchyError};
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

/// The most turns that a network may have: for each edge, and besides. In cities it is 2.7 for each.
const TURNS_MAX: (usize, usize) = (64, 1_000_000);
/// The most arcs for each edge that an order from a file may lead to, before another one is found. Good ones lead to 7 for
/// cities, and 13 for half a million junctions.
const ARCS_PER_EDGE_MAX: usize = 100;

impl TurnHierarchy {
    fn new(network: &Network) -> Result<Self, HierarchyError> {
        check(network)?;
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
        // An order from a file is one of all edges, but may be so bad a one that it is better to look for another.
        let arcs_max = ARCS_PER_EDGE_MAX * network.edge_count();
        let given = network.edge_order().and_then(|order| Hierarchy::within(&graph, order, arcs_max).ok());
        let mut hierarchy = match given {
            Some(hierarchy) => hierarchy,
            None => Hierarchy::new(&graph, &network.compute_edge_order())?,
        };
        let by_edge = hierarchy.number_by_place();
        let (cost, into) = by_edge.iter().map(|&turn| turns[turn as usize]).unzip();
        let mut arc = vec![0; by_edge.len()];
        for (new, &old) in (0..).zip(&by_edge) {
            arc[old as usize] = new;
        }
        Ok(Self { hierarchy: Arc::new(hierarchy), cost, into, first, arc })
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

fn check(network: &Network) -> Result<(), HierarchyError> {
    let limit = network.edge_count() * TURNS_MAX.0 + TURNS_MAX.1;
    if network.turn_count() > limit {
        return Err(HierarchyError::TooMany { what: "turns", limit });
    }
    Ok(())
}

impl Network {
    /// The same network with all that routing is prepared from: an order of its edges, which its file keeps, found if it has
    /// none, and the hierarchy.
    ///
    /// # Errors
    /// As [`turn_hierarchy`](Self::turn_hierarchy).
    pub fn prepared(self) -> Result<Self, HierarchyError> {
        let network = match self.edge_order() {
            Some(_) => self,
            None => {
                check(&self)?;
                let order = self.compute_edge_order();
                self.with_edge_order(order).expect("it orders the network's own edges")
            }
        };
        network.turn_hierarchy()?;
        Ok(network)
    }

    /// What routing is prepared from; made when it is first asked for.
    ///
    /// # Panics
    /// If it cannot be made; see [`turn_hierarchy`](Self::turn_hierarchy).
    pub(crate) fn turns(&self) -> &Arc<TurnHierarchy> {
        self.try_turns().expect("routing can be prepared for the network")
    }

    fn try_turns(&self) -> Result<&Arc<TurnHierarchy>, HierarchyError> {
        self.turns.get_or_init(|| TurnHierarchy::new(self).map(Arc::new)).as_ref().map_err(|&error| error)
    }

    /// The hierarchy that routing with turns is done by: its nodes are the edges, its arcs the turns.
    ///
    /// Made when it is first asked for, be it here or by whoever makes a [`Metric`](crate::Metric) or a
    /// [`Query`](crate::Query), which panic if it cannot be made: who does not know what a network is like should ask here
    /// first. It takes some tenths of a second for a city with an order in its file, and seconds without.
    ///
    /// # Errors
    /// If the network is nothing like streets: far more turns than edges, or so dense that no order is a good one.
    pub fn turn_hierarchy(&self) -> Result<&Arc<Hierarchy>, HierarchyError> {
        self.try_turns().map(|turns| &turns.hierarchy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cch::Order;
    use crate::city::SyntheticCity;
    use crate::geo::Coord;
    use crate::network::{NetworkBuilder, NewEdge, RoadClass, TurnModel};

    #[test]
    fn a_network_that_is_nothing_like_streets_is_named() {
        let mut builder = NetworkBuilder::new();
        let place = |key: i64| Coord::from_e7(411_000_000 + key as i32 * 1_000, -86_000_000).expect("on the globe");
        let nodes: Vec<_> = (0..140).map(|key| builder.node(key, place(key))).collect();
        for (at, &from) in nodes.iter().enumerate() {
            for &to in &nodes[at + 1..] {
                builder.street(NewEdge::straight(from, to, RoadClass::Residential, 10.0), "");
            }
        }
        let network = builder.build(&TurnModel::default()).expect("has edges");
        let error = network.turn_hierarchy().expect_err("every node is beside every other");
        assert_eq!(error.to_string(), "the hierarchy has more than 2245440 turns");
        assert_eq!(network.prepared().expect_err("it stays so"), error);
    }

    #[test]
    fn an_order_that_leads_to_too_much_is_passed_over() {
        let city = || SyntheticCity { nodes: 2_000, ..SyntheticCity::default() }.build();
        let good = city().prepared().expect("a city is one of streets");
        let edges = good.edge_count() as u32;
        let scattered = Order::new((0..edges).map(|at| (at * 7_919 + 13) % edges).collect()).expect("a permutation");
        let bad = city().with_edge_order(scattered).expect("it orders all edges");
        let arcs = |network: &Network| network.turn_hierarchy().expect("another order is found").arc_count();
        assert_eq!(arcs(&bad), arcs(&good));
    }
}
