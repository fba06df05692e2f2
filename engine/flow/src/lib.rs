//! GPS pings in, arrival times out.

#[cfg(feature = "runtime")]
mod bus;
mod config;
mod eta;
mod event;
mod fleet;
mod log;
mod matching;
mod pipeline;
#[cfg(feature = "runtime")]
mod runtime;
mod sequencer;
mod stream;
mod time;
mod traffic;
mod trip;
mod view;

#[cfg(feature = "runtime")]
pub use bus::{
    Bus, BusConfig, BusCounts, BusItem, Delivery, Fanout, GroupCounts, Incoming, Intake, Member, Policy, PublishError,
    Publisher, bus, bus_of,
};
pub use config::{Config, PipelineConfigError};
pub use eta::{
    Arrival, Calibration, Cause, Epoch, Estimator, EtaConfig, EtaConfigError, EtaInput, EtaUpdate, Phase, Quantiles,
    Residual, Told,
};
pub use etaflow_road::{Coord, EdgeId, Metres, MetresPerSecond, Network, NodeId, Seconds};
pub use event::{
    DeadLetter, DriverId, DriverStatus, Event, EventData, EventError, EventId, FrameError, GpsFix, KEY_MAX_BYTES, Key,
    KeyError, Offset, Payload, Reason, Record, RoadRef, SourceId, TripId,
};
pub use fleet::{DriverEvent, Fleet, FleetChange, FleetConfig};
pub use log::{Batch, Hold, Log, LogError, LogReader, MemoryLog, MemoryLogConfig};
pub use matching::{Matching, Movement};
pub use pipeline::{
    Applied, Contribution, Counts, Effects, Executor, ExecutorError, ExecutorHandle, ExecutorReport, Observer, Output,
    Outputs, Shard, Sink,
};
#[cfg(feature = "runtime")]
pub use runtime::{
    Accounts, DeadLetters, Engine, EngineConfig, EngineConfigError, EngineError, EtaStream, OutputBatch, OutputReader,
    SubscribeError, Summary, Time,
};
pub use sequencer::{Admission, ConfigError, Dictionary, Sequencer, SequencerConfig};
pub use stream::{
    Aggregate, Digest, Keyed, Operator, Pane, Panes, SessionGap, SlidingWindow, Stage, StateDigest, Tick,
};
pub use time::{Clock, ManualClock, Span, Timestamp, WallClock};
pub use traffic::{EdgeSpeed, Evidence, Traffic, TrafficConfig, TrafficConfigError, Traversal, TraversalSums};
pub use trip::{Trip, TripChange, TripEvent, TripOutcome, TripStage, Trips, TripsConfig};
pub use view::{Answer, EngineState, Lag, LagMeter, Nearby, QueryError, TripEta, View};
