use std::sync::Arc;

use etaflow_road::Metric;

use super::calibration::Quantiles;

/// The travel times and spreads that answers rest on, from one tick to the next.
#[derive(Debug, Clone)]
pub struct Epoch {
    /// The number of the tick up to which everything is in it; 0 too before the first.
    pub number: u64,
    /// The travel time of every edge.
    pub metric: Arc<Metric>,
    /// How many other metrics were made before this one: epochs of which this is the same have the same travel times.
    pub metric_number: u64,
    /// How far off their sums are.
    pub quantiles: Arc<Quantiles>,
}
