use etaflow_road::Span;
use rustc_hash::FxHashSet;

use super::counts::Counts;
use super::shard::Shard;
use crate::eta::Estimator;
use crate::event::{DriverId, Offset, Payload, Record, TripId};
use crate::fleet::Fleet;
use crate::matching::Matching;
use crate::snapshot::Part;
use crate::stream::{Entities, Tick};
use crate::trip::Trips;

/// A part of a snapshot is closed once it has so many bytes.
const PART_BYTES: usize = 1 << 20;

/// How long entities are on average, as long as that is not known.
const ENTITY_BYTES: usize = 200;

/// What a look at an entity counts as that is written already, in bytes.
const LOOK_BYTES: usize = 32;

/// A shard's share of a snapshot, written while the shard goes on.
///
/// The share is the state right after the tick at which the snapshot was cut. It is written a slice at a time, in the
/// order of the entities' kinds and numbers. What a record may change is written [before](Self::before) the record is
/// taken, if its turn has not come, and what comes into being by a record is not written at all. So each entity is
/// written once, as it was at the tick. At the next tick, which changes everything, the rest has to be written.
#[derive(Debug)]
pub(super) struct Cut {
    kinds: [Progress; KINDS],
    /// Parts that are closed.
    full: Vec<Part>,
    /// How many entities are written,
    pub(super) entities: u64,
    /// and what they take.
    bytes: u64,
    /// How many there are.
    expected: u64,
    /// The first record that is not in the snapshot.
    pub(super) offset: Offset,
    pub(super) tick: Tick,
    /// What had become of the shard's records.
    pub(super) counts: Counts,
    /// How long the shard was held up by it since the last call of [`Cut::end_pause`].
    pause: Span,
    pub(super) pause_max: Span,
}

/// How far the entities of a kind are written.
#[derive(Debug)]
struct Progress {
    part: Part,
    /// All before this are written; `None` if all are.
    from: Option<u64>,
    /// Those from there on that are written already, or were not there at the tick.
    ahead: FxHashSet<u64>,
}

/// The kinds of entities that shards have, in the order in which they are written: those that most records change first.
const KINDS: usize = 4;

#[derive(Debug, Clone, Copy)]
enum Kind {
    Trace = 0,
    Driver = 1,
    Plan = 2,
    /// Kept by all shards, and written by the first.
    Trip = 3,
}

impl Kind {
    const ALL: [Self; KINDS] = [Self::Trace, Self::Driver, Self::Plan, Self::Trip];

    const fn code(self) -> u8 {
        match self {
            Self::Trace => Matching::KIND,
            Self::Driver => Fleet::KIND,
            Self::Plan => Estimator::KIND,
            Self::Trip => Trips::KIND,
        }
    }

    fn next(self, shard: &Shard, from: u64) -> Option<u64> {
        match self {
            Self::Trace => shard.matching.operator().next_entity(from),
            Self::Driver => shard.fleet.operator().next_entity(from),
            Self::Plan => shard.eta.operator().next_entity(from),
            Self::Trip => shard.trips.operator().next_entity(from),
        }
    }

    fn encode(self, shard: &Shard, number: u64, out: &mut Vec<u8>) -> bool {
        match self {
            Self::Trace => shard.matching.operator().encode_entity(number, out),
            Self::Driver => shard.fleet.operator().encode_entity(number, out),
            Self::Plan => shard.eta.operator().encode_entity(number, out),
            Self::Trip => shard.trips.operator().encode_entity(number, out),
        }
    }
}

impl Cut {
    /// The share of a shard that has just taken the tick before `offset`. Nothing is written yet.
    pub(super) fn new(shard: &Shard, offset: Offset, tick: Tick) -> Self {
        debug_assert!(shard.owes_nothing(), "what is open for the next tick is in no snapshot");
        let all = |kind: Kind| Progress { part: Part::new(kind.code()), from: Some(0), ahead: FxHashSet::default() };
        let mut kinds = Kind::ALL.map(all);
        if !shard.is_first() {
            kinds[Kind::Trip as usize].from = None;
        }
        let counts = shard.counts().clone();
        let trips = if shard.is_first() { shard.trips() } else { 0 };
        let (traces, drivers) = (shard.matching.operator().len(), shard.fleet.operator().len());
        let expected = (traces + drivers + shard.eta.operator().len() + trips) as u64;
        let (full, pause, pause_max) = (Vec::new(), Span::ZERO, Span::ZERO);
        Self { kinds, full, entities: 0, bytes: 0, expected, offset, tick, counts, pause, pause_max }
    }

    /// Writes what a record may change that the shard is about to take. It is no tick.
    pub(super) fn before(&mut self, record: &Record, shard: &Shard) {
        match record.payload {
            Payload::Location { driver, .. } | Payload::Status { driver, .. } => {
                if shard.owns(driver) {
                    self.write_driver(driver, shard);
                }
            }
            Payload::Assigned { trip, driver } => self.write_trip(trip, Some(driver), shard),
            Payload::Requested { trip, .. }
            | Payload::PickedUp { trip }
            | Payload::Completed { trip }
            | Payload::Cancelled { trip } => self.write_trip(trip, None, shard),
            // Roads and profiles are the collective's.
            Payload::Closed(_) | Payload::Reopened(_) | Payload::ProfileAdopted { .. } => {}
            Payload::Tick { .. } => debug_assert!(false, "at a tick everything is written"),
        }
    }

    /// All that a driver's own records change: his trips follow him.
    fn write_driver(&mut self, driver: DriverId, shard: &Shard) {
        let number = u64::from(driver.0);
        self.write(Kind::Trace, number, shard);
        self.write(Kind::Driver, number, shard);
        for trip in shard.eta.operator().trips_of(driver) {
            self.write(Kind::Plan, u64::from(trip.0), shard);
        }
    }

    /// All that a record of a trip changes, which may be given to `next`: the trip, and how many trips the drivers have.
    fn write_trip(&mut self, trip: TripId, next: Option<DriverId>, shard: &Shard) {
        let now = shard.trip(trip).and_then(|trip| trip.stage.driver());
        for driver in now.into_iter().chain(next).filter(|&driver| shard.owns(driver)) {
            self.write(Kind::Driver, u64::from(driver.0), shard);
        }
        self.write(Kind::Plan, u64::from(trip.0), shard);
        self.write(Kind::Trip, u64::from(trip.0), shard);
    }

    /// Writes an entity out of turn, unless it is written or was not there at the tick.
    fn write(&mut self, kind: Kind, number: u64, shard: &Shard) {
        let progress = &mut self.kinds[kind as usize];
        if progress.from.is_some_and(|from| number >= from) && progress.ahead.insert(number) {
            self.encode(kind, number, shard);
        }
    }

    /// Writes what comes next, about so many bytes of it. Whether everything is written now.
    pub(super) fn write_slice(&mut self, bytes: usize, shard: &Shard) -> bool {
        let mut written = 0;
        for kind in Kind::ALL {
            while let Some(from) = self.kinds[kind as usize].from {
                if written >= bytes {
                    return false;
                }
                let next = kind.next(shard, from);
                let progress = &mut self.kinds[kind as usize];
                progress.from = next.and_then(|number| number.checked_add(1));
                written += match next {
                    Some(number) if !progress.ahead.remove(&number) => self.encode(kind, number, shard),
                    _ => LOOK_BYTES,
                };
            }
        }
        true
    }

    /// Writes an entity, if there is one; how many bytes that took.
    fn encode(&mut self, kind: Kind, number: u64, shard: &Shard) -> usize {
        let part = &mut self.kinds[kind as usize].part;
        let before = part.bytes.len();
        self.entities += u64::from(part.push(number, |out| kind.encode(shard, number, out)));
        let written = part.bytes.len() - before;
        self.bytes += written as u64;
        if part.bytes.len() >= PART_BYTES {
            let mut next = Part::new(part.kind);
            // Room for one that is a little over, so that none has to move.
            next.bytes.reserve_exact(PART_BYTES + PART_BYTES / 16);
            self.full.push(std::mem::replace(part, next));
        }
        written
    }

    /// About how many bytes are still to be written, if the rest is as what is written.
    pub(super) fn left_bytes(&self) -> usize {
        let each = self.bytes.checked_div(self.entities).map_or(ENTITY_BYTES, |each| each as usize);
        self.expected.saturating_sub(self.entities) as usize * each
    }

    /// The parts that are closed.
    pub(super) fn take_full(&mut self) -> Vec<Part> {
        std::mem::take(&mut self.full)
    }

    /// All parts that were not taken yet. Everything has to be written.
    pub(super) fn finish(&mut self) -> Vec<Part> {
        debug_assert!(self.kinds.iter().all(|progress| progress.from.is_none()), "something is not written");
        let mut parts = self.take_full();
        for Progress { part, .. } in &mut self.kinds {
            let mut last = std::mem::replace(part, Part::new(part.kind));
            last.bytes.shrink_to_fit();
            parts.extend(Some(last).filter(|last| !last.bytes.is_empty()));
        }
        parts
    }

    /// The shard was held up by it for so long.
    pub(super) fn add_pause(&mut self, pause: Span) {
        self.pause = Span::from_micros(self.pause.micros() + pause.micros());
    }

    /// The shard goes on, and with it all that waits for it.
    pub(super) fn end_pause(&mut self) {
        self.pause_max = self.pause_max.max(std::mem::take(&mut self.pause));
    }
}

#[cfg(test)]
#[path = "cut_tests.rs"]
mod tests;
