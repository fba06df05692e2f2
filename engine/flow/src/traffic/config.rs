use etaflow_road::Span;

/// How traffic is made of traversals.
#[derive(Debug, Clone, PartialEq)]
pub struct TrafficConfig {
    /// The width of a pane. Default 15 s; 1 s to 1 h.
    pub pane: Span,
    /// How many panes the window has. Default 40 (10 min in all); 1 to 240. A pane's evidence weighs less, linearly,
    /// the older it is.
    pub panes: usize,
    /// How many traversals of an edge the prior is worth. Default 1.5; 0.01 to 1,000.
    pub prior_traversals: f64,
    /// How many minutes of free-flow driving the prior of a road class's pace is worth. Default 10; 0.1 to 10,000.
    pub class_prior_min: f64,
    /// After how long the evidence for a class's pace is worth half. Default 30 min; 1 min to 30 days.
    pub class_half_life: Span,
}

/// A value of a [`TrafficConfig`] that is out of its bounds.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("traffic.{name} is {value}, not within {low}..={high}")]
pub struct TrafficConfigError {
    name: &'static str,
    value: f64,
    low: f64,
    high: f64,
}

impl Default for TrafficConfig {
    fn default() -> Self {
        Self {
            pane: Span::from_secs(15),
            panes: 40,
            prior_traversals: 1.5,
            class_prior_min: 10.0,
            class_half_life: Span::from_secs(1_800),
        }
    }
}

impl TrafficConfig {
    /// Checks the bounds.
    ///
    /// # Errors
    /// Names the value and its bounds.
    pub fn validate(&self) -> Result<(), TrafficConfigError> {
        for (name, value, low, high) in [
            ("pane_s", self.pane.secs_f64(), 1.0, 3_600.0),
            ("panes", self.panes as f64, 1.0, 240.0),
            ("prior_traversals", self.prior_traversals, 0.01, 1_000.0),
            ("class_prior_min", self.class_prior_min, 0.1, 10_000.0),
            ("class_half_life_s", self.class_half_life.secs_f64(), 60.0, 30.0 * 86_400.0),
        ] {
            if !(low..=high).contains(&value) {
                return Err(TrafficConfigError { name, value, low, high });
            }
        }
        Ok(())
    }
}
