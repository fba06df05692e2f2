//! The fleet: who is at work, where, and who can take a trip.

mod config;
mod drivers;
mod entities;

pub use config::{FleetConfig, FleetConfigError};
pub use drivers::{DriverEvent, Fleet, FleetChange};
