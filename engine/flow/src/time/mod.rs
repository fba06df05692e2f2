//! Points in time, and the one place that asks the system for it.

mod clock;

pub use clock::{Clock, ManualClock, WallClock};
pub use etaflow_road::{Span, Timestamp};
