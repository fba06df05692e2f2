use std::collections::VecDeque;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rustc_hash::FxHashMap;

use super::absorb::{AbsorbError, check_new, unknown};
use super::checkpoint::Checkpoint;
use crate::event::{DriverId, Key, Note, Noted, Offset, SourceId, TripId};

/// The names of drivers, trips and sources, and the dense numbers that stand for them.
///
/// The sequencer writes it when a name is new and when a trip is forgotten; everybody may read it. Who follows the log
/// without its sequencer has a dictionary of his own, and takes the log's notes in before the records that they come
/// with ([`absorb`](Self::absorb)).
#[derive(Debug, Default)]
pub struct Dictionary {
    names: RwLock<Names>,
}

#[derive(Debug, Default)]
struct Names {
    drivers: Numbered,
    sources: Numbered,
    trips: FxHashMap<Key, TripId>,
    trip_keys: FxHashMap<TripId, Key>,
    next_trip: u32,
    /// Trips whose names are free again for the sequencer, but may still be asked for by those who follow the log; with
    /// the offset from which on none of them is named.
    retired: VecDeque<(Offset, TripId)>,
}

/// Names that are never forgotten, numbered from 0 without gaps.
#[derive(Debug, Default)]
struct Numbered {
    numbers: FxHashMap<Key, u32>,
    keys: Vec<Key>,
}

impl Numbered {
    fn number(&self, key: &Key) -> Option<u32> {
        self.numbers.get(key).copied()
    }

    fn key(&self, number: u32) -> Option<Key> {
        self.keys.get(number as usize).cloned()
    }

    fn add(&mut self, key: &Key, number: u32) {
        debug_assert_eq!(self.keys.len(), number as usize, "numbers have no gaps");
        self.keys.push(key.clone());
        self.numbers.insert(key.clone(), number);
    }

    fn absorb(&mut self, offset: Offset, what: &'static str, number: u32, key: &Key) -> Result<(), AbsorbError> {
        let known = self.keys.get(number as usize);
        if known == Some(key) {
            return Ok(());
        }
        let taken = known.is_some() || self.numbers.contains_key(key);
        // Of a number that was given before it is the name that is wrong.
        let expected = if known.is_some() { u64::from(number) } else { self.keys.len() as u64 };
        check_new(offset.0, what, number, expected, key, taken)?;
        self.add(key, number);
        Ok(())
    }

    fn refill(keys: &[Key]) -> Self {
        Self { numbers: keys.iter().cloned().zip(0..).collect(), keys: keys.to_vec() }
    }
}

impl Names {
    fn add_trip(&mut self, key: &Key, trip: TripId) {
        self.trips.insert(key.clone(), trip);
        self.trip_keys.insert(trip, key.clone());
        self.next_trip = trip.0.saturating_add(1);
    }

    fn absorb(&mut self, Note { offset, what }: &Note) -> Result<(), AbsorbError> {
        match what {
            Noted::Source { source, key } => self.sources.absorb(*offset, "source", source.0, key),
            Noted::Driver { driver, key } => self.drivers.absorb(*offset, "driver", driver.0, key),
            Noted::Trip { trip, key } => {
                let before = trip.0 < self.next_trip;
                // It may be forgotten by now.
                if before && self.trip_keys.get(trip).is_none_or(|known| known == key) {
                    return Ok(());
                }
                let expected = if before { trip.0 } else { self.next_trip };
                check_new(offset.0, "trip", trip.0, expected.into(), key, before || self.trips.contains_key(key))?;
                self.add_trip(key, *trip);
                Ok(())
            }
            Noted::TripForgotten { trip } => {
                if trip.0 >= self.next_trip {
                    return Err(unknown(offset.0, "trip", trip.0));
                }
                self.retire(*trip, *offset);
                Ok(())
            }
            Noted::OpaqueId { .. } => Ok(()),
        }
    }

    fn retire(&mut self, trip: TripId, offset: Offset) {
        if let Some(key) = self.trip_keys.get(&trip)
            && self.trips.get(key) == Some(&trip)
        {
            self.trips.remove(key);
            self.retired.push_back((offset, trip));
        }
    }
}

impl Dictionary {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// The number of the driver of that name, if there is one.
    pub fn driver(&self, key: &Key) -> Option<DriverId> {
        self.read().drivers.number(key).map(DriverId)
    }

    /// The name of a driver.
    pub fn driver_key(&self, driver: DriverId) -> Option<Key> {
        self.read().drivers.key(driver.0)
    }

    /// How many drivers have a number; they are `0..drivers()`.
    pub fn drivers(&self) -> usize {
        self.read().drivers.keys.len()
    }

    /// The number of the source of that name, if there is one.
    pub fn source(&self, key: &Key) -> Option<SourceId> {
        self.read().sources.number(key).map(SourceId)
    }

    /// The name of a source.
    pub fn source_key(&self, source: SourceId) -> Option<Key> {
        self.read().sources.key(source.0)
    }

    /// The number of the trip of that name, if it is not forgotten.
    pub fn trip(&self, key: &Key) -> Option<TripId> {
        self.read().trips.get(key).copied()
    }

    /// The name of a trip, if it is not forgotten; that of one that has ended is kept until the engine has come past it.
    pub fn trip_key(&self, trip: TripId) -> Option<Key> {
        self.read().trip_keys.get(&trip).cloned()
    }

    /// How many trips are known.
    pub fn trips(&self) -> usize {
        self.read().trips.len()
    }

    pub(super) fn add_driver(&self, key: &Key, driver: DriverId) {
        self.write().drivers.add(key, driver.0);
    }

    pub(super) fn add_source(&self, key: &Key, source: SourceId) {
        self.write().sources.add(key, source.0);
    }

    pub(super) fn add_trip(&self, key: &Key, trip: TripId) {
        self.write().add_trip(key, trip);
    }

    /// Frees the names of trips that no record from `offset` on names. Their numbers can be looked up until they are
    /// [released](Self::release).
    pub(super) fn retire_trips(&self, trips: &[(TripId, Key)], offset: Offset) {
        let mut names = self.write();
        trips.iter().for_each(|&(trip, _)| names.retire(trip, offset));
    }

    /// Takes in the names that come with records, in the order of the log. What it had taken in before changes nothing.
    ///
    /// The trips that are forgotten can be looked up by their numbers until they are [released](Self::release).
    ///
    /// # Errors
    /// If a number does not follow the last one, or a name is another's. The notes before that one are taken in.
    pub fn absorb(&self, notes: &[Note]) -> Result<(), AbsorbError> {
        let mut names = self.write();
        notes.iter().try_for_each(|note| names.absorb(note))
    }

    /// Has the names of a checkpoint, and no others.
    pub(super) fn refill(&self, checkpoint: &Checkpoint) {
        let mut names = Names {
            drivers: Numbered::refill(&checkpoint.drivers),
            sources: Numbered::refill(&checkpoint.sources),
            ..Names::default()
        };
        for since in checkpoint.under_way.iter().chain(&checkpoint.ended) {
            names.add_trip(&since.key, since.trip);
        }
        names.next_trip = checkpoint.next_trip;
        *self.write() = names;
    }

    /// Forgets the retired trips that nobody will ask for any more, now that everything before `told` has been followed
    /// and told.
    pub fn release(&self, told: Offset) {
        let ripe = |names: &Names| names.retired.front().is_some_and(|&(offset, _)| offset < told);
        if !ripe(&self.read()) {
            return;
        }
        let mut names = self.write();
        while ripe(&names) {
            if let Some((_, trip)) = names.retired.pop_front() {
                names.trip_keys.remove(&trip);
            }
        }
    }

    pub(crate) fn clear(&self) {
        *self.write() = Names::default();
    }

    // No writer panics half-way through a change that a reader could see, so a poisoned lock is as good as any.
    fn read(&self) -> RwLockReadGuard<'_, Names> {
        self.names.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Names> {
        self.names.write().unwrap_or_else(PoisonError::into_inner)
    }
}
