use std::collections::VecDeque;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rustc_hash::FxHashMap;

use crate::event::{DriverId, Key, Offset, SourceId, TripId};

/// The names of drivers, trips and sources, and the dense numbers that stand for them.
///
/// The sequencer writes it when a name is new and when a trip is forgotten; everybody may read it.
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
        let mut names = self.write();
        names.trips.insert(key.clone(), trip);
        names.trip_keys.insert(trip, key.clone());
    }

    /// Frees the names of trips that no record from `offset` on names. Their numbers can be looked up until they are
    /// [released](Self::release).
    pub(super) fn retire_trips(&self, trips: &[(TripId, Key)], offset: Offset) {
        let mut names = self.write();
        for (trip, key) in trips {
            names.trips.remove(key);
            names.retired.push_back((offset, *trip));
        }
    }

    /// Forgets the retired trips that nobody will ask for any more, now that everything before `told` has been followed
    /// and told.
    #[cfg(feature = "runtime")]
    pub(crate) fn release(&self, told: Offset) {
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

    pub(super) fn clear(&self) {
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
