//! A storage for tests that want to do something at a certain place.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::storage::{Access, SimulatedStorage, Storage, StorageFile, StorageLock};

/// Calls `hook` with the path before a folder is listed and before a file is made.
pub(super) struct Hooked<F> {
    pub(super) disk: SimulatedStorage,
    pub(super) hook: F,
}

impl<F: Fn(&str) + Send + Sync + 'static> Storage for Hooked<F> {
    fn create(&self, path: &str) -> io::Result<Arc<dyn StorageFile>> {
        (self.hook)(path);
        self.disk.create(path)
    }

    fn open(&self, path: &str, access: Access) -> io::Result<Arc<dyn StorageFile>> {
        self.disk.open(path, access)
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        (self.hook)(folder);
        self.disk.list(folder)
    }

    fn create_folder(&self, folder: &str) -> io::Result<()> {
        self.disk.create_folder(folder)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        self.disk.remove(path)
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        self.disk.sync_folder(folder)
    }

    fn lock(&self, path: &str) -> io::Result<StorageLock> {
        self.disk.lock(path)
    }

    fn show(&self, path: &str) -> PathBuf {
        self.disk.show(path)
    }
}
