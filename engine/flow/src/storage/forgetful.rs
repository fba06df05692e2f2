//! A storage for tests that forgets, at a crash, what was not synced: or some of it, or half a write.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Access, Storage, StorageFile, StorageLock};

/// A disk in memory. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct ForgetfulDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    names: BTreeMap<String, usize>,
    /// What has become of names since their folder was synced.
    renamed: Vec<Rename>,
    durable_names: BTreeMap<String, usize>,
    contents: Vec<Vec<Write>>,
    /// How many changes are done before the power goes.
    power: Option<u64>,
    /// How many syncs from now on fail.
    syncs_fail: u64,
    dice: u64,
}

#[derive(Clone)]
enum Rename {
    Made(String, usize),
    Moved(String, String),
    Removed(String),
}

/// Bytes that were written; or, with `cuts`, an end that was set.
#[derive(Clone)]
struct Write {
    at: u64,
    bytes: Vec<u8>,
    cuts: bool,
    durable: Durable,
}

#[derive(Clone, Copy, PartialEq)]
enum Durable {
    No,
    /// A sync of it failed: no other one will make it so.
    Never,
    Yes,
}

impl State {
    fn roll(&mut self, sides: u64) -> u64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % sides
    }

    /// Does a change; the one during which the power goes is done or not, and says nothing of it.
    fn change(&mut self) -> io::Result<bool> {
        match &mut self.power {
            None => return Ok(true),
            Some(0) => return Err(io::Error::other("no power")),
            Some(left) => *left -= 1,
        }
        Ok(self.power != Some(0) || self.roll(2) == 0)
    }

    fn said<T>(&self, what: T) -> io::Result<T> {
        if self.power == Some(0) { Err(io::Error::other("the power went")) } else { Ok(what) }
    }

    fn content(&self, number: usize) -> Vec<u8> {
        let mut content = Vec::new();
        for Write { at, bytes, cuts, .. } in &self.contents[number] {
            let at = *at as usize;
            if *cuts {
                content.resize(at, 0);
            } else if !bytes.is_empty() {
                content.resize(content.len().max(at + bytes.len()), 0);
                content[at..at + bytes.len()].copy_from_slice(bytes);
            }
        }
        content
    }

    fn write(&mut self, number: usize, at: u64, bytes: Vec<u8>, cuts: bool) {
        self.contents[number].push(Write { at, bytes, cuts, durable: Durable::No });
    }
}

fn rename(names: &mut BTreeMap<String, usize>, what: &Rename) {
    match what {
        Rename::Made(path, number) => drop(names.insert(path.clone(), *number)),
        Rename::Removed(path) => drop(names.remove(path)),
        Rename::Moved(from, to) => {
            if let Some(number) = names.remove(from) {
                names.insert(to.clone(), number);
            }
        }
    }
}

impl ForgetfulDisk {
    /// An empty one, whose crashes are decided by `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        let disk = Self::default();
        disk.lock().dice = seed;
        disk
    }

    /// Lets the power go during the `after`-th change from now on.
    pub(crate) fn cut_power(&self, after: u64) {
        self.lock().power = Some(after);
    }

    /// Lets the next syncs fail.
    pub(crate) fn fail_syncs(&self, count: u64) {
        self.lock().syncs_fail = count;
    }

    /// Begins anew with all that was written, synced or not: it was the process that died.
    pub(crate) fn restart(&self) {
        let mut state = self.lock();
        (state.power, state.syncs_fail) = (None, 0);
    }

    /// Lets the power come back: what was synced is there, and what chance wants of the rest.
    pub(crate) fn crash(&self) {
        self.restart();
        let mut state = self.lock();
        let renamed = std::mem::take(&mut state.renamed);
        let keep = state.roll(renamed.len() as u64 + 1) as usize;
        renamed[..keep].iter().for_each(|what| rename(&mut state.durable_names, what));
        state.names = state.durable_names.clone();
        for number in 0..state.contents.len() {
            let mut writes = state.contents[number].clone();
            writes.retain_mut(|write| {
                let lost = match (write.durable, state.roll(3)) {
                    (Durable::Yes, _) | (_, 0) => false,
                    (_, 1) => true,
                    _ => {
                        let kept = state.roll(write.bytes.len() as u64 + 1) as usize;
                        write.bytes.truncate(kept);
                        write.cuts
                    }
                };
                write.durable = Durable::Yes;
                !lost
            });
            state.contents[number] = writes;
        }
    }

    /// Something else that is done while the power may go: whether it is done, and whether it can be told of.
    pub(crate) fn act(&self) -> (bool, io::Result<()>) {
        let mut state = self.lock();
        match state.change() {
            Ok(done) => (done, state.said(())),
            Err(error) => (false, Err(error)),
        }
    }

    /// Turns over a bit of a file, on the disk.
    pub(crate) fn flip(&self, path: &str, bit: u64) {
        let mut state = self.lock();
        let number = state.names[path];
        let mut bytes = state.content(number);
        bytes[bit as usize / 8] ^= 1 << (bit % 8);
        state.contents[number] = vec![Write { at: 0, bytes, cuts: false, durable: Durable::Yes }];
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics while it holds the disk")
    }
}

impl Storage for ForgetfulDisk {
    fn create(&self, path: &str) -> io::Result<Arc<dyn StorageFile>> {
        let mut state = self.lock();
        if state.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.contents.push(Vec::new());
        let number = state.contents.len() - 1;
        if state.change()? {
            state.names.insert(path.to_owned(), number);
            state.renamed.push(Rename::Made(path.to_owned(), number));
        }
        state.said(Arc::new(ForgetfulFile { disk: self.clone(), number }))
    }

    fn open(&self, path: &str, _access: Access) -> io::Result<Arc<dyn StorageFile>> {
        let state = self.lock();
        let number = *state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        state.said(Arc::new(ForgetfulFile { disk: self.clone(), number }))
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let state = self.lock();
        let inside = state.names.keys().filter_map(|path| path.strip_prefix(&prefix));
        state.said(inside.filter(|name| !name.contains('/')).map(str::to_owned).collect())
    }

    fn create_folder(&self, _folder: &str) -> io::Result<()> {
        self.lock().said(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock();
        if !state.names.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if state.change()? {
            let what = Rename::Moved(from.to_owned(), to.to_owned());
            rename(&mut state.names, &what);
            state.renamed.push(what);
        }
        state.said(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut state = self.lock();
        if !state.names.contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if state.change()? {
            state.names.remove(path);
            state.renamed.push(Rename::Removed(path.to_owned()));
        }
        state.said(())
    }

    fn sync_folder(&self, _folder: &str) -> io::Result<()> {
        let mut state = self.lock();
        if state.change()? {
            let renamed = std::mem::take(&mut state.renamed);
            renamed.iter().for_each(|what| rename(&mut state.durable_names, what));
        }
        state.said(())
    }

    fn lock(&self, _path: &str) -> io::Result<StorageLock> {
        Ok(StorageLock::new(()))
    }

    fn show(&self, path: &str) -> PathBuf {
        path.into()
    }
}

struct ForgetfulFile {
    disk: ForgetfulDisk,
    number: usize,
}

impl StorageFile for ForgetfulFile {
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize> {
        let state = self.disk.lock();
        let content = state.content(self.number);
        let from = content.get(at as usize..).unwrap_or_default();
        let read = from.len().min(into.len());
        into[..read].copy_from_slice(&from[..read]);
        state.said(read)
    }

    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut state = self.disk.lock();
        if state.change()? {
            state.write(self.number, at, bytes.to_vec(), false);
        }
        state.said(())
    }

    fn size(&self) -> io::Result<u64> {
        let state = self.disk.lock();
        state.said(state.content(self.number).len() as u64)
    }

    fn resize(&self, size: u64) -> io::Result<()> {
        let mut state = self.disk.lock();
        if state.change()? {
            state.write(self.number, size, Vec::new(), true);
        }
        state.said(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.lock();
        let fails = state.syncs_fail > 0;
        if state.change()? {
            let become_ = if fails { Durable::Never } else { Durable::Yes };
            let unsynced = state.contents[self.number].iter_mut().filter(|write| write.durable == Durable::No);
            unsynced.for_each(|write| write.durable = become_);
        }
        if fails {
            state.syncs_fail -= 1;
            return Err(io::Error::other("the disk does not answer"));
        }
        state.said(())
    }
}
