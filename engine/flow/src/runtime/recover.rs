use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::failure::EngineError;
use super::recovery::{Recovery, RestoredSnapshot, Unusable};
use super::restore::Absorbed;
use super::shared::Shared;
use super::usable::Usable;
use crate::effect::{Deliverer, DeliverySetup, LogEnd, Sink};
use crate::event::Offset;
use crate::log::{Log, LogError, LogFiles, Torn};
use crate::pipeline::{Prepared, Start, message_of};
use crate::snapshot::SnapshotStore;
use crate::storage::{Storage, StorageLock};
use crate::time::{Clock, WallClock};

/// Held by whoever follows the log of a directory and keeps snapshots there.
const LOCK: &str = "engine.lock";

/// A directory that an engine, or its following half, has for itself.
pub(super) struct Directory {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) files: LogFiles,
    store: SnapshotStore,
    lock: Arc<StorageLock>,
}

/// What goes on beside the pipeline.
pub(super) trait Course: Send + 'static {
    /// Has everything ready for following from `from` on.
    fn ready(&mut self, from: Offset) -> Result<Ready, EngineError>;

    /// Goes on, for as long as it is needed on this thread.
    fn go(self: Box<Self>, shared: &Arc<Shared>) -> Result<(), EngineError>;
}

/// What there is to follow.
pub(super) struct Ready {
    /// The log, from the offset on that was asked for.
    pub(super) log: Arc<dyn Log>,
    /// Whether it may let go of records before it is said what they led to.
    pub(super) is_short: bool,
    /// Where the durable log ends.
    pub(super) end: LogEnd,
    pub(super) absorbed: Absorbed,
    pub(super) torn: Option<Torn>,
}

impl Directory {
    /// Takes it.
    pub(super) fn take(storage: Arc<dyn Storage>, files: LogFiles, keep: usize) -> Result<Self, EngineError> {
        let lock = storage.lock(LOCK).map_err(|error| {
            let path = storage.show(LOCK);
            EngineError::Read(match error.kind() {
                io::ErrorKind::WouldBlock => LogError::Locked { path },
                kind => LogError::Io { path, action: "locking it", kind, message: error.to_string() },
            })
        })?;
        let store = SnapshotStore::new(Arc::clone(&storage), keep);
        Ok(Self { storage, files, store, lock: Arc::new(lock) })
    }

    pub(super) fn store(&self) -> &SnapshotStore {
        &self.store
    }
}

/// Brings an engine back to where it had ended, and goes on.
pub(super) fn recover_and_go(
    shared: &Arc<Shared>,
    directory: &Directory,
    mut course: Box<dyn Course>,
    sinks: Vec<Box<dyn Sink>>,
) -> Result<(), EngineError> {
    // Sinks and observers are called here, and whoever waits is to hear how it ended.
    let recovered = catch_unwind(AssertUnwindSafe(|| recover(shared, directory, &mut *course, sinks)));
    let panicked = |panic: Box<dyn std::any::Any + Send>| {
        let message = message_of(panic.as_ref());
        Err(EngineError::Panicked { message })
    };
    let recovered = recovered.unwrap_or_else(panicked);
    let failed = recovered.as_ref().err().cloned();
    shared.set_recovered(recovered);
    match failed {
        Some(error) => Err(error),
        None => course.go(shared),
    }
}

fn recover(
    shared: &Arc<Shared>,
    directory: &Directory,
    course: &mut dyn Course,
    sinks: Vec<Box<dyn Sink>>,
) -> Result<Recovery, EngineError> {
    let clock = WallClock::new();
    let begun = clock.now();
    let Restored { prepared, from, snapshot, backlog, mut passed_over } = restore(shared, directory)?;
    let Ready { log, is_short, end, absorbed, torn } = course.ready(from)?;
    let deliverer = match sinks.is_empty() {
        true => None,
        false => {
            let (storage, dictionary) = (Arc::clone(&directory.storage), Arc::clone(shared.dictionary()));
            let (log, lock) = (Arc::clone(&log), Some(Arc::clone(&directory.lock)));
            let setup = DeliverySetup { storage, log, dictionary, from, end, backlog, lock };
            Some(Arc::new(Deliverer::open(sinks, setup, &shared.config().delivery)?))
        }
    };
    // Nothing fails from here on: what has begun is ended by the course alone.
    let start = directory.files.start().map_err(EngineError::Read)?;
    shared.replays(absorbed.events);
    shared.begin(prepared, &log, is_short, deliverer);
    passed_over.extend(absorbed.passed_over);
    Ok(Recovery {
        log: (start, end.offset()),
        torn,
        checkpoint: absorbed.checkpoint,
        absorbed: absorbed.records,
        snapshot,
        passed_over,
        from,
        took: clock.now().since(begun),
    })
}

/// A pipeline's state, made anew.
struct Restored {
    prepared: Prepared,
    /// The first record that it takes.
    from: Offset,
    snapshot: Option<RestoredSnapshot>,
    /// What waited for the sinks.
    backlog: Option<Vec<u8>>,
    passed_over: Vec<Unusable>,
}

/// Makes the state of the newest snapshot that is of use, or has nothing known where the log starts.
fn restore(shared: &Shared, directory: &Directory) -> Result<Restored, EngineError> {
    let start = directory.files.start().map_err(EngineError::Read)?;
    let end = directory.files.durable().map_err(EngineError::Read)?;
    let mut passed_over = Vec::new();
    let prepare = |from: Start<'_>| shared.prepare(from);
    let found = Usable::newest((&directory.store, &directory.files), start..=end, &mut passed_over, prepare)?;
    if let Some(Usable { prepared, snapshot, backlog }) = found {
        let from = snapshot.offset;
        return Ok(Restored { prepared, from, snapshot: Some(snapshot), backlog, passed_over });
    }
    // That they cannot be listed was said above.
    for info in directory.store.list().unwrap_or_default().into_iter().rev().filter(|info| info.offset < start) {
        if passed_over.iter().all(|it| it.path != info.path) {
            let why = format!("the log starts after it, at offset {}", start.0);
            passed_over.push(Unusable { path: info.path, why });
        }
    }
    let prepared = prepare(Start::Offset(start))?;
    Ok(Restored { prepared, from: start, snapshot: None, backlog: None, passed_over })
}
