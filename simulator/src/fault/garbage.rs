use std::collections::VecDeque;

use etaflow::{Event, EventData, EventId, GpsFix, Key};
use etaflow_road::{Span, Timestamp};

use super::delivery::Offered;
use crate::dice::Dice;

/// How far out of time an event is that is out of time.
const FAR: Span = Span::from_secs(86_400);
/// How many completed trips are remembered, to complete one of them again.
const COMPLETED_MAX: usize = 16;
/// Trips of this key and above are no world's.
const NOBODYS_TRIP: u64 = 1 << 48;

/// A way of making no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GarbageKind {
    /// JSON that ends in the middle, or is none.
    Undecodable,
    /// An event of a type that nobody knows.
    UnknownType,
    /// A fix of yesterday.
    FarPast,
    /// A fix of tomorrow.
    FarFuture,
    /// The completion of a trip that nobody asked for.
    UnknownTrip,
    /// The completion of a trip that is completed.
    SecondCompletion,
}

impl GarbageKind {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::Undecodable,
        Self::UnknownType,
        Self::FarPast,
        Self::FarFuture,
        Self::UnknownTrip,
        Self::SecondCompletion,
    ];

    /// What it is, for reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Undecodable => "broken JSON",
            Self::UnknownType => "of a type that nobody knows",
            Self::FarPast => "a fix of yesterday",
            Self::FarFuture => "a fix of tomorrow",
            Self::UnknownTrip => "the completion of a trip that nobody asked for",
            Self::SecondCompletion => "the completion of a trip that is completed",
        }
    }
}

/// Makes events that make no sense, from a source of its own.
#[derive(Debug)]
pub(super) struct GarbageMaker {
    source: u64,
    next: u64,
    completed: VecDeque<Key>,
}

impl GarbageMaker {
    pub(super) fn new(source: u64) -> Self {
        Self { source, next: 0, completed: VecDeque::with_capacity(COMPLETED_MAX) }
    }

    /// A trip has been completed.
    pub(super) fn on_completed(&mut self, trip: &Key) {
        if self.completed.len() == COMPLETED_MAX {
            self.completed.pop_front();
        }
        self.completed.push_back(trip.clone());
    }

    /// Some garbage that comes at `now`, about the driver of a fix.
    pub(super) fn make(
        &mut self,
        driver: &Key,
        fix: GpsFix,
        now: Timestamp,
        dice: &mut Dice,
    ) -> (GarbageKind, Offered) {
        let id = self.next;
        self.next += 1;
        let kind = match GarbageKind::ALL[dice.below(GarbageKind::ALL.len())] {
            GarbageKind::SecondCompletion if self.completed.is_empty() => GarbageKind::UnknownTrip,
            kind => kind,
        };
        let event = |time, data| {
            let (source, id) = (Key::Number(self.source), EventId::Sequence(id));
            Offered::Event(Event { source, id, time, due: Some(now), data })
        };
        let location = EventData::LocationUpdated { driver: driver.clone(), fix };
        let offered = match kind {
            GarbageKind::Undecodable => Offered::RawJson(self.undecodable(id)),
            GarbageKind::UnknownType => Offered::RawJson(self.envelope("driver.sang", id).into_bytes()),
            GarbageKind::FarPast => event(now - FAR, location),
            GarbageKind::FarFuture => event(now + FAR, location),
            GarbageKind::UnknownTrip => event(now, EventData::TripCompleted { trip: Key::Number(NOBODYS_TRIP + id) }),
            GarbageKind::SecondCompletion => {
                let trip = self.completed[dice.below(self.completed.len())].clone();
                event(now, EventData::TripCompleted { trip })
            }
        };
        (kind, offered)
    }

    /// Every second one ends in the middle; the others are no JSON at all.
    fn undecodable(&self, id: u64) -> Vec<u8> {
        if id.is_multiple_of(2) {
            let mut bytes = self.envelope("driver.location.updated", id).into_bytes();
            bytes.truncate(bytes.len() / 2);
            bytes
        } else {
            vec![0xFF, 0x00, b'{', id as u8]
        }
    }

    fn envelope(&self, kind: &str, id: u64) -> String {
        format!(
            r#"{{"specversion":"1.0","id":"{id}","source":"{source}","type":"{kind}","time":"2024-03-01T08:00:00Z","data":{{"driver":"1"}}}}"#,
            source = self.source,
        )
    }
}
