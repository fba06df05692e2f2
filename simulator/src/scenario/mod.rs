//! What is run: a [`Scenario`], read from TOML, with the bounds that its run must hold.
//!
//! Text becomes a raw form in which everything may be missing, and that a [`Scenario`] in which nothing is missing or
//! out of range. An unknown key is an error.

mod bound;
mod error;
mod limit;
mod overrides;
mod parts;
mod raw;
#[expect(clippy::module_inception, reason = "the room's one central type")]
mod scenario;
#[cfg(test)]
mod scenario_tests;

pub use bound::{BoundDirection, BoundLimit, BoundMetric};
pub use error::ScenarioError;
pub use overrides::Overrides;
pub(crate) use scenario::LOG_RECORDS;
pub use scenario::{BusPolicy, ClockMode, EngineProcess, EngineSetup, NetworkSource, OutagePlan, Scenario};
