use std::sync::Arc;

use etaflow_road::{Network, SyntheticCity, open_network};

use super::failure::Failure;
use crate::scenario::NetworkSource;

/// The roads of a scenario.
pub(super) fn network(source: &NetworkSource) -> Result<Arc<Network>, Failure> {
    Ok(Arc::new(match source {
        NetworkSource::City { nodes, seed } => {
            SyntheticCity { seed: *seed, nodes: *nodes as usize, ..SyntheticCity::default() }.build()
        }
        NetworkSource::File(path) => open_network(path)?,
    }))
}
