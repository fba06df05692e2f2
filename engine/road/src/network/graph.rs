use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::attributes::{EdgeFlags, RoadClass};
use super::component;
use super::turns::TurnHierarchy;
use crate::cch::{Graph, HierarchyError, Order};
use crate::geo::{Coord, LocalFrame};
use crate::id::{EdgeId, NodeId};
use crate::unit::{INFINITY, Metres, MetresPerSecond, Seconds, Weight};

/// In place of an edge where there is none.
pub(crate) const NO_EDGE: u32 = u32::MAX;

/// A road network: immutable, and shared by everything that asks about roads.
///
/// Nodes and edges are numbered from 0. The edges that leave a node have consecutive numbers. Each turn (a pair of
/// edges, one into a node and one out of it) has a cost; [`INFINITY`] forbids it.
#[derive(Debug)]
pub struct Network {
    parts: Parts,
    /// Where the turns of each edge begin in `parts.turn`; length edges + 1.
    first_turn: Vec<u32>,
    /// Where the edges into each node begin in `in_edge`; length nodes + 1.
    first_in: Vec<u32>,
    in_edge: Vec<EdgeId>,
    /// The strongly connected component of each edge, largest first: 0 is the main one.
    component: Vec<u32>,
    bounds: Option<(Coord, Coord)>,
    edge_order: Option<Order>,
    pub(super) turns: OnceLock<Result<Arc<TurnHierarchy>, HierarchyError>>,
}

/// The data that a network file holds; the rest of a [`Network`] is derived.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Parts {
    /// Per node.
    pub(crate) coord: Vec<Coord>,
    /// Per node: its id in the input (OpenStreetMap's node id).
    pub(crate) node_key: Vec<i64>,
    /// Where the edges out of each node begin; length nodes + 1.
    pub(crate) first_out: Vec<u32>,
    /// Per edge.
    pub(crate) head: Vec<NodeId>,
    /// Per edge.
    pub(crate) tail: Vec<NodeId>,
    /// Per edge, millimetres.
    pub(crate) length_mm: Vec<u32>,
    /// Per edge, milliseconds.
    pub(crate) free_flow: Vec<Weight>,
    /// Per edge.
    pub(crate) class: Vec<RoadClass>,
    /// Per edge.
    pub(crate) flags: Vec<EdgeFlags>,
    /// Per edge: an index into `names`; 0 is "".
    pub(crate) name: Vec<u32>,
    /// Per edge: the same street the other way, or [`NO_EDGE`].
    pub(crate) twin: Vec<u32>,
    /// Where the shape of each edge begins; length edges + 1.
    pub(crate) first_point: Vec<u32>,
    /// The shapes, end to end; each from the tail's to the head's coordinate, both included.
    pub(crate) point: Vec<Coord>,
    /// Per shape point: its id in the input.
    pub(crate) point_key: Vec<i64>,
    /// Street names; the first is "".
    pub(crate) names: Vec<Box<str>>,
    /// Turn costs: for each edge in order, one for each edge out of its head in order.
    pub(crate) turn: Vec<Weight>,
}

/// What is wrong with the data of a network.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// There is nothing to drive on.
    #[error("the network has no edges")]
    Empty,
    /// More than 32-bit numbers can address.
    #[error("too many {what}: {count}, at most {limit}")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
    /// Two arrays that go together differ in length.
    #[error("{array} has {found} entries instead of {expected}")]
    Length {
        /// The array.
        array: &'static str,
        /// Its length.
        found: usize,
        /// What it should be.
        expected: usize,
    },
    /// A number refers to something that does not exist.
    #[error("{array}[{at}] is {value}, which is out of range (below {limit})")]
    Reference {
        /// The array.
        array: &'static str,
        /// Where in it.
        at: usize,
        /// The number.
        value: u64,
        /// What it must be below.
        limit: u64,
    },
    /// A value that the network's rules exclude.
    #[error("{array}[{at}]: {rule}")]
    Rule {
        /// The array.
        array: &'static str,
        /// Where in it.
        at: usize,
        /// The rule that it breaks.
        rule: &'static str,
    },
}

impl Network {
    /// Checks every rule of the format and derives what is not stored.
    pub(crate) fn from_parts(parts: Parts) -> Result<Self, NetworkError> {
        parts.check()?;
        let nodes = parts.coord.len();
        let mut first_turn = Vec::with_capacity(parts.head.len() + 1);
        first_turn.push(0);
        let mut turns = 0_u64;
        for &head in &parts.head {
            turns += u64::from(parts.out_degree(head));
            first_turn.push(turns as u32);
        }
        if turns != parts.turn.len() as u64 {
            let (found, expected) = (parts.turn.len(), turns as usize);
            return Err(NetworkError::Length { array: "turn", found, expected });
        }
        let mut first_in = vec![0_u32; nodes + 1];
        for head in &parts.head {
            first_in[head.index() + 1] += 1;
        }
        for node in 0..nodes {
            first_in[node + 1] += first_in[node];
        }
        let mut next = first_in.clone();
        let mut in_edge = vec![EdgeId(0); parts.head.len()];
        for (edge, head) in parts.head.iter().enumerate() {
            in_edge[next[head.index()] as usize] = EdgeId(edge as u32);
            next[head.index()] += 1;
        }
        let component = component::strong_components(&parts, &first_turn);
        let bounds = parts.bounds();
        Ok(Self { parts, first_turn, first_in, in_edge, component, bounds, edge_order: None, turns: OnceLock::new() })
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// In which order a hierarchy contracts the edges, if that is known: an edge is a node there, a turn an arc.
    pub fn edge_order(&self) -> Option<&Order> {
        self.edge_order.as_ref()
    }

    /// The same network with an order of its edges, which its file keeps too.
    ///
    /// # Errors
    /// If `order` orders more or fewer edges than there are.
    ///
    /// ```
    /// use etaflow_road::SyntheticCity;
    ///
    /// let city = SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build();
    /// let order = city.compute_edge_order();
    /// let city = city.with_edge_order(order)?;
    /// assert_eq!(city.edge_order().map(|order| order.len()), Some(city.edge_count()));
    /// # Ok::<(), etaflow_road::NetworkError>(())
    /// ```
    pub fn with_edge_order(self, order: Order) -> Result<Self, NetworkError> {
        let (found, expected) = (order.len(), self.edge_count());
        if found != expected {
            return Err(NetworkError::Length { array: "edge_order", found, expected });
        }
        Ok(Self { edge_order: Some(order), turns: OnceLock::new(), ..self })
    }

    /// Finds an order of the edges: seconds for a city, on as many threads as the machine has. The same network gives
    /// the same order, whatever the number of threads.
    pub fn compute_edge_order(&self) -> Order {
        let arcs = self.edges().map(|edge| (self.tail(edge).0, self.head(edge).0)).collect();
        let graph = Graph::new(self.node_count() as u32, arcs).expect("edges begin and end at nodes");
        let frame = LocalFrame::at(self.parts.coord[0]);
        let places: Vec<_> = self.parts.coord.iter().map(|&coord| frame.to_xy(coord)).collect();
        Order::of_arcs(&graph, &places)
    }

    /// How many nodes there are.
    pub fn node_count(&self) -> usize {
        self.parts.coord.len()
    }

    /// How many edges there are.
    pub fn edge_count(&self) -> usize {
        self.parts.head.len()
    }

    /// How many turns there are, allowed or not.
    pub fn turn_count(&self) -> usize {
        self.parts.turn.len()
    }

    /// All edges in order.
    pub fn edges(&self) -> impl ExactSizeIterator<Item = EdgeId> + use<> {
        (0..self.parts.head.len() as u32).map(EdgeId)
    }

    /// All nodes in order.
    pub fn nodes(&self) -> impl ExactSizeIterator<Item = NodeId> + use<> {
        (0..self.parts.coord.len() as u32).map(NodeId)
    }

    /// The south-west and the north-east corner of what holds all shapes.
    pub fn bounds(&self) -> Option<(Coord, Coord)> {
        self.bounds
    }

    /// Where a node is.
    #[inline]
    pub fn coord(&self, node: NodeId) -> Coord {
        self.parts.coord[node.index()]
    }

    /// A node's id in the input: OpenStreetMap's node id, or the CSV's.
    pub fn node_key(&self, node: NodeId) -> i64 {
        self.parts.node_key[node.index()]
    }

    /// The edges that leave a node.
    #[inline]
    pub fn out_edges(&self, node: NodeId) -> impl ExactSizeIterator<Item = EdgeId> + use<> {
        self.parts.out_range(node).map(EdgeId)
    }

    /// The edges that enter a node, in ascending order.
    #[inline]
    pub fn in_edges(&self, node: NodeId) -> &[EdgeId] {
        let range = self.first_in[node.index()] as usize..self.first_in[node.index() + 1] as usize;
        &self.in_edge[range]
    }

    /// Where an edge begins.
    #[inline]
    pub fn tail(&self, edge: EdgeId) -> NodeId {
        self.parts.tail[edge.index()]
    }

    /// Where an edge ends.
    #[inline]
    pub fn head(&self, edge: EdgeId) -> NodeId {
        self.parts.head[edge.index()]
    }

    /// The length of an edge in millimetres; at least 1.
    #[inline]
    pub fn length_mm(&self, edge: EdgeId) -> u32 {
        self.parts.length_mm[edge.index()]
    }

    /// The length of an edge.
    pub fn length(&self, edge: EdgeId) -> Metres {
        Metres(f64::from(self.length_mm(edge)) / 1e3)
    }

    /// The travel time of an edge when nothing is in the way, in milliseconds; at least 1.
    #[inline]
    pub fn free_flow(&self, edge: EdgeId) -> Weight {
        self.parts.free_flow[edge.index()]
    }

    /// The travel times of all edges when nothing is in the way; length [`edge_count`](Self::edge_count).
    pub fn free_flow_weights(&self) -> &[Weight] {
        &self.parts.free_flow
    }

    /// The speed on an edge when nothing is in the way.
    pub fn free_flow_speed(&self, edge: EdgeId) -> MetresPerSecond {
        MetresPerSecond(f64::from(self.length_mm(edge)) / f64::from(self.free_flow(edge)))
    }

    /// The travel time of an edge when nothing is in the way.
    pub fn free_flow_time(&self, edge: EdgeId) -> Seconds {
        Seconds(f64::from(self.free_flow(edge)) / 1e3)
    }

    /// How important the road is.
    #[inline]
    pub fn class(&self, edge: EdgeId) -> RoadClass {
        self.parts.class[edge.index()]
    }

    /// What else is true of an edge.
    #[inline]
    pub fn flags(&self, edge: EdgeId) -> EdgeFlags {
        self.parts.flags[edge.index()]
    }

    /// The name of the street, "" if it has none.
    pub fn name(&self, edge: EdgeId) -> &str {
        &self.parts.names[self.parts.name[edge.index()] as usize]
    }

    /// The same street the other way, where it is open both ways.
    #[inline]
    pub fn twin(&self, edge: EdgeId) -> Option<EdgeId> {
        let twin = self.parts.twin[edge.index()];
        (twin != NO_EDGE).then_some(EdgeId(twin))
    }

    /// The shape of an edge: at least two points, from its tail to its head.
    #[inline]
    pub fn shape(&self, edge: EdgeId) -> &[Coord] {
        &self.parts.point[self.parts.shape_range(edge)]
    }

    /// The ids in the input of an edge's shape points, as long as [`shape`](Self::shape).
    pub fn shape_keys(&self, edge: EdgeId) -> &[i64] {
        &self.parts.point_key[self.parts.shape_range(edge)]
    }

    /// The first turn from an edge: the turn to the i-th edge out of its head is this plus i.
    #[inline]
    pub fn first_turn(&self, edge: EdgeId) -> usize {
        self.first_turn[edge.index()] as usize
    }

    /// The edges that can follow `edge`, each with the cost of the turn in milliseconds. Forbidden turns are left out.
    #[inline]
    pub fn successors(&self, edge: EdgeId) -> impl Iterator<Item = (EdgeId, Weight)> + '_ {
        let turns = &self.parts.turn[self.first_turn(edge)..self.first_turn[edge.index() + 1] as usize];
        let out = self.parts.out_range(self.head(edge));
        out.zip(turns).filter(|&(_, &cost)| cost < INFINITY).map(|(next, &cost)| (EdgeId(next), cost))
    }

    /// The edges that can come before `edge`, each with the cost of the turn in milliseconds.
    #[inline]
    pub fn predecessors(&self, edge: EdgeId) -> impl Iterator<Item = (EdgeId, Weight)> + '_ {
        let tail = self.tail(edge);
        let nth = (edge.0 - self.parts.first_out[tail.index()]) as usize;
        self.in_edges(tail).iter().filter_map(move |&from| {
            let cost = self.parts.turn[self.first_turn(from) + nth];
            (cost < INFINITY).then_some((from, cost))
        })
    }

    /// What the turn from `from` to `to` costs, in milliseconds; [`INFINITY`] if it is forbidden or they do not meet.
    #[inline]
    pub fn turn_cost(&self, from: EdgeId, to: EdgeId) -> Weight {
        let out = self.parts.out_range(self.head(from));
        if !out.contains(&to.0) {
            return INFINITY;
        }
        self.parts.turn[self.first_turn(from) + (to.0 - out.start) as usize]
    }

    /// The strongly connected component of an edge, under the allowed turns. 0 is the main component, the one with
    /// the most edges; who starts in another cannot be sure to leave it or to reach it.
    #[inline]
    pub fn component(&self, edge: EdgeId) -> u32 {
        self.component[edge.index()]
    }

    /// Where one is on an edge `offset_mm` millimetres from its tail, along its shape.
    pub fn coord_at(&self, edge: EdgeId, offset_mm: u32) -> Coord {
        let shape = self.shape(edge);
        // Measured segment by segment, so that a street is the same one from both of its ends, however long it is.
        let step_m = |pair: &[Coord]| pair[0].distance(pair[1]).0;
        let total_m: f64 = shape.windows(2).map(step_m).sum();
        let mut left_m = total_m * (f64::from(offset_mm) / f64::from(self.length_mm(edge))).min(1.0);
        for pair in shape.windows(2) {
            let length_m = step_m(pair);
            if left_m <= length_m && length_m > 0.0 {
                return pair[0].towards(pair[1], left_m / length_m);
            }
            left_m -= length_m;
        }
        shape[shape.len() - 1]
    }

    /// The edges between two consecutive input ids, in that direction: how the outside names a stretch of road.
    ///
    /// Linear in the number of shape points.
    pub fn edges_between(&self, from_key: i64, to_key: i64) -> Vec<EdgeId> {
        self.edges()
            .filter(|&edge| self.shape_keys(edge).windows(2).any(|pair| pair[0] == from_key && pair[1] == to_key))
            .collect()
    }
}

impl Parts {
    pub(super) fn out_range(&self, node: NodeId) -> Range<u32> {
        self.first_out[node.index()]..self.first_out[node.index() + 1]
    }

    pub(super) fn out_degree(&self, node: NodeId) -> u32 {
        let range = self.out_range(node);
        range.end - range.start
    }

    fn shape_range(&self, edge: EdgeId) -> Range<usize> {
        self.first_point[edge.index()] as usize..self.first_point[edge.index() + 1] as usize
    }

    /// The bearing at the start of an edge, in degrees; 0 if it has no extent.
    pub(super) fn first_bearing(&self, edge: EdgeId) -> f64 {
        let shape = &self.point[self.shape_range(edge)];
        shape.iter().find(|&&point| point != shape[0]).map_or(0.0, |&point| shape[0].bearing(point))
    }

    /// The bearing at the end of an edge, in degrees; 0 if it has no extent.
    pub(super) fn last_bearing(&self, edge: EdgeId) -> f64 {
        let shape = &self.point[self.shape_range(edge)];
        let end = shape[shape.len() - 1];
        shape.iter().rev().find(|&&point| point != end).map_or(0.0, |point| point.bearing(end))
    }

    fn bounds(&self) -> Option<(Coord, Coord)> {
        let lat = self.point.iter().map(|point| point.lat_e7());
        let lon = self.point.iter().map(|point| point.lon_e7());
        let south_west = Coord::from_e7(lat.clone().min()?, lon.clone().min()?).ok()?;
        let north_east = Coord::from_e7(lat.max()?, lon.max()?).ok()?;
        Some((south_west, north_east))
    }

    fn check(&self) -> Result<(), NetworkError> {
        let (nodes, edges) = (self.coord.len(), self.head.len());
        if edges == 0 {
            return Err(NetworkError::Empty);
        }
        let limit = NO_EDGE as usize - 1;
        for (what, count) in
            [("nodes", nodes), ("edges", edges), ("shape points", self.point.len()), ("turns", self.turn.len())]
        {
            if count > limit {
                return Err(NetworkError::TooMany { what, count, limit });
            }
        }
        for (array, found, expected) in [
            ("node_key", self.node_key.len(), nodes),
            ("first_out", self.first_out.len(), nodes + 1),
            ("tail", self.tail.len(), edges),
            ("length_mm", self.length_mm.len(), edges),
            ("free_flow", self.free_flow.len(), edges),
            ("class", self.class.len(), edges),
            ("flags", self.flags.len(), edges),
            ("name", self.name.len(), edges),
            ("twin", self.twin.len(), edges),
            ("first_point", self.first_point.len(), edges + 1),
            ("point_key", self.point_key.len(), self.point.len()),
        ] {
            if found != expected {
                return Err(NetworkError::Length { array, found, expected });
            }
        }
        self.check_offsets("first_out", &self.first_out, edges, 0)?;
        self.check_offsets("first_point", &self.first_point, self.point.len(), 2)?;
        for edge in 0..edges {
            self.check_edge(edge)?;
        }
        if let Some(at) = self.turn.iter().position(|&cost| cost > INFINITY) {
            return Err(NetworkError::Rule { array: "turn", at, rule: "a weight is at most INFINITY" });
        }
        Ok(())
    }

    /// That `offsets` begin at 0, end at `total`, and rise by `step` or more.
    fn check_offsets(&self, array: &'static str, offsets: &[u32], total: usize, step: u32) -> Result<(), NetworkError> {
        if offsets[0] != 0 || offsets[offsets.len() - 1] as usize != total {
            return Err(NetworkError::Rule { array, at: 0, rule: "offsets begin at 0 and end at the total" });
        }
        match offsets.windows(2).position(|pair| pair[1] < pair[0] || pair[1] - pair[0] < step) {
            Some(at) => Err(NetworkError::Rule { array, at, rule: "offsets rise by at least what each entry needs" }),
            None => Ok(()),
        }
    }

    fn check_edge(&self, at: usize) -> Result<(), NetworkError> {
        let reference = |array, value: u32, limit: usize| {
            if (value as usize) < limit {
                Ok(())
            } else {
                Err(NetworkError::Reference { array, at, value: u64::from(value), limit: limit as u64 })
            }
        };
        let rule = |array, holds, rule| if holds { Ok(()) } else { Err(NetworkError::Rule { array, at, rule }) };
        let (nodes, edges) = (self.coord.len(), self.head.len());
        reference("head", self.head[at].0, nodes)?;
        reference("tail", self.tail[at].0, nodes)?;
        reference("name", self.name[at], self.names.len())?;
        let edge = EdgeId(at as u32);
        let (tail, head) = (self.tail[at], self.head[at]);
        rule("tail", self.out_range(tail).contains(&edge.0), "an edge is listed at its tail")?;
        if self.twin[at] != NO_EDGE {
            reference("twin", self.twin[at], edges)?;
            let twin = self.twin[at] as usize;
            let mutual = self.twin[twin] as usize == at && self.tail[twin] == head && self.head[twin] == tail;
            rule("twin", mutual, "a twin leads back and is mutual")?;
        }
        rule("length_mm", self.length_mm[at] > 0, "a length is at least 1 mm")?;
        rule("free_flow", (1..INFINITY).contains(&self.free_flow[at]), "a free-flow time is at least 1 ms and finite")?;
        let shape = &self.point[self.shape_range(edge)];
        let ends = shape[0] == self.coord[tail.index()] && shape[shape.len() - 1] == self.coord[head.index()];
        rule("first_point", ends, "a shape begins at the tail and ends at the head")
    }
}
