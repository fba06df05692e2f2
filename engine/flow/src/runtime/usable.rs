use std::ops::RangeInclusive;

use super::recovery::{RestoredSnapshot, Unusable};
use super::shared::EFFECTS;
use crate::event::{Offset, Payload};
use crate::log::LogFiles;
use crate::pipeline::{Prepared, Start, StartError};
use crate::snapshot::{Found, Image, SnapshotStore};
use crate::stream::Tick;
use crate::time::{Clock, WallClock};

/// The newest snapshot that can be gone on from.
pub(super) struct Usable {
    pub(super) prepared: Prepared,
    pub(super) snapshot: RestoredSnapshot,
    /// What waited for the sinks.
    pub(super) backlog: Option<Vec<u8>>,
}

impl Usable {
    /// That of the snapshots with these offsets, from which `prepare` makes a state; those that are newer and of no use are
    /// passed over. `None` if there is none.
    ///
    /// # Errors
    /// If a setting is out of its bounds: then nothing can be made.
    pub(super) fn newest(
        (store, files): (&SnapshotStore, &LogFiles),
        offsets: RangeInclusive<Offset>,
        passed_over: &mut Vec<Unusable>,
        prepare: impl Fn(Start<'_>) -> Result<Prepared, StartError>,
    ) -> Result<Option<Self>, StartError> {
        let clock = WallClock::new();
        let mut before = Some(*offsets.end());
        while let Some(at_most) = before.filter(|at_most| offsets.contains(at_most)) {
            let read_from = clock.now();
            let Found { image, passed_over: unreadable } = store.newest(Some(at_most));
            passed_over.extend(unreadable.into_iter().map(|it| Unusable { path: it.path, why: it.why.to_string() }));
            let Some(mut image) = image.filter(|image| offsets.contains(&image.offset)) else { return Ok(None) };
            let restored_from = clock.now();
            let backlog = take_effects(&mut image);
            let prepared = if is_of(files, &image) { Some(prepare(Start::Image(&image))) } else { None };
            let why = match prepared {
                Some(Ok(prepared)) => {
                    let snapshot = RestoredSnapshot {
                        offset: image.offset,
                        time: image.tick.time,
                        bytes: image.bytes(),
                        read: restored_from.since(read_from),
                        restored: clock.now().since(restored_from),
                    };
                    return Ok(Some(Self { prepared, snapshot, backlog }));
                }
                Some(Err(error @ StartError::Config(_))) => return Err(error),
                Some(Err(why)) => why.to_string(),
                None => OTHERS.to_owned(),
            };
            passed_over.push(Unusable { path: store.path(image.offset), why });
            before = image.offset.0.checked_sub(1).map(Offset);
        }
        Ok(None)
    }
}

const OTHERS: &str = "it is of records that the log has lost, and others have come in their place";

/// Whether a snapshot is of what the log has now: its tick is the record before it. Where a power failure took the end of a log
/// that is not synced, the snapshots of that end may be there all the same. What cannot be read says nothing against it.
fn is_of(files: &LogFiles, image: &Image) -> bool {
    let Some(last) = image.offset.0.checked_sub(1).map(Offset) else { return true };
    let read = files.reader(last).and_then(|reader| reader.until(image.offset).next());
    let record = read.ok().flatten().and_then(|entries| entries.records.first().copied());
    record.is_none_or(|record| match record.payload {
        Payload::Tick { watermark } => image.tick == Tick { number: record.id, time: record.time, watermark },
        _ => false,
    })
}

/// What waited for the sinks is the runtime's, and nothing to the pipeline.
fn take_effects(image: &mut Image) -> Option<Vec<u8>> {
    let place = image.parts.iter().position(|part| part.kind == EFFECTS)?;
    Some(image.parts.swap_remove(place).bytes)
}
