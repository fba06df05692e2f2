use std::sync::Arc;

use super::metric::{Metric, MetricError, check};
use crate::cch::Customizer;
use crate::id::EdgeId;
use crate::network::{Network, TurnHierarchy};
use crate::unit::{INFINITY, Weight};

/// If more than one edge in so many changes, a full customization is faster.
const CHANGES_MAX: usize = 400;

/// Gives a [`Metric`] new travel times, in memory that is used again and again.
///
/// Readers hold a metric by `Arc` while the next one is made: copy it into one that nobody reads any more
/// (`clone_from`), change that, and share it.
///
/// ```
/// # use std::sync::Arc;
/// # use etaflow_road::{EdgeId, INFINITY, Metric, MetricCustomizer, SyntheticCity};
/// let network = SyntheticCity { nodes: 500, ..SyntheticCity::default() }.build();
/// let now = Arc::new(Metric::free_flow(&network));
/// let mut customizer = MetricCustomizer::new(&network);
/// let mut next = Metric::clone(&now);
/// customizer.change(&mut next, &[(EdgeId(0), INFINITY), (EdgeId(1), 9_000)])?;
/// assert_eq!(next.weight(EdgeId(1)), 9_000);
/// # Ok::<(), etaflow_road::MetricError>(())
/// ```
#[derive(Debug)]
pub struct MetricCustomizer {
    hierarchy: Arc<TurnHierarchy>,
    customizer: Customizer,
    /// The arcs that change, and what they weigh then.
    changes: Vec<(u32, Weight)>,
}

impl MetricCustomizer {
    /// For the metrics of a network.
    ///
    /// # Panics
    /// If [`Network::turn_hierarchy`] cannot be made.
    pub fn new(network: &Network) -> Self {
        Self::of(network.turns())
    }

    pub(super) fn of(hierarchy: &Arc<TurnHierarchy>) -> Self {
        let customizer = Customizer::new(&hierarchy.hierarchy);
        Self { hierarchy: Arc::clone(hierarchy), customizer, changes: Vec::new() }
    }

    /// Gives all edges new travel times, in milliseconds; [`INFINITY`] closes an edge.
    ///
    /// On all threads of the current `rayon` pool.
    ///
    /// # Errors
    /// If there is not one for each edge, or one is 0 or above [`INFINITY`]. Nothing has changed then.
    ///
    /// # Panics
    /// If the metric is of another network.
    pub fn customize(&mut self, metric: &mut Metric, weights: &[Weight]) -> Result<(), MetricError> {
        self.check(metric);
        check(metric.weights.len(), weights)?;
        metric.weights.copy_from_slice(weights);
        self.write(metric);
        Ok(())
    }

    /// Gives some edges new travel times, in milliseconds; [`INFINITY`] closes an edge. Of several changes of an edge the
    /// last counts.
    ///
    /// Exact, and about as long as the changes reach. If they are so many that [`customize`](Self::customize) is faster,
    /// it does that.
    ///
    /// # Errors
    /// If there is no such edge, or a weight is 0 or above [`INFINITY`]. Nothing has changed then.
    ///
    /// # Panics
    /// If the metric is of another network.
    pub fn change(&mut self, metric: &mut Metric, changes: &[(EdgeId, Weight)]) -> Result<(), MetricError> {
        self.check(metric);
        let edges = metric.weights.len();
        for &(edge, weight) in changes {
            if edge.index() >= edges {
                return Err(MetricError::Edge { edge, edges });
            }
            if !(1..=INFINITY).contains(&weight) {
                return Err(MetricError::Weight { edge, weight });
            }
        }
        if changes.len() * CHANGES_MAX > edges {
            for &(edge, weight) in changes {
                metric.weights[edge.index()] = weight;
            }
            self.write(metric);
            return Ok(());
        }
        self.changes.clear();
        for &(edge, weight) in changes {
            if std::mem::replace(&mut metric.weights[edge.index()], weight) != weight {
                self.changes.extend(self.hierarchy.arcs_into(edge, weight));
            }
        }
        self.customizer.change(&mut metric.turns, &self.changes).expect("the sum of two weights is held to one");
        Ok(())
    }

    /// Finds the arcs that shortest paths need, so that searches of `metric` look at no others.
    ///
    /// It takes some customizations' time, and is worth it if many thousand searches follow.
    ///
    /// # Panics
    /// If the metric is of another network.
    pub fn perfect(&mut self, metric: &mut Metric) {
        self.check(metric);
        self.customizer.perfect(&mut metric.turns);
    }

    /// Has everything follow from the travel times of a metric.
    pub(super) fn write(&mut self, metric: &mut Metric) {
        let Metric { weights, turns, .. } = metric;
        self.customizer.customize_places(turns, |arcs| self.hierarchy.write(weights, arcs));
    }

    fn check(&self, metric: &Metric) {
        let edges = metric.weights.len();
        assert!(
            Arc::ptr_eq(&self.hierarchy, &metric.hierarchy),
            "the metric is of another network, with {edges} edges"
        );
    }
}
