use etaflow_road::Span;

/// What the [`Sequencer`](crate::Sequencer) accepts and how much it remembers.
///
/// Every field has a default, and bounds that [`validate`](Self::validate) holds it to.
///
/// ```
/// # use etaflow::{SequencerConfig, Span};
/// let config = SequencerConfig { lateness_max: Span::from_secs(600), ..SequencerConfig::default() };
/// config.validate()?;
/// # Ok::<(), etaflow::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SequencerConfig {
    /// How long after it happened an event is still accepted. 60 s; 0 to 7 days.
    pub lateness_max: Span,
    /// How far a source's clock may be ahead. 30 s; 0 to 1 day.
    pub future_max: Span,
    /// How far the watermark stays behind the newest event. 5 s; 0 to 7 days.
    pub watermark_delay: Span,
    /// How many drivers can be named, ever. 1,000,000; 1 to 100,000,000. About 100 bytes each.
    pub drivers_max: usize,
    /// How many trips can be known at once, under way or ended lately. 1,000,000; 1 to 100,000,000. About 200 bytes
    /// each.
    pub trips_max: usize,
    /// How many sources can be named, ever. 4,096; 1 to 1,000,000.
    pub sources_max: usize,
    /// How far back a source's sequence numbers are remembered, in numbers below its highest. 262,144; 64 to
    /// 16,777,216, a multiple of 64. A bit for each number, and only for the stretch that has gaps.
    pub sequence_window: u64,
    /// How many opaque ids are remembered, over all sources; the oldest is forgotten first. 1,048,576; 1 to
    /// 100,000,000. About 60 bytes each.
    pub opaque_ids_max: usize,
    /// How long a trip is known after its first completion or cancellation. 1 h; 0 to 30 days.
    pub trip_retention: Span,
    /// How long a trip that does not end is known after its request. 24 h; 1 s to 30 days.
    pub trip_lifetime_max: Span,
}

/// A setting that is out of its bounds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {value}, must be {min} to {max}{unit}")]
pub struct ConfigError {
    /// Which setting.
    pub name: &'static str,
    /// What it is.
    pub value: i128,
    /// What it must be at least.
    pub min: i128,
    /// What it may be at most.
    pub max: i128,
    /// What it is counted in, with a space before it; empty for plain numbers.
    pub unit: &'static str,
}

impl ConfigError {
    /// Nothing if `value` is within `min..=max`.
    pub(crate) fn check(name: &'static str, value: i128, min: i128, max: i128, unit: &'static str) -> Result<(), Self> {
        if (min..=max).contains(&value) { Ok(()) } else { Err(Self { name, value, min, max, unit }) }
    }
}

const DAY: Span = Span::from_secs(86_400);
const COUNT_MAX: i128 = 100_000_000;
pub(super) const WINDOW_MAX: u64 = 1 << 24;

impl Default for SequencerConfig {
    fn default() -> Self {
        Self {
            lateness_max: Span::from_secs(60),
            future_max: Span::from_secs(30),
            watermark_delay: Span::from_secs(5),
            drivers_max: 1_000_000,
            trips_max: 1_000_000,
            sources_max: 4_096,
            sequence_window: 262_144,
            opaque_ids_max: 1_048_576,
            trip_retention: Span::from_secs(3_600),
            trip_lifetime_max: DAY,
        }
    }
}

impl SequencerConfig {
    /// With every setting that must not be beyond its bounds at the bound.
    pub(super) fn bounded(mut self) -> Self {
        // Numbers are u32, and the highest source stands for ticks.
        self.drivers_max = self.drivers_max.min(u32::MAX as usize);
        self.sources_max = self.sources_max.min(u32::MAX as usize);
        self.sequence_window = (self.sequence_window.clamp(64, WINDOW_MAX) / 64) * 64;
        self.opaque_ids_max = self.opaque_ids_max.clamp(1, u32::MAX as usize);
        self
    }

    /// Checks every setting against its bounds.
    ///
    /// # Errors
    /// The first setting that is out of them.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let span = |name, span: Span, min: i64, days: i64| {
            let (value, max) = (i128::from(span.micros()), i128::from(days * DAY.micros()));
            ConfigError::check(name, value, i128::from(min), max, " us")
        };
        let count = |name, value: usize, max| ConfigError::check(name, value as i128, 1, max, "");
        span("lateness_max", self.lateness_max, 0, 7)?;
        span("future_max", self.future_max, 0, 1)?;
        span("watermark_delay", self.watermark_delay, 0, 7)?;
        span("trip_retention", self.trip_retention, 0, 30)?;
        span("trip_lifetime_max", self.trip_lifetime_max, 1_000_000, 30)?;
        count("drivers_max", self.drivers_max, COUNT_MAX)?;
        count("trips_max", self.trips_max, COUNT_MAX)?;
        count("sources_max", self.sources_max, 1_000_000)?;
        count("opaque_ids_max", self.opaque_ids_max, COUNT_MAX)?;
        let window = i128::from(self.sequence_window);
        ConfigError::check("sequence_window", window, 64, i128::from(WINDOW_MAX), "")?;
        ConfigError::check("sequence_window modulo 64", window % 64, 0, 0, "")
    }
}
