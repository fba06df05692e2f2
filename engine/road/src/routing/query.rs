use std::collections::BinaryHeap;
use std::sync::Arc;

use super::labels::{Labels, add};
use super::metric::{Metric, plane};
use super::position::Position;
use crate::geo::Xy;
use crate::id::EdgeId;
use crate::network::Network;
use crate::unit::{INFINITY, Weight};

/// A way from one position to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The edges from the source's to the target's, both included.
    pub edges: Vec<EdgeId>,
    /// Where it begins, on the first edge.
    pub source: Position,
    /// Where it ends, on the last edge.
    pub target: Position,
    /// The travel time with turns, in milliseconds.
    pub duration: Weight,
    /// The length in millimetres.
    pub length_mm: u64,
}

/// Asks for travel times and routes, and keeps the memory that the searches need.
///
/// Where a place is given as several positions (both directions of a street), they are alternatives: the best counts.
/// Who is on a closed edge gets nowhere, and nobody gets there. A travel time of [`INFINITY`] or more counts as none.
///
/// Every method panics if the metric is of a network with another number of edges.
///
/// ```
/// # use std::sync::Arc;
/// # use etaflow_road::{Coord, Metric, NetworkBuilder, NewEdge, Position, Query, RoadClass, TurnModel};
/// # let mut builder = NetworkBuilder::new();
/// # let place = |lon| Coord::from_degrees(41.15, lon);
/// # let (a, b, c) = (builder.node(1, place(-8.61)?), builder.node(2, place(-8.60)?), builder.node(3, place(-8.59)?));
/// # builder.street(NewEdge::straight(a, b, RoadClass::Residential, 10.0), "");
/// # builder.street(NewEdge::straight(b, c, RoadClass::Residential, 10.0), "");
/// let network = Arc::new(builder.build(&TurnModel::default())?);
/// let metric = Metric::free_flow(&network);
/// let at = |from, to| Position { edge: network.edges_between(from, to)[0], offset_mm: 0 };
/// let mut query = Query::new(Arc::clone(&network));
/// let route = query.route(&metric, &[at(1, 2)], &[at(2, 3)]).expect("the street leads there");
/// assert_eq!(route.edges, [at(1, 2).edge, at(2, 3).edge]);
/// assert_eq!(Some(route.duration), query.duration(&metric, &[at(1, 2)], &[at(2, 3)]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Query {
    pub(super) network: Arc<Network>,
    pub(super) labels: Labels,
    /// Where each node is in the plane.
    place: Vec<Xy>,
    /// The best of a nearest search, the worst first.
    pub(super) best: BinaryHeap<(Weight, u32)>,
}

/// Where a search from one place to another ended.
#[derive(Debug, Clone, Copy)]
struct Found {
    duration: Weight,
    target: Position,
    /// The source, if it is on the target's edge and the way is along that edge.
    direct: Option<Position>,
}

/// A lower bound on the time from a node to the nearest of some places: how far it is from the circle around them.
#[derive(Debug, Clone, Copy)]
struct Potential {
    centre: Xy,
    radius: f64,
    /// Milliseconds a metre.
    pace: f64,
}

impl Route {
    /// Where one is after `driven_mm` millimetres of it; its end for more than its length.
    ///
    /// # Panics
    /// If the route is of another network.
    pub fn position_at(&self, network: &Network, driven_mm: u64) -> Position {
        let offset_mm = |place: Position| u64::from(place.offset_mm.min(network.length_mm(place.edge)));
        let mut left = driven_mm.saturating_add(offset_mm(self.source));
        let (last, before) = self.edges.split_last().expect("a route has an edge");
        for &edge in before {
            let length = network.length_mm(edge);
            match u32::try_from(left) {
                Ok(offset_mm) if offset_mm < length => return Position { edge, offset_mm },
                _ => left = left.saturating_sub(u64::from(length)),
            }
        }
        Position { edge: *last, offset_mm: left.min(offset_mm(self.target)) as u32 }
    }
}

impl Query {
    /// For a network.
    pub fn new(network: Arc<Network>) -> Self {
        let plane = plane(&network);
        let place = network.nodes().map(|node| plane.to_xy(network.coord(node))).collect();
        let labels = Labels::new(network.edge_count());
        Self { network, labels, place, best: BinaryHeap::new() }
    }

    /// The network.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The travel time from one place to another, in milliseconds.
    pub fn duration(&mut self, metric: &Metric, from: &[Position], to: &[Position]) -> Option<Weight> {
        self.search(metric, from, to).map(|found| found.duration)
    }

    /// The fastest way from one place to another. Of several equally fast, the same one each time.
    pub fn route(&mut self, metric: &Metric, from: &[Position], to: &[Position]) -> Option<Route> {
        let found = self.search(metric, from, to)?;
        let (edges, source) = match found.direct {
            Some(source) => (vec![source.edge], source),
            None => self.unpack(metric, from, found.target.edge)?,
        };
        let offset = |position: Position| u64::from(position.offset_mm.min(self.network.length_mm(position.edge)));
        let before_last = &edges[..edges.len() - 1];
        let whole: u64 = before_last.iter().map(|&edge| u64::from(self.network.length_mm(edge))).sum();
        let length_mm = whole + offset(found.target) - offset(source);
        Some(Route { edges, source, target: found.target, duration: found.duration, length_mm })
    }

    /// Whether anything can be driven at a position.
    pub(super) fn is_open(&self, metric: &Metric, position: Position) -> bool {
        position.edge.index() < self.network.edge_count() && metric.weight(position.edge) < INFINITY
    }

    pub(super) fn check(&self, metric: &Metric) {
        let (weights, edges) = (metric.weights().len(), self.network.edge_count());
        assert_eq!(weights, edges, "the metric is of another network");
    }

    /// A* over edges (Hart, Nilsson and Raphael 1968). The label of an edge is the time at its tail, after the turn
    /// into it.
    fn search(&mut self, metric: &Metric, from: &[Position], to: &[Position]) -> Option<Found> {
        self.check(metric);
        self.labels.reset();
        let potential = self.potential(metric, to);
        let mut found: Option<Found> = None;
        let mut closer = |duration, target, direct| {
            if found.is_none_or(|found| duration < found.duration) {
                found = Some(Found { duration, target, direct });
            }
            found.map_or(INFINITY, |found| found.duration)
        };
        let mut best = INFINITY;
        let Self { network, labels, place, .. } = self;
        let bound = |edge: EdgeId| potential.at(place[network.tail(edge).index()]);
        let is_open = |position: Position| {
            position.edge.index() < network.edge_count() && metric.weight(position.edge) < INFINITY
        };
        for &target in to.iter().filter(|&&target| is_open(target)) {
            labels.mark(target.edge);
            for &source in from.iter().filter(|source| source.edge == target.edge) {
                if let Some(duration) = metric.direct(network, source, target) {
                    best = closer(duration, target, Some(source));
                }
            }
        }
        for &source in from.iter().filter(|&&source| is_open(source)) {
            let at_head = metric.remaining(network, source);
            for (next, turn) in network.successors(source.edge) {
                if metric.weight(next) < INFINITY {
                    labels.reach(next, add(at_head, turn), None, || bound(next));
                }
            }
        }
        while let Some((edge, key, time)) = labels.pop() {
            if key >= best {
                break;
            }
            if labels.is_marked(edge) {
                for &target in to.iter().filter(|target| target.edge == edge) {
                    let duration = add(time, metric.elapsed(network, target));
                    if duration < INFINITY {
                        best = closer(duration, target, None);
                    }
                }
            }
            let at_head = add(time, metric.weight(edge));
            for (next, turn) in network.successors(edge) {
                if metric.weight(next) < INFINITY {
                    labels.reach(next, add(at_head, turn), Some(edge), || bound(next));
                }
            }
        }
        found
    }

    /// The edges from a source to an edge that the search reached, and that source.
    fn unpack(&self, metric: &Metric, from: &[Position], last: EdgeId) -> Option<(Vec<EdgeId>, Position)> {
        let mut edges = vec![last];
        let mut first = last;
        while let Some(parent) = self.labels.parent(first) {
            edges.push(parent);
            first = parent;
        }
        let time = self.labels.time(first);
        let source = from.iter().copied().find(|&source| {
            let turn = self.network.turn_cost(source.edge, first);
            self.is_open(metric, source)
                && turn < INFINITY
                && add(metric.remaining(&self.network, source), turn) == time
        })?;
        edges.push(source.edge);
        edges.reverse();
        Some((edges, source))
    }

    fn potential(&self, metric: &Metric, to: &[Position]) -> Potential {
        let known = to.iter().filter(|target| target.edge.index() < self.network.edge_count());
        let tails = known.map(|target| self.place[self.network.tail(target.edge).index()]);
        let count = tails.clone().count().max(1) as f64;
        let sum = tails.clone().fold(Xy::default(), |sum, at| Xy { x: sum.x + at.x, y: sum.y + at.y });
        let centre = Xy { x: sum.x / count, y: sum.y / count };
        let radius = tails.map(|at| at.distance(centre)).fold(0.0, f64::max);
        // A sliver below the exact bound outweighs what floating point rounds away.
        let fastest = metric.fastest().0;
        let pace = if fastest > 0.0 { 1e3 / fastest * (1.0 - 1e-9) } else { 0.0 };
        Potential { centre, radius, pace }
    }
}

impl Potential {
    /// The bound in milliseconds.
    #[inline]
    fn at(&self, place: Xy) -> Weight {
        // The square root of a sum, not `hypot`: it is several times faster, and a metre squared is far from overflow.
        let (dx, dy) = (place.x - self.centre.x, place.y - self.centre.y);
        let away = (dx * dx + dy * dy).sqrt() - self.radius - 1e-6;
        // Conversion saturates: negative is 0.
        ((away * self.pace) as Weight).min(INFINITY)
    }
}
