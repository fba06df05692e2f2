use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use etaflow_road::{EdgeIndex, Network, Timestamp};

use super::accounts::Accounts;
use super::config::FollowerConfig;
use super::dead_letters::DeadLetters;
use super::failure::EngineError;
use super::monitor::{Monitor, Stop};
use super::outlet::{Outlet, OutputBatch, OutputReader};
use super::spawn;
use super::subscription::{EtaStream, SubscribeError, Subscriptions};
use super::writing::Offers;
use crate::bus::Fanout;
use crate::event::{Key, Offset};
use crate::log::Log;
use crate::pipeline::{Applied, Executor, ExecutorHandle, ExecutorReport, Observer, Outputs};
use crate::sequencer::Dictionary;
use crate::view::{Lag, LagMeter, Published, Standing, View};

/// The half that follows a log: the pipeline, and all that is made of what it says.
pub(super) struct Following {
    shared: Arc<Shared>,
    monitor: JoinHandle<()>,
    ending: Ending,
}

/// Lets the threads end, also of one that is dropped without being joined.
struct Ending {
    shared: Arc<Shared>,
    stop: Arc<Stop>,
}

impl Drop for Ending {
    fn drop(&mut self) {
        // Suspended, it would not make room in a full log for what is still to be taken in.
        self.shared.resume();
        self.stop.stop();
    }
}

/// What a following half stands on.
pub(super) struct Footing {
    pub(super) dictionary: Arc<Dictionary>,
    pub(super) dead_letters: DeadLetters,
    /// Of the writing half, if it is in this process.
    pub(super) offers: Option<Offers>,
    pub(super) ground: Box<dyn Ground>,
}

/// Where the log really begins and ends, wherever the pipeline reads it from.
pub(super) trait Ground: Send + Sync {
    /// The oldest record that is kept.
    fn start(&self) -> Offset;

    /// The offset that the next record will have.
    fn end(&self) -> Offset;

    /// When the last record before `end` arrived.
    fn newest_at(&self, end: Offset) -> Option<Timestamp>;
}

impl Ground for Arc<dyn Log> {
    fn start(&self) -> Offset {
        (**self).start()
    }

    fn end(&self) -> Offset {
        (**self).end()
    }

    fn newest_at(&self, end: Offset) -> Option<Timestamp> {
        let newest = self.read(Offset(end.0.checked_sub(1)?)).ok()??;
        Some(newest.records().first()?.ingest_time)
    }
}

/// What its threads, and who looks on, have in common.
pub(super) struct Shared {
    config: FollowerConfig,
    footing: Footing,
    view: View,
    published: Arc<Published>,
    subscriptions: Arc<Subscriptions>,
    groups: Fanout<OutputBatch>,
    observer: Option<Arc<dyn Observer>>,
    suspended: AtomicBool,
    /// Once it has begun.
    handle: OnceLock<ExecutorHandle>,
    executor: Mutex<Option<Executor>>,
}

impl Following {
    /// Answers questions, with nothing known; follows nothing before it [begins](Shared::begin).
    pub(super) fn new(
        network: Arc<Network>,
        config: FollowerConfig,
        footing: Footing,
        observer: Option<Arc<dyn Observer>>,
        lag: Lag,
    ) -> Self {
        let first = Executor::first_epoch(&network, &config.pipeline);
        let published = Arc::new(Published::new(&network, first, config.pipeline.shards));
        let view = View::new(
            Arc::clone(&network),
            Arc::new(EdgeIndex::new(&network)),
            Arc::clone(&footing.dictionary),
            Arc::clone(&published),
            config.pipeline.eta.snap_radius,
            lag,
        );
        let meter = LagMeter::new(config.live_max);
        let shared = Arc::new(Shared {
            subscriptions: Arc::new(Subscriptions::new(config.subscriptions_max)),
            groups: Fanout::new(),
            config,
            footing,
            view,
            published,
            observer,
            suspended: AtomicBool::new(false),
            handle: OnceLock::new(),
            executor: Mutex::default(),
        });
        let stop = Arc::new(Stop::default());
        let monitor = Monitor { shared: Arc::clone(&shared), meter, stop: Arc::clone(&stop) };
        let ending = Ending { shared: Arc::clone(&shared), stop };
        Self { shared, monitor: spawn("etaflow-monitor", move || monitor.run()), ending }
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Waits for the end of the log.
    pub(super) fn join(self) -> Result<ExecutorReport, EngineError> {
        self.shared.resume();
        let executor = self.shared.executor.lock().unwrap_or_else(PoisonError::into_inner).take();
        let report = executor.expect("it has begun").join();
        self.ending.stop.stop();
        self.monitor.join().expect("the monitor does not panic");
        self.shared.subscriptions.close();
        self.shared.groups.close();
        Ok(report?)
    }
}

impl Shared {
    /// Begins to follow `log`.
    pub(super) fn begin(&self, log: &Arc<dyn Log>, from: Offset) -> Result<(), EngineError> {
        let outlet = Outlet {
            dead_letters: self.footing.dead_letters.clone(),
            subscriptions: Arc::clone(&self.subscriptions),
            groups: self.groups.clone(),
            dictionary: Arc::clone(&self.footing.dictionary),
            log: Arc::clone(log),
        };
        let observers = Observers { published: Arc::clone(&self.published), other: self.observer.clone() };
        let outputs = Outputs { observer: Some(Arc::new(observers)), tap: Some(outlet.into_tap()), snapshots: None };
        let (network, index) = (self.view.network(), Arc::clone(self.view.index()));
        let executor =
            Executor::start_on(network, index, &self.config.pipeline, Arc::clone(log), from.into(), outputs)?;
        let handle = self.handle.get_or_init(|| executor.handle());
        // Whoever suspends it sets this first, and finds the handle or is found here.
        if self.suspended.load(Ordering::SeqCst) {
            handle.suspend();
        }
        *self.executor.lock().unwrap_or_else(PoisonError::into_inner) = Some(executor);
        Ok(())
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

    pub(super) fn subscribe(&self, trip: &Key) -> Result<EtaStream, SubscribeError> {
        let last = || self.dictionary().trip(trip).and_then(|trip| self.published.trip(trip));
        self.subscriptions.add(trip, last)
    }

    pub(super) fn outputs(&self, group: &str, capacity: usize) -> OutputReader {
        self.groups.join(group, capacity)
    }

    pub(super) fn suspend(&self) {
        self.suspended.store(true, Ordering::SeqCst);
        if let Some(handle) = self.handle.get() {
            handle.suspend();
        }
    }

    pub(super) fn resume(&self) {
        self.suspended.store(false, Ordering::SeqCst);
        if let Some(handle) = self.handle.get() {
            handle.resume();
        }
    }

    /// The offset before which everything has been taken.
    pub(super) fn applied(&self) -> Offset {
        self.handle.get().map_or_else(|| self.published.applied(), ExecutorHandle::applied)
    }

    /// Lets go of names that nobody will ask for any more.
    pub(super) fn release_names(&self) {
        if let Some(handle) = self.handle.get() {
            // Who hears of a trip's end is found by its name.
            self.dictionary().release(handle.told());
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
        let counts = self.handle.get().map(ExecutorHandle::counts).unwrap_or_default();
        Accounts {
            accepted: counts.accepted,
            traversals: counts.traversals,
            revisions: counts.revisions,
            dead_lettered: self.dead_letters().counts(),
            ..written
        }
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
}
