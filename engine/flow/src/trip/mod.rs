//! Trips: from the request to the arrival, as a state machine.

mod stage;
mod trips;

pub use stage::{TripEvent, TripStage};
pub use trips::{Trip, TripChange, TripOutcome, Trips, TripsConfig, TripsConfigError};
