//! The view: what is known now, for those who ask.
//!
//! Shards write to it after each lot of records; any thread may ask it. Every [`Answer`] says what it rests on.

mod answer;
mod lag;
mod published;
mod query;

pub use answer::{Answer, EngineState, Nearby, QueryError, TripEta};
pub use lag::{Lag, LagMeter, Standing};
#[cfg(feature = "runtime")]
pub(crate) use published::Published;
pub use query::View;
