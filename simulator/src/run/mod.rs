//! Runs: a scenario, or a real morning, through the engine, and what came of it as a report.
//!
//! A run is open loop. What the world says is due when it is due, whether or not the engine keeps up, and latency is
//! counted from then.

mod apart;
mod eval;
mod failure;
mod forecasts;
mod interrupt;
mod latency;
mod network;
mod offer;
mod outages;
mod pace;
mod replay;
mod report;
mod samples;
mod scenario;
mod start;

pub use failure::Failure;
pub use start::start;
