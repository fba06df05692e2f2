use etaflow_road::Span;

/// How trips are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TripsConfig {
    /// A trip of which no end was heard for so long after its request is given up. Default 24 h; 1 s to 30 days.
    pub abandoned_after: Span,
    /// How many trips can be under way at once; a request beyond that is rejected. Default 1,000,000; 1 to 100,000,000.
    pub under_way_max: usize,
}

impl Default for TripsConfig {
    fn default() -> Self {
        Self { abandoned_after: Span::from_secs(86_400), under_way_max: 1_000_000 }
    }
}

/// A value of a [`TripsConfig`] that is out of its bounds.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("trips.{name} is {value}, not within {low}..={high}")]
pub struct TripsConfigError {
    name: &'static str,
    value: f64,
    low: f64,
    high: f64,
}

impl TripsConfig {
    /// Checks the bounds.
    ///
    /// # Errors
    /// Names the value and its bounds.
    pub fn validate(&self) -> Result<(), TripsConfigError> {
        for (name, value, high) in [
            ("abandoned_after_s", self.abandoned_after.secs_f64(), 30.0 * 86_400.0),
            ("under_way_max", self.under_way_max as f64, 1e8),
        ] {
            let low = 1.0;
            if !(low..=high).contains(&value) {
                return Err(TripsConfigError { name, value, low, high });
            }
        }
        Ok(())
    }
}
