use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use event_listener::{Event, EventListener, Listener};

use super::backlog::Backlog;
use super::checkpoint;
use super::config::{SegmentLogConfig, SyncPolicy};
use super::durability::DurabilityFile;
use super::files::LogFiles;
use super::header::HEADER_BYTES;
use super::layout::{MARK, WRITER_LOCK, check_marker, mark};
use super::recover::{Recovered, Torn, recover};
use super::retention;
use super::rollback::roll_back;
use super::state::{Found, Resume, State};
use super::syncer::{self, PanicGuard};
use super::writer::{Chunk, SegmentWriter};
use crate::event::{Note, Offset, Record};
use crate::log::{Batch, Hold, Log, LogError};
use crate::storage::{Access, Storage, StorageLock};

/// So much waits to be written at most, in bytes; who appends more waits.
const PENDING_BYTES_MAX: usize = 32 << 20;
/// When so much waits, it is written before its time.
pub(super) const EARLY_BYTES: usize = 8 << 20;

/// A log on storage: what was appended outlives its process, as its [`SyncPolicy`] promises.
///
/// One has it open at a time. Any number of readers follow it, here or by [`LogFiles`] in other processes; the writer
/// waits for none of them.
#[derive(Clone)]
pub struct SegmentLog {
    inner: Arc<Inner>,
}

/// What opening a log has found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LogOpened {
    /// The oldest record.
    pub start: Offset,
    /// The offset that the next record will have.
    pub end: Offset,
    /// What was cut off at the end.
    pub torn: Option<Torn>,
    /// Files among the segments that are none; they are passed over.
    pub foreign: Vec<PathBuf>,
    /// Damage that is in nobody's way.
    pub damage: Vec<LogError>,
}

struct Inner {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Let go of after the thread has ended: fields are dropped when `drop` has come back, which waits for it.
    _lock: StorageLock,
}

/// What the log, its holds and its thread have in common.
pub(super) struct Shared {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) config: SegmentLogConfig,
    state: Mutex<State>,
    /// Who writes has it; taken before the state, never after.
    writer: Mutex<SegmentWriter>,
    backlog: Mutex<Backlog>,
    /// Something was appended, became durable, or ended.
    changed: Event,
    /// The thread has something to do.
    pub(super) work: Event,
    /// What was pending is being written.
    taken: Event,
    threaded: bool,
}

impl SegmentLog {
    /// Opens the log in `storage`, or begins one if nothing is there. A thread of its own writes and syncs.
    ///
    /// # Errors
    /// If somebody else has it open, it is no log or of a newer version, or it is damaged before the end of what was on the
    /// disk; if a setting is out of its range, or a file cannot be read or written.
    pub fn open(storage: Arc<dyn Storage>, config: &SegmentLogConfig) -> Result<(Self, LogOpened), LogError> {
        let (log, opened) = Self::open_inner(storage, config, true)?;
        let shared = Arc::clone(&log.inner.shared);
        let thread = std::thread::Builder::new().name("etaflow-log".to_owned()).spawn(move || syncer::run(&shared));
        let thread = thread.map_err(|error| LogError::io(log.shown(), "starting its thread", &error))?;
        *log.inner.thread.lock().expect("nobody panics while he holds it") = Some(thread);
        Ok((log, opened))
    }

    /// As [`open`](Self::open), without a thread: nothing is written but by [`sync`](Self::sync), and, with
    /// [`SyncPolicy::Sync`], by appending. For those who want each step at a place of their own choice; a test that ends
    /// the log at any of them, for one.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_stepwise(storage: Arc<dyn Storage>, config: &SegmentLogConfig) -> Result<(Self, LogOpened), LogError> {
        Self::open_inner(storage, config, false)
    }

    fn open_inner(
        storage: Arc<dyn Storage>,
        config: &SegmentLogConfig,
        threaded: bool,
    ) -> Result<(Self, LogOpened), LogError> {
        config.check()?;
        let marked = check_marker(storage.as_ref())?;
        let lock = storage.lock(WRITER_LOCK).map_err(|error| {
            let path = storage.show(WRITER_LOCK);
            let locked = error.kind() == std::io::ErrorKind::WouldBlock;
            if locked { LogError::Locked { path } } else { LogError::io(path, "locking it", &error) }
        })?;
        mark(storage.as_ref(), marked)?;
        let told = match DurabilityFile::open(storage.as_ref(), Access::Read)? {
            Some(mut file) => file.read().map_err(|error| LogError::io(storage.show(MARK), "reading it", &error))?,
            None => None,
        };
        let found = recover(storage.as_ref(), told.map_or(Offset(0), |mark| mark.synced))?;
        roll_back(&storage, found.end)?;
        let file = DurabilityFile::resume(storage.as_ref(), found.end)?;
        let opened = LogOpened {
            start: found.start(),
            end: found.end,
            torn: found.torn.clone(),
            foreign: found.foreign.clone(),
            damage: found.damage.clone(),
        };
        let shared = Arc::new(Shared::new(storage, config, file, found, threaded));
        let inner = Inner { shared, thread: Mutex::new(None), _lock: lock };
        Ok((Self { inner: Arc::new(inner) }, opened))
    }

    /// Puts all that was appended on the disk, whatever the policy; when it comes back, it is durable. A closed log is at
    /// its end then also for other processes.
    ///
    /// # Errors
    /// If a write or a sync has failed, now or before.
    pub fn sync(&self) -> Result<Offset, LogError> {
        self.inner.shared.commit(true, |_| false)
    }

    /// Whether the sequencer's state at the end of the log should be [put](Self::put_checkpoint) beside it: the segment is
    /// full, so that the log may one day begin with the next record.
    pub fn checkpoint_due(&self) -> bool {
        self.inner.shared.state().checkpoint_due
    }

    /// Keeps the sequencer's state, of which `at` is the next offset, not past the end of the log. It is written with the next
    /// commit after the log is durable so far; one that is put before that takes its place.
    pub fn put_checkpoint(&self, at: Offset, bytes: Vec<u8>) {
        let mut state = self.inner.shared.state();
        state.checkpoint_due = false;
        if at <= state.end {
            state.checkpoint = Some((at, bytes));
        }
        drop(state);
        self.inner.shared.work.notify(usize::MAX);
    }

    /// Why nothing is taken any more: a write or a sync has failed.
    pub fn failure(&self) -> Option<LogError> {
        self.inner.shared.state().failure.clone()
    }

    /// The log's files, for those who read without writing.
    pub fn files(&self) -> LogFiles {
        LogFiles::of(Arc::clone(&self.inner.shared.storage))
    }

    fn shown(&self) -> PathBuf {
        self.inner.shared.storage.show("")
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let thread = self.thread.lock().expect("nobody panics while he holds it").take();
        if let Some(thread) = thread {
            self.shared.close();
            // A panic there has said so itself.
            _ = thread.join();
        }
    }
}

impl Shared {
    fn new(
        storage: Arc<dyn Storage>,
        config: &SegmentLogConfig,
        mark: DurabilityFile,
        found: Recovered,
        threaded: bool,
    ) -> Self {
        let segment = found
            .active
            .as_ref()
            .map(|active| (active.at, active.index.last().map_or(HEADER_BYTES as u64, |entry| entry.at)));
        let resume = Resume { start: found.start(), end: found.end, time: found.time, segment };
        let state = State::new(&resume, config.segment_bytes, config.tail_records);
        let writer = SegmentWriter::new(Arc::clone(&storage), mark, found.active, found.sealed);
        Self {
            storage,
            config: config.clone(),
            state: Mutex::new(state),
            writer: Mutex::new(writer),
            backlog: Mutex::new(Backlog::default()),
            changed: Event::new(),
            work: Event::new(),
            taken: Event::new(),
            threaded,
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no code panics while it holds the log's state")
    }

    fn append(&self, records: &[Record], notes: &[Note]) -> Result<(), LogError> {
        let (end, began, full) = loop {
            let taken = self.taken.listen();
            let mut state = self.state();
            if state.pending_bytes < PENDING_BYTES_MAX || state.failure.is_some() {
                let idle = !state.has_pending();
                let half = state.pending_bytes < EARLY_BYTES;
                state.append(records, notes)?;
                let full = half && state.pending_bytes >= EARLY_BYTES;
                break (state.end, idle && state.has_pending(), full);
            }
            drop(state);
            if self.threaded {
                taken.wait();
            } else {
                self.commit(false, |_| false)?;
            }
        };
        self.changed.notify(usize::MAX);
        if self.config.sync == SyncPolicy::Sync {
            self.commit(false, |state| state.durable >= end)?;
        } else if began || full {
            self.work.notify(usize::MAX);
        }
        Ok(())
    }

    /// Writes all that is pending, and syncs it if the policy says so, or `sync`; unless it is `done` by the time that it is
    /// its turn. How far the log is durable then.
    pub(super) fn commit(&self, sync: bool, done: impl Fn(&State) -> bool) -> Result<Offset, LogError> {
        let _guard = PanicGuard::new(self);
        let Ok(mut writer) = self.writer.lock() else {
            return Err(LogError::Failed(Box::new(LogError::Panicked)));
        };
        let (chunks, upto, closed) = {
            let mut state = self.state();
            if let Some(failure) = &state.failure {
                return Err(failure.clone());
            }
            if done(&state) {
                return Ok(state.durable);
            }
            let (chunks, upto) = state.take_pending();
            (chunks, upto, state.closed)
        };
        self.taken.notify(usize::MAX);
        let committed = self.write(&mut writer, chunks, upto, sync, closed);
        let committed = committed.and_then(|durable| self.housekeep(&mut writer).map(|()| durable));
        if let Err(error) = &committed {
            self.fail(error.clone());
            return Err(LogError::Failed(Box::new(error.clone())));
        }
        committed
    }

    fn write(
        &self,
        writer: &mut SegmentWriter,
        chunks: Vec<Chunk>,
        upto: Offset,
        sync: bool,
        closed: bool,
    ) -> Result<Offset, LogError> {
        for chunk in &chunks {
            writer.write(chunk)?;
        }
        let synced = {
            let mut state = self.state();
            state.recycle(chunks);
            state.written = upto;
            state.trim();
            state.synced
        };
        let synced = if (sync || self.config.sync != SyncPolicy::Os) && synced < upto {
            writer.sync()?;
            upto
        } else {
            synced
        };
        let told = {
            let state = self.state();
            (state.durable, state.synced)
        };
        if told != (upto, synced) {
            writer.tell(upto, synced)?;
        }
        if closed && sync {
            writer.sync_mark()?;
        }
        let mut state = self.state();
        (state.durable, state.synced) = (upto, synced);
        drop(state);
        self.changed.notify(usize::MAX);
        Ok(upto)
    }

    /// What comes after a commit: the sequencer's state that was put aside, and what is no longer kept.
    fn housekeep(&self, writer: &mut SegmentWriter) -> Result<(), LogError> {
        let put = {
            let mut state = self.state();
            let durable = state.durable;
            state.checkpoint.take_if(|(at, _)| *at <= durable)
        };
        if let Some((at, bytes)) = &put {
            checkpoint::write(self.storage.as_ref(), *at, bytes)?;
        }
        let now = writer.sealed().len();
        let (expired, held) = {
            let state = self.state();
            let expired = retention::expired(&self.config.retention, writer.sealed(), writer.bytes(), state.time);
            let expired = expired.min(writer.full_but_newest());
            (expired, state.holds.values().min().copied())
        };
        let changed = put.is_some() || writer.kept_at(now, expired);
        if expired == 0 || !changed {
            return Ok(());
        }
        let removable = retention::removable(self.storage.as_ref(), writer.sealed(), expired, held)?;
        if removable == 0 {
            return Ok(());
        }
        // Readers are told first, so that none finds a file gone that it was promised.
        let start = writer.sealed()[removable - 1].end;
        if !self.state().begin_at(start) {
            return Ok(());
        }
        for _ in 0..removable {
            writer.remove_oldest()?;
        }
        checkpoint::remove_before(self.storage.as_ref(), start)
    }

    /// Nothing is taken any more.
    pub(super) fn fail(&self, error: LogError) {
        // Also after a panic that was in the midst of it: what is set here is whole in any case.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.failure.get_or_insert(LogError::Failed(Box::new(error)));
        state.closed = true;
        drop(state);
        self.wake();
    }

    fn close(&self) {
        self.state().closed = true;
        self.wake();
    }

    fn wake(&self) {
        for event in [&self.changed, &self.work, &self.taken] {
            event.notify(usize::MAX);
        }
    }
}

impl Log for SegmentLog {
    fn append(&self, records: &[Record], notes: &[Note]) -> Result<(), LogError> {
        self.inner.shared.append(records, notes)
    }

    fn read(&self, from: Offset) -> Result<Option<Batch>, LogError> {
        let shared = &self.inner.shared;
        let found = shared.state().read(from)?;
        match found {
            Found::InMemory(batch) => Ok(Some(batch)),
            Found::Nothing => Ok(None),
            Found::InFiles { written } => {
                let mut backlog = shared.backlog.lock().expect("no code panics while it reads");
                backlog.read(&shared.storage, from, written).map(Some)
            }
        }
    }

    fn start(&self) -> Offset {
        self.inner.shared.state().start
    }

    fn end(&self) -> Offset {
        self.inner.shared.state().end
    }

    fn durable(&self) -> Offset {
        self.inner.shared.state().durable
    }

    fn failure(&self) -> Option<LogError> {
        self.inner.shared.state().failure.clone()
    }

    fn is_closed(&self) -> bool {
        self.inner.shared.state().closed
    }

    fn close(&self) {
        self.inner.shared.close();
    }

    fn listen(&self) -> EventListener {
        self.inner.shared.changed.listen()
    }

    fn hold(&self, from: Offset) -> Hold {
        let mut state = self.inner.shared.state();
        let number = state.next_hold;
        state.next_hold += 1;
        state.holds.insert(number, from);
        let shared = Arc::clone(&self.inner.shared);
        Hold::new(move |to| {
            let mut state = shared.state();
            match to {
                Some(offset) => state.holds.insert(number, offset),
                None => state.holds.remove(&number),
            };
        })
    }
}
