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

mod builder;
mod collective;
mod exchange;
mod executor;
mod failure;
mod gate;
mod merge;
mod observer;
mod output;
mod shard;
mod worker;

pub use collective::Contribution;
pub use executor::{Executor, ExecutorHandle, ExecutorReport, Outputs, Tap};
pub use failure::ExecutorError;
pub use observer::{Applied, Observer};
pub use output::Output;
pub use shard::{Counts, Effects, Shard};
