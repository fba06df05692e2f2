//! Streams: operators, windows, keyed state.
//!
//! Everything here is synchronous and takes time from ticks, never from a clock.

mod digest;
mod entities;
#[cfg(test)]
pub(crate) mod fixture;
mod operator;
mod stage;
mod state;
mod window;

pub use digest::{Digest, StateDigest};
pub use entities::{Entities, StateError};
pub use operator::{Operator, Tick};
pub use stage::Stage;
pub use state::Keyed;
pub use window::{Aggregate, Pane, Panes, SessionGap, SlidingWindow};
