use std::sync::Arc;

use super::Position;
use crate::geo::{Coord, LocalFrame};
use crate::id::EdgeId;
use crate::network::Network;
use crate::unit::{INFINITY, MetresPerSecond, Weight};

/// The travel times of all edges of a network at some time: immutable, and shared by `Arc`.
///
/// ```
/// # use etaflow_road::{Coord, EdgeId, INFINITY, Metric, NetworkBuilder, NewEdge, RoadClass, TurnModel};
/// # let mut builder = NetworkBuilder::new();
/// # let a = builder.node(1, Coord::from_degrees(41.15, -8.61)?);
/// # let b = builder.node(2, Coord::from_degrees(41.15, -8.60)?);
/// # builder.street(NewEdge::straight(a, b, RoadClass::Residential, 8.3), "");
/// # let network = builder.build(&TurnModel::default())?;
/// let mut weights = network.free_flow_weights().to_vec();
/// weights[0] = INFINITY; // closed
/// let metric = Metric::new(&network, weights)?;
/// assert_eq!(metric.weight(EdgeId(0)), INFINITY);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    weights: Vec<Weight>,
    /// The crow distance from tail to head of each edge, in metres; shared by all metrics of a network.
    crow: Arc<[f32]>,
    fastest: f64,
}

/// Why some numbers are not the travel times of a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MetricError {
    /// There is not one weight for each edge.
    #[error("{found} weights for {expected} edges")]
    Length {
        /// How many weights there are.
        found: usize,
        /// How many edges there are.
        expected: usize,
    },
    /// A weight that is 0 or above [`INFINITY`].
    #[error("the weight of edge {edge} is {weight} ms, not within 1..={INFINITY}", edge = edge.0)]
    Weight {
        /// The edge.
        edge: EdgeId,
        /// Its weight.
        weight: Weight,
    },
}

impl Metric {
    /// The travel times when nothing is in the way.
    pub fn free_flow(network: &Network) -> Self {
        Self::of(network.free_flow_weights().to_vec(), crow_distances(network))
    }

    /// From one travel time for each edge, in milliseconds; [`INFINITY`] closes an edge.
    ///
    /// # Errors
    /// If there is not one for each edge, or one is 0 or above [`INFINITY`].
    pub fn new(network: &Network, weights: Vec<Weight>) -> Result<Self, MetricError> {
        let (found, expected) = (weights.len(), network.edge_count());
        if found != expected {
            return Err(MetricError::Length { found, expected });
        }
        if let Some(at) = weights.iter().position(|weight| !(1..=INFINITY).contains(weight)) {
            return Err(MetricError::Weight { edge: EdgeId(at as u32), weight: weights[at] });
        }
        Ok(Self::of(weights, crow_distances(network)))
    }

    fn of(weights: Vec<Weight>, crow: Arc<[f32]>) -> Self {
        let speeds = weights.iter().zip(&*crow).map(|(&weight, &crow)| crow_speed(crow, weight));
        let fastest = speeds.fold(0.0, f64::max);
        Self { weights, crow, fastest }
    }

    /// The same but for some edges, whose new travel times are given in milliseconds; [`INFINITY`] closes an edge. Of
    /// several changes of an edge the last counts.
    ///
    /// Cheaper than [`new`](Self::new): all other edges are only copied.
    ///
    /// # Errors
    /// If a weight is 0 or above [`INFINITY`].
    ///
    /// # Panics
    /// If the network has no such edge.
    pub fn with_changes(&self, changes: &[(EdgeId, Weight)]) -> Result<Self, MetricError> {
        if let Some(&(edge, weight)) = changes.iter().find(|(_, weight)| !(1..=INFINITY).contains(weight)) {
            return Err(MetricError::Weight { edge, weight });
        }
        let mut weights = self.weights.clone();
        let mut fastest = self.fastest;
        for &(edge, weight) in changes {
            weights[edge.index()] = weight;
            // An edge that became slower may leave the bound too high, which costs a search time but not its exactness.
            fastest = fastest.max(crow_speed(self.crow[edge.index()], weight));
        }
        let crow = Arc::clone(&self.crow);
        Ok(if changes.len() * 8 > weights.len() { Self::of(weights, crow) } else { Self { weights, crow, fastest } })
    }

    /// The travel time of an edge in milliseconds, [`INFINITY`] if it is closed.
    #[inline]
    pub fn weight(&self, edge: EdgeId) -> Weight {
        self.weights[edge.index()]
    }

    /// The travel times of all edges in order.
    pub fn weights(&self) -> &[Weight] {
        &self.weights
    }

    /// A speed that nobody exceeds as the crow flies between the ends of an open edge.
    ///
    /// Crow distances are those of the network's plane, which is not the globe: good for bounds, not for display.
    pub fn fastest(&self) -> MetresPerSecond {
        MetresPerSecond(self.fastest)
    }

    /// The time from the tail of its edge to a position, in milliseconds, rounded down; [`INFINITY`] if it is closed.
    ///
    /// The one place where part of an edge is timed. The time between two positions of an edge is the difference of
    /// theirs, so that the parts of a way add up to the whole.
    ///
    /// # Panics
    /// If the network has no such edge.
    #[inline]
    pub fn elapsed(&self, network: &Network, position: Position) -> Weight {
        let weight = self.weight(position.edge);
        if weight >= INFINITY {
            return INFINITY;
        }
        let length_mm = network.length_mm(position.edge);
        let offset_mm = position.offset_mm.min(length_mm);
        (u64::from(weight) * u64::from(offset_mm) / u64::from(length_mm)) as Weight
    }

    /// The time from a position to the head of its edge, in milliseconds; [`INFINITY`] if it is closed.
    ///
    /// # Panics
    /// If the network has no such edge.
    #[inline]
    pub fn remaining(&self, network: &Network, position: Position) -> Weight {
        let weight = self.weight(position.edge);
        if weight >= INFINITY { INFINITY } else { weight - self.elapsed(network, position) }
    }

    /// The time to drive forwards on one edge from one position to another; `None` if that is not possible.
    pub(super) fn direct(&self, network: &Network, from: Position, to: Position) -> Option<Weight> {
        let length_mm = network.length_mm(from.edge);
        let ahead = from.edge == to.edge && from.offset_mm.min(length_mm) <= to.offset_mm.min(length_mm);
        let open = self.weight(from.edge) < INFINITY;
        (ahead && open).then(|| self.elapsed(network, to) - self.elapsed(network, from))
    }
}

/// The plane in which crow distances are taken.
///
/// Bounds on travel times hold however badly it fits the globe: the fastest speed is taken in the same plane.
pub(super) fn plane(network: &Network) -> LocalFrame {
    let centre = network.bounds().and_then(|(south_west, north_east)| {
        let middle = |a: i32, b: i32| ((i64::from(a) + i64::from(b)) / 2) as i32;
        let lat = middle(south_west.lat_e7(), north_east.lat_e7());
        Coord::from_e7(lat, middle(south_west.lon_e7(), north_east.lon_e7())).ok()
    });
    LocalFrame::at(centre.unwrap_or_default())
}

/// How far it is as the crow flies from the tail of each edge to its head, in metres, rounded up.
fn crow_distances(network: &Network) -> Arc<[f32]> {
    let plane = plane(network);
    let distance = |edge| {
        let tail = plane.to_xy(network.coord(network.tail(edge)));
        let head = plane.to_xy(network.coord(network.head(edge)));
        (tail.distance(head) as f32).next_up()
    };
    network.edges().map(distance).collect()
}

/// How fast an edge brings one from its tail to its head as the crow flies, in metres per second; 0 if it is closed.
fn crow_speed(crow: f32, weight: Weight) -> f64 {
    if weight >= INFINITY { 0.0 } else { f64::from(crow) * 1e3 / f64::from(weight) }
}
