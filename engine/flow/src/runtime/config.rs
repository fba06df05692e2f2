use etaflow_road::{Span, Timestamp};

use crate::bus::BusConfig;
use crate::config::{Config, PipelineConfigError};
use crate::effect::DeliveryConfig;
use crate::log::{MemoryLogConfig, SegmentLogConfig};
use crate::sequencer::{ConfigError, SequencerConfig};
use crate::snapshot::SnapshotStore;

/// What an engine is made with.
///
/// ```
/// let config = etaflow::EngineConfig::default();
/// assert!(config.validate().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct EngineConfig {
    /// Matching, traffic, arrival times; the number of shards.
    pub pipeline: Config,
    /// What is let in.
    pub sequencer: SequencerConfig,
    /// How events come in.
    pub bus: BusConfig,
    /// How much of a log in memory is kept.
    pub log: MemoryLogConfig,
    /// How a log on storage is kept.
    pub segments: SegmentLogConfig,
    /// How often what is known is written down, if the log is on storage.
    pub snapshots: SnapshotConfig,
    /// Whose time it is. Of a log on storage it goes on from where the log has come to.
    pub time: Time,
    /// The interval of ticks. Default 1 s; 10 ms to 1 min.
    pub tick: Span,
    /// An engine that is behind by no more than this is live. Default 1 s; 1 ms to 10 min.
    pub live_max: Span,
    /// How many dead letters are kept to be read; the oldest go first. Default 65,536; 1 to 10,000,000.
    pub dead_letters_max: usize,
    /// How many trips can be subscribed to at once. Default 100,000; 1 to 10,000,000.
    pub subscriptions_max: usize,
    /// How effects are delivered to sinks.
    pub delivery: DeliveryConfig,
}

/// What the writing half of an engine is made with.
#[derive(Debug, Clone, PartialEq)]
pub struct WriterConfig {
    /// What is let in.
    pub sequencer: SequencerConfig,
    /// How events come in.
    pub bus: BusConfig,
    /// How the log is kept.
    pub log: SegmentLogConfig,
    /// Whose time it is. Of a log on storage it goes on from where the log has come to.
    pub time: Time,
    /// The interval of ticks. Default 1 s; 10 ms to 1 min.
    pub tick: Span,
    /// How many dead letters are kept to be read; the oldest go first. Default 65,536; 1 to 10,000,000.
    pub dead_letters_max: usize,
}

/// What the following half of an engine is made with.
#[derive(Debug, Clone, PartialEq)]
pub struct FollowerConfig {
    /// Matching, traffic, arrival times; the number of shards.
    pub pipeline: Config,
    /// How much of the log is in memory, read and not yet taken. Default 262,144 records; 1,024 to 2^32.
    pub log: MemoryLogConfig,
    /// How often what is known is written down.
    pub snapshots: SnapshotConfig,
    /// An engine that is behind by no more than this is live. Default 1 s; 1 ms to 10 min.
    pub live_max: Span,
    /// How many dead letters are kept to be read; the oldest go first. Default 65,536; 1 to 10,000,000.
    pub dead_letters_max: usize,
    /// How many trips can be subscribed to at once. Default 100,000; 1 to 10,000,000.
    pub subscriptions_max: usize,
    /// How effects are delivered to sinks.
    pub delivery: DeliveryConfig,
}

/// How often what an engine knows is written down, so that it need not be worked out again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotConfig {
    /// So much time of the wall is between two snapshots. Default 30 s; 10 ms to 1 day. `None` for none but that at the
    /// end.
    pub every: Option<Span>,
    /// So many are kept, the newest. Default 3; 1 to 1,000.
    pub keep: usize,
    /// Whether one is written at the end, when nothing has failed. Default yes. It is cut at a tick, of which an engine
    /// under the wall's clock logs one more for it; a follower waits some seconds for one, and under a scenario's clock
    /// there is none.
    pub at_end: bool,
}

/// Whose time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// The wall's.
    Wall,
    /// A scenario's or a replay's: it stands until a publisher moves it on
    /// ([`Publisher::advance_to`](crate::Publisher::advance_to)).
    Scenario {
        /// Where it begins, unless the log has come further. The first tick is one interval later; moved on by more than
        /// 2,678,400 intervals at once, it ticks once instead.
        start: Timestamp,
    },
}

/// A setting that is out of its bounds.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineConfigError {
    /// One of the pipeline's.
    #[error(transparent)]
    Pipeline(#[from] PipelineConfigError),
    /// One of the sequencer's, the bus's or the runtime's.
    #[error(transparent)]
    Setting(#[from] ConfigError),
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            pipeline: Config::default(),
            sequencer: SequencerConfig::default(),
            bus: BusConfig::default(),
            log: MemoryLogConfig::default(),
            segments: SegmentLogConfig::default(),
            snapshots: SnapshotConfig::default(),
            time: Time::Wall,
            tick: Span::from_secs(1),
            live_max: Span::from_secs(1),
            dead_letters_max: 65_536,
            subscriptions_max: 100_000,
            delivery: DeliveryConfig::default(),
        }
    }
}

impl EngineConfig {
    /// Checks all bounds.
    ///
    /// # Errors
    /// Names the setting, its value and its bounds.
    pub fn validate(&self) -> Result<(), EngineConfigError> {
        self.follower().validate()?;
        self.writer().validate()?;
        check_records("log.records_max", self.log.records_max)?;
        Ok(())
    }

    /// Of the half that writes the log.
    pub fn writer(&self) -> WriterConfig {
        WriterConfig {
            sequencer: self.sequencer.clone(),
            bus: self.bus.clone(),
            log: self.segments.clone(),
            time: self.time,
            tick: self.tick,
            dead_letters_max: self.dead_letters_max,
        }
    }

    /// Of the half that follows it.
    pub fn follower(&self) -> FollowerConfig {
        FollowerConfig {
            pipeline: self.pipeline.clone(),
            log: MemoryLogConfig { records_max: 262_144 },
            snapshots: self.snapshots.clone(),
            live_max: self.live_max,
            dead_letters_max: self.dead_letters_max,
            subscriptions_max: self.subscriptions_max,
            delivery: self.delivery.clone(),
        }
    }
}

impl Default for SnapshotConfig {
    fn default() -> Self {
        Self { every: Some(Span::from_secs(30)), keep: SnapshotStore::KEEP, at_end: true }
    }
}

impl SnapshotConfig {
    fn validate(&self) -> Result<(), ConfigError> {
        if let Some(every) = self.every {
            check_millis("snapshots.every", every, 10, 86_400_000)?;
        }
        ConfigError::check("snapshots.keep", self.keep as i128, 1, 1_000, "")
    }
}

impl Default for WriterConfig {
    fn default() -> Self {
        EngineConfig::default().writer()
    }
}

impl WriterConfig {
    /// Checks all bounds.
    ///
    /// # Errors
    /// Names the setting, its value and its bounds.
    pub fn validate(&self) -> Result<(), EngineConfigError> {
        self.sequencer.validate()?;
        self.bus.validate()?;
        check_millis("tick", self.tick, 10, 60_000)?;
        check_dead_letters(self.dead_letters_max)?;
        Ok(())
    }
}

impl Default for FollowerConfig {
    fn default() -> Self {
        EngineConfig::default().follower()
    }
}

impl FollowerConfig {
    /// Checks all bounds.
    ///
    /// # Errors
    /// Names the setting, its value and its bounds.
    pub fn validate(&self) -> Result<(), EngineConfigError> {
        self.pipeline.validate()?;
        self.snapshots.validate()?;
        check_records("log.records_max", self.log.records_max)?;
        check_millis("live_max", self.live_max, 1, 600_000)?;
        check_dead_letters(self.dead_letters_max)?;
        ConfigError::check("subscriptions_max", self.subscriptions_max as i128, 1, 10_000_000, "")?;
        self.delivery.validate()?;
        Ok(())
    }
}

fn check_millis(name: &'static str, span: Span, min: i128, max: i128) -> Result<(), ConfigError> {
    ConfigError::check(name, i128::from(span.millis()), min, max, " ms")
}

fn check_records(name: &'static str, records: usize) -> Result<(), ConfigError> {
    ConfigError::check(name, records as i128, 1_024, 1 << 32, "")
}

fn check_dead_letters(max: usize) -> Result<(), ConfigError> {
    ConfigError::check("dead_letters_max", max as i128, 1, 10_000_000, "")
}
