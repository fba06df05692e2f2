use std::collections::BinaryHeap;
use std::sync::Arc;

use super::labels::Labels;
use crate::id::EdgeId;
use crate::network::Network;
use crate::routing::metric::add;
use crate::routing::{Metric, Position, Route};
use crate::unit::{INFINITY, Weight};

/// The reference: answers as [`Query`](crate::Query) does, under any metric and without preparation, by looking at all
/// that is near enough.
///
/// Slow and plain: for tests and benches to hold a `Query` to, and for travel times that are asked of once.
///
/// Where a place is given as several positions (both directions of a street), they are alternatives: the best counts.
/// Who is on a closed edge gets nowhere, and nobody gets there. A travel time of [`INFINITY`] or more counts as none.
///
/// Every method panics if the metric is of a network with another number of edges.
///
/// ```
/// # use std::sync::Arc;
/// # use etaflow_road::{Coord, Dijkstra, Metric, NetworkBuilder, NewEdge, Position, Query, RoadClass, TurnModel};
/// # let mut builder = NetworkBuilder::new();
/// # let place = |lon| Coord::from_degrees(41.15, lon);
/// # let (a, b, c) = (builder.node(1, place(-8.61)?), builder.node(2, place(-8.60)?), builder.node(3, place(-8.59)?));
/// # builder.street(NewEdge::straight(a, b, RoadClass::Residential, 10.0), "");
/// # builder.street(NewEdge::straight(b, c, RoadClass::Residential, 10.0), "");
/// let network = Arc::new(builder.build(&TurnModel::default())?);
/// let metric = Metric::free_flow(&network);
/// let at = |from, to| [Position { edge: network.edges_between(from, to)[0], offset_mm: 0 }];
/// let mut dijkstra = Dijkstra::new(Arc::clone(&network));
/// let duration = dijkstra.duration(&metric, &at(1, 2), &at(2, 3));
/// assert!(duration.is_some());
/// assert_eq!(duration, Query::new(Arc::clone(&network)).duration(&metric, &at(1, 2), &at(2, 3)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Dijkstra {
    pub(super) network: Arc<Network>,
    pub(super) labels: Labels,
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

impl Dijkstra {
    /// For a network.
    pub fn new(network: Arc<Network>) -> Self {
        let labels = Labels::new(network.edge_count());
        Self { network, labels, best: BinaryHeap::new() }
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

    /// Dijkstra's search (1959) over edges, until no way can be faster than the best one found. The label of an edge is
    /// the time at its tail, after the turn into it.
    fn search(&mut self, metric: &Metric, from: &[Position], to: &[Position]) -> Option<Found> {
        self.check(metric);
        self.labels.reset();
        let mut found: Option<Found> = None;
        for &target in to {
            if !self.is_open(metric, target) {
                continue;
            }
            self.labels.mark(target.edge);
            for &source in from.iter().filter(|source| source.edge == target.edge) {
                if let Some(duration) = metric.direct(&self.network, source, target) {
                    closer(&mut found, Found { duration, target, direct: Some(source) });
                }
            }
        }
        for &source in from {
            if self.is_open(metric, source) {
                let at_head = metric.remaining(&self.network, source);
                self.reach_successors(metric, source.edge, None, at_head, INFINITY);
            }
        }
        while let Some((edge, time)) = self.labels.pop() {
            if found.is_some_and(|found| time >= found.duration) {
                break;
            }
            if self.labels.is_marked(edge) {
                for &target in to.iter().filter(|target| target.edge == edge) {
                    let duration = add(time, metric.elapsed(&self.network, target));
                    closer(&mut found, Found { duration, target, direct: None });
                }
            }
            self.reach_successors(metric, edge, Some(edge), add(time, metric.weight(edge)), INFINITY);
        }
        found
    }

    /// Goes on from the head of an edge, at a time, to the edges that can be turned into within a limit.
    pub(super) fn reach_successors(
        &mut self,
        metric: &Metric,
        edge: EdgeId,
        parent: Option<EdgeId>,
        at_head: Weight,
        limit: Weight,
    ) {
        for (next, turn) in self.network.successors(edge) {
            let time = add(at_head, turn);
            if time <= limit && metric.weight(next) < INFINITY {
                self.labels.reach(next, time, parent);
            }
        }
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
            // A source on an unknown edge has no turns to ask for.
            self.is_open(metric, source)
                && add(metric.remaining(&self.network, source), self.network.turn_cost(source.edge, first)) == time
        })?;
        edges.push(source.edge);
        edges.reverse();
        Some((edges, source))
    }
}

/// Keeps the earlier find unless the new one is faster.
fn closer(found: &mut Option<Found>, new: Found) {
    if new.duration < found.map_or(INFINITY, |found| found.duration) {
        *found = Some(new);
    }
}
