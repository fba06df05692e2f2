use std::sync::Arc;

use super::dijkstra::Dijkstra;
use super::metric::Metric;
use super::position::Position;
use super::route::Route;
use super::targets::Targets;
use crate::network::Network;
use crate::unit::Weight;

/// Asks for travel times and routes, and keeps the memory that the searches need.
///
/// Where a place is given as several positions (both directions of a street), they are alternatives: the best counts.
/// Who is on a closed edge gets nowhere, and nobody gets there. A travel time of [`INFINITY`](crate::INFINITY) or more
/// counts as none.
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
    dijkstra: Dijkstra,
}

impl Query {
    /// For a network.
    pub fn new(network: Arc<Network>) -> Self {
        Self { dijkstra: Dijkstra::new(network) }
    }

    /// The network.
    pub fn network(&self) -> &Arc<Network> {
        self.dijkstra.network()
    }

    /// The travel time from one place to another, in milliseconds.
    pub fn duration(&mut self, metric: &Metric, from: &[Position], to: &[Position]) -> Option<Weight> {
        self.dijkstra.duration(metric, from, to)
    }

    /// The fastest way from one place to another. Of several equally fast, the same one each time.
    pub fn route(&mut self, metric: &Metric, from: &[Position], to: &[Position]) -> Option<Route> {
        self.dijkstra.route(metric, from, to)
    }

    /// The travel times from many sources to one place, in milliseconds: `out[i]` is that of `from[i]`,
    /// [`INFINITY`](crate::INFINITY) where it is more than `limit` or there is no way.
    pub fn many_to_one(
        &mut self,
        metric: &Metric,
        from: &[Position],
        to: &[Position],
        limit: Weight,
        out: &mut Vec<Weight>,
    ) {
        self.dijkstra.many_to_one(metric, from, to, limit, out);
    }

    /// The travel times from one place to many targets, in milliseconds: `out[i]` is that to `to[i]`,
    /// [`INFINITY`](crate::INFINITY) where it is more than `limit` or there is no way.
    pub fn one_to_many(
        &mut self,
        metric: &Metric,
        from: &[Position],
        to: &[Position],
        limit: Weight,
        out: &mut Vec<Weight>,
    ) {
        self.dijkstra.one_to_many(metric, from, to, limit, out);
    }

    /// Which `k` of the targets reach a place soonest, with their travel times in milliseconds; ascending by time and
    /// then by id. Fewer if fewer reach it within `limit`.
    ///
    /// # Panics
    /// If the targets or the metric are of a network with another number of edges.
    pub fn nearest(
        &mut self,
        metric: &Metric,
        targets: &Targets,
        to: &[Position],
        k: usize,
        limit: Weight,
    ) -> Vec<(u32, Weight)> {
        self.dijkstra.nearest(metric, targets, to, k, limit)
    }
}
