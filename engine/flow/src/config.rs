//! All that can be set, with its defaults and bounds.

use etaflow_road::{MatcherConfig, MatcherConfigError};

use crate::eta::{EtaConfig, EtaConfigError};
use crate::fleet::FleetConfig;
use crate::traffic::{TrafficConfig, TrafficConfigError};
use crate::trip::TripsConfig;

/// How the pipeline works: whoever replays a log with the same configuration gets the same outputs.
///
/// ```
/// let config = etaflow::Config { shards: 4, ..Default::default() };
/// assert!(config.validate().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// How many threads share the drivers. Default 1; 1 to 256. It changes no output.
    pub shards: u32,
    /// Matching fixes to the road.
    pub matching: MatcherConfig,
    /// Road speeds.
    pub traffic: TrafficConfig,
    /// Drivers.
    pub fleet: FleetConfig,
    /// Trips.
    pub trips: TripsConfig,
    /// Arrival times.
    pub eta: EtaConfig,
}

/// A setting that is out of its bounds.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineConfigError {
    /// The number of shards.
    #[error("shards is {0}, not within 1..=256")]
    Shards(u32),
    /// One of the matcher's.
    #[error("matching: {0}")]
    Matching(#[from] MatcherConfigError),
    /// One of the traffic's.
    #[error(transparent)]
    Traffic(#[from] TrafficConfigError),
    /// One of the arrival times'.
    #[error(transparent)]
    Eta(#[from] EtaConfigError),
}

impl Default for Config {
    fn default() -> Self {
        Self {
            shards: 1,
            matching: MatcherConfig::default(),
            traffic: TrafficConfig::default(),
            fleet: FleetConfig::default(),
            trips: TripsConfig::default(),
            eta: EtaConfig::default(),
        }
    }
}

impl Config {
    /// Checks all bounds.
    ///
    /// # Errors
    /// Names the setting, its value and its bounds.
    pub fn validate(&self) -> Result<(), PipelineConfigError> {
        if !(1..=256).contains(&self.shards) {
            return Err(PipelineConfigError::Shards(self.shards));
        }
        self.matching.validate()?;
        self.traffic.validate()?;
        self.eta.validate()?;
        Ok(())
    }
}
