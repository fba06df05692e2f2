use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use etaflow_road::{EdgeIndex, Network};

use super::assembly::Assembly;
use super::builder::build;
use super::collective::Collective;
use super::counts::Counts;
use super::failure::{ExecutorError, message_of};
use super::gate::Gate;
use super::merge::{Chain, Merge, put_in_order};
use super::observer::Observer;
use super::output::Output;
use super::shard::{Effects, Shard};
use super::snapshots::{SnapshotTap, hand_over};
use super::start::{Beginning, Start, StartError};
use super::worker::{Pace, Shared, Worker};
use crate::config::Config;
use crate::eta::Epoch;
use crate::event::Offset;
use crate::log::{Log, LogReader};
use crate::profile::Profiles;
use crate::snapshot::Fingerprint;
use crate::stream::{Digest, StateDigest};
use crate::time::WallClock;

/// How many lots of outputs may be on their way from the shards to the merge.
const LOTS_MAX: usize = 256;

/// Runs the pipeline on a log: a thread for each shard, one that makes the epochs of what they bring, and one that brings
/// their outputs into order.
///
/// It ends when the log is closed and read to its end.
///
/// ```
/// # use std::sync::Arc;
/// # use etaflow::{Config, Executor, Log, MemoryLog, MemoryLogConfig, Offset, Outputs};
/// # use etaflow_road::{Coord, NetworkBuilder, NewEdge, RoadClass, TurnModel};
/// # let mut builder = NetworkBuilder::new();
/// # let (a, b) = (builder.node(1, Coord::from_degrees(41.0, -8.0)?), builder.node(2, Coord::from_degrees(41.0, -8.1)?));
/// # builder.street(NewEdge::straight(a, b, RoadClass::Primary, 10.0), "");
/// # let network = Arc::new(builder.build(&TurnModel::default())?);
/// let log = Arc::new(MemoryLog::new(&MemoryLogConfig::default()));
/// log.close();
/// let executor = Executor::start(network, &Config::default(), log, Offset(0).into(), Outputs::default())?;
/// let report = executor.join()?;
/// assert_eq!(report.counts.accepted, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Executor {
    handle: ExecutorHandle,
    workers: Vec<JoinHandle<Result<Shard, ExecutorError>>>,
    builder: JoinHandle<Result<Collective, ExecutorError>>,
    merger: JoinHandle<Chain>,
    snapshots: Option<JoinHandle<Result<(), ExecutorError>>>,
    log: Arc<dyn Log>,
}

/// An executor whose state is made, and whose threads are not.
pub(crate) struct Prepared {
    beginning: Beginning,
    network: Arc<Network>,
    config: Config,
}

/// Looks on while the pipeline runs, and holds it up. Cheap to clone; outlives the [`Executor`].
#[derive(Clone)]
pub struct ExecutorHandle {
    shared: Arc<Shared>,
}

/// Where what follows from the log goes, and where what it names comes from. Each has its own default: nowhere.
#[derive(Default)]
pub struct Outputs {
    /// Called on the shards' threads after each lot of records.
    pub observer: Option<Arc<dyn Observer>>,
    /// Called with all outputs, in order, on the merge's thread.
    pub tap: Option<Tap>,
    /// Called with the snapshots that are [asked for](ExecutorHandle::request_snapshot), on a thread of their own.
    pub snapshots: Option<SnapshotTap>,
    /// The speed profiles that the log may say are adopted. Without them, a log that says so cannot be followed.
    pub profiles: Option<Profiles>,
}

/// Takes outputs, in order.
pub type Tap = Box<dyn FnMut(&[Output]) + Send>;

/// What there is to say when the log has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutorReport {
    /// What has become of the records.
    pub counts: Counts,
    /// Traversals that came too late for the traffic window, by sum and not by piece.
    pub late_sums: u64,
    /// Of the whole state.
    pub state_digest: Digest,
    /// Of all outputs in order.
    pub outputs_digest: Digest,
    /// How many outputs there were.
    pub outputs: u64,
}

impl Executor {
    /// Starts the threads at an offset of the log, with nothing known before it, or where a snapshot was cut, as if all
    /// before it had been taken.
    ///
    /// State, outputs and their digests are then the same as without the snapshot, whatever the number of shards was and
    /// is. The observer sees what was [restored](Observer::on_restored) before this returns.
    ///
    /// # Errors
    /// If the configuration is out of its bounds, or the snapshot cannot be gone on from: it is of another network, was
    /// made with other settings, or is damaged. The observer has seen nothing then.
    pub fn start(
        network: Arc<Network>,
        config: &Config,
        log: Arc<dyn Log>,
        from: Start<'_>,
        outputs: Outputs,
    ) -> Result<Self, StartError> {
        let index = Arc::new(EdgeIndex::new(&network));
        Ok(Self::prepare(&network, index, config, from)?.start(log, outputs))
    }

    /// What can fail of a [`start`](Self::start), before anything goes on. Others may have use for the index too.
    pub(crate) fn prepare(
        network: &Arc<Network>,
        index: Arc<EdgeIndex>,
        config: &Config,
        from: Start<'_>,
    ) -> Result<Prepared, StartError> {
        let beginning = Beginning::at(network, index, config, from)?;
        Ok(Prepared { beginning, network: Arc::clone(network), config: config.clone() })
    }

    fn spawn(beginning: Beginning, log: Arc<dyn Log>, outputs: Outputs, fingerprint: Fingerprint) -> Self {
        let Beginning { offset, index, shards, collective, exchange, epochs, chain, .. } = beginning;
        let Outputs { observer, tap, snapshots, profiles } = outputs;
        let collective = collective.with_profiles(profiles.clone());
        let shards = shards.into_iter().map(|shard| shard.with_profiles(profiles.clone())).collect::<Vec<_>>();
        let count = shards.len();
        let shared = Arc::new(Shared {
            exchange,
            gate: Gate::default(),
            applied: (0..count).map(|_| AtomicU64::new(offset.0)).collect(),
            told: AtomicU64::new(offset.0),
            index,
            counts: shards.iter().map(|shard| Mutex::new(shard.counts().clone())).collect(),
            snapshots: snapshots.is_some(),
            clock: WallClock::new(),
        });
        // The shards, the builder and the merge.
        let assembly = Assembly::new(count + 2);
        let (send, receive) = sync_channel(LOTS_MAX);
        let worker = |(number, shard): (u32, Shard)| Worker {
            shard,
            number,
            reader: LogReader::holding(Arc::clone(&log), offset),
            epoch: Arc::clone(&epochs[0]),
            last_tick: None,
            effects: Effects::default(),
            observer: observer.clone(),
            shared: Arc::clone(&shared),
            lots: send.clone(),
            cut: None,
            pace: Pace::default(),
            snapshot: assembly.sharer(),
        };
        let workers: Vec<Worker> = (0..).zip(shards).map(worker).collect();
        drop(send);
        let (of_builder, of_merge) = (assembly.sharer(), assembly.sharer());
        let workers = workers.into_iter().map(|worker| {
            let name = format!("etaflow-shard-{}", worker.number);
            spawn(name, move || worker.run())
        });
        let workers = workers.collect();
        let (in_builder, followed) = (Arc::clone(&shared), Arc::clone(&log));
        let builder = spawn("etaflow-epochs".into(), move || {
            build(collective, epochs, &in_builder.exchange, &of_builder).inspect_err(|_| followed.close())
        });
        let told = Arc::clone(&shared);
        let merger = spawn("etaflow-merge".into(), move || {
            put_in_order(&receive, Merge::new(count, offset, chain), tap, &told.told, &of_merge)
        });
        let snapshots = snapshots.map(|tap| {
            let (shared, log) = (Arc::clone(&shared), Arc::clone(&log));
            spawn("etaflow-snapshots".into(), move || {
                hand_over(&assembly, &shared.exchange, &fingerprint, tap).map_err(|message| {
                    log.close();
                    ExecutorError::SnapshotTapPanicked { message }
                })
            })
        });
        Self { handle: ExecutorHandle { shared }, workers, builder, merger, snapshots, log }
    }

    /// The index of the roads in space.
    pub fn index(&self) -> &Arc<EdgeIndex> {
        &self.handle.shared.index
    }

    /// What is in force before anything is known.
    pub fn first_epoch(network: &Arc<Network>, config: &Config) -> Arc<Epoch> {
        Arc::new(Collective::new(Arc::clone(network), config).first_epoch())
    }

    /// Whether a thread has ended, be it at the end of the log or by a failure.
    pub fn is_finished(&self) -> bool {
        let snapshots = self.snapshots.as_ref().is_some_and(JoinHandle::is_finished);
        snapshots || self.builder.is_finished() || self.workers.iter().any(JoinHandle::is_finished)
    }

    /// For those who look on.
    pub fn handle(&self) -> ExecutorHandle {
        self.handle.clone()
    }

    /// Waits for the end of the log.
    ///
    /// # Errors
    /// If a shard, the builder of epochs or a tap has failed.
    pub fn join(self) -> Result<ExecutorReport, ExecutorError> {
        self.handle.resume();
        let ended: Vec<_> =
            self.workers.into_iter().map(|worker| worker.join().expect("workers catch panics")).collect();
        let built = self.builder.join().expect("the builder catches panics");
        let mut failures: Vec<ExecutorError> = Vec::new();
        let chain = self.merger.join().unwrap_or_else(|panic| {
            failures.push(ExecutorError::TapPanicked { message: message_of(panic.as_ref()) });
            Chain::default()
        });
        if let Some(snapshots) = self.snapshots {
            failures.extend(snapshots.join().expect("the thread of snapshots catches panics").err());
        }
        let mut shards = Vec::new();
        for result in ended {
            match result {
                Ok(shard) => shards.push(shard),
                Err(failure) => failures.push(failure),
            }
        }
        let collective = built.map_err(|failure| failures.push(failure)).ok();
        // One that stopped because of another is not the cause.
        failures.sort_by_key(|failure| matches!(failure, ExecutorError::Stopped { .. }));
        if let Some(cause) = failures.into_iter().next() {
            return Err(cause);
        }
        let collective = collective.expect("the builder has not failed");
        let mut counts = Counts::default();
        let mut digest = StateDigest::default();
        let mut open = Vec::new();
        for shard in &mut shards {
            counts.merge(shard.counts());
            shard.digest(&mut digest);
            open.push(shard.contribute());
        }
        drop(shards);
        collective.digest(&open, &mut digest);
        let late_sums = collective.late();
        let Chain { digest: outputs_digest, count: outputs } = chain;
        Ok(ExecutorReport { counts, late_sums, state_digest: digest.finish(), outputs_digest, outputs })
    }

    /// The log that it follows.
    pub fn log(&self) -> &Arc<dyn Log> {
        &self.log
    }
}

impl Prepared {
    /// What has become of the records before the first that it takes.
    #[cfg(feature = "runtime")]
    pub(crate) fn counts(&self) -> Counts {
        let mut all = Counts::default();
        self.beginning.shards.iter().for_each(|shard| all.merge(shard.counts()));
        all
    }

    /// Starts the threads.
    pub(crate) fn start(self, log: Arc<dyn Log>, outputs: Outputs) -> Executor {
        if let Some(observer) = &outputs.observer {
            self.beginning.show(&**observer);
        }
        let fingerprint = outputs.snapshots.is_some().then(|| Fingerprint::of(&self.network, &self.config));
        Executor::spawn(self.beginning, log, outputs, fingerprint.unwrap_or_default())
    }
}

impl ExecutorHandle {
    /// The offset before which everything has been taken by all shards.
    pub fn applied(&self) -> Offset {
        let applied = self.shared.applied.iter().map(|applied| applied.load(Ordering::Acquire));
        Offset(applied.min().unwrap_or(0))
    }

    /// The offset before which the tap has been given everything; never past [`applied`](Self::applied).
    pub fn told(&self) -> Offset {
        Offset(self.shared.told.load(Ordering::Acquire))
    }

    /// What has become of the records so far.
    pub fn counts(&self) -> Counts {
        let mut all = Counts::default();
        for counts in &self.shared.counts {
            all.merge(&counts.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        }
        all
    }

    /// Has a snapshot cut at the next tick that no shard has come to yet, and given to [`Outputs::snapshots`]; if one is
    /// under way, once that is taken. Of no effect if nobody takes any, and on what the pipeline tells in any case.
    pub fn request_snapshot(&self) {
        if self.shared.snapshots {
            self.shared.exchange.wish_cut();
        }
    }

    /// Whether a snapshot was cut that is not taken yet.
    #[cfg_attr(not(feature = "runtime"), expect(dead_code, reason = "it is the runtime that ends engines"))]
    pub(crate) fn is_cutting(&self) -> bool {
        self.shared.exchange.is_cutting()
    }

    /// Stops taking records, until [`resume`](Self::resume): the log goes on without.
    pub fn suspend(&self) {
        self.shared.gate.shut();
    }

    /// Goes on where it was suspended.
    pub fn resume(&self) {
        self.shared.gate.open();
    }
}

fn spawn<T: Send + 'static>(name: String, run: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    std::thread::Builder::new().name(name).spawn(run).expect("the system has room for a thread")
}

#[cfg(test)]
#[path = "executor_tests.rs"]
mod tests;
