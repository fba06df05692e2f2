use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::id::{Effect, EffectId};
use super::line::{Found, Line, Scan};
use super::{Guarantee, Sink, SinkError};
use crate::storage::{Access, Storage, StorageFile, StorageLock, replace};

/// How many bytes are read at once.
const READ_BYTES: usize = 1 << 18;

/// What a journal begins with: a line of its own.
const HEAD: &str = "etaflow effects, version 1\n";

/// A sink that writes effects to a file, each on a line of its own, exactly once: the file is what it remembers by.
///
/// A line is the CRC-32C of the rest in eight hexadecimal digits, a space, and a JSON object with the effect: `offset` and
/// `trip_number` (its id), `trip`, `driver`, `cause`, and times in microseconds since 1970; `call` numbers the call in which
/// it was taken, and `left` how many more were taken with it. The file only grows.
///
/// One writes it at a time: a lock is held by the file of the same name with `.lock` after it, until the sink is dropped.
/// It can be kept in the engine's directory once that is one, or anywhere else.
///
/// ```
/// # use std::sync::Arc;
/// # use etaflow::{DiskStorage, JournalSink, Sink};
/// # let folder = std::env::temp_dir().join(format!("etaflow-journal-{}", std::process::id()));
/// let storage = Arc::new(DiskStorage::create(&folder)?);
/// let mut sink = JournalSink::open("told", storage.clone(), "told.journal")?;
/// assert_eq!(sink.last_taken()?, None);
/// assert!(JournalSink::read(&*storage, "told.journal")?.is_empty());
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct JournalSink {
    name: String,
    storage: Arc<dyn Storage>,
    path: String,
    file: Arc<dyn StorageFile>,
    /// So much of it is durable.
    size: u64,
    last: Option<EffectId>,
    /// The number of the next call.
    call: u64,
    /// There may be more in the file than is durable, since a call failed.
    unclear: bool,
    _lock: StorageLock,
}

/// Why a journal cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The storage does not do it.
    #[error("{path} cannot be {doing}: {message}")]
    Io {
        /// What was to be done with the file.
        doing: &'static str,
        /// The file.
        path: PathBuf,
        /// What kind of error.
        kind: io::ErrorKind,
        /// What the storage says.
        message: String,
    },
    /// Somebody else writes it.
    #[error("{path} is being written by another process, or another sink of this one: end that first")]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// It is something else.
    #[error("{path} is no journal of effects: it does not begin with {head:?}", head = HEAD.trim_end())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A line that was durable is not what was written.
    #[error("{path} is damaged at byte {at}: cut it off there to go on; what it had after that is not written again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the call begins that the line is of.
        at: u64,
    },
}

impl JournalSink {
    /// The journal at `path`, which is made if there is none. What a crash left of a call is cut off.
    ///
    /// # Errors
    /// If somebody else writes it, it cannot be read or made, is something else, or is damaged.
    pub fn open(
        name: impl Into<String>,
        storage: Arc<dyn Storage>,
        path: impl Into<String>,
    ) -> Result<Self, JournalError> {
        let (name, path) = (name.into(), path.into());
        let failed = |doing| {
            let path = storage.show(&path);
            move |error: io::Error| JournalError::Io {
                doing,
                path: path.clone(),
                kind: error.kind(),
                message: error.to_string(),
            }
        };
        // What another one is writing would look like what a crash has left, and be cut off.
        let lock = storage.lock(&format!("{path}.lock")).map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => JournalError::Locked { path: storage.show(&path) },
            _ => failed("locked")(error),
        })?;
        let file = match storage.open(&path, Access::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                replace(&*storage, &path, HEAD.as_bytes()).map_err(failed("made"))?;
                storage.open(&path, Access::Write).map_err(failed("opened"))?
            }
            file => file.map_err(failed("opened"))?,
        };
        let Found { size, last_at, calls, last } = scan(&*storage, &path, &*file, |_| ())?;
        let (folder, _) = path.rsplit_once('/').unwrap_or_default();
        // What is read may be in memory alone, after a write that failed: durable before anything rests on it.
        let durable = file.resize(size).and_then(|()| rewrite(&*file, last_at, size));
        durable.and_then(|()| storage.sync_folder(folder)).map_err(failed("synced"))?;
        Ok(Self { name, storage, path, file, size, last, call: calls, unclear: false, _lock: lock })
    }

    /// The effects in the journal at `path`, in order. It may be written meanwhile.
    ///
    /// # Errors
    /// If there is none, or it cannot be read, is something else, or is damaged.
    pub fn read(storage: &dyn Storage, path: &str) -> Result<Vec<Effect>, JournalError> {
        let failed = |error: io::Error| {
            let (path, kind, message) = (storage.show(path), error.kind(), error.to_string());
            JournalError::Io { doing: "opened", path, kind, message }
        };
        let file = storage.open(path, Access::Read).map_err(failed)?;
        let mut effects = Vec::new();
        scan(storage, path, &*file, |effect| effects.push(effect))?;
        Ok(effects)
    }

    /// Cuts off what a failed call has left.
    fn clear(&mut self) -> io::Result<()> {
        if self.unclear {
            self.file.resize(self.size)?;
            self.file.sync()?;
            self.unclear = false;
        }
        Ok(())
    }

    fn show(&self, error: &io::Error) -> String {
        format!("{}: {error}", self.storage.show(&self.path).display())
    }
}

impl Sink for JournalSink {
    fn name(&self) -> &str {
        &self.name
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::ExactlyOnce
    }

    fn last_taken(&mut self) -> Result<Option<EffectId>, SinkError> {
        self.clear().map_err(|error| SinkError::Unclear(self.show(&error)))?;
        Ok(self.last)
    }

    fn take(&mut self, effects: &[Effect]) -> Result<(), SinkError> {
        self.clear().map_err(|error| SinkError::NotTaken(self.show(&error)))?;
        let mut bytes = Vec::new();
        for (effect, left) in effects.iter().zip((0..effects.len()).rev()) {
            Line { effect: effect.clone(), call: self.call, left }.write(&mut bytes);
        }
        self.unclear = true;
        let written = self.file.write_at(&bytes, self.size).and_then(|()| self.file.sync());
        written.map_err(|error| SinkError::Unclear(self.show(&error)))?;
        self.unclear = false;
        self.size += bytes.len() as u64;
        self.call += 1;
        self.last = effects.last().map(|last| last.id).or(self.last);
        Ok(())
    }
}

/// Writes the last call once more as it is, and makes it durable.
fn rewrite(file: &dyn StorageFile, from: u64, to: u64) -> io::Result<()> {
    let mut bytes = vec![0; (to - from) as usize];
    let read = file.read_at(&mut bytes, from)?;
    file.write_at(&bytes[..read], from)?;
    file.sync()
}

/// Reads a journal, and shows the effects of all calls that are whole.
fn scan(
    storage: &dyn Storage,
    path: &str,
    file: &dyn StorageFile,
    each: impl FnMut(Effect),
) -> Result<Found, JournalError> {
    let failed = |error: io::Error| {
        let (path, kind, message) = (storage.show(path), error.kind(), error.to_string());
        JournalError::Io { doing: "read", path, kind, message }
    };
    let mut head = [0; HEAD.len()];
    let read = file.read_at(&mut head, 0).map_err(failed)?;
    if head[..read] != *HEAD.as_bytes() {
        return Err(JournalError::Foreign { path: storage.show(path) });
    }
    let mut at = HEAD.len() as u64;
    let mut scan = Scan::new(at, each);
    let mut bytes = vec![0; READ_BYTES];
    loop {
        let read = file.read_at(&mut bytes, at).map_err(failed)?;
        if read == 0 {
            return scan.finish().map_err(|at| JournalError::Damaged { path: storage.show(path), at });
        }
        scan.take(&bytes[..read]);
        at += read as u64;
    }
}

#[cfg(test)]
#[path = "journal_tests.rs"]
mod tests;
