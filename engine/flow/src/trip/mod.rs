//! Trips: from the request to the arrival, as a state machine.

mod config;
mod entities;
mod stage;
mod trips;

pub use config::{TripsConfig, TripsConfigError};
pub use stage::{TripEvent, TripStage};
pub use trips::{Trip, TripChange, TripOutcome, Trips};
