//! What rests on records that a log has lost: it goes with them when the log is opened, before others take their place.

use std::io;
use std::sync::Arc;

use super::checkpoint;
use super::layout::list;
use crate::event::Offset;
use crate::log::LogError;
use crate::storage::directory::{GROUPS, SNAPSHOT_ENDING, SNAPSHOTS, is_mark_name, numbered};
use crate::storage::{Mark, MarkFile, Storage};

/// Takes back all that is past `end`, where the log ends now.
///
/// # Errors
/// If a file cannot be read, written or removed.
pub(super) fn roll_back(storage: &Arc<dyn Storage>, end: Offset) -> Result<(), LogError> {
    checkpoint::remove_after(storage.as_ref(), end)?;
    remove_snapshots_after(storage.as_ref(), end)?;
    set_groups_back(storage, end)
}

/// Removes the engine's states from after `end`, for good before anything is appended: the records that they come from were
/// lost, and the others that will take their place lead to another state.
fn remove_snapshots_after(storage: &dyn Storage, end: Offset) -> Result<(), LogError> {
    let failed = |path: &str, error: &io::Error| LogError::io(storage.show(path), "removing it", error);
    let after = list(storage, SNAPSHOTS, SNAPSHOT_ENDING)?.offsets.into_iter().filter(|&offset| offset > end);
    let paths: Vec<String> = after.map(|offset| numbered(SNAPSHOTS, offset.0, SNAPSHOT_ENDING)).collect();
    for path in &paths {
        match storage.remove(path) {
            // Who follows the log in another process may just have let go of it.
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(path, &error)),
            _ => {}
        }
    }
    if paths.is_empty() {
        return Ok(());
    }
    storage.sync_folder(SNAPSHOTS).map_err(|error| failed(SNAPSHOTS, &error))
}

/// Sets groups that have come past `end` back to it: what they were done with is lost, and what takes its place is new to them.
fn set_groups_back(storage: &Arc<dyn Storage>, end: Offset) -> Result<(), LogError> {
    let failed = |path: &str, error: &io::Error| LogError::io(storage.show(path), "setting it back", error);
    let names = storage.list(GROUPS).map_err(|error| failed(GROUPS, &error))?;
    for path in names.iter().filter(|name| is_mark_name(name)).map(|name| format!("{GROUPS}/{name}")) {
        // One that is damaged says so to whose it is.
        let Ok(Some(mark)) = MarkFile::read(&**storage, &path) else { continue };
        if mark.offset <= end.0 {
            continue;
        }
        let _lock = match storage.lock(&format!("{path}.lock")) {
            // Who reads it has it in his memory, and is told that it is past the end.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            lock => lock.map_err(|error| failed(&path, &error))?,
        };
        let set = MarkFile::open(Arc::clone(storage), path.as_str()).and_then(|mut file| {
            let back = Mark { offset: end.0, within: 0 };
            // In both places: the log rests on the lesser one, and no reader must find the other.
            file.set(back).and_then(|()| file.set(back))
        });
        set.map_err(|error| failed(&path, &io::Error::other(error.to_string())))?;
    }
    Ok(())
}
