use etaflow_road::Span;

use crate::sequencer::ConfigError;

/// How effects are delivered.
///
/// ```
/// assert!(etaflow::DeliveryConfig::default().validate().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryConfig {
    /// How many effects a sink is given at once, at most. 64; 1 to 65,536. What can be missing or come twice after a crash
    /// is no more than this.
    pub batch_max: usize,
    /// How many may wait for a sink before they are conflated. 16,384; 1 to 10,000,000.
    pub queue_max: usize,
    /// How many may wait for a sink, conflated, before the oldest are given up. 1,000,000; 1 to 100,000,000. About 200
    /// bytes each.
    pub backlog_max: usize,
    /// How long a sink is left in peace after its first failure; twice as long after each that follows. 50 ms; 1 ms to
    /// 1 min.
    pub retry_min: Span,
    /// How long at most. 30 s; 1 ms to 1 h.
    pub retry_max: Span,
    /// How long effects wait for the engine to be live; then they go out, conflated as they are. 30 s; 0 to 1 h.
    pub held_max: Span,
    /// How long a shutdown waits for the sinks. 10 s; 0 to 1 h.
    pub finish_max: Span,
}

impl Default for DeliveryConfig {
    fn default() -> Self {
        Self {
            batch_max: 64,
            queue_max: 16_384,
            backlog_max: 1_000_000,
            retry_min: Span::from_millis(50),
            retry_max: Span::from_secs(30),
            held_max: Span::from_secs(30),
            finish_max: Span::from_secs(10),
        }
    }
}

impl DeliveryConfig {
    /// Checks all bounds.
    ///
    /// # Errors
    /// Names the setting, its value and its bounds.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let millis = |span: Span| i128::from(span.millis());
        ConfigError::check("delivery.batch_max", self.batch_max as i128, 1, 65_536, "")?;
        ConfigError::check("delivery.queue_max", self.queue_max as i128, 1, 10_000_000, "")?;
        ConfigError::check("delivery.backlog_max", self.backlog_max as i128, 1, 100_000_000, "")?;
        ConfigError::check("delivery.retry_min", millis(self.retry_min), 1, 60_000, " ms")?;
        ConfigError::check("delivery.retry_max", millis(self.retry_max), 1, 3_600_000, " ms")?;
        ConfigError::check("delivery.held_max", millis(self.held_max), 0, 3_600_000, " ms")?;
        ConfigError::check("delivery.finish_max", millis(self.finish_max), 0, 3_600_000, " ms")
    }
}
