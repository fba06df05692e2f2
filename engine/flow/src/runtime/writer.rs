use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use super::accounts::{Accounts, WriterSummary};
use super::config::WriterConfig;
use super::dead_letters::DeadLetters;
use super::failure::EngineError;
use super::ingest::{Pulse, Start};
use super::recovery::Recovery;
use super::restore::Restorer;
use super::writing::Writing;
use crate::bus::{Policy, Publisher};
use crate::event::Offset;
use crate::log::{Log, LogFiles, LogReader, SegmentLog};
use crate::profile::Profiles;
use crate::sequencer::Dictionary;
use crate::storage::Storage;
use crate::time::{Clock, WallClock};

/// The half of an engine that takes events in and writes the log, by itself: it goes on while those who follow are out.
///
/// [`Follower`](crate::Follower) is the other half, in this process or in another.
///
/// Opened again after a crash, it knows all that is in the log: what came before is recognised, names keep their numbers,
/// and time goes on from where it was. What was acknowledged to a [`Publisher`] is there; what was not may be there or not,
/// as far as the [`SyncPolicy`](crate::SyncPolicy) says, and can be published again, since an event counts once.
pub struct Writer {
    writing: Writing,
    segments: SegmentLog,
    dictionary: Arc<Dictionary>,
    dead_letters: DeadLetters,
    profiles: Profiles,
    recovery: Recovery,
}

impl Writer {
    /// Opens the log in `storage`, or begins one, and takes events in.
    ///
    /// # Errors
    /// If a setting is out of its bounds, another writer has the directory, it holds something else or is of a newer
    /// version, or what is durable in it is damaged; if a file cannot be read or written. The error names it.
    pub fn open(storage: Arc<dyn Storage>, config: &WriterConfig) -> Result<Self, EngineError> {
        config.validate()?;
        let clock = WallClock::new();
        let begun = clock.now();
        let (segments, opened) = SegmentLog::open(Arc::clone(&storage), &config.log).map_err(EngineError::Read)?;
        let (dictionary, dead_letters) = (Arc::new(Dictionary::new()), DeadLetters::new(config.dead_letters_max));
        let restorer = Restorer { storage: &storage, files: &segments.files() };
        let (sequencer, absorbed) = restorer.sequencer(&config.sequencer, &dictionary, opened.end)?;
        let profiles = Profiles::of_any_network(Arc::clone(&storage));
        let sequencer = sequencer.with_profiles(profiles.clone());
        let pulse = Pulse::going_on(config.time, config.tick, restorer.clock()?);
        let log: Arc<dyn Log> = Arc::new(segments.clone());
        let (begin, from) = sync_channel(1);
        let writing = Writing::start(config, (log, Some(segments.clone())), dead_letters.clone(), from);
        begin
            .send(Start { sequencer, pulse, is_alone: true, before_last_tick: None })
            .expect("the writing half waits for it");
        let recovery = Recovery {
            log: (opened.start, opened.end),
            torn: opened.torn,
            checkpoint: absorbed.checkpoint,
            absorbed: absorbed.records,
            passed_over: absorbed.passed_over,
            from: opened.end,
            took: clock.now().since(begun),
            ..Recovery::default()
        };
        Ok(Self { writing, segments, dictionary, dead_letters, profiles, recovery })
    }

    /// A new way in. `policy` says what happens when the writer does not keep up.
    pub fn publisher(&self, policy: Policy) -> Publisher {
        self.writing.publisher(policy)
    }

    /// The log.
    pub fn log(&self) -> &Arc<dyn Log> {
        self.writing.log()
    }

    /// The log's files.
    pub fn files(&self) -> LogFiles {
        self.segments.files()
    }

    /// A reader of the log, from `from` on: of all admitted events and ticks, in order. It reads ahead of what is durable.
    pub fn records(&self, from: Offset) -> LogReader {
        LogReader::new(Arc::clone(self.writing.log()), from)
    }

    /// The names behind the numbers of drivers, trips and sources. That of a trip is let go of once no record to come
    /// names it.
    pub fn dictionary(&self) -> &Arc<Dictionary> {
        &self.dictionary
    }

    /// The events that were not let in.
    pub fn dead_letters(&self) -> &DeadLetters {
        &self.dead_letters
    }

    /// The speed profiles that can be adopted: [`Profiles::adopt`] gives the event to publish.
    pub fn profiles(&self) -> &Profiles {
        &self.profiles
    }

    /// What has become of all events so far; those that are in the log count as accepted.
    pub fn accounts(&self) -> Accounts {
        self.writing.offers().accounts()
    }

    /// How it has come back.
    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    /// Whether nothing more is written, because the log has failed. [`shutdown`](Self::shutdown) says why.
    pub fn is_finished(&self) -> bool {
        self.writing.is_finished()
    }

    /// Takes nothing more in, writes all that was, and ends; all of it is on the disk then.
    ///
    /// # Errors
    /// If it could not be written.
    pub async fn shutdown(self) -> Result<WriterSummary, EngineError> {
        let ended = tokio::task::spawn_blocking(|| self.shutdown_blocking()).await;
        ended.expect("shutting down does not panic")
    }

    /// As [`shutdown`](Self::shutdown), for callers that are not async.
    ///
    /// # Errors
    /// If it could not be written.
    pub fn shutdown_blocking(self) -> Result<WriterSummary, EngineError> {
        let Self { writing, segments, .. } = self;
        let offers = writing.offers().clone();
        writing.join()?;
        let records = segments.sync()?.0;
        Ok(WriterSummary { accounts: offers.accounts(), records })
    }
}
