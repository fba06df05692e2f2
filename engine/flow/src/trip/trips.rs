use std::collections::BTreeMap;

use etaflow_road::{Coord, Timestamp};

use super::config::TripsConfig;
use super::stage::{Next, TripEvent, TripStage};
use crate::event::{DriverId, Payload, Reason, Record, TripId};
use crate::stream::{Operator, StateDigest, Tick};

/// A trip under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trip {
    /// Where the rider waits.
    pub pickup: Coord,
    /// Where the rider goes.
    pub dropoff: Coord,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// How far it has come.
    pub stage: TripStage,
}

/// That a trip has come into being or has moved on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TripChange {
    /// Which.
    pub trip: TripId,
    /// As it is now; as it was last, if it has ended.
    pub state: Trip,
    /// What happened; `None` for its request.
    pub event: Option<TripEvent>,
    /// Who was its driver before.
    pub previous: Option<DriverId>,
    /// When it happened.
    pub at: Timestamp,
}

/// What a trip event leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TripOutcome {
    /// The trip has moved on.
    Changed(TripChange),
    /// It cannot.
    Rejected(Reason),
}

/// All trips under way. Takes the trip records of the log; every shard keeps them all, since a trip moves from shard to
/// shard with its driver.
#[derive(Debug)]
pub struct Trips {
    config: TripsConfig,
    /// In the order of request: that is the order in which the sequencer numbers them.
    pub(super) trips: BTreeMap<TripId, Trip>,
}

impl Trips {
    /// None yet.
    pub fn new(config: TripsConfig) -> Self {
        Self { config, trips: BTreeMap::new() }
    }

    /// A trip under way.
    pub fn get(&self, trip: TripId) -> Option<&Trip> {
        self.trips.get(&trip)
    }

    /// How many are under way.
    pub fn len(&self) -> usize {
        self.trips.len()
    }

    /// Whether none is under way.
    pub fn is_empty(&self) -> bool {
        self.trips.is_empty()
    }

    fn request(&mut self, trip: TripId, pickup: Coord, dropoff: Coord, at: Timestamp) -> TripOutcome {
        if self.trips.contains_key(&trip) {
            return TripOutcome::Rejected(Reason::TripExists);
        }
        // The sequencer's bound is on names, and it frees the name of a trip that was said to have ended and could not.
        if self.trips.len() >= self.config.under_way_max {
            return TripOutcome::Rejected(Reason::TooManyTrips);
        }
        let state = Trip { pickup, dropoff, requested_at: at, stage: TripStage::Requested };
        self.trips.insert(trip, state);
        TripOutcome::Changed(TripChange { trip, state, event: None, previous: None, at })
    }

    fn advance(&mut self, trip: TripId, event: TripEvent, at: Timestamp) -> TripOutcome {
        // The sequencer lets none through that was never requested: it has ended.
        let Some(state) = self.trips.get_mut(&trip) else {
            return TripOutcome::Rejected(Reason::IllegalTransition);
        };
        let previous = state.stage.driver();
        match state.stage.on(event) {
            Next::Illegal => return TripOutcome::Rejected(Reason::IllegalTransition),
            Next::Stage(stage) => state.stage = stage,
            Next::End => {
                let state = *state;
                self.trips.remove(&trip);
                return TripOutcome::Changed(TripChange { trip, state, event: Some(event), previous, at });
            }
        }
        TripOutcome::Changed(TripChange { trip, state: *state, event: Some(event), previous, at })
    }
}

impl Operator for Trips {
    type In = Record;
    type Out = TripOutcome;

    fn on_event(&mut self, record: &Record, out: &mut Vec<TripOutcome>) {
        let at = record.time;
        out.push(match record.payload {
            Payload::Requested { trip, pickup, dropoff } => self.request(trip, pickup, dropoff, at),
            Payload::Assigned { trip, driver } => self.advance(trip, TripEvent::Assigned { driver }, at),
            Payload::PickedUp { trip } => self.advance(trip, TripEvent::PickedUp, at),
            Payload::Completed { trip } => self.advance(trip, TripEvent::Completed, at),
            Payload::Cancelled { trip } => self.advance(trip, TripEvent::Cancelled, at),
            Payload::Tick { .. }
            | Payload::Location { .. }
            | Payload::Status { .. }
            | Payload::Closed(_)
            | Payload::Reopened(_)
            | Payload::ProfileAdopted { .. } => return,
        });
    }

    fn on_tick(&mut self, tick: &Tick, out: &mut Vec<TripOutcome>) {
        while let Some((&oldest, trip)) = self.trips.first_key_value()
            && tick.time.since(trip.requested_at) > self.config.abandoned_after
        {
            out.push(self.advance(oldest, TripEvent::Abandoned, tick.time));
        }
    }

    fn digest(&self, into: &mut StateDigest) {
        into.entities(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Offset;

    fn trips_after(events: &[Payload]) -> (Trips, Vec<TripOutcome>) {
        let mut trips = Trips::new(TripsConfig::default());
        let mut out = Vec::new();
        for (offset, &payload) in events.iter().enumerate() {
            let time = Timestamp::from_secs(offset as i64);
            let offset = Offset(offset as u64);
            let (source, id) = (crate::event::SourceId(0), offset.0);
            trips.on_event(&Record { offset, time, ingest_time: time, waited_us: 0, source, id, payload }, &mut out);
        }
        (trips, out)
    }

    const TRIP: TripId = TripId(7);
    const DRIVER: DriverId = DriverId(3);

    fn requested() -> Payload {
        Payload::Requested { trip: TRIP, pickup: Coord::default(), dropoff: Coord::default() }
    }

    #[test]
    fn a_trip_goes_from_request_to_arrival_and_is_forgotten() {
        let assigned = Payload::Assigned { trip: TRIP, driver: DRIVER };
        let (trips, out) =
            trips_after(&[requested(), assigned, Payload::PickedUp { trip: TRIP }, Payload::Completed { trip: TRIP }]);
        assert!(trips.is_empty());
        assert!(out.iter().all(|outcome| matches!(outcome, TripOutcome::Changed(_))));
        let Some(TripOutcome::Changed(last)) = out.last() else { panic!("no outcome") };
        assert_eq!((last.previous, last.event), (Some(DRIVER), Some(TripEvent::Completed)));
    }

    #[test]
    fn what_cannot_follow_is_rejected_and_changes_nothing() {
        let illegal = [
            (vec![requested()], requested(), Reason::TripExists),
            (vec![requested()], Payload::PickedUp { trip: TRIP }, Reason::IllegalTransition),
            (vec![requested()], Payload::Completed { trip: TRIP }, Reason::IllegalTransition),
            (vec![], Payload::Completed { trip: TRIP }, Reason::IllegalTransition),
            (
                vec![requested(), Payload::Cancelled { trip: TRIP }],
                Payload::Cancelled { trip: TRIP },
                Reason::IllegalTransition,
            ),
        ];
        for (before, event, reason) in illegal {
            let (untouched, _) = trips_after(&before);
            let (trips, out) = trips_after(&[before, vec![event]].concat());
            assert_eq!(out.last(), Some(&TripOutcome::Rejected(reason)));
            assert_eq!(trips.get(TRIP), untouched.get(TRIP));
        }
    }

    #[test]
    fn no_more_are_under_way_than_may_be() {
        let mut trips = Trips::new(TripsConfig { under_way_max: 2, ..TripsConfig::default() });
        let place = Coord::default();
        let mut request = |nth| trips.request(TripId(nth), place, place, Timestamp::MIN);
        assert!((0..2).all(|nth| matches!(request(nth), TripOutcome::Changed(_))));
        assert_eq!(request(2), TripOutcome::Rejected(Reason::TooManyTrips));
        trips.advance(TripId(0), TripEvent::Cancelled, Timestamp::MIN);
        assert!(matches!(trips.request(TripId(3), place, place, Timestamp::MIN), TripOutcome::Changed(_)));
    }

    #[test]
    fn a_trip_without_an_end_is_given_up() {
        let (mut trips, _) = trips_after(&[requested()]);
        let tick = |time| Tick { number: 0, time: Timestamp::from_secs(time), watermark: Timestamp::MIN };
        let mut out = Vec::new();
        trips.on_tick(&tick(86_400), &mut out);
        assert!(out.is_empty());
        trips.on_tick(&tick(86_401), &mut out);
        assert_eq!((out.len(), trips.len()), (1, 0));
    }

    #[test]
    fn trips_are_given_up_in_the_order_of_their_requests() {
        let place = Coord::default();
        let requested = |nth| Payload::Requested { trip: TripId(nth), pickup: place, dropoff: place };
        let (mut trips, _) = trips_after(&[requested(0), requested(1), requested(2)]);
        let mut out = Vec::new();
        let time = Timestamp::from_secs(86_402);
        trips.on_tick(&Tick { number: 0, time, watermark: Timestamp::MIN }, &mut out);
        let given_up = |outcome: &TripOutcome| match outcome {
            TripOutcome::Changed(change) => change.trip.0,
            TripOutcome::Rejected(reason) => panic!("{reason:?}"),
        };
        assert_eq!((out.iter().map(given_up).collect::<Vec<_>>(), trips.len()), (vec![0, 1], 1));
    }
}
