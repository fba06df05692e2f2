use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use etaflow_road::{EdgeIndex, Network};

use super::builder::build;
use super::collective::Collective;
use super::exchange::Exchange;
use super::failure::{ExecutorError, message_of};
use super::gate::Gate;
use super::merge::Merge;
use super::observer::Observer;
use super::output::Output;
use super::shard::{Counts, Effects, Shard};
use super::worker::{Lot, Shared, Worker};
use crate::config::{Config, PipelineConfigError};
use crate::eta::Epoch;
use crate::event::Offset;
use crate::log::{Log, LogReader};
use crate::stream::{Digest, StateDigest};

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
/// let executor = Executor::start(network, &Config::default(), log, Offset(0), Outputs::default())?;
/// let report = executor.join()?;
/// assert_eq!(report.counts.accepted, 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Executor {
    handle: ExecutorHandle,
    workers: Vec<JoinHandle<Result<Shard, ExecutorError>>>,
    builder: JoinHandle<Result<Collective, ExecutorError>>,
    merger: JoinHandle<(Digest, u64)>,
    log: Arc<dyn Log>,
}

/// Looks on while the pipeline runs, and holds it up. Cheap to clone; outlives the [`Executor`].
#[derive(Clone)]
pub struct ExecutorHandle {
    shared: Arc<Shared>,
}

/// Where what follows from the log goes. Each has its own default: nowhere.
#[derive(Default)]
pub struct Outputs {
    /// Called on the shards' threads after each lot of records.
    pub observer: Option<Arc<dyn Observer>>,
    /// Called with all outputs, in order, on the merge's thread.
    pub tap: Option<Tap>,
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
    /// Starts the threads at an offset of the log, with nothing known before it.
    ///
    /// # Errors
    /// If the configuration is out of its bounds.
    pub fn start(
        network: Arc<Network>,
        config: &Config,
        log: Arc<dyn Log>,
        from: Offset,
        outputs: Outputs,
    ) -> Result<Self, PipelineConfigError> {
        let index = Arc::new(EdgeIndex::new(&network));
        Self::start_on(network, index, config, log, from, outputs)
    }

    /// As [`start`](Self::start), with the network's index, which others may have use for too.
    pub(crate) fn start_on(
        network: Arc<Network>,
        index: Arc<EdgeIndex>,
        config: &Config,
        log: Arc<dyn Log>,
        from: Offset,
        outputs: Outputs,
    ) -> Result<Self, PipelineConfigError> {
        config.validate()?;
        let count = config.shards as usize;
        let collective = Collective::new(Arc::clone(&network), config);
        let first = Arc::new(collective.first_epoch());
        let exchange = Exchange::new(Arc::clone(&first), count);
        let shards: Vec<Shard> = (0..config.shards)
            .map(|shard| Shard::new(&network, &index, config, Arc::clone(&first), shard))
            .collect::<Result<_, _>>()?;
        let shared = Arc::new(Shared {
            exchange,
            gate: Gate::default(),
            applied: (0..count).map(|_| AtomicU64::new(from.0)).collect(),
            told: AtomicU64::new(from.0),
            index: Arc::clone(&index),
            counts: (0..count).map(|_| Mutex::default()).collect(),
        });
        let (send, receive) = sync_channel(LOTS_MAX);
        let mut workers = Vec::with_capacity(count);
        for (number, shard) in (0..).zip(shards) {
            let worker = Worker {
                shard,
                number,
                reader: LogReader::holding(Arc::clone(&log), from),
                epoch: Arc::clone(&first),
                last_tick: None,
                effects: Effects::default(),
                observer: outputs.observer.clone(),
                shared: Arc::clone(&shared),
                lots: send.clone(),
            };
            workers.push(spawn(format!("etaflow-shard-{number}"), move || worker.run()));
        }
        drop(send);
        let (exchange, followed) = (Arc::clone(&shared), Arc::clone(&log));
        let builder = spawn("etaflow-epochs".into(), move || {
            build(collective, &exchange.exchange).map_err(|message| {
                followed.close();
                ExecutorError::BuilderPanicked { message }
            })
        });
        let tap = outputs.tap;
        let handle = ExecutorHandle { shared };
        let told = handle.clone();
        let merger =
            spawn("etaflow-merge".into(), move || merge(&receive, Merge::new(count, from), tap, &told.shared.told));
        Ok(Self { handle, workers, builder, merger, log })
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
        self.builder.is_finished() || self.workers.iter().any(JoinHandle::is_finished)
    }

    /// For those who look on.
    pub fn handle(&self) -> ExecutorHandle {
        self.handle.clone()
    }

    /// Waits for the end of the log.
    ///
    /// # Errors
    /// If a shard, the builder of epochs or the tap has failed.
    pub fn join(self) -> Result<ExecutorReport, ExecutorError> {
        self.handle.resume();
        let ended: Vec<_> =
            self.workers.into_iter().map(|worker| worker.join().expect("workers catch panics")).collect();
        let built = self.builder.join().expect("the builder catches panics");
        let mut failures: Vec<ExecutorError> = Vec::new();
        let (outputs_digest, outputs) = self.merger.join().unwrap_or_else(|panic| {
            failures.push(ExecutorError::TapPanicked { message: message_of(panic.as_ref()) });
            Default::default()
        });
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
        Ok(ExecutorReport { counts, late_sums, state_digest: digest.finish(), outputs_digest, outputs })
    }

    /// The log that it follows.
    pub fn log(&self) -> &Arc<dyn Log> {
        &self.log
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

    /// Stops taking records, until [`resume`](Self::resume): the log goes on without.
    pub fn suspend(&self) {
        self.shared.gate.shut();
    }

    /// Goes on where it was suspended.
    pub fn resume(&self) {
        self.shared.gate.open();
    }
}

fn merge(lots: &Receiver<Lot>, mut merge: Merge, mut tap: Option<Tap>, told: &AtomicU64) -> (Digest, u64) {
    for (shard, outputs, upto) in lots {
        let ready = merge.add(shard, outputs, upto);
        if let Some(tap) = tap.as_mut().filter(|_| !ready.is_empty()) {
            tap(ready);
        }
        told.store(merge.complete().0, Ordering::Release);
    }
    merge.finish()
}

fn spawn<T: Send + 'static>(name: String, run: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    std::thread::Builder::new().name(name).spawn(run).expect("the system has room for a thread")
}

#[cfg(test)]
#[path = "executor_tests.rs"]
mod tests;
