use std::sync::Arc;

use etaflow_road::{Span, Timestamp};
use rustc_hash::FxHashMap;

use super::config::{SequencerConfig, WINDOW_MAX};
use super::dictionary::Dictionary;
use super::seen::{OpaqueIds, Seen, SequenceWindow};
use super::trips::Trips;
use crate::event::{
    DriverId, Entries, Event, EventData, EventId, Key, Offset, Payload, Reason, Record, SourceId, TripId,
};

/// Puts events into the one order.
///
/// # In which order an event is judged
/// 1. Came before (`source` and `id`): [`Admission::Duplicate`], however late the repetition is.
/// 2. A sequence number older than the source's window: `SequenceTooOld`.
/// 3. Its time against `now`: `Late`, `Future`.
/// 4. Its source: `Malformed` (a key that [`Key::new`] would not make), `TooManySources`.
/// 5. What it names: `UnknownTrip`, `TripExists`, `UnknownDriver`, `Malformed`, `TooManyTrips`, `TooManyDrivers`.
///
/// A dead letter leaves nothing behind: its id is not remembered and its names are not taken in. Sent again it is
/// judged again, by what is known then, and is another dead letter or is accepted.
///
/// ```
/// # use std::sync::Arc;
/// # use etaflow::*;
/// let mut sequencer = Sequencer::new(SequencerConfig::default(), Arc::new(Dictionary::new()));
/// let now = Timestamp::from_secs(1_000);
/// let event = Event {
///     source: Key::new("app")?,
///     id: EventId::Sequence(1),
///     time: now,
///     due: None,
///     data: EventData::StatusChanged { driver: Key::Number(7), status: DriverStatus::Available },
/// };
/// let mut log = Entries::default();
/// assert_eq!(sequencer.admit(&event, now, &mut log), Admission::Accepted(Offset(0)));
/// assert_eq!(sequencer.admit(&event, now, &mut log), Admission::Duplicate);
/// sequencer.tick(now, &mut log);
/// assert_eq!(log.records.len(), 2);
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Debug)]
pub struct Sequencer {
    config: SequencerConfig,
    dictionary: Arc<Dictionary>,
    /// The sequencer's own copy of the dictionary: it is read for every event, without a lock.
    drivers: FxHashMap<Key, DriverId>,
    sources: FxHashMap<Key, SourceId>,
    trips: Trips,
    windows: Vec<SequenceWindow>,
    opaque: OpaqueIds,
    next_offset: Offset,
    next_tick: u64,
    /// The latest time that was given.
    clock: Timestamp,
    /// The time of the newest event, none later than its arrival.
    newest: Timestamp,
    watermark: Timestamp,
}

/// What became of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admission {
    /// It is in the log, at that offset.
    Accepted(Offset),
    /// It came before, and counted then.
    Duplicate,
    /// It is not used; the text names the thing, its value and the bound.
    DeadLettered(Reason, String),
}

/// Why an event is not used.
type Rejection = (Reason, String);

impl Sequencer {
    /// A sequencer at offset 0.
    ///
    /// `dictionary` is its own from here on: what it had is cleared. A setting beyond its bounds counts as the
    /// bound; [`SequencerConfig::validate`] tells of it.
    pub fn new(mut config: SequencerConfig, dictionary: Arc<Dictionary>) -> Self {
        // Numbers are u32, and the highest source stands for ticks.
        config.drivers_max = config.drivers_max.min(u32::MAX as usize);
        config.sources_max = config.sources_max.min(u32::MAX as usize);
        config.sequence_window = (config.sequence_window.clamp(64, WINDOW_MAX) / 64) * 64;
        config.opaque_ids_max = config.opaque_ids_max.max(1);
        dictionary.clear();
        Self {
            dictionary,
            drivers: FxHashMap::default(),
            sources: FxHashMap::default(),
            trips: Trips::new(config.trip_retention.max(Span::ZERO), config.trip_lifetime_max.max(Span::ZERO)),
            windows: Vec::new(),
            opaque: OpaqueIds::new(config.opaque_ids_max),
            next_offset: Offset(0),
            next_tick: 0,
            clock: Timestamp::MIN,
            newest: Timestamp::MIN,
            watermark: Timestamp::MIN,
            config,
        }
    }

    /// Judges an event that has arrived, and appends its record to `out` if it is accepted.
    ///
    /// `now` is the engine's clock; an earlier time than one that was given before counts as that one.
    pub fn admit(&mut self, event: &Event, now: Timestamp, out: &mut Entries) -> Admission {
        self.clock = self.clock.max(now);
        let now = self.clock;
        let known = self.sources.get(&event.source).copied();
        match known.map_or(Seen::New, |source| self.seen(source, &event.id)) {
            Seen::New => {}
            Seen::Before => return Admission::Duplicate,
            Seen::TooOld => return self.too_old(event, known),
        }
        let resolved = self
            .check_time(event.time, now)
            .and_then(|()| if known.is_some() { Ok(()) } else { self.check_new_source(&event.source) })
            .and_then(|()| self.resolve(&event.data, now));
        let payload = match resolved {
            Ok(payload) => payload,
            Err((reason, detail)) => return Admission::DeadLettered(reason, detail),
        };
        let source = known.unwrap_or_else(|| self.add_source(&event.source));
        let id = self.remember(source, &event.id);
        self.newest = self.newest.max(event.time.min(now));
        let waited = event.due.map_or(0, |due| now.since(due).micros().clamp(0, i64::from(u32::MAX)) as u32);
        let offset = self.take_offset();
        out.records.push(Record { offset, time: event.time, ingest_time: now, waited_us: waited, source, id, payload });
        Admission::Accepted(offset)
    }

    /// Appends a tick to `out`, and forgets the trips whose time is over.
    ///
    /// Its watermark is the time of the newest event less
    /// [`watermark_delay`](SequencerConfig::watermark_delay). An event from the future counts as of its arrival, so
    /// that one fast clock does not make everybody else late. When no events come the watermark follows at
    /// [`lateness_max`](SequencerConfig::lateness_max) behind the tick, as nothing earlier would be accepted any more.
    /// It never goes back and is never after the tick. A `time` before the last counts as that one.
    pub fn tick(&mut self, time: Timestamp, out: &mut Entries) {
        self.clock = self.clock.max(time);
        let time = self.clock;
        let forgotten = self.trips.expire(time);
        if !forgotten.is_empty() {
            self.dictionary.retire_trips(&forgotten, self.next_offset);
        }
        let reached = (self.newest - self.config.watermark_delay).max(time - self.config.lateness_max);
        self.watermark = self.watermark.max(reached.min(time));
        let (offset, watermark) = (self.take_offset(), self.watermark);
        out.records.push(Record {
            offset,
            time,
            ingest_time: time,
            waited_us: 0,
            source: Record::TICKER,
            id: self.next_tick,
            payload: Payload::Tick { watermark },
        });
        self.next_tick += 1;
    }

    /// The offset of the next record.
    pub fn next_offset(&self) -> Offset {
        self.next_offset
    }

    fn take_offset(&mut self) -> Offset {
        let offset = self.next_offset;
        self.next_offset = Offset(offset.0 + 1);
        offset
    }

    fn seen(&self, source: SourceId, id: &EventId) -> Seen {
        match id {
            EventId::Sequence(number) => self.windows[source.index()].check(*number),
            EventId::Opaque(id) => self.opaque.check(OpaqueIds::fingerprint(source, id)),
        }
    }

    /// Remembers an id, and says what the record keeps of it.
    fn remember(&mut self, source: SourceId, id: &EventId) -> u64 {
        match id {
            EventId::Sequence(number) => {
                self.windows[source.index()].insert(*number);
                *number
            }
            EventId::Opaque(id) => {
                self.opaque.insert(OpaqueIds::fingerprint(source, id));
                OpaqueIds::record_id(id)
            }
        }
    }

    #[cold]
    fn too_old(&self, event: &Event, source: Option<SourceId>) -> Admission {
        let floor = source.map_or(0, |source| self.windows[source.index()].floor());
        let detail = match event.id {
            EventId::Sequence(number) => {
                format!("sequence number {number} of source {}, remembered from {floor}", event.source)
            }
            EventId::Opaque(ref id) => format!("id {id} of source {}", event.source),
        };
        Admission::DeadLettered(Reason::SequenceTooOld, detail)
    }

    fn check_time(&self, time: Timestamp, now: Timestamp) -> Result<(), Rejection> {
        let late = now.since(time);
        let (lateness_max, future_max) = (self.config.lateness_max, self.config.future_max);
        if late > lateness_max {
            let detail = format!("{} s late, at most {} s", late.secs_f64(), lateness_max.secs_f64());
            return Err((Reason::Late, detail));
        }
        let ahead = time.since(now);
        if ahead > future_max {
            let detail = format!("{} s in the future, at most {} s", ahead.secs_f64(), future_max.secs_f64());
            return Err((Reason::Future, detail));
        }
        Ok(())
    }

    /// Turns names into numbers. Takes in a new name as its very last step, so that a rejection leaves nothing.
    fn resolve(&mut self, data: &EventData, now: Timestamp) -> Result<Payload, Rejection> {
        Ok(match *data {
            EventData::LocationUpdated { ref driver, fix } => {
                Payload::Location { driver: self.driver_or_new(driver)?, fix }
            }
            EventData::StatusChanged { ref driver, status } => {
                Payload::Status { driver: self.driver_or_new(driver)?, status }
            }
            EventData::TripRequested { ref trip, pickup, dropoff } => {
                Payload::Requested { trip: self.new_trip(trip, now)?, pickup, dropoff }
            }
            EventData::TripAssigned { ref trip, ref driver } => {
                let trip = self.trip(trip)?;
                let known = self.drivers.get(driver).copied();
                let driver = known.ok_or_else(|| (Reason::UnknownDriver, format!("driver {driver} is unknown")))?;
                Payload::Assigned { trip, driver }
            }
            EventData::TripPickedUp { ref trip } => Payload::PickedUp { trip: self.trip(trip)? },
            EventData::TripCompleted { ref trip } => Payload::Completed { trip: self.end_trip(trip, now)? },
            EventData::TripCancelled { ref trip } => Payload::Cancelled { trip: self.end_trip(trip, now)? },
            EventData::RoadClosed(road) => Payload::Closed(road),
            EventData::RoadReopened(road) => Payload::Reopened(road),
        })
    }

    fn trip(&self, key: &Key) -> Result<TripId, Rejection> {
        self.trips.get(key).ok_or_else(|| (Reason::UnknownTrip, format!("trip {key} is unknown")))
    }

    fn end_trip(&mut self, key: &Key, now: Timestamp) -> Result<TripId, Rejection> {
        let trip = self.trip(key)?;
        self.trips.end(key, now);
        Ok(trip)
    }

    fn new_trip(&mut self, key: &Key, now: Timestamp) -> Result<TripId, Rejection> {
        if self.trips.get(key).is_some() {
            return Err((Reason::TripExists, format!("trip {key} exists")));
        }
        check_key("trip", key)?;
        let max = self.config.trips_max;
        let full = || (Reason::TooManyTrips, format!("trip {key} is one more than the {max} that can be known"));
        if self.trips.len() >= max {
            return Err(full());
        }
        let trip = self.trips.add(key, now).ok_or_else(full)?;
        self.dictionary.add_trip(key, trip);
        Ok(trip)
    }

    fn driver_or_new(&mut self, key: &Key) -> Result<DriverId, Rejection> {
        if let Some(&driver) = self.drivers.get(key) {
            return Ok(driver);
        }
        check_key("driver", key)?;
        let max = self.config.drivers_max;
        if self.drivers.len() >= max {
            return Err((Reason::TooManyDrivers, format!("driver {key} is one more than the {max} that can be known")));
        }
        let driver = DriverId(self.drivers.len() as u32);
        self.drivers.insert(key.clone(), driver);
        self.dictionary.add_driver(key, driver);
        Ok(driver)
    }

    fn check_new_source(&self, key: &Key) -> Result<(), Rejection> {
        check_key("source", key)?;
        let max = self.config.sources_max;
        if self.sources.len() >= max {
            return Err((Reason::TooManySources, format!("source {key} is one more than the {max} that can be known")));
        }
        Ok(())
    }

    fn add_source(&mut self, key: &Key) -> SourceId {
        let source = SourceId(self.sources.len() as u32);
        self.sources.insert(key.clone(), source);
        self.windows.push(SequenceWindow::new(self.config.sequence_window));
        self.dictionary.add_source(key, source);
        source
    }
}

/// Whether a new key is one that [`Key::new`] makes: the variants are public, so that anything can be in one.
fn check_key(what: &str, key: &Key) -> Result<(), Rejection> {
    let Key::Text(text) = key else { return Ok(()) };
    match Key::new(text) {
        Ok(Key::Text(_)) => Ok(()),
        Ok(Key::Number(number)) => Err((Reason::Malformed, format!("{what} key {number} is a number held as text"))),
        Err(error) => Err((Reason::Malformed, format!("{what}: {error}"))),
    }
}
