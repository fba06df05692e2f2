use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use etaflow_road::Network;

use super::accounts::{Accounts, Summary};
use super::config::EngineConfig;
use super::dead_letters::DeadLetters;
use super::failure::EngineError;
use super::following::{Following, Footing};
use super::ingest::{Pulse, Start};
use super::outlet::OutputReader;
use super::subscription::{EtaStream, SubscribeError};
use super::writing::Writing;
use crate::bus::{Policy, Publisher};
use crate::event::{Key, Offset};
use crate::log::{Log, LogReader, MemoryLog};
use crate::pipeline::Observer;
use crate::sequencer::{Dictionary, Sequencer};
use crate::view::{Lag, View};

/// An engine: events in, arrival times out.
///
/// Events come from [`Publisher`]s; questions are answered by its [`View`]; a trip's arrival times come as a stream.
/// See `examples/dispatch.rs` for a whole service on it.
///
/// Dropped without a [`shutdown`](Self::shutdown) it takes nothing more in either, and its threads end by themselves
/// when they have worked off what there is; only nobody waits for them.
pub struct Engine {
    writing: Writing,
    following: Following,
}

impl Engine {
    /// Starts an engine, with a log in memory.
    ///
    /// # Errors
    /// If a setting is out of its bounds.
    pub fn start(network: Arc<Network>, config: &EngineConfig) -> Result<Self, EngineError> {
        Self::start_observed(network, config, None)
    }

    /// Starts an engine, and shows `observer` what its shards do.
    ///
    /// # Errors
    /// If a setting is out of its bounds.
    pub fn start_observed(
        network: Arc<Network>,
        config: &EngineConfig,
        observer: Option<Arc<dyn Observer>>,
    ) -> Result<Self, EngineError> {
        config.validate()?;
        let log: Arc<dyn Log> = Arc::new(MemoryLog::new(&config.log));
        let dictionary = Arc::new(Dictionary::new());
        let dead_letters = DeadLetters::new(config.dead_letters_max);
        let (begin, from) = sync_channel(1);
        let writing = Writing::start(&config.writer(), (Arc::clone(&log), None), dead_letters.clone(), from);
        let footing = Footing {
            dictionary: Arc::clone(&dictionary),
            dead_letters,
            offers: Some(writing.offers().clone()),
            ground: Box::new(Arc::clone(&log)),
        };
        let following = Following::new(network, config.follower(), footing, observer, Lag::NONE);
        following.shared().begin(&log, Offset(0))?;
        let sequencer = Sequencer::new(config.sequencer.clone(), dictionary);
        let pulse = Pulse::new(config.time, config.tick);
        let start = Start { sequencer, pulse, before_last_tick: None };
        begin.send(start).expect("the writing half waits for it");
        Ok(Self { writing, following })
    }

    /// A new way in. `policy` says what happens when the engine does not keep up.
    pub fn publisher(&self, policy: Policy) -> Publisher {
        self.writing.publisher(policy)
    }

    /// What is known now.
    pub fn view(&self) -> &View {
        self.following.shared().view()
    }

    /// A trip's arrival times, as they change. The trip need not be known yet; of one that has just ended the stream
    /// gives its end.
    ///
    /// # Errors
    /// If there are as many subscriptions as there may be.
    pub fn subscribe(&self, trip: &Key) -> Result<EtaStream, SubscribeError> {
        self.following.shared().subscribe(trip)
    }

    /// Joins a group that gets every output from now on; its members share them. At most `capacity` batches wait for it;
    /// if it is slower than that it misses some, and is told so.
    pub fn outputs(&self, group: &str, capacity: usize) -> OutputReader {
        self.following.shared().outputs(group, capacity)
    }

    /// A reader of the log, from `from` on: of all admitted events and ticks, in order.
    pub fn records(&self, from: Offset) -> LogReader {
        LogReader::new(Arc::clone(self.writing.log()), from)
    }

    /// The log.
    pub fn log(&self) -> &Arc<dyn Log> {
        self.writing.log()
    }

    /// The names behind the numbers of drivers, trips and sources.
    pub fn dictionary(&self) -> &Arc<Dictionary> {
        self.following.shared().dictionary()
    }

    /// The events that were not used.
    pub fn dead_letters(&self) -> &DeadLetters {
        self.following.shared().dead_letters()
    }

    /// What has become of all events so far.
    pub fn accounts(&self) -> Accounts {
        self.following.shared().accounts()
    }

    /// Everything in the log before this offset has been taken.
    pub fn applied(&self) -> Offset {
        self.following.shared().applied()
    }

    /// Stops following the log, as if the consumer were out; events are taken in and logged all the same.
    pub fn suspend(&self) {
        self.following.shared().suspend();
    }

    /// Follows the log again, from where it was left.
    pub fn resume(&self) {
        self.following.shared().resume();
    }

    /// Takes nothing more in, works off all that was, and ends.
    ///
    /// # Errors
    /// If a shard has failed, or the log could not be written.
    pub async fn shutdown(self) -> Result<Summary, EngineError> {
        let ended = tokio::task::spawn_blocking(|| self.shutdown_blocking()).await;
        ended.expect("shutting down does not panic")
    }

    /// As [`shutdown`](Self::shutdown), for callers that are not async.
    ///
    /// # Errors
    /// If a shard has failed, or the log could not be written.
    pub fn shutdown_blocking(self) -> Result<Summary, EngineError> {
        let Self { writing, following } = self;
        let (shared, log) = (Arc::clone(following.shared()), Arc::clone(writing.log()));
        writing.close();
        // Suspended, it would not make room in a full log for what is still to be taken in.
        shared.resume();
        let written = writing.join();
        // The cause first: a log that was closed by a failed shard cannot be written.
        let report = following.join()?;
        written?;
        Ok(Summary {
            accounts: shared.accounts(),
            records: log.end().0,
            outputs: report.outputs,
            state_digest: report.state_digest,
            outputs_digest: report.outputs_digest,
        })
    }
}
