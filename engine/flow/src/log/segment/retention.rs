use std::collections::VecDeque;

use etaflow_road::Timestamp;

use super::checkpoint;
use super::config::Retention;
use super::layout::list;
use super::recover::SealedSegment;
use crate::event::Offset;
use crate::log::LogError;
use crate::storage::directory::{GROUPS, SNAPSHOT_ENDING, SNAPSHOTS, is_mark_name};
use crate::storage::{MarkFile, Storage};

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
