use std::sync::Arc;

use etaflow_road::{Metric, Network};

use super::calibration::Quantiles;
use crate::bytes::{ByteReader, BytesError, put_weights};
use crate::stream::StateError;

/// What this state is called.
const EPOCH: &str = "epoch";

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

impl Epoch {
    /// Appends all of it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let Self { number, metric, metric_number, quantiles } = self;
        out.extend(number.to_le_bytes());
        out.extend(metric_number.to_le_bytes());
        put_weights(out, metric.weights());
        quantiles.encode(out);
    }

    /// Reads what [`encode`](Self::encode) wrote, on the same network.
    ///
    /// `known` are metrics that there are already, each with its number: the one with this epoch's number is shared.
    ///
    /// # Errors
    /// If it was not written by that, or if its metric is known and has other travel times.
    pub fn decode(network: &Network, bytes: &[u8], known: &[(u64, Arc<Metric>)]) -> Result<Self, StateError> {
        let mut reader = ByteReader::new(bytes);
        let number = reader.u64("the number").map_err(|error| StateError::of(EPOCH, 0, &error))?;
        Self::read(&mut reader, number, network, known).map_err(|error| StateError::of(EPOCH, number, &error))
    }

    fn read(
        reader: &mut ByteReader<'_>,
        number: u64,
        network: &Network,
        known: &[(u64, Arc<Metric>)],
    ) -> Result<Self, BytesError> {
        let metric_number = reader.u64("the metric's number")?;
        let weights = reader.weights("a travel time", network.edge_count())?;
        let quantiles = Arc::new(Quantiles::decode(reader)?);
        reader.end()?;
        let known = known.iter().find(|(known, _)| *known == metric_number).map(|(_, metric)| metric);
        let metric = match known {
            Some(metric) if metric.weights() != weights => {
                return Err(reader.error("a travel time", "is another than that of the same metric elsewhere"));
            }
            Some(metric) => Arc::clone(metric),
            None => Arc::new(Metric::new(network, weights).map_err(|_| reader.error("a travel time", "is none"))?),
        };
        Ok(Self { number, metric, metric_number, quantiles })
    }
}

#[cfg(test)]
#[path = "epoch_tests.rs"]
mod tests;
