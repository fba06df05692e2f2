use std::borrow::Cow;

use etaflow::{Span, Timestamp};

/// What was predicted about one trip's arrival at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    /// Which trip.
    pub trip_id: u64,
    /// When it was made, in the time of the events.
    pub predicted_at: Timestamp,
    /// How long the trip was under way then.
    pub elapsed: Span,
    /// One arrival in ten is earlier.
    pub arrival_p10: Timestamp,
    /// As many arrivals are earlier as later.
    pub arrival_p50: Timestamp,
    /// One arrival in ten is later.
    pub arrival_p90: Timestamp,
    /// Why it was made.
    pub cause: Cow<'static, str>,
}
