use std::sync::Arc;

use etaflow_road::{Span, Timestamp};
use rustc_hash::FxHashMap;

use super::config::SequencerConfig;
use super::dictionary::Dictionary;
use super::seen::{OpaqueIds, Seen, SequenceWindow};
use super::trips::Trips;
use crate::event::{DriverId, Entries, Event, EventId, Key, Note, Noted, Offset, Payload, Reason, Record, SourceId};
use crate::profile::Profiles;

/// So many trips are forgotten at one tick at most, and the others at the next ones: it bounds what comes with a record.
const FORGOTTEN_MAX: usize = 16_384;

/// Puts events into the one order.
///
/// # In which order an event is judged
/// 1. Came before (`source` and `id`): [`Admission::Duplicate`], however late the repetition is.
/// 2. A sequence number older than the source's window: `SequenceTooOld`.
/// 3. Its time against `now`: `Late`, `Future`.
/// 4. Its source: `Malformed` (a key that [`Key::new`] would not make), `TooManySources`.
/// 5. What it names: `UnknownTrip`, `TripExists`, `UnknownDriver`, `Malformed`, `TooManyTrips`, `TooManyDrivers`,
///    `UnknownProfile`.
///
/// A dead letter leaves nothing behind: its id is not remembered and its names are not taken in. Sent again it is
/// judged again, by what is known then, and is another dead letter or is accepted.
///
/// # Notes
/// With a record come the [`Note`]s of what was new: its source's number, then the number of what it names, then its
/// opaque id; with a tick the trips that are forgotten, 16,384 at most. Records and notes are all that there is to
/// know: see [`absorb`](Self::absorb).
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
    pub(super) config: SequencerConfig,
    /// What can be adopted.
    pub(super) profiles: Option<Profiles>,
    pub(super) dictionary: Arc<Dictionary>,
    /// The sequencer's own copy of the dictionary: it is read for every event, without a lock.
    pub(super) drivers: FxHashMap<Key, DriverId>,
    pub(super) sources: FxHashMap<Key, SourceId>,
    pub(super) trips: Trips,
    pub(super) windows: Vec<SequenceWindow>,
    pub(super) opaque: OpaqueIds,
    pub(super) next_offset: Offset,
    pub(super) next_tick: u64,
    /// When the last record came in.
    pub(super) clock: Timestamp,
    /// The time of the newest event, none later than its arrival.
    pub(super) newest: Timestamp,
    pub(super) watermark: Timestamp,
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
pub(super) type Rejection = (Reason, String);

impl Sequencer {
    /// A sequencer at offset 0.
    ///
    /// `dictionary` is its own from here on: what it had is cleared. A setting beyond its bounds counts as the
    /// bound; [`SequencerConfig::validate`] tells of it.
    pub fn new(config: SequencerConfig, dictionary: Arc<Dictionary>) -> Self {
        let config = config.bounded();
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
            profiles: None,
            config,
        }
    }

    /// With the speed profiles that can be adopted: an event that names another is a dead letter, so that who follows the
    /// log finds all that it names. Without any, every such event is.
    #[must_use]
    pub fn with_profiles(self, profiles: Profiles) -> Self {
        Self { profiles: Some(profiles), ..self }
    }

    /// Judges an event that has arrived, and appends its record and notes to `out` if it is accepted.
    ///
    /// `now` is the engine's clock; an earlier time than that of the last record counts as that one.
    pub fn admit(&mut self, event: &Event, now: Timestamp, out: &mut Entries) -> Admission {
        let now = self.clock.max(now);
        let known = self.sources.get(&event.source).copied();
        match known.map_or(Seen::New, |source| self.seen(source, &event.id)) {
            Seen::New => {}
            Seen::Before => return Admission::Duplicate,
            Seen::TooOld => return self.too_old(event, known),
        }
        let first_note = out.notes.len();
        let resolved = self
            .check_time(event.time, now)
            .and_then(|()| if known.is_some() { Ok(()) } else { self.check_new_source(&event.source) })
            .and_then(|()| self.resolve(&event.data, now, &mut out.notes));
        let payload = match resolved {
            Ok(payload) => payload,
            Err((reason, detail)) => return Admission::DeadLettered(reason, detail),
        };
        let source = known.unwrap_or_else(|| {
            let source = self.add_source(&event.source);
            let what = Noted::Source { source, key: event.source.clone() };
            out.notes.insert(first_note, Note { offset: self.next_offset, what });
            source
        });
        let id = self.remember(source, &event.id, &mut out.notes);
        self.clock = now;
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
    /// It never goes back and is never after the tick. A `time` before that of the last record counts as that one.
    pub fn tick(&mut self, time: Timestamp, out: &mut Entries) {
        self.clock = self.clock.max(time);
        let time = self.clock;
        let forgotten = self.trips.expire(time, FORGOTTEN_MAX);
        if !forgotten.is_empty() {
            self.dictionary.retire_trips(&forgotten, self.next_offset);
            let offset = self.next_offset;
            let notes = forgotten.iter().map(|&(trip, _)| Note { offset, what: Noted::TripForgotten { trip } });
            out.notes.extend(notes);
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

    /// Lets go of the names that no record to come has: for one whose log nobody follows with the same dictionary.
    pub fn release(&self) {
        self.dictionary.release(self.next_offset);
    }

    /// The offset of the next record.
    pub fn next_offset(&self) -> Offset {
        self.next_offset
    }

    /// The number of the next tick.
    ///
    /// Ticks are counted, not timed: after an outage the next tick has the next number and the time that it is by then,
    /// and there is none for the time in between, in which nobody could have acted.
    pub fn next_tick(&self) -> u64 {
        self.next_tick
    }

    /// When the last record came in; no record will have an earlier time of arrival, whatever clock comes after a
    /// restart. [`Timestamp::MIN`] before the first.
    pub fn clock(&self) -> Timestamp {
        self.clock
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
    fn remember(&mut self, source: SourceId, id: &EventId, notes: &mut Vec<Note>) -> u64 {
        match id {
            EventId::Sequence(number) => {
                self.windows[source.index()].insert(*number);
                *number
            }
            EventId::Opaque(id) => {
                let fingerprint = OpaqueIds::fingerprint(source, id);
                self.opaque.insert(fingerprint);
                notes.push(Note { offset: self.next_offset, what: Noted::OpaqueId { fingerprint } });
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
}
