use etaflow::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use super::error_stats::{ErrorStats, Outcome};
use super::prediction::Prediction;

/// When a trip really left and arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrueTrip {
    /// Which.
    pub trip_id: u64,
    /// When it left.
    pub departure: Timestamp,
    /// When it arrived; not before it left.
    pub arrival: Timestamp,
    /// Whether it is an ordinary trip: figures are given with and without the others.
    pub ordinary: bool,
}

/// A moment of a trip that is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Checkpoint {
    /// When it leaves.
    #[serde(rename = "departure")]
    Departure,
    /// A quarter of its true duration later.
    #[serde(rename = "25%")]
    Quarter,
    /// Half way, in time.
    #[serde(rename = "50%")]
    Half,
    /// Three quarters of its true duration later.
    #[serde(rename = "75%")]
    ThreeQuarters,
}

impl Checkpoint {
    /// All of them, in a trip's order.
    pub const ALL: [Self; 4] = [Self::Departure, Self::Quarter, Self::Half, Self::ThreeQuarters];

    /// Its name in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Departure => "departure",
            Self::Quarter => "25%",
            Self::Half => "50%",
            Self::ThreeQuarters => "75%",
        }
    }

    /// When that is in `trip`, rounded down to the microsecond.
    pub fn moment(self, trip: &TrueTrip) -> Timestamp {
        let quarters = match self {
            Self::Departure => 0,
            Self::Quarter => 1,
            Self::Half => 2,
            Self::ThreeQuarters => 3,
        };
        let duration_us = i128::from(trip.arrival.since(trip.departure).micros());
        trip.departure + Span::from_micros((duration_us * quarters / 4) as i64)
    }
}

/// The errors at one moment of the trips.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckpointScore {
    /// The moment.
    pub at: Checkpoint,
    /// Trips of which nothing had been predicted by then; they are in no other figure.
    pub missing: u64,
    /// The errors of the others.
    #[serde(flatten)]
    pub stats: ErrorStats,
}

/// How good the predictions were at set moments of the trips.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// How many trips there are.
    pub trips: u64,
    /// How many of them are not ordinary.
    pub trips_peculiar: u64,
    /// Predictions about trips that do not exist.
    pub predictions_foreign: u64,
    /// Of every trip.
    pub all: Vec<CheckpointScore>,
    /// Of ordinary trips.
    pub ordinary: Vec<CheckpointScore>,
}

/// Holds `predictions` against what happened.
///
/// At each moment the last prediction made at or before it counts; of several made at the same time, the one that
/// comes last in `predictions`.
pub fn score(trips: &[TrueTrip], predictions: &[Prediction]) -> Score {
    let mut sorted: Vec<&Prediction> = predictions.iter().collect();
    sorted.sort_by_key(|prediction| (prediction.trip_id, prediction.predicted_at));
    let mut trip_ids: Vec<u64> = trips.iter().map(|trip| trip.trip_id).collect();
    trip_ids.sort_unstable();
    let foreign = predictions.iter().filter(|prediction| trip_ids.binary_search(&prediction.trip_id).is_err());
    let ordinary: Vec<TrueTrip> = trips.iter().filter(|trip| trip.ordinary).copied().collect();
    Score {
        trips: trips.len() as u64,
        trips_peculiar: (trips.len() - ordinary.len()) as u64,
        predictions_foreign: foreign.count() as u64,
        all: Checkpoint::ALL.map(|at| score_at(at, trips, &sorted)).into(),
        ordinary: Checkpoint::ALL.map(|at| score_at(at, &ordinary, &sorted)).into(),
    }
}

/// `predictions` in the order of trip and time.
fn score_at(at: Checkpoint, trips: &[TrueTrip], predictions: &[&Prediction]) -> CheckpointScore {
    let mut outcomes = Vec::with_capacity(trips.len());
    for trip in trips {
        let moment = at.moment(trip);
        let after = predictions
            .partition_point(|prediction| (prediction.trip_id, prediction.predicted_at) <= (trip.trip_id, moment));
        let newest = after.checked_sub(1).map(|last| predictions[last]);
        if let Some(prediction) = newest.filter(|prediction| prediction.trip_id == trip.trip_id) {
            outcomes.push(Outcome::new(prediction, moment, trip.arrival));
        }
    }
    CheckpointScore { at, missing: (trips.len() - outcomes.len()) as u64, stats: ErrorStats::of(&outcomes) }
}

#[cfg(test)]
#[path = "checkpoint_tests.rs"]
mod tests;
