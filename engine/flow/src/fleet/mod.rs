//! The fleet: who is at work, where, and who can take a trip.

mod drivers;

pub use drivers::{DriverEvent, Fleet, FleetChange, FleetConfig, FleetConfigError};
