use super::error::GroupError;
use super::position::{lock, path};
use crate::event::Offset;
use crate::storage::directory::{GROUPS, SINKS, is_mark_name};
use crate::storage::{Mark, MarkError, MarkFile, Storage};

/// A group, or a sink, and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupInfo {
    /// Its name.
    pub name: String,
    /// How far it has come, or why nobody knows.
    pub mark: Result<Mark, MarkError>,
}

impl GroupInfo {
    /// By how many records it is behind a log of that extent, of those that it still has; `None` if nobody knows.
    pub fn behind(&self, start: Offset, end: Offset) -> Option<u64> {
        let mark = self.mark.as_ref().ok()?;
        Some(end.0.saturating_sub(mark.offset.max(start.0)))
    }
}

/// All groups that have a mark in `storage`, by name. Disturbs none of them.
///
/// # Errors
/// If their folder cannot be read.
pub fn groups(storage: &dyn Storage) -> Result<Vec<GroupInfo>, GroupError> {
    marks(storage, GROUPS)
}

/// All sinks that have a mark in `storage`, by name: whom an engine tells of what changes, and how far it has told him.
/// Disturbs none of them.
///
/// # Errors
/// If their folder cannot be read.
pub fn sinks(storage: &dyn Storage) -> Result<Vec<GroupInfo>, GroupError> {
    marks(storage, SINKS)
}

fn marks(storage: &dyn Storage, folder: &str) -> Result<Vec<GroupInfo>, GroupError> {
    let names = storage.list(folder).map_err(|error| GroupError::io(storage, folder, "listing it", &error))?;
    let info = |name: String| {
        // One that is not there any more has just been removed.
        let mark = MarkFile::read(storage, &format!("{folder}/{name}")).transpose()?;
        Some(GroupInfo { name, mark })
    };
    Ok(names.into_iter().filter(|name| is_mark_name(name)).filter_map(info).collect())
}

/// Forgets a group: the log keeps nothing for it any more, and one of that name begins anew. Whether there was one.
///
/// # Errors
/// If it is being read, or its file cannot be removed.
pub fn remove_group(storage: &dyn Storage, name: &str) -> Result<bool, GroupError> {
    let _lock = lock(storage, name)?;
    let path = path(name);
    match storage.remove(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(GroupError::io(storage, &path, "removing it", &error)),
    }
    storage.sync_folder(GROUPS).map_err(|error| GroupError::io(storage, GROUPS, "syncing it", &error))?;
    Ok(true)
}
