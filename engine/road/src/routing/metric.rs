use std::sync::Arc;

use super::customizer::MetricCustomizer;
use super::position::Position;
use crate::cch::Customized;
use crate::id::EdgeId;
use crate::network::{Network, TurnHierarchy};
use crate::unit::{INFINITY, Weight};

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
#[derive(Debug)]
pub struct Metric {
    pub(super) weights: Vec<Weight>,
    pub(super) hierarchy: Arc<TurnHierarchy>,
    /// What the arcs of the hierarchy weigh.
    pub(super) turns: Customized,
}

impl Clone for Metric {
    fn clone(&self) -> Self {
        Self { weights: self.weights.clone(), hierarchy: Arc::clone(&self.hierarchy), turns: self.turns.clone() }
    }

    /// Takes no new memory if `source` is of the same network.
    fn clone_from(&mut self, source: &Self) {
        self.weights.clone_from(&source.weights);
        self.hierarchy.clone_from(&source.hierarchy);
        self.turns.clone_from(&source.turns);
    }
}

/// Two are equal if all travel times are.
impl PartialEq for Metric {
    fn eq(&self, other: &Self) -> bool {
        self.weights == other.weights
    }
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
    /// An edge that the network does not have.
    #[error("there is no edge {edge}, but {edges} from 0 on", edge = edge.0)]
    Edge {
        /// The number of the edge.
        edge: EdgeId,
        /// How many edges there are.
        edges: usize,
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
        Self::of(network, network.free_flow_weights().to_vec())
    }

    /// From one travel time for each edge, in milliseconds; [`INFINITY`] closes an edge.
    ///
    /// # Errors
    /// If there is not one for each edge, or one is 0 or above [`INFINITY`].
    pub fn new(network: &Network, weights: Vec<Weight>) -> Result<Self, MetricError> {
        check(network.edge_count(), &weights)?;
        Ok(Self::of(network, weights))
    }

    fn of(network: &Network, weights: Vec<Weight>) -> Self {
        let hierarchy = Arc::clone(network.turns());
        let turns = Customized::unreachable(&hierarchy.hierarchy);
        let mut metric = Self { weights, hierarchy, turns };
        MetricCustomizer::new(network).write(&mut metric);
        metric
    }

    /// The same but for some edges, whose new travel times are given in milliseconds; [`INFINITY`] closes an edge. Of
    /// several changes of an edge the last counts.
    ///
    /// Cheaper than [`new`](Self::new) if they are few. A [`MetricCustomizer`] does it without taking new memory.
    ///
    /// # Errors
    /// If there is no such edge, or a weight is 0 or above [`INFINITY`].
    pub fn with_changes(&self, changes: &[(EdgeId, Weight)]) -> Result<Self, MetricError> {
        let mut changed = self.clone();
        MetricCustomizer::of(&self.hierarchy).change(&mut changed, changes)?;
        Ok(changed)
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

/// Whether there is one travel time for each edge, and all are within bounds.
pub(super) fn check(edges: usize, weights: &[Weight]) -> Result<(), MetricError> {
    if weights.len() != edges {
        return Err(MetricError::Length { found: weights.len(), expected: edges });
    }
    match weights.iter().position(|weight| !(1..=INFINITY).contains(weight)) {
        Some(at) => Err(MetricError::Weight { edge: EdgeId(at as u32), weight: weights[at] }),
        None => Ok(()),
    }
}

/// The sum of weights, [`INFINITY`] if it is not below that.
#[inline]
pub(super) fn add(first: Weight, second: Weight) -> Weight {
    (first + second).min(INFINITY)
}
