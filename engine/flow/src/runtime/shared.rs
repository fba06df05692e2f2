use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use etaflow_road::{EdgeIndex, Network};
use event_listener::{Event, Listener};

use super::accounts::Accounts;
use super::begun::Begun;
use super::config::FollowerConfig;
use super::dead_letters::DeadLetters;
use super::failure::EngineError;
use super::ground::Ground;
use super::keeper::{Keeper, SnapshotReport};
use super::outlet::{Outlet, OutputBatch, OutputReader};
use super::recover::Directory;
use super::recovery::Recovery;
use super::subscription::{EtaStream, SubscribeError, Subscriptions};
use super::telemetry;
use super::writing::Offers;
use crate::bus::Fanout;
use crate::effect::{Deliverer, SinkReport};
use crate::event::{Key, Offset};
use crate::log::Log;
use crate::pipeline::{Applied, Executor, Observer, Outputs, Prepared, Restored, SnapshotTap, Start, StartError};
use crate::profile::Profiles;
use crate::sequencer::Dictionary;
use crate::snapshot::Part;
use crate::view::{EngineState, Lag, Published, Standing, View};

/// The part of a snapshot that says what waits for the sinks.
pub(super) const EFFECTS: u8 = b'w';

/// What a following half stands on.
pub(super) struct Footing {
    pub(super) dictionary: Arc<Dictionary>,
    pub(super) dead_letters: DeadLetters,
    pub(super) profiles: Profiles,
    /// Of the writing half, if it is in this process.
    pub(super) offers: Option<Offers>,
    pub(super) ground: Box<dyn Ground>,
    pub(super) observer: Option<Arc<dyn Observer>>,
    /// Where it is kept, if it is.
    pub(super) directory: Option<Directory>,
}

/// What the threads of a following half, and who looks on, have in common.
pub(super) struct Shared {
    config: FollowerConfig,
    footing: Footing,
    view: View,
    published: Arc<Published>,
    subscriptions: Arc<Subscriptions>,
    groups: Fanout<OutputBatch>,
    keeper: Option<Keeper>,
    suspended: AtomicBool,
    /// Events that were in the log, and are followed from there.
    replayed: AtomicU64,
    recovered: OnceLock<Result<Recovery, EngineError>>,
    told: Event,
    begun: OnceLock<Begun>,
    executor: Mutex<Option<Executor>>,
}

impl Shared {
    /// With nothing known, and nothing followed yet.
    pub(super) fn new(network: Arc<Network>, config: FollowerConfig, footing: Footing) -> Self {
        let first = Executor::first_epoch(&network, &config.pipeline);
        let published = Arc::new(Published::new(&network, first, config.pipeline.shards));
        let lag = if footing.directory.is_some() { Lag::RECOVERING } else { Lag::NONE };
        let index = Arc::new(EdgeIndex::new(&network));
        let (dictionary, radius) = (Arc::clone(&footing.dictionary), config.pipeline.eta.snap_radius);
        let view = View::new(network, index, dictionary, Arc::clone(&published), radius, lag);
        let every = config.snapshots.every;
        Self {
            subscriptions: Arc::new(Subscriptions::new(config.subscriptions_max)),
            groups: Fanout::new(),
            keeper: footing.directory.as_ref().map(|directory| Keeper::new(directory.store().clone(), every)),
            config,
            footing,
            view,
            published,
            suspended: AtomicBool::new(false),
            replayed: AtomicU64::new(0),
            recovered: OnceLock::new(),
            told: Event::new(),
            begun: OnceLock::new(),
            executor: Mutex::default(),
        }
    }

    /// Makes the state that goes on from `from`.
    pub(super) fn prepare(&self, from: Start<'_>) -> Result<Prepared, StartError> {
        Executor::prepare(self.view.network(), Arc::clone(self.view.index()), &self.config.pipeline, from)
    }

    /// Begins to follow `log`. If that `is_short`, it keeps what was not told yet.
    pub(super) fn begin(
        self: &Arc<Self>,
        prepared: Prepared,
        log: &Arc<dyn Log>,
        is_short: bool,
        deliverer: Option<Arc<Deliverer>>,
    ) {
        let outlet = Outlet {
            dead_letters: self.footing.dead_letters.clone(),
            subscriptions: Arc::clone(&self.subscriptions),
            groups: self.groups.clone(),
            dictionary: Arc::clone(&self.footing.dictionary),
            log: Arc::clone(log),
            deliverer: deliverer.clone(),
        };
        let observers = Observers { published: Arc::clone(&self.published), other: self.footing.observer.clone() };
        let snapshots = self.keeper.is_some().then(|| self.snapshot_tap(log, deliverer.clone()));
        let outputs = Outputs {
            observer: Some(Arc::new(observers)),
            tap: Some(outlet.into_tap()),
            snapshots,
            profiles: Some(self.footing.profiles.clone()),
        };
        let (before, hold) = (prepared.counts(), is_short.then(|| log.hold(log.start())));
        let executor = prepared.start(Arc::clone(log), outputs);
        let begun = self.begun.get_or_init(|| Begun::new(executor.handle(), before, deliverer, hold));
        // Whoever suspends it sets this first, and finds the handle or is found here.
        if self.suspended.load(Ordering::SeqCst) {
            begun.handle().suspend();
        }
        *self.executor() = Some(executor);
    }

    /// Keeps the snapshots that are cut, with what waits for the sinks.
    fn snapshot_tap(self: &Arc<Self>, log: &Arc<dyn Log>, deliverer: Option<Arc<Deliverer>>) -> SnapshotTap {
        let (shared, log) = (Arc::clone(self), Arc::clone(log));
        Box::new(move |cut| {
            let Some(keeper) = &shared.keeper else { return };
            keeper.keep(cut, &*log, |image| {
                let Some(deliverer) = &deliverer else { return Ok(()) };
                let backlog = deliverer.backlog(image.offset).ok_or("too many effects wait for the log")?;
                image.parts.push(Part { kind: EFFECTS, bytes: backlog });
                Ok(())
            });
            telemetry::report_snapshots(&keeper.report());
        })
    }

    pub(super) fn set_recovered(&self, recovered: Result<Recovery, EngineError>) {
        if let Ok(recovery) = &recovered {
            telemetry::report_recovery(recovery);
        }
        _ = self.recovered.set(recovered);
        self.told.notify(usize::MAX);
    }

    /// How it has come back, or why it has not; `None` as long as it recovers.
    pub(super) fn recovered(&self) -> Option<&Result<Recovery, EngineError>> {
        self.recovered.get()
    }

    /// Waits until it has recovered.
    pub(super) fn recovered_blocking(&self) -> &Result<Recovery, EngineError> {
        loop {
            let told = self.told.listen();
            if let Some(recovered) = self.recovered.get() {
                return recovered;
            }
            told.wait();
        }
    }

    /// As [`recovered_blocking`](Self::recovered_blocking), for async callers.
    pub(super) async fn recovered_async(&self) -> &Result<Recovery, EngineError> {
        loop {
            let told = self.told.listen();
            if let Some(recovered) = self.recovered.get() {
                return recovered;
            }
            told.await;
        }
    }

    /// Whether the pipeline has ended, or never began.
    pub(super) fn is_finished(&self) -> bool {
        let failed = self.recovered.get().is_some_and(Result::is_err);
        failed || self.executor().as_ref().is_some_and(Executor::is_finished)
    }

    /// So many more events were in the log, and are followed from there.
    pub(super) fn replays(&self, events: u64) {
        self.replayed.fetch_add(events, Ordering::Relaxed);
    }

    pub(super) fn config(&self) -> &FollowerConfig {
        &self.config
    }

    pub(super) fn view(&self) -> &View {
        &self.view
    }

    pub(super) fn dictionary(&self) -> &Arc<Dictionary> {
        &self.footing.dictionary
    }

    pub(super) fn dead_letters(&self) -> &DeadLetters {
        &self.footing.dead_letters
    }

    pub(super) fn profiles(&self) -> &Profiles {
        &self.footing.profiles
    }

    pub(super) fn subscribe(&self, trip: &Key) -> Result<EtaStream, SubscribeError> {
        let last = || self.dictionary().trip(trip).and_then(|trip| self.published.trip(trip));
        self.subscriptions.add(trip, last)
    }

    pub(super) fn outputs(&self, group: &str, capacity: usize) -> OutputReader {
        self.groups.join(group, capacity)
    }

    pub(super) fn suspend(&self) {
        self.suspended.store(true, Ordering::SeqCst);
        if let Some(begun) = self.begun.get() {
            begun.handle().suspend();
        }
    }

    pub(super) fn resume(&self) {
        self.suspended.store(false, Ordering::SeqCst);
        if let Some(begun) = self.begun.get() {
            begun.handle().resume();
        }
    }

    /// How the sinks get along.
    pub(super) fn sinks(&self) -> Vec<SinkReport> {
        self.begun.get().map(Begun::sinks).unwrap_or_default()
    }

    /// What has become of the snapshots.
    pub(super) fn snapshots(&self) -> SnapshotReport {
        self.keeper.as_ref().map(Keeper::report).unwrap_or_default()
    }

    pub(super) fn keeper(&self) -> Option<&Keeper> {
        self.keeper.as_ref()
    }

    pub(super) fn request_snapshot(&self) {
        if let Some(begun) = self.begun.get() {
            begun.handle().request_snapshot();
        }
    }

    /// Whether a snapshot is cut and not kept yet.
    pub(super) fn is_cutting(&self) -> bool {
        self.begun.get().is_some_and(|begun| begun.handle().is_cutting())
    }

    /// The offset before which everything has been taken.
    pub(super) fn applied(&self) -> Offset {
        self.begun.get().map_or_else(|| self.published.applied(), |begun| begun.handle().applied())
    }

    /// Lets go of names and records that nobody will ask for any more.
    pub(super) fn let_go(&self) {
        if let Some(begun) = self.begun.get() {
            // Who hears of a trip's end is found by its name.
            self.dictionary().release(begun.let_go());
        }
    }

    /// Lets go of all records.
    pub(super) fn let_go_of_all(&self) {
        if let Some(begun) = self.begun.get() {
            begun.let_go_of_all();
        }
    }

    /// Says how far it is behind, to all who want to know.
    pub(super) fn set_lag(&self, lag: Lag) {
        self.view.set_lag(lag);
        if let Some(deliverer) = self.begun.get().and_then(Begun::deliverer) {
            deliverer.set_live(lag.state == EngineState::Live);
        }
    }

    pub(super) fn standing(&self) -> Standing {
        // The engine's offset first: it cannot be past an end that is read later.
        let (applied, applied_at) = (self.applied(), self.published.applied_at());
        let ground = &self.footing.ground;
        let end = ground.end();
        Standing { start: ground.start(), end, applied, newest_at: ground.newest_at(end), applied_at }
    }

    /// What has become of all events.
    pub(super) fn accounts(&self) -> Accounts {
        let written = self.footing.offers.as_ref().map(Offers::accounts).unwrap_or_default();
        let followed = self.begun.get().map(Begun::counts).unwrap_or_default();
        Accounts {
            replayed: self.replayed.load(Ordering::Relaxed),
            accepted: followed.accepted,
            traversals: followed.traversals,
            revisions: followed.revisions,
            dead_lettered: self.dead_letters().counts(),
            ..written
        }
    }

    pub(super) fn directory(&self) -> Option<&Directory> {
        self.footing.directory.as_ref()
    }

    /// The executor, once it has begun and for one who waits for its end.
    pub(super) fn take_executor(&self) -> Option<Executor> {
        self.executor().take()
    }

    /// Waits for the sinks, for as long as they may take.
    pub(super) fn finish_deliveries(&self) {
        if let Some(deliverer) = self.begun.get().and_then(Begun::deliverer) {
            deliverer.finish();
        }
    }

    /// Tells nobody anything any more.
    pub(super) fn close(&self) {
        self.subscriptions.close();
        self.groups.close();
    }

    fn executor(&self) -> MutexGuard<'_, Option<Executor>> {
        self.executor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The view first, then whoever else looks on: what he sees can be asked for.
struct Observers {
    published: Arc<Published>,
    other: Option<Arc<dyn Observer>>,
}

impl Observer for Observers {
    fn on_applied(&self, applied: &Applied<'_>) {
        self.published.on_applied(applied);
        if let Some(other) = &self.other {
            other.on_applied(applied);
        }
    }

    fn on_restored(&self, restored: &Restored<'_>) {
        self.published.on_restored(restored);
        if let Some(other) = &self.other {
            other.on_restored(restored);
        }
    }
}
