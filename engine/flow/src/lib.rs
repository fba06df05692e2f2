//! GPS pings in, arrival times out.

mod event;
mod sequencer;
mod time;

pub use etaflow_road::{Coord, EdgeId, Metres, MetresPerSecond, Network, NodeId, Seconds};
pub use event::{
    DeadLetter, DriverId, DriverStatus, Event, EventData, EventId, GpsFix, KEY_MAX_BYTES, Key, KeyError, Offset,
    Payload, Reason, Record, RoadRef, SourceId, TripId,
};
pub use sequencer::{Admission, ConfigError, Dictionary, Sequencer, SequencerConfig};
pub use time::{Clock, ManualClock, Span, Timestamp, WallClock};
