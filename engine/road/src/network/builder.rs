use rustc_hash::FxHashMap;

use super::attributes::{EdgeFlags, RoadClass};
use super::graph::{NO_EDGE, Network, NetworkError, Parts};
use super::turn::TurnModel;
use crate::geo::Coord;
use crate::id::{EdgeId, NodeId};
use crate::unit::{INFINITY, Weight};

/// Collects nodes, edges and forbidden turns, and makes a [`Network`] of them.
///
/// ```
/// use etaflow_road::{Coord, EdgeFlags, NetworkBuilder, NewEdge, RoadClass, TurnModel};
///
/// let mut builder = NetworkBuilder::new();
/// let (here, there) = (Coord::from_degrees(41.15, -8.61)?, Coord::from_degrees(41.15, -8.60)?);
/// let (a, b) = (builder.node(1, here), builder.node(2, there));
/// builder.street(NewEdge::straight(a, b, RoadClass::Residential, 8.3), "Rua Direita");
/// let network = builder.build(&TurnModel::default())?;
/// assert_eq!((network.node_count(), network.edge_count()), (2, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct NetworkBuilder {
    coord: Vec<Coord>,
    key: Vec<i64>,
    signal: Vec<bool>,
    edges: Vec<Draft>,
    points: Vec<ShapePoint>,
    names: Vec<Box<str>>,
    name_of: FxHashMap<Box<str>, u32>,
    forbidden: Vec<(BuilderEdge, BuilderEdge)>,
    extra: Vec<(BuilderEdge, BuilderEdge, Weight)>,
}

/// A node of a [`NetworkBuilder`]; the network keeps its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuilderNode(u32);

/// An edge of a [`NetworkBuilder`]; the network numbers edges anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BuilderEdge(u32);

/// A point of an edge's shape between its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShapePoint {
    /// Its id in the input.
    pub key: i64,
    /// Where it is.
    pub coord: Coord,
}

/// An edge to add to a [`NetworkBuilder`].
#[derive(Debug, Clone)]
pub struct NewEdge {
    /// Where it begins.
    pub tail: BuilderNode,
    /// Where it ends.
    pub head: BuilderNode,
    /// The points of its shape between the two.
    pub via: Vec<ShapePoint>,
    /// How important the road is.
    pub class: RoadClass,
    /// What else is true of it.
    pub flags: EdgeFlags,
    /// Metres per second when nothing is in the way; held to 0.3 to 70.
    pub speed_mps: f64,
    /// What is added to its travel time, for lights and crossings on the way, in milliseconds.
    pub delay_ms: Weight,
    /// Its length in metres, where the input knows better than the shape; at least 1 mm. Not a number counts as absent.
    pub length_m: Option<f64>,
}

#[derive(Debug, Clone)]
struct Draft {
    tail: u32,
    head: u32,
    first_point: u32,
    points: u32,
    class: RoadClass,
    flags: EdgeFlags,
    length_mm: u32,
    free_flow: Weight,
    name: u32,
    twin: u32,
}

impl NewEdge {
    /// A straight edge with no flags and no delay.
    pub fn straight(tail: BuilderNode, head: BuilderNode, class: RoadClass, speed_mps: f64) -> Self {
        Self { tail, head, via: Vec::new(), class, flags: EdgeFlags::default(), speed_mps, delay_ms: 0, length_m: None }
    }

    /// The same the other way.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let mut via = self.via.clone();
        via.reverse();
        Self { tail: self.head, head: self.tail, via, ..*self }
    }
}

impl NetworkBuilder {
    /// An empty one.
    pub fn new() -> Self {
        let mut builder = Self::default();
        builder.name("");
        builder
    }

    /// Adds a node with its id in the input.
    pub fn node(&mut self, key: i64, coord: Coord) -> BuilderNode {
        let node = BuilderNode(self.coord.len() as u32);
        self.coord.push(coord);
        self.key.push(key);
        self.signal.push(false);
        node
    }

    /// Puts traffic lights at a node: who passes it waits as the turn model says.
    pub fn signal(&mut self, node: BuilderNode) {
        self.signal[node.0 as usize] = true;
    }

    /// Adds a one-way edge. `name` may be "".
    pub fn edge(&mut self, edge: NewEdge, name: &str) -> BuilderEdge {
        let number = BuilderEdge(self.edges.len() as u32);
        let first_point = self.points.len() as u32;
        self.points.extend_from_slice(&edge.via);
        let length_mm = match edge.length_m {
            Some(metres) if !metres.is_nan() => (metres * 1e3).round().clamp(1.0, f64::from(u32::MAX / 2)) as u32,
            _ => self.shape_length_mm(&edge),
        };
        let speed_mps = if edge.speed_mps.is_finite() { edge.speed_mps.clamp(0.3, 70.0) } else { 0.3 };
        let moving_ms = (f64::from(length_mm) / speed_mps).round() as u64;
        let free_flow = (moving_ms + u64::from(edge.delay_ms)).clamp(1, u64::from(INFINITY - 1)) as Weight;
        let name = self.name(name);
        self.edges.push(Draft {
            tail: edge.tail.0,
            head: edge.head.0,
            first_point,
            points: edge.via.len() as u32,
            class: edge.class,
            flags: edge.flags,
            length_mm,
            free_flow,
            name,
            twin: NO_EDGE,
        });
        number
    }

    /// Adds an edge and its twin the other way.
    pub fn street(&mut self, edge: NewEdge, name: &str) -> (BuilderEdge, BuilderEdge) {
        let back = edge.reversed();
        let (there, back) = (self.edge(edge, name), self.edge(back, name));
        self.twins(there, back);
        (there, back)
    }

    /// Says that two edges are one street, the one way and the other.
    pub fn twins(&mut self, there: BuilderEdge, back: BuilderEdge) {
        self.edges[there.0 as usize].twin = back.0;
        self.edges[back.0 as usize].twin = there.0;
    }

    /// Forbids to go from one edge to another. Of no effect where they do not meet.
    pub fn forbid(&mut self, from: BuilderEdge, to: BuilderEdge) {
        self.forbidden.push((from, to));
    }

    /// Adds milliseconds to what a turn costs. Of no effect where the edges do not meet.
    pub fn penalise(&mut self, from: BuilderEdge, to: BuilderEdge, extra_ms: Weight) {
        self.extra.push((from, to, extra_ms));
    }

    /// How many edges there are so far.
    pub fn edge_count(&self) -> usize {
        self.edges.len()
    }

    /// Numbers the edges by their tails, costs every turn and finds the components.
    ///
    /// # Errors
    /// If there are no edges or more than 32-bit numbers can address.
    pub fn build(self, turns: &TurnModel) -> Result<Network, NetworkError> {
        let limit = NO_EDGE as usize - 1;
        let points = self.points.len() + 2 * self.edges.len();
        for (what, count) in [("nodes", self.coord.len()), ("edges", self.edges.len()), ("shape points", points)] {
            if count > limit {
                return Err(NetworkError::TooMany { what, count, limit });
            }
        }
        let mut order: Vec<u32> = (0..self.edges.len() as u32).collect();
        order.sort_by_key(|&draft| self.edges[draft as usize].tail);
        let mut number = vec![0_u32; order.len()];
        for (edge, &draft) in order.iter().enumerate() {
            number[draft as usize] = edge as u32;
        }
        let mut parts = self.lay_out(&order, &number);
        self.cost_turns(&mut parts, &number, turns)?;
        Network::from_parts(parts)
    }

    fn name(&mut self, name: &str) -> u32 {
        if let Some(&known) = self.name_of.get(name) {
            return known;
        }
        let number = self.names.len() as u32;
        self.names.push(name.into());
        self.name_of.insert(name.into(), number);
        number
    }

    fn shape_length_mm(&self, edge: &NewEdge) -> u32 {
        let mut last = self.coord[edge.tail.0 as usize];
        let mut metres = 0.0;
        let end = self.coord[edge.head.0 as usize];
        for next in edge.via.iter().map(|point| point.coord).chain([end]) {
            metres += last.distance(next).0;
            last = next;
        }
        (metres * 1e3).round().clamp(1.0, f64::from(u32::MAX / 2)) as u32
    }

    fn lay_out(&self, order: &[u32], number: &[u32]) -> Parts {
        let mut parts = Parts {
            coord: self.coord.clone(),
            node_key: self.key.clone(),
            first_out: vec![0; self.coord.len() + 1],
            first_point: vec![0],
            names: self.names.clone(),
            ..Parts::default()
        };
        for &draft in order {
            let draft = &self.edges[draft as usize];
            parts.first_out[draft.tail as usize + 1] += 1;
            parts.tail.push(NodeId(draft.tail));
            parts.head.push(NodeId(draft.head));
            parts.length_mm.push(draft.length_mm);
            parts.free_flow.push(draft.free_flow);
            parts.class.push(draft.class);
            parts.flags.push(draft.flags);
            parts.name.push(draft.name);
            parts.twin.push(if draft.twin == NO_EDGE { NO_EDGE } else { number[draft.twin as usize] });
            let via = draft.first_point as usize..(draft.first_point + draft.points) as usize;
            let end = |node: u32| ShapePoint { key: self.key[node as usize], coord: self.coord[node as usize] };
            let ends = (end(draft.tail), end(draft.head));
            for point in [ends.0].iter().chain(&self.points[via]).chain([&ends.1]) {
                parts.point.push(point.coord);
                parts.point_key.push(point.key);
            }
            parts.first_point.push(parts.point.len() as u32);
        }
        for node in 0..self.coord.len() {
            parts.first_out[node + 1] += parts.first_out[node];
        }
        parts
    }

    fn cost_turns(&self, parts: &mut Parts, number: &[u32], model: &TurnModel) -> Result<(), NetworkError> {
        let count: u64 = parts.head.iter().map(|&head| u64::from(parts.out_degree(head))).sum();
        if count >= u64::from(NO_EDGE) {
            return Err(NetworkError::TooMany { what: "turns", count: count as usize, limit: NO_EDGE as usize - 1 });
        }
        let mut turn = Vec::with_capacity(count as usize);
        let mut first_turn = Vec::with_capacity(parts.head.len());
        for from in 0..parts.head.len() as u32 {
            first_turn.push(turn.len());
            let via = parts.head[from as usize];
            let signal = self.signal[via.index()];
            for to in parts.out_range(via) {
                turn.push(model.cost(parts, via, signal, EdgeId(from), EdgeId(to)));
            }
        }
        let at = |from: BuilderEdge, to: BuilderEdge| {
            let (from, to) = (number[from.0 as usize], number[to.0 as usize]);
            let out = parts.out_range(parts.head[from as usize]);
            out.contains(&to).then(|| first_turn[from as usize] + (to - out.start) as usize)
        };
        for &(from, to, extra_ms) in &self.extra {
            if let Some(turn_at) = at(from, to) {
                turn[turn_at] = (turn[turn_at].saturating_add(extra_ms)).min(INFINITY - 1);
            }
        }
        for &(from, to) in &self.forbidden {
            if let Some(turn_at) = at(from, to) {
                turn[turn_at] = INFINITY;
            }
        }
        parts.turn = turn;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coord(lat: f64, lon: f64) -> Coord {
        Coord::from_degrees(lat, lon).expect("in range")
    }

    /// A cross: four streets that meet in the middle, named by the way they lead.
    fn cross() -> (NetworkBuilder, [(BuilderEdge, BuilderEdge); 4]) {
        let mut builder = NetworkBuilder::new();
        let middle = builder.node(0, coord(41.0, -8.0));
        let ends = [(41.01, -8.0), (41.0, -7.99), (40.99, -8.0), (41.0, -8.01)];
        let streets = std::array::from_fn(|arm| {
            let end = builder.node(arm as i64 + 1, coord(ends[arm].0, ends[arm].1));
            builder.street(NewEdge::straight(middle, end, RoadClass::Primary, 10.0), "")
        });
        (builder, streets)
    }

    #[test]
    fn edges_are_found_from_both_ends_and_twins_are_mutual() {
        let (builder, _) = cross();
        let network = builder.build(&TurnModel::default()).expect("builds");
        assert_eq!(network.edge_count(), 8);
        for edge in network.edges() {
            assert!(network.out_edges(network.tail(edge)).any(|out| out == edge));
            assert!(network.in_edges(network.head(edge)).contains(&edge));
            let twin = network.twin(edge).expect("two-way");
            assert_eq!(network.twin(twin), Some(edge));
            assert_eq!(network.component(edge), 0);
        }
    }

    #[test]
    fn straight_on_is_cheaper_than_right_than_left_than_back() {
        let (builder, _) = cross();
        let network = builder.build(&TurnModel::default()).expect("builds");
        let from_south = network.edges_between(3, 0)[0];
        let cost = |to: i64| network.turn_cost(from_south, network.edges_between(0, to)[0]);
        assert!(cost(1) < cost(2) && cost(2) < cost(4) && cost(4) < cost(3));
    }

    #[test]
    fn a_forbidden_turn_is_no_successor_and_no_predecessor() {
        let (mut builder, streets) = cross();
        builder.forbid(streets[2].1, streets[3].0);
        let network = builder.build(&TurnModel::default()).expect("builds");
        let (from, to) = (network.edges_between(3, 0)[0], network.edges_between(0, 4)[0]);
        assert_eq!(network.turn_cost(from, to), INFINITY);
        assert!(network.successors(from).all(|(next, _)| next != to));
        assert!(network.predecessors(to).all(|(previous, _)| previous != from));
    }

    #[test]
    fn what_cannot_be_left_is_no_part_of_the_main_component() {
        let (mut builder, _) = cross();
        let (a, b) = (BuilderNode(1), builder.node(9, coord(41.02, -8.0)));
        builder.edge(NewEdge::straight(a, b, RoadClass::Service, 5.0), "");
        let network = builder.build(&TurnModel::default()).expect("builds");
        assert_ne!(network.component(network.edges_between(1, 9)[0]), 0);
    }

    #[test]
    fn an_edge_has_a_length_whatever_the_input_says() {
        let mut builder = NetworkBuilder::new();
        let (a, b) = (builder.node(0, coord(41.0, -8.0)), builder.node(1, coord(41.01, -8.0)));
        for length_m in [f64::NAN, 0.0, -5.0, f64::NEG_INFINITY, f64::INFINITY] {
            let length_m = Some(length_m);
            builder.edge(NewEdge { length_m, ..NewEdge::straight(a, b, RoadClass::Primary, 10.0) }, "");
        }
        builder.edge(NewEdge::straight(a, a, RoadClass::Primary, 10.0), "");
        let network = builder.build(&TurnModel::default()).expect("builds");
        let lengths: Vec<u32> = network.edges().map(|edge| network.length_mm(edge)).collect();
        assert_eq!(lengths, [1_111_951, 1, 1, 1, u32::MAX / 2, 1]);
    }

    #[test]
    fn nothing_to_drive_on_is_an_error() {
        assert_eq!(NetworkBuilder::new().build(&TurnModel::default()).err(), Some(NetworkError::Empty));
    }
}
