use etaflow_road::Span;

use crate::sequencer::ConfigError;

/// How much a bus holds, and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusConfig {
    /// How many batches can wait. 256; 1 to 65,536.
    pub capacity_batches: usize,
    /// How many events a batch can have. 256; 1 to 4,096.
    pub batch_max: usize,
    /// How long a batch that is not full waits for more events. 1 ms; 0 to 1 s.
    pub flush: Span,
    /// For how many drivers a publisher with [`Policy::Conflate`] can hold a fix. 65,536; 1 to 1,000,000.
    pub conflate_max: usize,
}

/// What a publisher does when the bus is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Policy {
    /// Waits for a place: backpressure.
    Await,
    /// Refuses the events that have no place, with [`PublishError::Full`](crate::PublishError::Full).
    Refuse,
    /// Holds the newest location fix of each driver, and counts those it replaced as conflated. Everything else waits
    /// for a place, and so does a fix of one driver more than can be held.
    Conflate,
}

impl Default for BusConfig {
    fn default() -> Self {
        Self { capacity_batches: 256, batch_max: 256, flush: Span::from_millis(1), conflate_max: 65_536 }
    }
}

impl BusConfig {
    /// Checks every setting against its bounds.
    ///
    /// # Errors
    /// The first setting that is out of them.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let count = |name, value: usize, max| ConfigError::check(name, value as i128, 1, max, "");
        count("capacity_batches", self.capacity_batches, 65_536)?;
        count("batch_max", self.batch_max, 4_096)?;
        count("conflate_max", self.conflate_max, 1_000_000)?;
        ConfigError::check("flush", i128::from(self.flush.micros()), 0, 1_000_000, " us")
    }

    /// With every setting held to its bounds.
    pub(super) fn held_to_bounds(&self) -> Self {
        Self {
            capacity_batches: self.capacity_batches.clamp(1, 65_536),
            batch_max: self.batch_max.clamp(1, 4_096),
            flush: self.flush.clamp(Span::ZERO, Span::from_secs(1)),
            conflate_max: self.conflate_max.clamp(1, 1_000_000),
        }
    }
}
