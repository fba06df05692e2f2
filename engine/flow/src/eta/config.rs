use etaflow_road::{Metres, Span};

/// How arrival times are made and told.
#[derive(Debug, Clone, PartialEq)]
pub struct EtaConfig {
    /// An arrival time is told again when it has moved by this much. Default 2 s; 0 to 10 min.
    pub change_min: Span,
    /// How long it takes to find a driver and for him to come, as long as there is none. Default 3 min; 0 to 1 h.
    pub pickup_wait: Span,
    /// How long a rider takes to get in. Default 20 s; 0 to 10 min.
    pub boarding: Span,
    /// How far a pickup or a dropoff may be from the road. Default 1 km; 1 m to 20 km.
    pub snap_radius: Metres,
    /// How often a trip's forecast is put by, to be compared with what the trip really took. Default 30 s; 1 s to 1 h.
    pub residual_interval: Span,
    /// How often a trip's way is compared with the fastest one, beside at once when its driver leaves it or a road on it
    /// is closed. Default 8 s; 1 s to 1 h. Travel times come into force two ticks after what they rest on: with a tick
    /// each second, a way is 10 s behind the best one at most.
    pub reroute_every: Span,
}

/// A value of an [`EtaConfig`] that is out of its bounds.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("eta.{name} is {value}, not within {low}..={high}")]
pub struct EtaConfigError {
    name: &'static str,
    value: f64,
    low: f64,
    high: f64,
}

impl Default for EtaConfig {
    fn default() -> Self {
        Self {
            change_min: Span::from_secs(2),
            pickup_wait: Span::from_secs(180),
            boarding: Span::from_secs(20),
            snap_radius: Metres(1_000.0),
            residual_interval: Span::from_secs(30),
            reroute_every: Span::from_secs(8),
        }
    }
}

impl EtaConfig {
    /// Checks the bounds.
    ///
    /// # Errors
    /// Names the value and its bounds.
    pub fn validate(&self) -> Result<(), EtaConfigError> {
        for (name, value, low, high) in [
            ("change_min_s", self.change_min.secs_f64(), 0.0, 600.0),
            ("pickup_wait_s", self.pickup_wait.secs_f64(), 0.0, 3_600.0),
            ("boarding_s", self.boarding.secs_f64(), 0.0, 600.0),
            ("snap_radius_m", self.snap_radius.0, 1.0, 20_000.0),
            ("residual_interval_s", self.residual_interval.secs_f64(), 1.0, 3_600.0),
            ("reroute_every_s", self.reroute_every.secs_f64(), 1.0, 3_600.0),
        ] {
            if !(low..=high).contains(&value) {
                return Err(EtaConfigError { name, value, low, high });
            }
        }
        Ok(())
    }
}
