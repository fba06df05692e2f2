use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use etaflow::{Cause, Delivery, Dictionary, EtaUpdate, Key, Output, OutputReader, Timestamp, TripId};

use crate::score::{EtaSummary, HorizonScore, Prediction};

/// How many batches of outputs may wait for the one who collects them.
pub(super) const CAPACITY: usize = 65_536;

/// Collects what the engine tells of the trips with a rider on board, and scores it when the rider has arrived.
pub(super) struct Forecasts {
    outputs: OutputReader,
    dictionary: Arc<Dictionary>,
    trips: HashMap<TripId, Told>,
    score: HorizonScore,
    /// All predictions, if they are wanted.
    kept: Option<Vec<Prediction>>,
    trips_scored: u64,
    missed: u64,
}

struct Told {
    trip_id: u64,
    departed: Timestamp,
    predictions: Vec<Prediction>,
}

/// What came of it.
pub(super) struct Forecast {
    score: HorizonScore,
    /// What was told of trips that have not arrived.
    open: Vec<Told>,
    /// In the order in which they were told; empty if they were not to be kept.
    pub(super) predictions: Vec<Prediction>,
    /// Trips with an arrival, which are those that are scored.
    pub(super) trips_scored: u64,
    /// Batches of outputs that came faster than they were collected.
    pub(super) missed: u64,
}

impl Forecast {
    /// The trips that have not arrived, and are not scored.
    pub(super) fn open(&self) -> impl Iterator<Item = u64> {
        self.open.iter().map(|told| told.trip_id)
    }

    /// Scores those of the open trips that have arrived since. The score does not depend on their order.
    pub(super) fn settle(&mut self, arrival: impl Fn(u64) -> Option<Timestamp>) {
        let Self { score, open, trips_scored, .. } = self;
        open.retain(|told| {
            let Some(arrival) = arrival(told.trip_id) else { return true };
            told.predictions.iter().for_each(|prediction| score.record(prediction, arrival));
            *trips_scored += 1;
            false
        });
    }

    /// How far off the predictions were.
    pub(super) fn eta(&self) -> EtaSummary {
        self.score.summary()
    }
}

impl Forecasts {
    /// Collects on a thread of its own, until the engine has ended.
    pub(super) fn collect(
        outputs: OutputReader,
        dictionary: Arc<Dictionary>,
        keep: bool,
    ) -> std::io::Result<JoinHandle<Forecast>> {
        let forecasts = Self {
            outputs,
            dictionary,
            trips: HashMap::new(),
            score: HorizonScore::new(),
            kept: keep.then(Vec::new),
            trips_scored: 0,
            missed: 0,
        };
        std::thread::Builder::new().name("forecasts".to_owned()).spawn(move || forecasts.run())
    }

    fn run(mut self) -> Forecast {
        while let Some(delivery) = self.outputs.recv_blocking() {
            match delivery {
                Delivery::Item { item, .. } => item.iter().for_each(|output| self.take(output)),
                Delivery::Gap { missed, .. } => self.missed += missed,
            }
        }
        let Self { score, kept, trips, trips_scored, missed, .. } = self;
        let open = trips.into_values().collect();
        Forecast { score, open, predictions: kept.unwrap_or_default(), trips_scored, missed }
    }

    fn take(&mut self, output: &Output) {
        let Output::Eta(update) = output else { return };
        match update.cause {
            Cause::Requested | Cause::Assigned => {}
            Cause::Completed => {
                if let Some(told) = self.trips.remove(&update.trip) {
                    self.trips_scored += 1;
                    told.predictions.iter().for_each(|prediction| self.score.record(prediction, update.as_of));
                }
            }
            Cause::Cancelled => {
                self.trips.remove(&update.trip);
            }
            Cause::PickedUp => {
                if let Some(Key::Number(trip_id)) = self.dictionary.trip_key(update.trip) {
                    let told = Told { trip_id, departed: update.as_of, predictions: Vec::new() };
                    self.trips.insert(update.trip, told);
                }
                self.note(update);
            }
            Cause::Progress | Cause::Traffic | Cause::Rerouted => self.note(update),
        }
    }

    fn note(&mut self, update: &EtaUpdate) {
        // A trip whose rider is not on board yet is none of these.
        let (Some(told), Some(arrival)) = (self.trips.get_mut(&update.trip), update.arrival) else { return };
        let prediction = Prediction {
            trip_id: told.trip_id,
            predicted_at: update.as_of,
            elapsed: update.as_of.since(told.departed),
            arrival_p10: arrival.p10,
            arrival_p50: arrival.p50,
            arrival_p90: arrival.p90,
            cause: Cow::Borrowed(update.cause.name()),
        };
        if let Some(kept) = &mut self.kept {
            kept.push(prediction.clone());
        }
        told.predictions.push(prediction);
    }
}
