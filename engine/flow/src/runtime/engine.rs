use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;

use etaflow_road::Network;

use super::config::{EngineConfig, EngineConfigError};
use super::dead_letters::DeadLetters;
use super::ingest::{Ingest, Pulse};
use super::monitor::{Monitor, Stop};
use super::outlet::{Outlet, OutputBatch, OutputReader};
use super::subscription::{EtaStream, SubscribeError, Subscriptions};
use crate::bus::{Bus, Fanout, Policy, Publisher, bus};
use crate::event::{Entries, Key, Offset, Reason};
use crate::log::{Log, LogError, LogReader, MemoryLog};
use crate::pipeline::{Applied, Executor, ExecutorError, ExecutorHandle, ExecutorReport, Observer, Outputs};
use crate::sequencer::{Dictionary, Sequencer};
use crate::stream::Digest;
use crate::view::{LagMeter, Published, View};

/// An engine: events in, arrival times out.
///
/// Events come from [`Publisher`]s; questions are answered by its [`View`]; a trip's arrival times come as a stream.
/// See `examples/dispatch.rs` for a whole service on it.
///
/// Dropped without a [`shutdown`](Self::shutdown) it takes nothing more in either, and its threads end by themselves
/// when they have worked off what there is; only nobody waits for them.
pub struct Engine {
    bus: Bus,
    view: View,
    gauges: Arc<Gauges>,
    subscriptions: Arc<Subscriptions>,
    groups: Fanout<OutputBatch>,
    dictionary: Arc<Dictionary>,
    ingest: JoinHandle<Result<(), LogError>>,
    executor: Executor,
    monitor: JoinHandle<()>,
    ending: Ending,
}

/// Lets the threads of an engine end, also of one that is dropped without being shut down.
struct Ending {
    bus: Bus,
    executor: ExecutorHandle,
    stop: Arc<Stop>,
}

impl Ending {
    fn close(&self) {
        self.bus.close();
        // Suspended, it would not make room in a full log for what is still to be taken in.
        self.executor.resume();
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        self.close();
        self.stop.stop();
    }
}

/// What can be read off an engine while it runs.
pub(super) struct Gauges {
    bus: Bus,
    pub(super) log: Arc<dyn Log>,
    pub(super) view: View,
    pub(super) published: Arc<Published>,
    pub(super) dictionary: Arc<Dictionary>,
    dead_letters: DeadLetters,
    duplicates: Arc<AtomicU64>,
    executor: ExecutorHandle,
}

/// What has become of all events: `offered = accepted + refused + conflated + duplicate + dead_lettered`, exactly, once
/// the engine is drained.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Given to a publisher.
    pub offered: u64,
    /// Used.
    pub accepted: u64,
    /// Found no place on the bus.
    pub refused: u64,
    /// Fixes that a newer one of the same driver replaced.
    pub conflated: u64,
    /// Had come before.
    pub duplicate: u64,
    /// Could not be used, by reason.
    pub dead_lettered: BTreeMap<Reason, u64>,
    /// Edge traversals that were seen.
    pub traversals: u64,
    /// Drivers' places that were given at once and turned out to be on another edge.
    pub revisions: u64,
}

impl Accounts {
    /// How many could not be used.
    pub fn dead(&self) -> u64 {
        self.dead_lettered.values().sum()
    }

    /// Whether every event that was offered is accounted for.
    pub fn balance(&self) -> bool {
        self.offered == self.accepted + self.refused + self.conflated + self.duplicate + self.dead()
    }
}

/// In one line; reasons and outcomes that did not occur are left out.
impl fmt::Display for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events: {} accepted", self.offered, self.accepted)?;
        let others = [("refused", self.refused), ("conflated", self.conflated), ("duplicate", self.duplicate)];
        let dead = self.dead_lettered.iter().map(|(reason, &count)| (reason.name(), count));
        others
            .into_iter()
            .chain(dead)
            .filter(|(_, count)| *count > 0)
            .try_for_each(|(name, count)| write!(f, ", {count} {name}"))
    }
}

/// What there is to say when an engine has been shut down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// What has become of all events.
    pub accounts: Accounts,
    /// How many records the log has had, ticks among them.
    pub records: u64,
    /// How many outputs there were.
    pub outputs: u64,
    /// Of the whole state.
    pub state_digest: Digest,
    /// Of all outputs in order.
    pub outputs_digest: Digest,
}

/// Why an engine has not started, or has not ended well.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// A setting is out of its bounds.
    #[error(transparent)]
    Config(#[from] EngineConfigError),
    /// The pipeline has stopped.
    #[error(transparent)]
    Executor(#[from] ExecutorError),
    /// Events could not be written to the log.
    #[error("the log cannot be written: {0}")]
    Log(#[from] LogError),
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
        let (bus, intake) = bus(config.bus.clone());
        let dictionary = Arc::new(Dictionary::new());
        let dead_letters = DeadLetters::new(config.dead_letters_max);
        let subscriptions = Arc::new(Subscriptions::new(config.subscriptions_max));
        let groups = Fanout::new();
        let first = Executor::first_epoch(&network, &config.pipeline);
        let published = Arc::new(Published::new(&network, first, config.pipeline.shards));
        let outlet = Outlet {
            dead_letters: dead_letters.clone(),
            subscriptions: Arc::clone(&subscriptions),
            groups: groups.clone(),
            dictionary: Arc::clone(&dictionary),
            log: Arc::clone(&log),
        };
        let observers = Observers { published: Arc::clone(&published), other: observer };
        let outputs = Outputs { observer: Some(Arc::new(observers)), tap: Some(outlet.into_tap()) };
        let executor = Executor::start(Arc::clone(&network), &config.pipeline, Arc::clone(&log), Offset(0), outputs)
            .map_err(EngineConfigError::from)?;
        let view = View::new(
            network,
            Arc::clone(executor.index()),
            Arc::clone(&dictionary),
            Arc::clone(&published),
            config.pipeline.eta.snap_radius,
        );
        let duplicates = Arc::new(AtomicU64::new(0));
        let ingest = Ingest {
            intake,
            sequencer: Sequencer::new(config.sequencer.clone(), Arc::clone(&dictionary)),
            log: Arc::clone(&log),
            pulse: Pulse::new(config.time, config.tick),
            dead_letters: dead_letters.clone(),
            duplicates: Arc::clone(&duplicates),
            entries: Entries::default(),
        };
        let gauges = Arc::new(Gauges {
            bus: bus.clone(),
            log,
            view: view.clone(),
            published,
            dictionary: Arc::clone(&dictionary),
            dead_letters,
            duplicates,
            executor: executor.handle(),
        });
        let stop = Arc::new(Stop::default());
        let monitor =
            Monitor { gauges: Arc::clone(&gauges), meter: LagMeter::new(config.live_max), stop: Arc::clone(&stop) };
        let ending = Ending { bus: bus.clone(), executor: executor.handle(), stop };
        Ok(Self {
            bus,
            view,
            gauges,
            subscriptions,
            groups,
            dictionary,
            ingest: spawn("etaflow-ingest", move || ingest.run()),
            executor,
            monitor: spawn("etaflow-monitor", move || monitor.run()),
            ending,
        })
    }

    /// A new way in. `policy` says what happens when the engine does not keep up.
    pub fn publisher(&self, policy: Policy) -> Publisher {
        self.bus.publisher(policy)
    }

    /// What is known now.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// A trip's arrival times, as they change. The trip need not be known yet; of one that has just ended the stream
    /// gives its end.
    ///
    /// # Errors
    /// If there are as many subscriptions as there may be.
    pub fn subscribe(&self, trip: &Key) -> Result<EtaStream, SubscribeError> {
        let last = || self.dictionary.trip(trip).and_then(|trip| self.gauges.published.trip(trip));
        self.subscriptions.add(trip, last)
    }

    /// Joins a group that gets every output from now on; its members share them. At most `capacity` batches wait for it;
    /// if it is slower than that it misses some, and is told so.
    pub fn outputs(&self, group: &str, capacity: usize) -> OutputReader {
        self.groups.join(group, capacity)
    }

    /// A reader of the log, from `from` on: of all admitted events and ticks, in order.
    pub fn records(&self, from: Offset) -> LogReader {
        LogReader::new(Arc::clone(&self.gauges.log), from)
    }

    /// The log.
    pub fn log(&self) -> &Arc<dyn Log> {
        &self.gauges.log
    }

    /// The names behind the numbers of drivers, trips and sources.
    pub fn dictionary(&self) -> &Arc<Dictionary> {
        &self.dictionary
    }

    /// The events that were not used.
    pub fn dead_letters(&self) -> &DeadLetters {
        &self.gauges.dead_letters
    }

    /// What has become of all events so far.
    pub fn accounts(&self) -> Accounts {
        self.gauges.accounts()
    }

    /// Everything in the log before this offset has been taken.
    pub fn applied(&self) -> Offset {
        self.gauges.applied()
    }

    /// Stops following the log, as if the consumer were out; events are taken in and logged all the same.
    pub fn suspend(&self) {
        self.gauges.executor.suspend();
    }

    /// Follows the log again, from where it was left.
    pub fn resume(&self) {
        self.gauges.executor.resume();
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
        self.ending.close();
        let written = self.ingest.join().expect("ingest does not panic");
        let report = self.executor.join();
        self.ending.stop.stop();
        self.monitor.join().expect("the monitor does not panic");
        self.subscriptions.close();
        self.groups.close();
        // The cause first: a log that was closed by a failed shard cannot be written.
        let ExecutorReport { state_digest, outputs_digest, outputs, .. } = report?;
        written?;
        let accounts = self.gauges.accounts();
        Ok(Summary { accounts, records: self.gauges.log.end().0, outputs, state_digest, outputs_digest })
    }
}

impl Gauges {
    pub(super) fn accounts(&self) -> Accounts {
        let bus = self.bus.counts();
        let counts = self.executor.counts();
        Accounts {
            offered: bus.offered,
            accepted: counts.accepted,
            refused: bus.refused,
            conflated: bus.conflated,
            duplicate: self.duplicates.load(Ordering::Relaxed),
            dead_lettered: self.dead_letters.counts(),
            traversals: counts.traversals,
            revisions: counts.revisions,
        }
    }

    /// The offset before which everything has been taken.
    pub(super) fn applied(&self) -> Offset {
        self.executor.applied()
    }

    /// The offset before which everything has been told to those who listen.
    pub(super) fn told(&self) -> Offset {
        self.executor.told()
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

fn spawn<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run).expect("the system has room for a thread")
}
