use etaflow_road::Span;

/// How drivers are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetConfig {
    /// A driver not seen for so long is no longer found by "who is nearest". Default 2 min; 1 s to 1 day.
    pub stale_after: Span,
    /// A driver not heard of for so long is forgotten. Default 24 h; 1 min to 30 days.
    pub forgotten_after: Span,
}

impl Default for FleetConfig {
    fn default() -> Self {
        Self { stale_after: Span::from_secs(120), forgotten_after: Span::from_secs(86_400) }
    }
}

/// A value of a [`FleetConfig`] that is out of its bounds.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("fleet.{name} is {value}, not within {low}..={high}")]
pub struct FleetConfigError {
    name: &'static str,
    value: f64,
    low: f64,
    high: f64,
}

impl FleetConfig {
    /// Checks the bounds.
    ///
    /// # Errors
    /// Names the value and its bounds.
    pub fn validate(&self) -> Result<(), FleetConfigError> {
        for (name, span, low, high) in [
            ("stale_after_s", self.stale_after, 1.0, 86_400.0),
            ("forgotten_after_s", self.forgotten_after, 60.0, 30.0 * 86_400.0),
        ] {
            let value = span.secs_f64();
            if !(low..=high).contains(&value) {
                return Err(FleetConfigError { name, value, low, high });
            }
        }
        Ok(())
    }
}
