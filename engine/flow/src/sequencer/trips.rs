//! The trips that are known, and when they are forgotten.

use std::collections::VecDeque;

use etaflow_road::{Span, Timestamp};
use rustc_hash::FxHashMap;

use crate::event::{Key, TripId};

/// How long the queue of those under way may be beyond twice the trips that are known, before it is swept.
const SWEEP_SLACK: usize = 1_024;

/// The trips that are known. Times are those of ingest, so that they come in order.
#[derive(Debug)]
pub(super) struct Trips {
    retention: Span,
    lifetime_max: Span,
    numbers: FxHashMap<Key, TripId>,
    known: FxHashMap<TripId, Known>,
    next: u32,
    /// When trips were requested, in that order; those that have ended meanwhile or are forgotten are passed over.
    requested: VecDeque<(Timestamp, TripId)>,
    /// When trips ended, in that order; those that are forgotten are passed over.
    ended: VecDeque<(Timestamp, TripId)>,
}

#[derive(Debug)]
struct Known {
    key: Key,
    ended: bool,
}

/// A trip and when it was requested, or when it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TripSince {
    pub(super) trip: TripId,
    pub(super) at: Timestamp,
    pub(super) key: Key,
}

impl Trips {
    pub(super) fn new(retention: Span, lifetime_max: Span) -> Self {
        Self {
            retention,
            lifetime_max,
            numbers: FxHashMap::default(),
            known: FxHashMap::default(),
            next: 0,
            requested: VecDeque::new(),
            ended: VecDeque::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    pub(super) fn get(&self, key: &Key) -> Option<TripId> {
        self.numbers.get(key).copied()
    }

    pub(super) fn knows(&self, trip: TripId) -> bool {
        self.known.contains_key(&trip)
    }

    /// The number of the next trip.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// Takes in a new trip; `None` if all numbers were given.
    pub(super) fn add(&mut self, key: &Key, now: Timestamp) -> Option<TripId> {
        let trip = TripId(self.next);
        self.next = self.next.checked_add(1)?;
        self.numbers.insert(key.clone(), trip);
        self.known.insert(trip, Known { key: key.clone(), ended: false });
        self.requested.push_back((now, trip));
        if self.requested.len() > 2 * self.known.len() + SWEEP_SLACK {
            self.requested.retain(|(_, trip)| self.known.get(trip).is_some_and(|known| !known.ended));
        }
        Some(trip)
    }

    /// Notes the end of a trip. Only the first counts, be it legal or not.
    pub(super) fn end(&mut self, trip: TripId, now: Timestamp) {
        if let Some(known) = self.known.get_mut(&trip).filter(|known| !known.ended) {
            known.ended = true;
            self.ended.push_back((now, trip));
        }
    }

    /// Forgets trips whose time is over by `now`, so many at most.
    pub(super) fn expire(&mut self, now: Timestamp, count_max: usize) -> Vec<(TripId, Key)> {
        let mut forgotten = Vec::new();
        let queues = [(&mut self.ended, self.retention, true), (&mut self.requested, self.lifetime_max, false)];
        for (queue, span, ended) in queues {
            while forgotten.len() < count_max
                && let Some(&(at, trip)) = queue.front()
                && at + span <= now
            {
                queue.pop_front();
                if self.known.get(&trip).is_some_and(|known| known.ended == ended)
                    && let Some(Known { key, .. }) = self.known.remove(&trip)
                {
                    self.numbers.remove(&key);
                    forgotten.push((trip, key));
                }
            }
        }
        forgotten
    }

    /// Forgets a trip; its name, if it was known.
    pub(super) fn forget(&mut self, trip: TripId) -> Option<Key> {
        let Known { key, .. } = self.known.remove(&trip)?;
        self.numbers.remove(&key);
        for queue in [&mut self.ended, &mut self.requested] {
            while queue.front().is_some_and(|(_, first)| !self.known.contains_key(first)) {
                queue.pop_front();
            }
        }
        Some(key)
    }

    /// The trips that have not ended, in the order of their numbers, with the time of their request.
    pub(super) fn under_way(&self) -> impl Iterator<Item = (TripId, Timestamp, &Key)> {
        self.requested.iter().filter_map(|&(at, trip)| {
            let known = self.known.get(&trip).filter(|known| !known.ended)?;
            Some((trip, at, &known.key))
        })
    }

    /// The trips that have ended, in the order of that, with its time.
    pub(super) fn ended(&self) -> impl Iterator<Item = (TripId, Timestamp, &Key)> {
        self.ended.iter().filter_map(|&(at, trip)| Some((trip, at, &self.known.get(&trip)?.key)))
    }

    /// Takes in what was known to another one.
    pub(super) fn refill(&mut self, next: u32, under_way: &[TripSince], ended: &[TripSince]) {
        self.next = next;
        for (trips, have_ended) in [(under_way, false), (ended, true)] {
            for TripSince { trip, at, key } in trips {
                self.numbers.insert(key.clone(), *trip);
                self.known.insert(*trip, Known { key: key.clone(), ended: have_ended });
                let queue = if have_ended { &mut self.ended } else { &mut self.requested };
                queue.push_back((*at, *trip));
            }
        }
    }
}
