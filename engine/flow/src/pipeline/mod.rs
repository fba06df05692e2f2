//! The pipeline: the one place that names every operator, in order, and the threads that run it.
//!
//! ```text
//! record -> matching -> traversals -> sums ------------------+
//!             |-> fleet                                      | at each tick
//!             `-> arrival times <- trips                     v
//!                      ^------- epoch (travel times, spreads) from all shards' sums
//! ```
//!
//! A [`Shard`] runs the operators for the drivers whose number falls to it. What all shards see together is made by the
//! collective, on a thread of its own: each shard sends its share at a tick, and what is made of all shares up to tick `t`
//! is in force from tick `t + 2`. A shard that comes there before it is made waits. So the outputs and the state are a
//! function of the log alone, whatever the number of shards and the timing of their threads.
//!
//! A snapshot is cut at a tick too, of all shards at the same one. Each goes on at once and writes its share in the
//! meantime; when all shares are there, they are handed over as an [`Image`](crate::Image), and another [`Executor`] can
//! start from that as if it had taken the log from the beginning.

mod assembly;
mod builder;
mod collective;
mod counts;
mod cut;
mod exchange;
mod executor;
mod failure;
mod fingerprint;
#[cfg(test)]
mod fixture;
mod gate;
mod merge;
mod observer;
mod output;
mod shard;
mod snapshots;
mod start;
mod worker;

pub use collective::Contribution;
pub use counts::Counts;
#[cfg(feature = "runtime")]
pub(crate) use executor::Prepared;
pub use executor::{Executor, ExecutorHandle, ExecutorReport, Outputs, Tap};
pub use failure::ExecutorError;
#[cfg(feature = "runtime")]
pub(crate) use failure::message_of;
pub use observer::{Applied, Observer, Restored};
pub use output::Output;
pub use shard::{Effects, Shard};
pub use snapshots::{CutReport, SnapshotTap};
pub use start::{RestoreError, Start, StartError};
