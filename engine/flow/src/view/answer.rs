use etaflow_road::{Metres, Seconds, Span, Timestamp};

use crate::eta::{Arrival, Cause};
use crate::event::{Key, Offset};

/// An answer, and what it rests on.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer<T> {
    /// The answer.
    pub value: T,
    /// The time of the last tick that is in it.
    pub as_of: Timestamp,
    /// The traffic epoch: the number of the tick up to which road speeds are in it.
    pub epoch: u64,
    /// Whether the engine is up to date.
    pub state: EngineState,
    /// Every record before this offset is in it.
    pub offset: Offset,
    /// How far that is behind the newest record, in time ([`Lag::behind`](crate::Lag::behind), as it was measured last);
    /// unknown before the first record was taken.
    pub age: Option<Span>,
}

impl<T> Answer<T> {
    /// Another answer that rests on the same.
    pub fn map<U>(self, answer: impl FnOnce(T) -> U) -> Answer<U> {
        let Self { value, as_of, epoch, state, offset, age } = self;
        Answer { value: answer(value), as_of, epoch, state, offset, age }
    }
}

/// Whether an engine is up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EngineState {
    /// It restores what it knew, and follows nothing yet.
    Recovering,
    /// It is behind the log by more than is allowed.
    CatchingUp,
    /// It is up to date.
    Live,
}

impl EngineState {
    /// Its name in files and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Recovering => "recovering",
            Self::CatchingUp => "catching_up",
            Self::Live => "live",
        }
    }
}

/// What is known of a trip.
#[derive(Debug, Clone, PartialEq)]
pub struct TripEta {
    /// Which.
    pub trip: Key,
    /// Who drives it, once that is known.
    pub driver: Option<Key>,
    /// When the driver will be at the pickup, as long as he is on his way there.
    pub pickup_at: Option<Timestamp>,
    /// When the rider will be at the dropoff; `None` if no way leads there.
    pub arrival: Option<Arrival>,
    /// Why it was told last.
    pub cause: Cause,
    /// The moment, in event time, of which it speaks.
    pub as_of: Timestamp,
    /// When the driver was last seen.
    pub fix_at: Option<Timestamp>,
    /// How sure it was then which way along the street the driver headed: 0.5 (either way is as likely, as at a trip's
    /// start before he has moved) to 1.
    pub direction_confidence: Option<f32>,
}

/// A driver who can take a trip.
#[derive(Debug, Clone, PartialEq)]
pub struct Nearby {
    /// Who.
    pub driver: Key,
    /// How long he takes to come.
    pub travel: Seconds,
    /// When he was last seen. If that is some seconds ago, he is taken to have gone on along the only way on.
    pub seen_at: Timestamp,
    /// How likely it is that he heads the way along the street from which `travel` counts, and not the other: 0.5 (he
    /// has not moved yet) to 1.
    pub direction_confidence: f32,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The place is too far from any road.
    #[error("no road within {radius} of latitude {lat}, longitude {lon}")]
    NoRoad {
        /// Of the place, in degrees.
        lat: f64,
        /// Of the place, in degrees.
        lon: f64,
        /// How far was looked.
        radius: Metres,
    },
    /// More was asked for than is given at once.
    #[error("{asked} drivers were asked for, at most {max}")]
    TooMany {
        /// How many.
        asked: usize,
        /// How many may be.
        max: usize,
    },
}
