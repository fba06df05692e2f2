//! Files behind one interface: the log, snapshots and offsets of groups are written through it, so that what a disk can do
//! to them can be tried by seed.
//!
//! Paths are relative to the storage's folder, with `/` between names. Nothing is durable before it is synced: the content
//! of a file by [`StorageFile::sync`], and its name, its renaming and its removal by [`Storage::sync_folder`].

pub(crate) mod directory;
mod disk;
#[cfg(test)]
pub(crate) mod forgetful;
mod mark;
pub(crate) mod simulated;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

pub use disk::DiskStorage;
pub use mark::{Mark, MarkError, MarkFile};
pub use simulated::{Fault, SimulatedStorage, Stall};

/// A folder with files in it, and folders of files.
pub trait Storage: Send + Sync + 'static {
    /// Makes a file, empty, for reading and writing.
    ///
    /// # Errors
    /// If there is one of that name, or it cannot be made.
    fn create(&self, path: &str) -> io::Result<Arc<dyn StorageFile>>;

    /// Opens a file for reading and writing, or for reading alone.
    ///
    /// # Errors
    /// If there is none ([`io::ErrorKind::NotFound`]), or it cannot be opened.
    fn open(&self, path: &str, access: Access) -> io::Result<Arc<dyn StorageFile>>;

    /// The names of the files in a folder, in order; none if there is no such folder.
    ///
    /// # Errors
    /// If it cannot be read.
    fn list(&self, folder: &str) -> io::Result<Vec<String>>;

    /// Makes a folder, if there is none.
    ///
    /// # Errors
    /// If it cannot be made.
    fn create_folder(&self, folder: &str) -> io::Result<()>;

    /// Gives a file another name, in place of the file that has it.
    ///
    /// # Errors
    /// If there is no such file, or it cannot be renamed.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// If there is none, or it cannot be removed.
    fn remove(&self, path: &str) -> io::Result<()>;

    /// Makes durable which files a folder has. `""` is the storage's own.
    ///
    /// # Errors
    /// If it cannot be done.
    fn sync_folder(&self, folder: &str) -> io::Result<()>;

    /// Takes a lock by the file of that name, which is made if there is none; the lock is held until what is returned is
    /// dropped or the process ends.
    ///
    /// # Errors
    /// [`io::ErrorKind::WouldBlock`] if somebody else holds it.
    fn lock(&self, path: &str) -> io::Result<StorageLock>;

    /// A path as messages name it.
    fn show(&self, path: &str) -> PathBuf;
}

/// An open file.
pub trait StorageFile: Send + Sync {
    /// Reads from `at` on until `into` is full or the file ends; how many bytes.
    ///
    /// # Errors
    /// If it cannot be read.
    fn read_at(&self, into: &mut [u8], at: u64) -> io::Result<usize>;

    /// Writes all bytes at `at`, past the end too. What an error leaves of them nobody knows.
    ///
    /// # Errors
    /// If they cannot be written.
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()>;

    /// How long it is.
    ///
    /// # Errors
    /// If that cannot be found out.
    fn size(&self) -> io::Result<u64>;

    /// Cuts it off, or fills it up with zeros.
    ///
    /// # Errors
    /// If it cannot be done.
    fn resize(&self, size: u64) -> io::Result<()>;

    /// Makes its content durable. After an error nobody knows what is, and another try tells nothing of it.
    ///
    /// # Errors
    /// If it cannot be done.
    fn sync(&self) -> io::Result<()>;
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// To be read.
    Read,
    /// To be read and written.
    Write,
}

/// Holds a lock until it is dropped.
pub struct StorageLock {
    _held: Box<dyn Send + Sync>,
}

impl StorageLock {
    /// A lock that is held by `held`, and let go when that is dropped.
    pub fn new(held: impl Send + Sync + 'static) -> Self {
        Self { _held: Box::new(held) }
    }
}

/// Writes a small file as a whole: whoever opens it finds what it was, or all of this, also after a crash.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn replace(storage: &dyn Storage, path: &str, bytes: &[u8]) -> io::Result<()> {
    let (folder, _) = path.rsplit_once('/').unwrap_or(("", path));
    let aside = format!("{path}.new");
    if let Err(error) = storage.remove(&aside)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let file = storage.create(&aside)?;
    file.write_at(bytes, 0)?;
    file.sync()?;
    storage.rename(&aside, path)?;
    storage.sync_folder(folder)
}

/// Reads a file as a whole; `None` if there is none.
///
/// # Errors
/// If it cannot be read, or is longer than `bytes_max`.
pub(crate) fn read_all(storage: &dyn Storage, path: &str, bytes_max: u64) -> io::Result<Option<Vec<u8>>> {
    let file = match storage.open(path, Access::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let size = file.size()?;
    if size > bytes_max {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("{size} bytes, at most {bytes_max}")));
    }
    let mut bytes = vec![0; size as usize];
    let read = file.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(Some(bytes))
}
