use std::sync::Arc;

use super::dead_letters::DeadLetters;
use super::subscription::Subscriptions;
use crate::bus::{Fanout, Member};
use crate::effect::Deliverer;
use crate::event::{DeadLetter, DriverId, Offset, Payload, RoadRef, TripId};
use crate::log::Log;
use crate::pipeline::{Output, Tap};
use crate::sequencer::Dictionary;

/// Some outputs, in order, shared by all who read them.
pub type OutputBatch = Arc<[Output]>;

/// A member of a group that reads all outputs.
pub type OutputReader = Member<OutputBatch>;

/// Where the outputs of the pipeline go, all of them in order and through here alone: to the dead letters, to the
/// subscribers of a trip, to groups that read all, and to sinks.
pub(super) struct Outlet {
    pub(super) dead_letters: DeadLetters,
    pub(super) subscriptions: Arc<Subscriptions>,
    pub(super) groups: Fanout<OutputBatch>,
    pub(super) dictionary: Arc<Dictionary>,
    pub(super) log: Arc<dyn Log>,
    /// Delivers to the sinks, if there are any.
    pub(super) deliverer: Option<Arc<Deliverer>>,
}

impl Outlet {
    pub(super) fn into_tap(self) -> Tap {
        Box::new(move |outputs| self.take(outputs))
    }

    fn take(&self, outputs: &[Output]) {
        for output in outputs {
            match output {
                Output::Eta(update) => self.subscriptions.tell(update, &self.dictionary),
                Output::DeadLetter { offset, reason } => {
                    // The record itself says when, as long as the log keeps it.
                    let record = self.log.read(*offset).ok().flatten();
                    let record = record.as_ref().and_then(|batch| batch.records().first());
                    let at = record.map_or(etaflow_road::Timestamp::MIN, |record| record.ingest_time);
                    let detail = record.map_or_else(String::new, |record| self.describe(&record.payload));
                    self.dead_letters.push(DeadLetter { reason: *reason, at, offset: Some(*offset), detail });
                }
            }
        }
        self.groups.publish(outputs.into());
        // A record's outputs come together.
        if let (Some(deliverer), Some(last)) = (&self.deliverer, outputs.last()) {
            deliverer.tell(outputs, Offset(last.offset().0 + 1));
        }
    }

    /// What was not used, in the outside's names.
    fn describe(&self, payload: &Payload) -> String {
        let driver = |driver: DriverId| match self.dictionary.driver_key(driver) {
            Some(key) => format!("driver {key}"),
            None => format!("driver number {}", driver.0),
        };
        let trip = |trip: TripId| match self.dictionary.trip_key(trip) {
            Some(key) => format!("trip {key}"),
            None => format!("trip number {}", trip.0),
        };
        let road = |road: RoadRef| format!("the road from node {} to node {}", road.from_node, road.to_node);
        match *payload {
            Payload::Tick { .. } => "a tick".to_owned(),
            Payload::Location { driver: who, fix } => {
                let at = fix.coord();
                let accuracy = fix.accuracy_m().map_or_else(String::new, |metres| format!(" (accuracy {metres:.1} m)"));
                format!("{} at latitude {:.7}, longitude {:.7}{accuracy}", driver(who), at.lat(), at.lon())
            }
            Payload::Status { driver: who, .. } => driver(who),
            Payload::Assigned { trip: which, driver: who } => format!("{} for {}", driver(who), trip(which)),
            Payload::Requested { trip: which, .. }
            | Payload::PickedUp { trip: which }
            | Payload::Completed { trip: which }
            | Payload::Cancelled { trip: which } => trip(which),
            Payload::Closed(which) | Payload::Reopened(which) => road(which),
            Payload::ProfileAdopted { profile } => format!("profile {profile}"),
        }
    }
}
