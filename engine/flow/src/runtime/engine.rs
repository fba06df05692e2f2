use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use etaflow_road::{Network, Timestamp};

use super::accounts::{Accounts, Summary};
use super::company::Company;
use super::config::EngineConfig;
use super::dead_letters::DeadLetters;
use super::failure::EngineError;
use super::following::Following;
use super::ingest::{Pulse, Start};
use super::keeper::SnapshotReport;
use super::outlet::OutputReader;
use super::past::{Past, PastError};
use super::recover::Directory;
use super::recovery::Recovery;
use super::shared::Footing;
use super::subscription::{EtaStream, SubscribeError};
use super::whole::Whole;
use super::writing::Writing;
use crate::bus::{Policy, Publisher};
use crate::effect::SinkReport;
use crate::event::{Key, Offset};
use crate::log::{Log, LogReader, MemoryLog, SegmentLog};
use crate::pipeline::Observer;
use crate::profile::Profiles;
use crate::sequencer::{Dictionary, Sequencer};
use crate::storage::Storage;
use crate::view::View;

/// An engine: events in, arrival times out.
///
/// Events come from [`Publisher`]s; questions are answered by its [`View`]; a trip's arrival times come as a stream.
/// See `examples/dispatch.rs` for a whole service on it.
///
/// [Started](Self::start), its log is in memory, and what it knows ends with the process. [Opened](Self::open), its log and
/// its snapshots are on storage: opened there again, after whatever crash, it goes on as if nothing had been in between.
///
/// Dropped without a [`shutdown`](Self::shutdown) it takes nothing more in either, and its threads end by themselves
/// when they have worked off what there is; only nobody waits for them.
pub struct Engine {
    writing: Writing,
    following: Following,
    segments: Option<SegmentLog>,
    storage: Option<Arc<dyn Storage>>,
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
        let profiles = Profiles::in_memory(&network);
        let footing = Footing {
            dictionary: Arc::clone(&dictionary),
            dead_letters,
            profiles: profiles.clone(),
            offers: Some(writing.offers().clone()),
            ground: Box::new(Arc::clone(&log)),
            observer,
            directory: None,
        };
        let following = Following::new(network, config.follower(), footing);
        following.begin(&log)?;
        let sequencer = Sequencer::new(config.sequencer.clone(), dictionary).with_profiles(profiles);
        let pulse = Pulse::new(config.time, config.tick);
        let start = Start { sequencer, pulse, is_alone: false, before_last_tick: None };
        begin.send(start).expect("the writing half waits for it");
        Ok(Self { writing, following, segments: None, storage: None })
    }

    /// Opens an engine whose log and snapshots are in `storage`, or begins one there.
    ///
    /// It first recovers: it goes on from the newest snapshot that can be used, and takes the rest of the log. Its
    /// [`View`] answers meanwhile, and every answer says how far it has come; what is published waits on the bus until the
    /// log can go on ([`recovered`](Self::recovered)). While it catches up every record counts, and what it says is
    /// conflated: who [subscribes](Self::subscribe) to a trip gets the newest arrival and not each one, sinks get one effect
    /// a trip once it is live, and a group of [outputs](Self::outputs) that does not keep up is told what it missed.
    ///
    /// What it knows may be ahead of what is durable, and is lost together with the end of the log; what it keeps, and what
    /// it delivers to sinks, is not ([`Publisher::acknowledge`] waits for that).
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use etaflow::road::SyntheticCity;
    /// # use etaflow::*;
    /// # let network = Arc::new(SyntheticCity { nodes: 200, ..SyntheticCity::default() }.build());
    /// # let folder = std::env::temp_dir().join(format!("etaflow-open-{}", std::process::id()));
    /// let storage: Arc<dyn Storage> = Arc::new(DiskStorage::create(&folder)?);
    /// let open = || Engine::open(Arc::clone(&network), Arc::clone(&storage), &EngineConfig::default());
    /// let engine = open()?;
    /// let mut publisher = engine.publisher(Policy::Await);
    /// let (mut app, now) = (EventSource::new(Key::new("app")?, 0), WallClock::new().now());
    /// let place = network.coord(NodeId(7));
    /// publisher.publish_blocking(app.location(now, Key::new("anna")?, GpsFix::at(place)))?;
    /// // Whatever happens from here on, it is there.
    /// publisher.acknowledge_blocking()?;
    /// engine.shutdown_blocking()?;
    ///
    /// let engine = open()?;
    /// println!("{}", engine.recovered_blocking()?);
    /// assert!(engine.dictionary().driver(&Key::new("anna")?).is_some());
    /// # engine.shutdown_blocking()?;
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a setting is out of its bounds, somebody else has the directory, it holds something else or is of a newer
    /// version, or what is durable in the log is damaged. What is wrong with its other files is said by
    /// [`recovered`](Self::recovered).
    pub fn open(network: Arc<Network>, storage: Arc<dyn Storage>, config: &EngineConfig) -> Result<Self, EngineError> {
        Self::open_with(network, storage, config, Company::default())
    }

    /// As [`open`](Self::open), in company.
    ///
    /// # Errors
    /// As there.
    pub fn open_with(
        network: Arc<Network>,
        storage: Arc<dyn Storage>,
        config: &EngineConfig,
        company: Company,
    ) -> Result<Self, EngineError> {
        config.validate()?;
        let (segments, opened) = SegmentLog::open(Arc::clone(&storage), &config.segments).map_err(EngineError::Read)?;
        let directory = Directory::take(Arc::clone(&storage), segments.files(), config.snapshots.keep)?;
        let log: Arc<dyn Log> = Arc::new(segments.clone());
        let dictionary = Arc::new(Dictionary::new());
        let dead_letters = DeadLetters::new(config.dead_letters_max);
        let (begin, from) = sync_channel(1);
        let (writer, on_storage) = (config.writer(), (Arc::clone(&log), Some(segments.clone())));
        let writing = Writing::start(&writer, on_storage, dead_letters.clone(), from);
        let footing = Footing {
            dictionary: Arc::clone(&dictionary),
            dead_letters,
            profiles: Profiles::in_storage(&network, Arc::clone(&storage)),
            offers: Some(writing.offers().clone()),
            ground: Box::new(Arc::clone(&log)),
            observer: company.observer,
            directory: Some(directory),
        };
        let kept = Some(Arc::clone(&storage));
        let mut following = Following::new(network, config.follower(), footing);
        let (files, config) = (segments.files(), writer);
        let whole = Whole { storage, files, config, dictionary, log, opened, begin, start: None };
        following.recover(Box::new(whole), company.sinks);
        Ok(Self { writing, following, segments: Some(segments), storage: kept })
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

    /// The speed profiles that can be adopted: [`Profiles::adopt`] gives the event to publish.
    pub fn profiles(&self) -> &Profiles {
        self.following.shared().profiles()
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

    /// How it has come back; `None` as long as it recovers, or if it could not.
    pub fn recovery(&self) -> Option<&Recovery> {
        self.following.shared().recovered().and_then(|recovered| recovered.as_ref().ok())
    }

    /// Waits until it has recovered: what is published is logged from then on.
    ///
    /// # Errors
    /// Why it could not.
    pub async fn recovered(&self) -> Result<&Recovery, EngineError> {
        self.following.shared().recovered_async().await.as_ref().map_err(Clone::clone)
    }

    /// As [`recovered`](Self::recovered), for callers that are not async.
    ///
    /// # Errors
    /// As there.
    pub fn recovered_blocking(&self) -> Result<&Recovery, EngineError> {
        self.following.shared().recovered_blocking().as_ref().map_err(Clone::clone)
    }

    /// What has become of its snapshots; it has some if it was [opened](Self::open).
    pub fn snapshots(&self) -> SnapshotReport {
        self.following.shared().snapshots()
    }

    /// Has a snapshot cut at the next tick, besides those that are due by themselves.
    pub fn request_snapshot(&self) {
        self.following.shared().request_snapshot();
    }

    /// What it knew at `time`: all that had come in by then. It is worked out anew beside the engine, which goes on; that
    /// takes a while, during which this does not return, and as many threads and as much memory as the engine itself.
    ///
    /// It has the settings that the engine has now. Of a time when it had others this is not what it knew and told then, but
    /// what it would have; snapshots of that time are [passed over](Past::passed_over).
    ///
    /// # Errors
    /// As [`Past::open`]; and if it was not [opened](Self::open), since a log in memory does not tell of its beginnings.
    pub fn as_of(&self, time: Timestamp) -> Result<Past, PastError> {
        let storage = self.storage.as_ref().ok_or(PastError::InMemory)?;
        let (view, config) = (self.view(), &self.following.shared().config().pipeline);
        Past::open_on(view.network(), Arc::clone(view.index()), Arc::clone(storage), config, time)
    }

    /// How its sinks get along.
    pub fn sinks(&self) -> Vec<SinkReport> {
        self.following.shared().sinks()
    }

    /// Whether one of its halves has ended, because it could not recover or something has failed.
    /// [`shutdown`](Self::shutdown) says what.
    pub fn is_finished(&self) -> bool {
        self.writing.is_finished() || self.following.is_finished()
    }

    /// Takes nothing more in, works off all that was, and ends.
    ///
    /// # Errors
    /// If it could not recover, a shard has failed, or the log could not be written.
    pub async fn shutdown(self) -> Result<Summary, EngineError> {
        let ended = tokio::task::spawn_blocking(|| self.shutdown_blocking()).await;
        ended.expect("shutting down does not panic")
    }

    /// As [`shutdown`](Self::shutdown), for callers that are not async.
    ///
    /// # Errors
    /// If a shard has failed, or the log could not be written.
    pub fn shutdown_blocking(self) -> Result<Summary, EngineError> {
        let Self { writing, following, segments, .. } = self;
        writing.close();
        // Suspended, it would not make room in a full log for what is still to be taken in.
        following.shared().resume();
        let written = writing.join();
        // The cause first: a log that was closed by a failed shard cannot be written.
        let summary = following.join()?;
        written?;
        if let Some(segments) = segments {
            segments.sync()?;
        }
        Ok(summary)
    }
}
