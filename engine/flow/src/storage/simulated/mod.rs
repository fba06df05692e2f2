//! A disk in memory that fails as disks do, and every time in the same way.

mod content;
mod dice;
mod names;
#[cfg(test)]
pub(crate) mod seeds;
#[cfg(test)]
mod simulated_tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use content::Content;
use dice::Dice;
use names::{NameChange, Names, folder_of};

use super::{Access, Storage, StorageFile, StorageLock};

/// A storage in memory for tests: what was not synced is lost at a [`crash`](Self::crash), or is not, or is torn, as the
/// seed decides; and changes fail where a test wants them to. Clones share it, as processes share a disk.
///
/// Changes are counted from 0: making, writing, resizing, syncing, renaming, removing; not reading. A test that ends its
/// subject at each of them has tried them all:
/// ```
/// use etaflow::{Fault, SimulatedStorage, Storage};
///
/// let save = |storage: &SimulatedStorage| {
///     let file = storage.create("answer")?;
///     file.write_at(b"42", 0)?;
///     file.sync()?;
///     storage.sync_folder("")
/// };
/// let storage = SimulatedStorage::new();
/// save(&storage)?;
/// for nth in 0..storage.changes() {
///     let storage = SimulatedStorage::new();
///     storage.fail_at(nth, Fault::Power);
///     assert!(save(&storage).is_err());
///     storage.crash(nth);
///     // It may be there or not, and if it is, as a whole or a part of it.
///     let found = storage.contents("answer");
///     assert!(found.is_none_or(|bytes| bytes.len() <= 2));
/// }
/// storage.crash(7);
/// assert_eq!(storage.contents("answer").as_deref(), Some(&b"42"[..]));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct SimulatedStorage {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// A stall has ended.
    resumed: Condvar,
}

#[derive(Default)]
struct State {
    names: Names,
    contents: Vec<Content>,
    locks: BTreeSet<String>,
    /// How often the processes have ended that had files open.
    life: u64,
    /// After a power failure nothing works until the crash.
    dark: bool,
    changes: u64,
    reads: u64,
    faults: BTreeMap<u64, Fault>,
    flips: BTreeSet<u64>,
    bytes_max: Option<u64>,
    stalls: usize,
}

/// What goes wrong with a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It is not done.
    Error(io::ErrorKind),
    /// Of a write only some bytes are done, and it fails. As [`Fault::Error`] for another change.
    ShortWrite,
    /// A sync fails, and what it was to make durable may never be, though it can still be read and later syncs succeed: as
    /// systems do it that mark what they could not write as written. As [`Fault::Error`] for another change.
    LostSync,
    /// The power goes: it is done or not, and everything fails from then on, until the [`crash`](SimulatedStorage::crash).
    Power,
}

impl Default for SimulatedStorage {
    fn default() -> Self {
        Self::new()
    }
}

impl SimulatedStorage {
    /// An empty one.
    pub fn new() -> Self {
        Self { shared: Arc::new(Shared { state: Mutex::new(State::default()), resumed: Condvar::new() }) }
    }

    /// Another one that is as this one is now, with nothing open and no fault planned.
    #[must_use]
    pub fn fork(&self) -> Self {
        let state = self.state();
        let (names, contents) = (state.names.clone(), state.contents.clone());
        let forked = State { names, contents, bytes_max: state.bytes_max, ..State::default() };
        Self { shared: Arc::new(Shared { state: Mutex::new(forked), resumed: Condvar::new() }) }
    }

    /// How many changes there were, or were tried.
    pub fn changes(&self) -> u64 {
        self.state().changes
    }

    /// How often something was read.
    pub fn reads(&self) -> u64 {
        self.state().reads
    }

    /// Lets the change `nth` fail, counted from 0 and from the beginning.
    pub fn fail_at(&self, nth: u64, fault: Fault) {
        self.state().faults.insert(nth, fault);
    }

    /// Lets the read `nth`, counted from 0 and from the beginning, find one bit other than it is.
    pub fn flip_read_at(&self, nth: u64) {
        self.state().flips.insert(nth);
    }

    /// Lets writes fail for want of space that would make all files together longer than so many bytes.
    pub fn set_space(&self, bytes_max: Option<u64>) {
        self.state().bytes_max = bytes_max;
    }

    /// The power fails: what was not synced is lost or torn as `seed` decides. Files that are open can no longer be used,
    /// locks are let go, and no fault is planned any more.
    pub fn crash(&self, seed: u64) {
        let mut state = self.state();
        let mut dice = Dice::new(seed);
        state.names.crash(&mut dice);
        state.contents.iter_mut().for_each(|content| content.crash(&mut dice));
        state.end_life();
        drop(state);
        self.shared.resumed.notify_all();
    }

    /// The processes end, all at once, but not the system: everything is as it was written, synced or not. Otherwise as
    /// [`crash`](Self::crash).
    pub fn kill(&self) {
        self.state().end_life();
        self.shared.resumed.notify_all();
    }

    /// Lets all syncs wait, as on a slow disk, until what is returned is dropped.
    pub fn stall(&self) -> Stall {
        self.state().stalls += 1;
        Stall { shared: Arc::clone(&self.shared) }
    }

    /// The paths of all files, in order.
    pub fn paths(&self) -> Vec<String> {
        self.state().names.seen.files.keys().cloned().collect()
    }

    /// What is in a file; `None` if there is none.
    pub fn contents(&self, path: &str) -> Option<Vec<u8>> {
        let state = self.state();
        state.names.seen.files.get(path).map(|&file| state.contents[file].seen.clone())
    }

    /// Puts a durable file there, with its folder, or that in place of what is in the file.
    pub fn put(&self, path: &str, bytes: &[u8]) {
        let mut state = self.state();
        let mut content = Content::default();
        content.write(bytes, 0);
        content.sync();
        if let Ok(file) = state.file(path) {
            state.contents[file] = content;
            return;
        }
        let folder = folder_of(path).to_owned();
        if !state.names.seen.has_folder(&folder) {
            state.names.change(NameChange::Folder(folder.clone()));
            state.names.sync(folder_of(&folder));
        }
        let file = state.contents.len();
        state.contents.push(content);
        state.names.change(NameChange::Made(path.to_owned(), file));
        state.names.sync(&folder);
    }

    /// Flips bits of a byte of a file, on the disk; whether there is such a byte.
    pub fn flip(&self, path: &str, at: u64, bits: u8) -> bool {
        let mut state = self.state();
        let Some(&file) = state.names.seen.files.get(path) else { return false };
        let content = &mut state.contents[file];
        let there = (at as usize) < content.seen.len();
        content.flip(at as usize, bits);
        there
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no code panics while it holds the storage")
    }
}

/// Lets syncs wait until it is dropped. See [`SimulatedStorage::stall`].
pub struct Stall {
    shared: Arc<Shared>,
}

impl Drop for Stall {
    fn drop(&mut self) {
        self.shared.state().stalls -= 1;
        self.shared.resumed.notify_all();
    }
}

impl State {
    fn end_life(&mut self) {
        self.life += 1;
        self.dark = false;
        self.locks.clear();
        self.faults.clear();
        self.flips.clear();
    }

    /// Counts a change that is done as a whole or not at all; whether it is to be done, and what is to be said of it.
    fn whole(&mut self) -> io::Result<(bool, io::Result<()>)> {
        Ok(match self.count()? {
            None => (true, Ok(())),
            Some(fault) => (fault == Fault::Power && Dice::new(self.changes).chance(1, 2), Err(failed(fault))),
        })
    }

    /// Counts a change. `Ok(None)` if it is to be done; `Ok(Some)` if it is to be done in part, and then fails.
    fn count(&mut self) -> io::Result<Option<Fault>> {
        self.lit()?;
        let nth = self.changes;
        self.changes += 1;
        match self.faults.remove(&nth) {
            None => Ok(None),
            Some(Fault::Error(kind)) => Err(kind.into()),
            Some(fault) => {
                self.dark = fault == Fault::Power;
                Ok(Some(fault))
            }
        }
    }

    fn lit(&self) -> io::Result<()> {
        if self.dark { Err(io::Error::other("the power is off")) } else { Ok(()) }
    }

    fn alive(&self, life: u64) -> io::Result<()> {
        if self.life == life { Ok(()) } else { Err(io::Error::other("the process has ended that opened it")) }
    }

    /// Counts a change of names, and does it, or fails with or without doing it.
    fn rename(&mut self, change: NameChange) -> io::Result<()> {
        let (done, said) = self.whole()?;
        if done {
            self.names.change(change);
        }
        said
    }

    fn file(&self, path: &str) -> io::Result<usize> {
        self.names.seen.files.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn space_left(&self) -> u64 {
        let used: usize = self.names.seen.files.values().map(|&file| self.contents[file].seen.len()).sum();
        self.bytes_max.map_or(u64::MAX, |most| most.saturating_sub(used as u64))
    }
}

fn failed(fault: Fault) -> io::Error {
    match fault {
        Fault::Error(kind) => kind.into(),
        Fault::ShortWrite => io::Error::new(io::ErrorKind::WriteZero, "only a part was written"),
        Fault::LostSync => io::Error::other("the disk did not take it"),
        Fault::Power => io::Error::other("the power went off"),
    }
}

impl Storage for SimulatedStorage {
    fn create(&self, path: &str) -> io::Result<Arc<dyn StorageFile>> {
        let mut state = self.state();
        if state.names.seen.files.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if !state.names.seen.has_folder(folder_of(path)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let number = state.contents.len();
        state.contents.push(Content::default());
        state.rename(NameChange::Made(path.to_owned(), number))?;
        let life = state.life;
        Ok(Arc::new(SimulatedFile { shared: Arc::clone(&self.shared), number, life, access: Access::Write }))
    }

    fn open(&self, path: &str, access: Access) -> io::Result<Arc<dyn StorageFile>> {
        let state = self.state();
        state.lit()?;
        let (number, life) = (state.file(path)?, state.life);
        Ok(Arc::new(SimulatedFile { shared: Arc::clone(&self.shared), number, life, access }))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let state = self.state();
        state.lit()?;
        let within = state.names.seen.files.keys().filter(|path| folder_of(path) == folder);
        Ok(within.map(|path| path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name).to_owned()).collect())
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        let mut state = self.state();
        state.lit()?;
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        for end in ends {
            if !state.names.seen.has_folder(&folder[..end]) {
                state.rename(NameChange::Folder(folder[..end].to_owned()))?;
            }
        }
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        let file = state.file(from)?;
        state.rename(NameChange::Renamed(from.to_owned(), to.to_owned(), file))
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut state = self.state();
        state.lit()?;
        state.file(path)?;
        state.rename(NameChange::Removed(path.to_owned()))
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        let mut state = self.state();
        let (done, said) = state.whole()?;
        if done {
            state.names.sync(folder);
        }
        said
    }

    fn lock(&self, path: &str) -> io::Result<StorageLock> {
        let mut state = self.state();
        state.lit()?;
        if state.locks.contains(path) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        if !state.names.seen.files.contains_key(path) {
            let number = state.contents.len();
            state.contents.push(Content::default());
            state.rename(NameChange::Made(path.to_owned(), number))?;
        }
        state.locks.insert(path.to_owned());
        let life = state.life;
        Ok(StorageLock::new(HeldLock { shared: Arc::clone(&self.shared), path: path.to_owned(), life }))
    }

    fn show(&self, path: &str) -> PathBuf {
        Path::new("simulated").join(path)
    }
}

struct HeldLock {
    shared: Arc<Shared>,
    path: String,
    life: u64,
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        let mut state = self.shared.state();
        if state.life == self.life {
            state.locks.remove(&self.path);
        }
    }
}

struct SimulatedFile {
    shared: Arc<Shared>,
    number: usize,
    life: u64,
    access: Access,
}

impl SimulatedFile {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.shared.state();
        state.alive(self.life)?;
        Ok(state)
    }

    fn writable(&self) -> io::Result<()> {
        if self.access == Access::Write { Ok(()) } else { Err(io::ErrorKind::PermissionDenied.into()) }
    }
}

impl StorageFile for SimulatedFile {
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        let mut state = self.state()?;
        state.lit()?;
        let nth = state.reads;
        state.reads += 1;
        let flip = state.flips.remove(&nth);
        let seen = &state.contents[self.number].seen;
        let rest = seen.get(at as usize..).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        if flip && count > 0 {
            let bit = Dice::new(nth).below(count as u64 * 8) as usize;
            into[bit / 8] ^= 1 << (bit % 8);
        }
        Ok(count)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.writable()?;
        let mut state = self.state()?;
        let fault = state.count()?;
        let grows = (at + bytes.len() as u64).saturating_sub(state.contents[self.number].seen.len() as u64);
        let missing = grows.saturating_sub(state.space_left());
        let fits = bytes.len() - (missing as usize).min(bytes.len());
        let done = match fault {
            None => fits,
            Some(_) => fits.min(Dice::new(state.changes).below(bytes.len() as u64 + 1) as usize),
        };
        if done > 0 {
            state.contents[self.number].write(&bytes[..done], at);
        }
        match fault {
            Some(fault) => Err(failed(fault)),
            None if done < bytes.len() => Err(io::ErrorKind::StorageFull.into()),
            None => Ok(()),
        }
    }

    fn size(&self) -> io::Result<u64> {
        let state = self.state()?;
        state.lit()?;
        Ok(state.contents[self.number].seen.len() as u64)
    }

    fn resize(&self, size: u64) -> io::Result<()> {
        self.writable()?;
        let mut state = self.state()?;
        let (done, said) = state.whole()?;
        if done {
            state.contents[self.number].resize(size);
        }
        said
    }

    fn sync(&self) -> io::Result<()> {
        let state = self.shared.state();
        let waited = self.shared.resumed.wait_while(state, |state| state.stalls > 0 && state.life == self.life);
        let mut state = waited.expect("no code panics while it holds the storage");
        state.alive(self.life)?;
        let lost = state.faults.get(&state.changes) == Some(&Fault::LostSync);
        let (done, said) = state.whole()?;
        if done {
            state.contents[self.number].sync();
        } else if lost {
            state.contents[self.number].forget();
        }
        said
    }
}
