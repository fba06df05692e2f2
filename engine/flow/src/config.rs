//! All that can be set, with its defaults and bounds.

use etaflow_road::{MatcherConfig, MatcherConfigError};

use crate::eta::{EtaConfig, EtaConfigError};
use crate::fleet::{FleetConfig, FleetConfigError};
use crate::traffic::{TrafficConfig, TrafficConfigError};
use crate::trip::{TripsConfig, TripsConfigError};

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
    /// One of the fleet's.
    #[error(transparent)]
    Fleet(#[from] FleetConfigError),
    /// One of the trips'.
    #[error(transparent)]
    Trips(#[from] TripsConfigError),
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
        self.fleet.validate()?;
        self.trips.validate()?;
        self.eta.validate()?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use etaflow_road::Span;

    use super::*;

    #[test]
    fn a_setting_out_of_bounds_is_named() {
        for span in [Span::from_secs(-1), Span::ZERO, Span::from_micros(i64::MIN), Span::from_micros(i64::MAX)] {
            let mut config = Config::default();
            config.fleet.stale_after = span;
            let name = |config: &Config| config.validate().expect_err("out of bounds").to_string();
            assert!(name(&config).starts_with("fleet.stale_after_s is "), "{}", name(&config));
            config = Config::default();
            config.fleet.forgotten_after = span;
            assert!(name(&config).starts_with("fleet.forgotten_after_s is "), "{}", name(&config));
            config = Config::default();
            config.trips.abandoned_after = span;
            assert!(name(&config).starts_with("trips.abandoned_after_s is "), "{}", name(&config));
            config = Config::default();
            config.eta.reroute_every = span;
            assert!(name(&config).starts_with("eta.reroute_every_s is "), "{}", name(&config));
        }
        let mut config = Config::default();
        config.trips.under_way_max = 0;
        let error = config.validate().expect_err("out of bounds").to_string();
        assert_eq!(error, "trips.under_way_max is 0, not within 1..=100000000");
    }
}
