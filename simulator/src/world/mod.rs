//! A city with ground truth: traffic, drivers, riders, and phones that say where they are.
//!
//! It knows maps and the engine's public events, and nothing else of the engine. [`World`] says what happens as
//! [`Emission`]s in the order in which they are due; [`Truth`] is for those who judge what the engine makes of them.

mod agenda;
mod config;
mod congestion;
mod demand;
mod emission;
mod incident;
mod phone;
mod planner;
mod signal;
mod streets;
#[cfg(test)]
mod testing;
mod trips;
mod truth;
mod vehicle;
#[expect(clippy::module_inception, reason = "the room's one central type")]
mod world;
#[cfg(test)]
mod world_tests;

pub use config::WorldConfig;
pub use emission::Emission;
pub use truth::{DriverTruth, TripTruth, Truth, WorldCounts};
pub use world::World;
