//! The trips that are known, and when they are forgotten.

use std::collections::VecDeque;

use etaflow_road::{Span, Timestamp};
use rustc_hash::FxHashMap;

use crate::event::{Key, TripId};

/// How long the queue of deadlines may be beyond twice the trips that are known, before it is swept.
const SWEEP_SLACK: usize = 1_024;

/// The trips that are known. Times are those of ingest, so that deadlines come in the order in which they are set.
#[derive(Debug)]
pub(super) struct Trips {
    retention: Span,
    lifetime_max: Span,
    known: FxHashMap<Key, Known>,
    next: u32,
    /// When trips are forgotten that have not ended by then.
    expiring: VecDeque<Deadline>,
    /// When trips are forgotten that have ended.
    ended: VecDeque<Deadline>,
}

#[derive(Debug)]
struct Known {
    trip: TripId,
    ended: bool,
}

#[derive(Debug)]
struct Deadline {
    at: Timestamp,
    trip: TripId,
    key: Key,
}

impl Trips {
    pub(super) fn new(retention: Span, lifetime_max: Span) -> Self {
        Self {
            retention,
            lifetime_max,
            known: FxHashMap::default(),
            next: 0,
            expiring: VecDeque::new(),
            ended: VecDeque::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn get(&self, key: &Key) -> Option<TripId> {
        self.known.get(key).map(|known| known.trip)
    }

    /// Takes in a new trip; `None` if all numbers were given.
    pub(super) fn add(&mut self, key: &Key, now: Timestamp) -> Option<TripId> {
        let trip = TripId(self.next);
        self.next = self.next.checked_add(1)?;
        self.known.insert(key.clone(), Known { trip, ended: false });
        self.expiring.push_back(Deadline { at: now + self.lifetime_max, trip, key: key.clone() });
        if self.expiring.len() > 2 * self.known.len() + SWEEP_SLACK {
            let known = &self.known;
            self.expiring.retain(|deadline| known.get(&deadline.key).is_some_and(|k| k.trip == deadline.trip));
        }
        Some(trip)
    }

    /// Notes the end of a trip. Only the first counts, be it legal or not.
    pub(super) fn end(&mut self, key: &Key, now: Timestamp) {
        if let Some(known) = self.known.get_mut(key).filter(|known| !known.ended) {
            known.ended = true;
            self.ended.push_back(Deadline { at: now + self.retention, trip: known.trip, key: key.clone() });
        }
    }

    /// Forgets the trips whose deadline has come.
    pub(super) fn expire(&mut self, now: Timestamp) -> Vec<(TripId, Key)> {
        let mut forgotten = Vec::new();
        for (queue, ended) in [(&mut self.ended, true), (&mut self.expiring, false)] {
            while queue.front().is_some_and(|deadline| deadline.at <= now)
                && let Some(Deadline { trip, key, .. }) = queue.pop_front()
            {
                if self.known.get(&key).is_some_and(|known| known.trip == trip && known.ended == ended) {
                    self.known.remove(&key);
                    forgotten.push((trip, key));
                }
            }
        }
        forgotten
    }
}
