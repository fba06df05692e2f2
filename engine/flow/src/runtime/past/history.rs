use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use etaflow_road::Timestamp;

use super::super::failure::EngineError;
use super::error::PastError;
use super::replay::Shadow;
use crate::eta::{Arrival, Cause, EtaUpdate};
use crate::event::{Entries, Key, Noted, Offset, TripId};
use crate::pipeline::{Output, Outputs};
use crate::sequencer::Dictionary;

/// An arrival time that was told, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Promise {
    /// When it was told: when the record that caused it had come in.
    pub at: Timestamp,
    /// The moment, in event time, of which it speaks.
    pub as_of: Timestamp,
    /// Why it was told.
    pub cause: Cause,
    /// Who drives the trip, once that is known.
    pub driver: Option<Key>,
    /// When the driver would be at the pickup, as long as he was on his way there.
    pub pickup_at: Option<Timestamp>,
    /// When the rider would be at the dropoff; `None` if no way led there, or the trip had ended without.
    pub arrival: Option<Arrival>,
    /// The traffic epoch that it rested on.
    pub epoch: u64,
    /// The record that caused it.
    pub offset: Offset,
}

/// What was told of a trip before `end`.
pub(super) fn history(
    shadow: &Shadow,
    dictionary: &Dictionary,
    key: &Key,
    (time, end): (Timestamp, Offset),
) -> Result<Vec<Promise>, PastError> {
    let Some((trip, requested)) = find_request(shadow, key, end)? else {
        return Err(match dictionary.trip(key) {
            Some(_) => PastError::TripBefore { trip: key.clone(), earliest: shadow.earliest()? },
            None => {
                let start = shadow.came_in(shadow.start()?)?.ok_or(PastError::Nothing)?;
                PastError::UnknownTrip { trip: key.clone(), time, start }
            }
        });
    };
    let origin = shadow.origin((requested, requested), time).map_err(|error| match error {
        PastError::Before { earliest, .. } => PastError::TripBefore { trip: key.clone(), earliest },
        other => other,
    })?;
    let (told, over) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let tap = {
        let (told, over) = (Arc::clone(&told), Arc::clone(&over));
        move |outputs: &[Output]| {
            let updates = outputs.iter().filter_map(|output| match output {
                Output::Eta(update) if update.trip == trip => Some(*update),
                _ => None,
            });
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            told.extend(updates);
            if told.last().is_some_and(|last: &EtaUpdate| matches!(last.cause, Cause::Completed | Cause::Cancelled)) {
                over.store(true, Ordering::Release);
            }
        }
    };
    let outputs = Outputs { tap: Some(Box::new(tap)), ..Outputs::default() };
    shadow.replay(origin.prepared, origin.from..end, outputs, || over.load(Ordering::Acquire))?;
    let told = std::mem::take(&mut *told.lock().unwrap_or_else(PoisonError::into_inner));
    told.iter().map(|update| promise(shadow, dictionary, update)).collect()
}

fn promise(shadow: &Shadow, dictionary: &Dictionary, update: &EtaUpdate) -> Result<Promise, PastError> {
    Ok(Promise {
        at: shadow.came_in(update.offset)?.unwrap_or(update.as_of),
        as_of: update.as_of,
        cause: update.cause,
        driver: update.driver.and_then(|driver| dictionary.driver_key(driver)),
        pickup_at: update.pickup_at,
        arrival: update.arrival,
        epoch: update.epoch,
        offset: update.offset,
    })
}

/// The last trip of that name before `end`, and the record that asked for it: from segment to segment, the newest first.
fn find_request(shadow: &Shadow, key: &Key, end: Offset) -> Result<Option<(TripId, Offset)>, PastError> {
    let segments = shadow.files.segments().map_err(EngineError::Read)?;
    let mut entries = Entries::default();
    for segment in segments.iter().rev().filter(|segment| segment.base < end) {
        let upto = segment.end.min(end);
        let mut reader = shadow.files.reader(segment.base).map_err(EngineError::Read)?.until(upto);
        let mut found = None;
        while reader.next_into(&mut entries).map_err(EngineError::Read)? {
            let last = entries.notes.iter().rev().find_map(|note| match &note.what {
                Noted::Trip { trip, key: name } if name == key => Some((*trip, note.offset)),
                _ => None,
            });
            found = last.or(found);
        }
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
