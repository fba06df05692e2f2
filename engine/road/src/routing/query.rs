use std::sync::Arc;

use super::metric::{Metric, add};
use super::position::Position;
use super::route::Route;
use crate::cch::Search;
use crate::id::EdgeId;
use crate::network::{Network, TurnHierarchy};
use crate::unit::{INFINITY, Weight};

/// Asks for travel times and routes, and keeps the memory that the searches need.
///
/// Where a place is given as several positions (both directions of a street), they are alternatives: the best counts.
/// Who is on a closed edge gets nowhere, and nobody gets there. A travel time of [`INFINITY`](crate::INFINITY) or more
/// counts as none.
///
/// A search on the customizable contraction hierarchy whose nodes are the network's edges: its state is "at the head of
/// this edge". The first for a network makes the hierarchy, if nothing has before; see [`Network::turn_hierarchy`].
///
/// What has been asked before changes no answer; and of the metric nothing but the travel times does, however it has come
/// to them.
///
/// # Panics
/// Every method that takes a metric does if that is of another network.
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
    pub(super) turns: Arc<TurnHierarchy>,
    pub(super) search: Search,
    /// The heads of edges that a place is reached from, or from which its other end is, and the times to there.
    pub(super) place: Vec<(u32, Weight)>,
    /// The edges that are asked of.
    pub(super) edges: Vec<u32>,
    pub(super) times: Vec<Weight>,
    /// What the edges are asked for: the places in the answer, and the times to be added.
    pub(super) asked: Vec<(u32, Weight)>,
    /// A row of a table, or a column.
    pub(super) line: Vec<Weight>,
    path: Vec<u32>,
}

/// A way from one position to another.
#[derive(Debug, Clone, Copy)]
struct Found {
    duration: Weight,
    source: Position,
    target: Position,
    by: By,
}

/// How a target is reached.
#[derive(Debug, Clone, Copy)]
enum By {
    /// Along the one edge that it and the source are on.
    Edge,
    /// On the way to the head of its edge.
    Head,
    /// From an edge before its own, whose turn into it is the last one.
    Predecessor(EdgeId, Weight),
}

impl Query {
    /// For a network. It takes some hundred kilobytes, and four bytes for each edge.
    ///
    /// # Panics
    /// If [`Network::turn_hierarchy`] cannot be made.
    pub fn new(network: Arc<Network>) -> Self {
        let turns = Arc::clone(network.turns());
        Self {
            search: Search::new(&turns.hierarchy),
            network,
            turns,
            place: Vec::new(),
            edges: Vec::new(),
            times: Vec::new(),
            asked: Vec::new(),
            line: Vec::new(),
            path: Vec::new(),
        }
    }

    /// The network.
    pub fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// The travel time from one place to another, in milliseconds; `None` if there is no way.
    ///
    /// # Panics
    /// If the metric is of another network.
    pub fn duration(&mut self, metric: &Metric, from: &[Position], to: &[Position]) -> Option<Weight> {
        self.best(metric, from, to).map(|found| found.duration)
    }

    /// The fastest way from one place to another; `None` if there is none. Of several equally fast, the same one each time.
    ///
    /// # Panics
    /// If the metric is of another network.
    pub fn route(&mut self, metric: &Metric, from: &[Position], to: &[Position]) -> Option<Route> {
        let Found { duration, source, target, by } = self.best(metric, from, to)?;
        let mut edges = vec![source.edge];
        let start = (source.edge.0, metric.remaining(&self.network, source));
        let end = match by {
            By::Edge => None,
            By::Head => Some((target.edge.0, 0)),
            By::Predecessor(before, from_head) => Some((before.0, from_head)),
        };
        if let Some(end) = end {
            self.search.path(&metric.turns, start, end, &mut self.path)?;
            edges.extend(self.path.iter().map(|&arc| self.turns.edge_into(arc)));
        }
        if let By::Predecessor(..) = by {
            edges.push(target.edge);
        }
        debug_assert_eq!(edges.last(), Some(&target.edge), "a way ends where it should");
        let offset = |position: Position| u64::from(position.offset_mm.min(self.network.length_mm(position.edge)));
        let before_last = &edges[..edges.len() - 1];
        let whole: u64 = before_last.iter().map(|&edge| u64::from(self.network.length_mm(edge))).sum();
        let length_mm = whole + offset(target) - offset(source);
        Some(Route { edges, source, target, duration, length_mm })
    }

    /// Whether anything can be driven at a position.
    pub(super) fn is_open(&self, metric: &Metric, position: Position) -> bool {
        position.edge.index() < self.network.edge_count() && metric.weight(position.edge) < INFINITY
    }

    pub(super) fn check(&self, metric: &Metric) {
        let (found, expected) = (metric.weights.len(), self.network.edge_count());
        assert!(
            Arc::ptr_eq(metric.turns.hierarchy(), &self.turns.hierarchy),
            "the metric is of another network, with {found} edges, not {expected}"
        );
    }

    fn best(&mut self, metric: &Metric, from: &[Position], to: &[Position]) -> Option<Found> {
        self.check(metric);
        let mut best = None;
        for &target in to {
            for &source in from {
                if self.is_open(metric, source) && self.is_open(metric, target) {
                    self.closer(metric, source, target, &mut best);
                }
            }
        }
        best
    }

    /// Puts the way from a source to a target in place of the best one, if it is faster.
    fn closer(&mut self, metric: &Metric, source: Position, target: Position, best: &mut Option<Found>) {
        let bound = best.map_or(INFINITY, |best| best.duration);
        if let Some(duration) = metric.direct(&self.network, source, target) {
            if duration < bound {
                *best = Some(Found { duration, source, target, by: By::Edge });
            }
            // To leave an edge and come back to it takes longer.
            return;
        }
        let start = (source.edge.0, metric.remaining(&self.network, source));
        let beyond = metric.remaining(&self.network, target);
        if source.edge != target.edge {
            let limit = bound + beyond;
            let found = self.search.distance_below(&metric.turns, start, (target.edge.0, 0), limit.min(INFINITY));
            if let Some(to_head) = found {
                *best = Some(Found { duration: to_head - beyond, source, target, by: By::Head });
            }
            if found.is_some() || limit <= INFINITY {
                return;
            }
        }
        // Who starts behind the target on its edge must come back to it; and where the head is too far to be told, the
        // target may be not.
        let network = Arc::clone(&self.network);
        for (before, turn) in network.predecessors(target.edge) {
            let from_head = add(turn, metric.elapsed(&network, target));
            let bound = best.map_or(INFINITY, |best| best.duration);
            let found = self.search.distance_below(&metric.turns, start, (before.0, from_head), bound);
            if let Some(duration) = found {
                *best = Some(Found { duration, source, target, by: By::Predecessor(before, from_head) });
            }
        }
    }
}
