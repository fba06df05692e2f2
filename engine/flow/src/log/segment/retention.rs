use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use etaflow_road::Timestamp;

use super::checkpoint;
use super::config::Retention;
use super::layout::list;
use super::recover::SealedSegment;
use crate::event::Offset;
use crate::log::LogError;
use crate::storage::directory::{GROUPS, SNAPSHOT_ENDING, SNAPSHOTS, is_mark_name, numbered};
use crate::storage::{Mark, MarkFile, Storage};

/// How many of the oldest segments the settings would let go of.
pub(super) fn expired(retention: &Retention, sealed: &VecDeque<SealedSegment>, bytes: u64, newest: Timestamp) -> usize {
    let mut left = bytes;
    let over = |left: u64| retention.bytes_max.is_some_and(|bytes_max| left > bytes_max);
    let old = |segment: &SealedSegment| retention.age_max.is_some_and(|age_max| newest.since(segment.time) > age_max);
    let gone = sealed.iter().take_while(|segment| {
        let goes = over(left) || old(segment);
        left -= segment.bytes;
        goes
    });
    gone.count()
}

/// How many of the first `expired` segments nobody needs: the log must then begin where a state of the sequencer goes on.
pub(super) fn removable(
    storage: &dyn Storage,
    sealed: &VecDeque<SealedSegment>,
    expired: usize,
    held: Option<Offset>,
) -> Result<usize, LogError> {
    let mut needed = held;
    let mut need = |offset: Offset| needed = Some(needed.map_or(offset, |needed| needed.min(offset)));
    if let Some(oldest) = list(storage, SNAPSHOTS, SNAPSHOT_ENDING)?.offsets.first() {
        need(*oldest);
    }
    let groups = storage.list(GROUPS).map_err(|error| LogError::io(storage.show(GROUPS), "listing it", &error))?;
    for group in groups.iter().filter(|name| is_mark_name(name)) {
        // What was just set may not be on the disk yet.
        match MarkFile::read_durable(storage, &format!("{GROUPS}/{group}")) {
            Ok(mark) => mark.into_iter().for_each(|mark| need(Offset(mark.offset))),
            // Whoever it belongs to will say what is wrong with it; until then nobody knows what it needs.
            Err(_) => return Ok(0),
        }
    }
    let checkpoints = checkpoint::offsets(storage)?;
    let fits = |count: &usize| {
        let start = sealed[*count - 1].end;
        needed.is_none_or(|needed| start <= needed) && checkpoints.binary_search(&start).is_ok()
    };
    Ok((1..=expired).rev().find(fits).unwrap_or(0))
}

/// Removes the engine's states from after `end`, for good before anything is appended: the records that they come from were
/// lost, and the others that will take their place lead to another state.
pub(super) fn remove_snapshots_after(storage: &dyn Storage, end: Offset) -> Result<(), LogError> {
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
pub(super) fn set_groups_back(storage: &Arc<dyn Storage>, end: Offset) -> Result<(), LogError> {
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
