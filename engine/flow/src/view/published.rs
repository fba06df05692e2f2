use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use etaflow_road::{Network, Span, Targets, Timestamp};
use rustc_hash::FxHashMap;

use crate::eta::{Cause, Epoch, EtaUpdate};
use crate::event::{DriverId, Offset, Record, TripId};
use crate::fleet::FleetChange;
use crate::pipeline::{Applied, Effects, Observer, Restored};

/// Into how many parts the trips are split, so that shards and askers seldom meet.
const PARTS: usize = 64;

/// What is said of a driver who was not seen.
const NEVER: (Timestamp, f32) = (Timestamp::MIN, 0.5);

/// How long a trip that has ended can still be asked for, after it has or, if its end was dated ahead, was heard to have.
const ENDED_KEPT: Span = Span::from_secs(60);

/// What the shards have published.
pub(crate) struct Published {
    trips: Vec<RwLock<FxHashMap<TripId, EtaUpdate>>>,
    ended: Mutex<VecDeque<Ended>>,
    pub(super) available: RwLock<Available>,
    epoch: RwLock<Current>,
    /// When the last record that each shard has taken arrived, in microseconds.
    applied_at: Vec<AtomicI64>,
    /// The offset before which each shard has taken everything.
    applied: Vec<AtomicU64>,
}

/// A trip that has ended, when, and by which record.
struct Ended {
    trip: TripId,
    at: Timestamp,
    offset: Offset,
}

/// Drivers who can take a trip.
pub(super) struct Available {
    pub(super) targets: Targets,
    /// By driver: when he was seen last, and how sure it is which way he heads.
    seen: Vec<(Timestamp, f32)>,
}

/// The epoch that is in force, and since when.
#[derive(Clone)]
pub(super) struct Current {
    pub(super) epoch: Arc<Epoch>,
    pub(super) as_of: Timestamp,
}

impl Published {
    #[cfg_attr(not(feature = "runtime"), expect(dead_code, reason = "it is the runtime that makes views"))]
    pub(crate) fn new(network: &Network, first: Arc<Epoch>, shards: u32) -> Self {
        Self {
            trips: (0..PARTS).map(|_| RwLock::default()).collect(),
            ended: Mutex::default(),
            available: RwLock::new(Available { targets: Targets::new(network), seen: Vec::new() }),
            epoch: RwLock::new(Current { epoch: first, as_of: Timestamp::MIN }),
            applied_at: (0..shards).map(|_| AtomicI64::new(i64::MIN)).collect(),
            applied: (0..shards).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    pub(crate) fn trip(&self, trip: TripId) -> Option<EtaUpdate> {
        self.part(trip).read().unwrap_or_else(PoisonError::into_inner).get(&trip).copied()
    }

    pub(super) fn current(&self) -> Current {
        self.epoch.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// When the last record that all shards have taken arrived.
    #[cfg_attr(not(feature = "runtime"), expect(dead_code, reason = "it is the runtime that makes views"))]
    pub(crate) fn applied_at(&self) -> Option<Timestamp> {
        let oldest = self.applied_at.iter().map(|at| at.load(Ordering::Acquire)).min()?;
        (oldest != i64::MIN).then_some(Timestamp::from_micros(oldest))
    }

    /// The offset before which all shards have taken everything, and shown what followed.
    pub(crate) fn applied(&self) -> Offset {
        Offset(self.applied.iter().map(|applied| applied.load(Ordering::Acquire)).min().unwrap_or(0))
    }

    /// How many trips can be asked for.
    pub(super) fn trips(&self) -> usize {
        self.trips.iter().map(|part| part.read().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    fn part(&self, trip: TripId) -> &RwLock<FxHashMap<TripId, EtaUpdate>> {
        &self.trips[trip.index() % PARTS]
    }

    /// Takes what is known of a trip, by a record that came in at `came_in`, if that is known.
    fn put(&self, update: &EtaUpdate, came_in: Option<Timestamp>) {
        let mut trips = self.part(update.trip).write().unwrap_or_else(PoisonError::into_inner);
        let known = trips.entry(update.trip).or_insert(*update);
        // A trip moves from shard to shard with its driver, and the one it leaves may be late to say its last.
        if update.offset >= known.offset {
            *known = *update;
        }
        drop(trips);
        if matches!(update.cause, Cause::Completed | Cause::Cancelled) {
            let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
            let at = came_in.map_or(update.as_of, |came_in| update.as_of.min(came_in));
            ended.push_back(Ended { trip: update.trip, at, offset: update.offset });
        }
    }

    /// Shows what followed from some records, which are in a row.
    fn show(&self, effects: &Effects, records: &[Record]) {
        let first = records.first().map_or(Offset(0), |record| record.offset);
        for update in &effects.arrivals {
            let nth = update.offset.0.checked_sub(first.0).and_then(|nth| usize::try_from(nth).ok());
            let record = nth.and_then(|nth| records.get(nth));
            self.put(update, record.map(|record| record.ingest_time));
        }
        if !effects.fleet.is_empty() {
            let mut available = self.available.write().unwrap_or_else(PoisonError::into_inner);
            effects.fleet.iter().for_each(|change| available.change(change));
        }
    }

    fn forget_ended(&self, now: Timestamp) {
        // A shard that has not come to the end of a trip may still put what it knew of it before.
        let applied = self.applied().0;
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |ended: &Ended| now.since(ended.at) > ENDED_KEPT && ended.offset.0 < applied;
        while ended.front().is_some_and(over)
            && let Some(Ended { trip, .. }) = ended.pop_front()
        {
            self.part(trip).write().unwrap_or_else(PoisonError::into_inner).remove(&trip);
        }
    }

    /// Puts an epoch in force, if it is newer. True if it was.
    fn advance(&self, epoch: &Arc<Epoch>, tick: Timestamp) -> bool {
        let mut current = self.epoch.write().unwrap_or_else(PoisonError::into_inner);
        let newer = tick > current.as_of;
        if newer {
            *current = Current { epoch: Arc::clone(epoch), as_of: tick };
        }
        newer
    }
}

impl Available {
    pub(super) fn seen(&self, driver: DriverId) -> (Timestamp, f32) {
        self.seen.get(driver.index()).copied().unwrap_or(NEVER)
    }

    fn change(&mut self, change: &FleetChange) {
        match *change {
            FleetChange::Available { driver, position, seen_at, direction_confidence } => {
                if driver.index() >= self.seen.len() {
                    self.seen.resize(driver.index() + 1, NEVER);
                }
                self.seen[driver.index()] = (seen_at, direction_confidence);
                self.targets.insert(driver.0, position);
            }
            FleetChange::Unavailable { driver } | FleetChange::Forgotten { driver } => {
                self.targets.remove(driver.0);
            }
        }
    }
}

impl Observer for Published {
    fn on_applied(&self, applied: &Applied<'_>) {
        self.show(applied.effects, applied.records);
        if let Some(tick) = applied.tick
            && self.advance(applied.epoch, tick.time)
        {
            self.forget_ended(tick.time);
        }
        if let Some(last) = applied.records.last() {
            let shard = applied.shard as usize;
            self.applied_at[shard].store(last.ingest_time.micros(), Ordering::Release);
            self.applied[shard].store(last.offset.0 + 1, Ordering::Release);
        }
    }

    /// Trips that had ended by then are not known any more.
    fn on_restored(&self, restored: &Restored<'_>) {
        self.show(restored.effects, &[]);
        self.advance(restored.epoch, restored.tick.time);
        let shard = restored.shard as usize;
        self.applied_at[shard].store(restored.tick.time.micros(), Ordering::Release);
        self.applied[shard].store(restored.offset.0, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use etaflow_road::{EdgeIndex, SyntheticCity};

    use super::*;
    use crate::config::Config;
    use crate::event::{Payload, Record};
    use crate::pipeline::{Executor, Shard};
    use crate::stream::Tick;

    fn update(offset: u64, cause: Cause) -> EtaUpdate {
        let (trip, as_of) = (TripId(0), Timestamp::from_secs(0));
        EtaUpdate {
            trip,
            driver: None,
            offset: Offset(offset),
            cause,
            as_of,
            fix_at: None,
            direction_confidence: None,
            epoch: 0,
            pickup_at: None,
            arrival: None,
        }
    }

    #[test]
    fn a_trip_that_is_forgotten_does_not_come_back_by_a_shard_that_is_late() {
        let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
        let (index, config) = (Arc::new(EdgeIndex::new(&network)), Config { shards: 2, ..Config::default() });
        let epoch = Executor::first_epoch(&network, &config);
        let published = Published::new(&network, Arc::clone(&epoch), 2);
        let shards =
            [0, 1].map(|nth| Shard::new(&network, &index, &config, Arc::clone(&epoch), nth).expect("in bounds"));
        // A shard takes what is before a tick, and the tick.
        let take = |shard: u32, tick_offset: u64, arrivals: Vec<EtaUpdate>| {
            let time = Timestamp::from_secs(100 + tick_offset as i64);
            let (payload, offset) = (Payload::Tick { watermark: time }, Offset(tick_offset));
            let source = Record::TICKER;
            let last = Record { offset, time, ingest_time: time, waited_us: 0, source, id: tick_offset, payload };
            let effects = Effects { arrivals, ..Effects::default() };
            let tick = Some(Tick { number: tick_offset, time, watermark: time });
            let state = &shards[shard as usize];
            published.on_applied(&Applied { shard, state, records: &[last], effects: &effects, epoch: &epoch, tick });
        };
        // The end of the trip lies long back when it is heard of, and the shard that it was assigned in is behind.
        take(1, 10, vec![update(5, Cause::Completed)]);
        take(0, 9, vec![update(3, Cause::Assigned)]);
        assert_eq!(published.trip(TripId(0)).map(|update| update.cause), Some(Cause::Completed));
        take(0, 11, Vec::new());
        take(1, 12, Vec::new());
        assert_eq!((published.trip(TripId(0)), published.trips()), (None, 0));
    }

    #[test]
    fn a_trip_whose_end_was_dated_ahead_is_known_for_a_minute_after_it_was_heard_of() {
        let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
        let (index, config) = (Arc::new(EdgeIndex::new(&network)), Config::default());
        let epoch = Executor::first_epoch(&network, &config);
        let published = Published::new(&network, Arc::clone(&epoch), 1);
        let state = Shard::new(&network, &index, &config, Arc::clone(&epoch), 0).expect("in bounds");
        let known_at = |number: u64, arrivals: Vec<EtaUpdate>| {
            let time = Timestamp::from_secs(number as i64);
            let (payload, offset, source) = (Payload::Tick { watermark: time }, Offset(number), Record::TICKER);
            let record = Record { offset, time, ingest_time: time, waited_us: 0, source, id: number, payload };
            let effects = Effects { arrivals, ..Effects::default() };
            let (records, tick) = (&[record], Some(Tick { number, time, watermark: time }));
            let (shard, state, effects, epoch) = (0, &state, &effects, &epoch);
            published.on_applied(&Applied { shard, state, records, effects, epoch, tick });
            published.trip(TripId(0)).is_some()
        };
        let ahead = EtaUpdate { as_of: Timestamp::from_secs(86_400), ..update(100, Cause::Completed) };
        assert!(known_at(100, vec![ahead]) && known_at(160, Vec::new()));
        assert!(!known_at(161, Vec::new()));
    }

    #[test]
    fn what_was_restored_can_be_asked_for_before_a_record_is_taken() {
        let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
        let (index, config) = (Arc::new(EdgeIndex::new(&network)), Config::default());
        let first = Executor::first_epoch(&network, &config);
        let published = Published::new(&network, Arc::clone(&first), 1);
        let state = Shard::new(&network, &index, &config, Arc::clone(&first), 0).expect("in bounds");
        let (time, seen_at) = (Timestamp::from_secs(100), Timestamp::from_secs(99));
        let position = etaflow_road::Position { edge: etaflow_road::EdgeId(3), offset_mm: 0 };
        let (driver, direction_confidence) = (DriverId(7), 0.75);
        let effects = Effects {
            arrivals: vec![update(41, Cause::Traffic)],
            fleet: vec![FleetChange::Available { driver, position, seen_at, direction_confidence }],
            ..Effects::default()
        };
        let epoch = Arc::new(Epoch { number: 8, ..(*first).clone() });
        let tick = Tick { number: 10, time, watermark: seen_at };
        let (shard, offset) = (0, Offset(42));
        published.on_restored(&Restored { shard, state: &state, offset, effects: &effects, epoch: &epoch, tick });
        assert_eq!(published.trip(TripId(0)), Some(effects.arrivals[0]));
        let available = published.available.read().unwrap_or_else(PoisonError::into_inner);
        assert_eq!((available.targets.len(), available.seen(driver)), (1, (seen_at, 0.75)));
        let current = published.current();
        assert_eq!((current.epoch.number, current.as_of, published.applied_at()), (8, time, Some(time)));
    }
}
