//! The runtime: an engine that takes events from publishers and answers questions, until it is shut down; and its two
//! halves, which can live by themselves.
//!
//! ```text
//! publishers -> bus -> ingest thread (sequencer, ticks) -> log -> shards -> merge -> subscribers, groups, sinks
//!     ^--- acknowledged when durable ---------------------'|       |`-> view
//!                                                          |       `-> snapshots, when durable
//!            in another process: files -> tail thread -> log in memory
//! ```
//!
//! [`Writer`] is what is left of the log, [`Follower`] what is right of it, and [`Engine`] both; a log in memory has no
//! files. Who follows first recovers, on a thread of its own: the newest snapshot that is of use, then the names that are
//! known where it was cut (a state of the sequencer, and the notes after it), then the log from there on.
//!
//! The edge is async, the engine is not: the sequencer and the shards have threads of their own.

mod accounts;
mod acknowledge;
mod begun;
mod company;
mod config;
mod dead_letters;
mod engine;
#[cfg(test)]
mod engine_tests;
mod failure;
mod follower;
mod following;
mod ground;
mod ingest;
mod keeper;
mod monitor;
mod outlet;
mod past;
mod recover;
mod recovery;
mod restore;
mod shared;
mod subscription;
mod tail;
mod telemetry;
mod usable;
mod whole;
mod writer;
mod writing;

use std::thread::JoinHandle;

pub use accounts::{Accounts, Summary, WriterSummary};
pub use company::Company;
pub use config::{EngineConfig, EngineConfigError, FollowerConfig, SnapshotConfig, Time, WriterConfig};
pub use dead_letters::DeadLetters;
pub use engine::Engine;
pub use failure::EngineError;
pub use follower::Follower;
pub use keeper::{SnapshotReport, WrittenSnapshot};
pub use outlet::{OutputBatch, OutputReader};
pub use past::{DriverPlace, Past, PastError, Promise};
pub use recovery::{Recovery, RestoredSnapshot, Unusable};
pub use restore::names_at;
pub use subscription::{EtaStream, SubscribeError};
pub use writer::Writer;

fn spawn<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    std::thread::Builder::new().name(name.to_owned()).spawn(run).expect("the system has room for a thread")
}
