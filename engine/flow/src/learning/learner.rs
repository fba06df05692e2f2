use std::sync::Arc;

use etaflow_road::{EdgeIndex, MatcherConfig, MatcherConfigError, Network, Span, Timestamp};
use rustc_hash::FxHashMap;

use super::chain::learn;
use super::config::{ProfileConfig, ProfileConfigError};
use super::sums::ProfileSums;
use crate::event::{DriverId, Entries, Offset, Payload, Record};
use crate::log::{Log, LogError, LogFiles};
use crate::matching::{Matching, Movement};
use crate::profile::SpeedProfile;
use crate::stream::Stage;

/// Of a driver who is not heard of for so long nothing is kept: where he goes on from there says nothing of the roads
/// between.
const FORGOTTEN_AFTER: Span = Span::from_secs(3_600);

/// How often those are looked for.
const SWEEP_EVERY: Span = Span::from_secs(300);

/// Learns speed profiles from the log: a consumer of it that begins at its start, knows up to where it has come, and goes
/// on with what is new.
///
/// What it keeps is bounded: by the drivers who were heard of within the hour, and by
/// [`cells_max`](ProfileConfig::cells_max).
///
/// ```
/// # use std::sync::Arc;
/// # use etaflow::road::{EdgeIndex, MatcherConfig, SyntheticCity};
/// # use etaflow::{MemoryLog, MemoryLogConfig, Offset, ProfileConfig, ProfileLearner};
/// let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
/// let log = MemoryLog::new(&MemoryLogConfig::default());
/// let mut learner = ProfileLearner::new(network, MatcherConfig::default(), &ProfileConfig::default())?;
/// learner.follow(&log)?; // and again, whenever there is more
/// assert_eq!(learner.offset(), Offset(0));
/// let profile = learner.learn();
/// # assert_eq!(profile.summary().traversals, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ProfileLearner {
    network: Arc<Network>,
    matching: Stage<Matching>,
    config: ProfileConfig,
    sums: ProfileSums,
    /// When each driver was heard of last.
    heard: FxHashMap<u32, Timestamp>,
    swept_at: Option<Timestamp>,
    /// The record that comes next; `None` before the first.
    next: Option<Offset>,
}

/// Why nothing can be learned.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LearnError {
    /// One of the matcher's settings is out of its bounds.
    #[error("matching: {0}")]
    Matching(#[from] MatcherConfigError),
    /// One of the profile's.
    #[error(transparent)]
    Config(#[from] ProfileConfigError),
    /// The log cannot be read.
    #[error("the log cannot be read: {0}")]
    Log(#[from] LogError),
}

impl ProfileLearner {
    /// Knows nothing yet. With the matcher's settings of the engine it sees what the engine sees.
    ///
    /// # Errors
    /// If a setting is out of its bounds.
    pub fn new(network: Arc<Network>, matching: MatcherConfig, config: &ProfileConfig) -> Result<Self, LearnError> {
        config.validate()?;
        let index = Arc::new(EdgeIndex::new(&network));
        let matching = Matching::new(Arc::clone(&network), index, matching, (0, 1))?;
        Ok(Self {
            network,
            matching: Stage::new(matching),
            sums: ProfileSums::new(config.bins, config.cells_max),
            config: config.clone(),
            heard: FxHashMap::default(),
            swept_at: None,
            next: None,
        })
    }

    /// Takes the next records. Those that it had before change nothing; the first may have any offset, since a log need
    /// not begin at 0.
    ///
    /// # Errors
    /// [`LogError::Gap`] if some are missing in between.
    pub fn take(&mut self, records: &[Record]) -> Result<(), LogError> {
        for record in records {
            let next = self.next.unwrap_or(record.offset);
            if record.offset > next {
                return Err(LogError::Gap { found: record.offset.0, end: next.0 });
            }
            if record.offset == next {
                self.on_record(record);
                self.next = Some(Offset(next.0 + 1));
            }
        }
        Ok(())
    }

    /// Takes all that a log has and it has not; from the oldest that is kept on, if it knows nothing yet.
    ///
    /// # Errors
    /// If what comes next is no longer kept.
    pub fn follow(&mut self, log: &dyn Log) -> Result<(), LogError> {
        while let Some(batch) = log.read(self.next.unwrap_or_else(|| log.start()))? {
            self.take(batch.records())?;
        }
        Ok(())
    }

    /// Takes all that is durable of a log on storage and it has not, in whichever process the log is written.
    ///
    /// # Errors
    /// If what comes next is no longer kept, or cannot be read.
    pub fn follow_files(&mut self, files: &LogFiles) -> Result<(), LogError> {
        let from = self.next.map_or_else(|| files.start(), Ok)?;
        let (mut reader, mut entries) = (files.reader(from)?, Entries::default());
        while reader.next_into(&mut entries)? {
            self.take(&entries.records)?;
        }
        Ok(())
    }

    /// All before this offset is in what it knows.
    pub fn offset(&self) -> Offset {
        self.next.unwrap_or_default()
    }

    /// What was driven.
    pub fn sums(&self) -> &ProfileSums {
        &self.sums
    }

    /// The profile that all it knows makes. It goes on learning from there.
    pub fn learn(&self) -> SpeedProfile {
        learn(&self.network, &self.sums, &self.config, self.offset())
    }

    fn on_record(&mut self, record: &Record) {
        match record.payload {
            Payload::Location { driver, .. } => {
                self.heard.insert(driver.0, record.time);
                for movement in self.matching.on_event(record) {
                    if let Movement::Traversed(traversal) = movement {
                        self.sums.add(&self.network, traversal);
                    }
                }
            }
            Payload::Tick { .. } => self.sweep(record.time),
            _ => {}
        }
    }

    fn sweep(&mut self, now: Timestamp) {
        if now.since(*self.swept_at.get_or_insert(now)) < SWEEP_EVERY {
            return;
        }
        self.swept_at = Some(now);
        let matching = self.matching.operator_mut();
        self.heard.retain(|&driver, &mut at| {
            let stays = now.since(at) < FORGOTTEN_AFTER;
            if !stays {
                matching.forget(DriverId(driver));
            }
            stays
        });
    }
}

/// The profile that some records make, taken in order.
///
/// # Errors
/// If a setting is out of its bounds, or records are missing in between.
pub fn learn_profile(
    records: impl IntoIterator<Item = Record>,
    network: Arc<Network>,
    matching: MatcherConfig,
    config: &ProfileConfig,
) -> Result<SpeedProfile, LearnError> {
    let mut learner = ProfileLearner::new(network, matching, config)?;
    for record in records {
        learner.take(&[record])?;
    }
    Ok(learner.learn())
}
