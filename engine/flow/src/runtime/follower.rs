use std::sync::Arc;
use std::time::Duration;

use etaflow_road::Network;

use super::accounts::{Accounts, Summary};
use super::company::Company;
use super::config::FollowerConfig;
use super::dead_letters::DeadLetters;
use super::failure::EngineError;
use super::following::Following;
use super::ground::FilesGround;
use super::keeper::SnapshotReport;
use super::outlet::OutputReader;
use super::recover::Directory;
use super::recovery::Recovery;
use super::shared::Footing;
use super::subscription::{EtaStream, SubscribeError};
use super::tail::Tail;
use crate::effect::SinkReport;
use crate::event::{Key, Offset};
use crate::log::LogFiles;
use crate::profile::Profiles;
use crate::sequencer::Dictionary;
use crate::storage::Storage;
use crate::view::View;

/// How long it waits for a tick at which its last snapshot can be cut: its writer may be out.
const LAST_TICK_WITHIN: Duration = Duration::from_secs(2);

/// The half of an engine that follows a log, by itself: it can be out while events are taken in, and catches up.
///
/// [`Writer`](crate::Writer) is the other half, in this process or in another, and need not be there either. A follower
/// sees no more of the log than is durable, so it never acts on what a crash of the writer could take back.
///
/// [Opened](Self::open), it first recovers: it goes on from the newest snapshot that can be used, and takes the rest of the
/// log. Its [`View`] answers meanwhile, and every answer says how far it has come. While it catches up every record counts,
/// and is taken as fast as can be; what it says is conflated: who [subscribes](Self::subscribe) to a trip gets the newest
/// arrival and not each one, sinks get one effect a trip once it is live, and a group of [outputs](Self::outputs) that does
/// not keep up is told what it missed.
///
/// Dropped without a [`shutdown`](Self::shutdown), its threads end by themselves.
pub struct Follower {
    following: Following,
}

impl Follower {
    /// Follows the log in `storage`.
    ///
    /// # Errors
    /// If a setting is out of its bounds, there is no log, or another engine has the directory. What is wrong with its files
    /// is said by [`recovered`](Self::recovered).
    pub fn open(
        network: Arc<Network>,
        storage: Arc<dyn Storage>,
        config: &FollowerConfig,
    ) -> Result<Self, EngineError> {
        Self::open_with(network, storage, config, Company::default())
    }

    /// As [`open`](Self::open), in company.
    ///
    /// # Errors
    /// As there.
    pub fn open_with(
        network: Arc<Network>,
        storage: Arc<dyn Storage>,
        config: &FollowerConfig,
        company: Company,
    ) -> Result<Self, EngineError> {
        config.validate()?;
        let files = LogFiles::open(Arc::clone(&storage)).map_err(EngineError::Read)?;
        let directory = Directory::take(Arc::clone(&storage), files.clone(), config.snapshots.keep)?;
        let dictionary = Arc::new(Dictionary::new());
        let footing = Footing {
            dictionary: Arc::clone(&dictionary),
            dead_letters: DeadLetters::new(config.dead_letters_max),
            profiles: Profiles::in_storage(&network, Arc::clone(&storage)),
            offers: None,
            ground: Box::new(FilesGround::new(files.clone())),
            observer: company.observer,
            directory: Some(directory),
        };
        let mut following = Following::new(network, config.clone(), footing);
        let (halt, config) = (Arc::clone(following.halt()), config.log.clone());
        let tail = Tail { storage, files, config, dictionary, halt, log: None };
        following.recover(Box::new(tail), company.sinks);
        Ok(Self { following })
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

    /// The names behind the numbers of drivers, trips and sources.
    pub fn dictionary(&self) -> &Arc<Dictionary> {
        self.following.shared().dictionary()
    }

    /// The speed profiles that are kept in the storage. They are adopted by an event that its writer takes in.
    pub fn profiles(&self) -> &Profiles {
        self.following.shared().profiles()
    }

    /// The records that could not be used.
    pub fn dead_letters(&self) -> &DeadLetters {
        self.following.shared().dead_letters()
    }

    /// What has become of all events so far: those of the log that it has come to count as replayed.
    pub fn accounts(&self) -> Accounts {
        self.following.shared().accounts()
    }

    /// Everything in the log before this offset has been taken.
    pub fn applied(&self) -> Offset {
        self.following.shared().applied()
    }

    /// Stops following the log, as if it were out.
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

    /// Waits until it has recovered, and follows the log.
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

    /// What has become of its snapshots.
    pub fn snapshots(&self) -> SnapshotReport {
        self.following.shared().snapshots()
    }

    /// Has a snapshot cut at the next tick, besides those that are due by themselves.
    pub fn request_snapshot(&self) {
        self.following.shared().request_snapshot();
    }

    /// How its sinks get along.
    pub fn sinks(&self) -> Vec<SinkReport> {
        self.following.shared().sinks()
    }

    /// Whether it follows the log no more, because it could not recover or something has failed.
    /// [`shutdown`](Self::shutdown) says what.
    pub fn is_finished(&self) -> bool {
        self.following.is_finished()
    }

    /// Follows no further, works off what it has read, and ends.
    ///
    /// # Errors
    /// If it could not recover, the log could not be read, or a shard has failed.
    pub async fn shutdown(self) -> Result<Summary, EngineError> {
        let ended = tokio::task::spawn_blocking(|| self.shutdown_blocking()).await;
        ended.expect("shutting down does not panic")
    }

    /// As [`shutdown`](Self::shutdown), for callers that are not async.
    ///
    /// # Errors
    /// As there.
    pub fn shutdown_blocking(self) -> Result<Summary, EngineError> {
        let shared = Arc::clone(self.following.shared());
        shared.resume();
        let recovered = shared.recovered_blocking().is_ok();
        if let Some(keeper) = shared.keeper().filter(|_| recovered && shared.config().snapshots.at_end) {
            let before = keeper.report();
            let known =
                before.last.as_ref().map(|last| last.offset).or(self.recovery().and_then(Recovery::snapshot_at));
            if known != Some(shared.applied()) && !self.following.is_finished() {
                shared.request_snapshot();
                keeper.wait_for_another(&before, LAST_TICK_WITHIN);
            }
        }
        self.following.halt().stop();
        self.following.join()
    }
}
