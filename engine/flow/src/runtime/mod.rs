//! The runtime: an engine that takes events from publishers and answers questions, until it is shut down.
//!
//! ```text
//! publishers -> bus -> ingest thread (sequencer, ticks) -> log -> shards -> merge -> subscribers, groups
//!                                                                   `-> view
//! ```
//!
//! The edge is async, the engine is not: the sequencer and the shards have threads of their own.

mod config;
mod dead_letters;
mod engine;
#[cfg(test)]
mod engine_tests;
mod ingest;
mod monitor;
mod outlet;
mod subscription;
mod telemetry;

pub use config::{EngineConfig, EngineConfigError, Time};
pub use dead_letters::DeadLetters;
pub use engine::{Accounts, Engine, EngineError, Summary};
pub use outlet::{OutputBatch, OutputReader};
pub use subscription::{EtaStream, SubscribeError};
