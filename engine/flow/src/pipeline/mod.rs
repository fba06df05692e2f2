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
//! collective: each shard sends its share at a tick, and what is made of all shares up to tick `t` is in force from
//! tick `t + 2`. A shard that is ahead waits. So the outputs and the state are a function of the log alone, whatever
//! the number of shards and the timing of their threads.

mod collective;
mod exchange;
mod executor;
mod gate;
mod merge;
mod output;
mod shard;

pub use collective::Contribution;
pub use executor::{Applied, Executor, ExecutorError, ExecutorHandle, ExecutorReport, Observer, Outputs, Sink};
pub use output::Output;
pub use shard::{Counts, Effects, Shard};
