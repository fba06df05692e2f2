//! GPS pings in, arrival times out: the streaming engine of etaflow.
//!
//! A dispatch service publishes where its drivers are and what becomes of its trips. Every fix is matched to the road
//! at once; how the fleet gets along becomes the speed of the roads; a tick later every arrival time that depends on
//! them is told anew. Each trip's arrival and "who can be there soonest" can be asked for at any moment, and every
//! answer says what it rests on.
//!
//! ```text
//! publishers -> bus -> sequencer -> log -> matching -> traffic, fleet, trip -> eta -> view, subscribers, groups
//! ```
//!
//! The rooms, each of which uses only those above it:
//!
//! - `bytes`: reading of what was written down.
//! - `time`: points in time, and the one place that asks the system for it.
//! - `event`: what happens, as the outside says it and as the log keeps it.
//! - `log`: all admitted events and all ticks, in one order.
//! - `group`: who reads the log at his own pace, and goes on where he was.
//! - `sequencer`: the gate in front of the log: validates, recognises what came before, numbers what has a name.
//! - `stream`: what operators are made of: ticks, windows, keyed state.
//! - `profile`: how fast each road usually is, by time of the week.
//! - `traffic`, `matching`, `fleet`, `trip`: how fast the roads are, where the drivers drive, who is free, how far each
//!   trip has come.
//! - `learning`: speed profiles from the log.
//! - `config`: all that can be set in the pipeline.
//! - `snapshot`: the state of all shards at a tick, and the files that it is kept in.
//! - `eta` and `pipeline`: arrival times, and the one place that names every operator and runs them on their threads.
//! - `effect`: what is done to the outside, and done once.
//! - `view`: what is known now, for those who ask.
//! - `bus`, `runtime`: the async edge: events in with backpressure, results out; start, recovery and shutdown.
//!
//! # An engine
//! ```
//! use std::sync::Arc;
//!
//! use etaflow::road::SyntheticCity;
//! use etaflow::{Clock, Engine, EngineConfig, EventSource, GpsFix, Key, Policy, WallClock};
//!
//! // A real city: etaflow::road::open_network("city.osm.pbf".as_ref())?
//! let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
//! let corner = |nth| network.coord(network.nodes().nth(nth).expect("the city has 1,000 of them"));
//! let (pickup, dropoff) = (corner(110), corner(500));
//! let engine = Engine::start(Arc::clone(&network), &EngineConfig::default())?;
//!
//! // The driver is seen; a rider asks for a trip and gets that driver. When the bus is full, publishing waits.
//! let (driver, trip, now) = (Key::new("anna")?, Key::new("ride-1")?, WallClock::new().now());
//! let (mut app, mut publisher) = (EventSource::new(Key::new("app")?, 0), engine.publisher(Policy::Await));
//! publisher.publish_blocking(app.location(now, driver.clone(), GpsFix::at(pickup)))?;
//! publisher.publish_blocking(app.requested(now, trip.clone(), pickup, dropoff))?;
//! publisher.publish_blocking(app.assigned(now, trip.clone(), driver.clone()))?;
//!
//! // Takes nothing more in, works off what there is, and says what has become of it.
//! let view = engine.view().clone();
//! let summary = engine.shutdown_blocking()?;
//! assert!(summary.accounts.balance());
//! assert_eq!(summary.accounts.accepted, 3);
//!
//! let eta = view.trip(&trip).ok_or("the trip is not known")?.value;
//! assert_eq!(eta.driver, Some(driver));
//! let arrival = eta.arrival.ok_or("no way leads there")?;
//! assert!(now < arrival.p10 && arrival.p10 <= arrival.p50 && arrival.p50 <= arrival.p90);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//! `examples/dispatch.rs` is a whole service: async publishers, who is nearest, a trip's arrival times as a stream.
//! `examples/late_trips.rs` sends a message when a trip is late, once, through ten crashes.
//!
//! # One that is kept
//! [`Engine::start`] keeps all that it knows in memory. [`Engine::open`] keeps its log and its snapshots in a folder: opened
//! there again, after whatever crash, it goes on as if nothing had been in between, answers meanwhile and says how far it
//! has come ([`EngineState`], [`Recovery`]). Its two halves can be opened by themselves too, in one process or in two:
//! [`Writer`] takes events in and writes the log, [`Follower`] follows it, and either can die alone.
//!
//! # What is promised
//! - **One order.** All that an engine knows is a function of its log: the admitted events and the ticks in the order of
//!   their offsets. The events of one publisher keep their order.
//! - **Nothing is dropped in silence.** Every queue is bounded, and what happens when one is full is the publisher's
//!   [`Policy`]. Once an engine is drained, offered = accepted + refused + conflated + duplicate + dead-lettered,
//!   exactly ([`Accounts`]); what could not be used is kept with its [`Reason`] ([`DeadLetters`]).
//! - **What was acknowledged is there.** [`Publisher::acknowledge`] waits until all that was published is in the log, and
//!   durable by its [`SyncPolicy`]. What was not acknowledged may be lost in a crash, newest first and without holes, and
//!   can be published again.
//! - **Same log, same bytes.** Outputs and state are the same for any number of shards and any timing of threads, live
//!   or replayed, under the same [`Config`]; [`Summary`] has a digest of each to compare. No operator asks a clock: time
//!   comes with the ticks.
//! - **An event counts once.** Its source and id decide. Sequence numbers make that exact within
//!   [`SequencerConfig::sequence_window`]; opaque ids are remembered up to [`SequencerConfig::opaque_ids_max`].
//! - **Every answer says what it rests on**: the tick it speaks of, the traffic epoch, up to which record all is in it and
//!   how old that is, whether the engine is live, catching up or recovering ([`Answer`]); of a trip also when its driver was last seen, and how sure the arrival is ([`Arrival`]).
//!
//! # What is not there
//! - A log in memory is bounded ([`MemoryLogConfig`]): what such an engine knows ends with its process.
//! - One log, one writer, one network that does not change while the engine runs, but for closed roads. A snapshot that was
//!   made with another network or other settings is passed over, and the log taken from its beginning.
//! - Who subscribes to a trip and is slow gets the newest arrival time and misses what came between; a group of
//!   [`Engine::outputs`] that is slow is told what it missed. Neither holds up anybody.
//!
//! # Features
//! `runtime` (on by default): the bus and [`Engine`], with tokio. Without it the crate is the synchronous core alone:
//! events and their codecs, sequencer, log, operators and pipeline, for those who bring their own way in and out.

// The README's code is compiled and run with the other examples.
#[cfg(all(doctest, feature = "runtime"))]
#[doc = include_str!("../../../README.md")]
mod readme {}

#[cfg(feature = "runtime")]
mod bus;
#[expect(dead_code, reason = "notes and snapshots are read with it")]
mod bytes;
mod config;
mod effect;
mod eta;
mod event;
mod fleet;
mod group;
mod learning;
mod log;
mod matching;
mod pipeline;
mod profile;
#[cfg(feature = "runtime")]
mod runtime;
mod sequencer;
mod snapshot;
mod storage;
mod stream;
mod time;
mod traffic;
mod trip;
mod view;

#[cfg(feature = "runtime")]
pub use bus::{
    Barrier, Bus, BusConfig, BusCounts, BusItem, Delivery, Fanout, GroupCounts, Incoming, Intake, Member, Policy,
    PublishError, Publisher, bus, bus_of,
};
pub use bytes::BytesError;
pub use config::{Config, PipelineConfigError};
pub use effect::{
    Deliverer, DeliveryConfig, DeliveryError, DeliverySetup, Effect, EffectId, Guarantee, JournalError, JournalSink,
    LogEnd, Sink, SinkError, SinkReport,
};
pub use eta::{
    Arrival, Calibration, Cause, Epoch, Estimator, EtaConfig, EtaConfigError, EtaInput, EtaUpdate, Phase, Quantiles,
    Residual, Told,
};
pub use etaflow_road as road;
pub use etaflow_road::{Coord, EdgeId, Metres, MetresPerSecond, Network, NodeId, Position, Route, Seconds};
pub use event::{
    DeadLetter, DriverId, DriverStatus, Entries, Event, EventData, EventError, EventId, EventSource, FrameError,
    GpsFix, KEY_MAX_BYTES, Key, KeyError, NOTE_MAX_BYTES, Note, NoteError, Noted, Offset, Payload, ProfileId, Reason,
    Record, RoadRef, SourceId, TripId, decode_notes, encode_notes,
};
pub use fleet::{DriverEvent, Fleet, FleetChange, FleetConfig, FleetConfigError};
pub use group::{FileGroup, GroupError, GroupInfo, GroupLag, LogGroup, StartFrom, groups, remove_group, sinks};
pub use learning::{LearnError, ProfileConfig, ProfileConfigError, ProfileLearner, ProfileSums, learn_profile};
pub use log::{
    Batch, CheckpointInfo, Finding, FindingKind, Hold, Log, LogError, LogFiles, LogOpened, LogReader, MemoryLog,
    MemoryLogConfig, Retention, SegmentInfo, SegmentLog, SegmentLogConfig, SegmentReader, SyncPolicy, Torn, Verified,
};
pub use matching::{Matching, Movement};
pub use pipeline::{
    Applied, Contribution, Counts, CutReport, Effects, Executor, ExecutorError, ExecutorHandle, ExecutorReport,
    Observer, Output, Outputs, RestoreError, Restored, Shard, SnapshotTap, Start, StartError, Tap,
};
pub use profile::{
    ProfileError, ProfileFormatError, ProfileSummary, Profiles, SpeedProfile, WeekBin, WeekBins, WeekBinsError,
};
#[cfg(feature = "runtime")]
pub use runtime::{
    Accounts, Company, DeadLetters, DriverPlace, Engine, EngineConfig, EngineConfigError, EngineError, EtaStream,
    Follower, FollowerConfig, OutputBatch, OutputReader, Past, PastError, Promise, Recovery, RestoredSnapshot,
    SnapshotConfig, SnapshotReport, SubscribeError, Summary, Time, Unusable, Writer, WriterConfig, WriterSummary,
    WrittenSnapshot, names_at,
};
pub use sequencer::{AbsorbError, Admission, CheckpointError, ConfigError, Dictionary, Sequencer, SequencerConfig};
pub use snapshot::{
    Fingerprint, Found, Image, Part, PassedOver, SnapshotError, SnapshotFileError, SnapshotInfo, SnapshotStore,
    decode as decode_snapshot, encode as encode_snapshot,
};
pub use storage::{
    Access, DiskStorage, Fault, Mark, MarkError, MarkFile, SimulatedStorage, Stall, Storage, StorageFile, StorageLock,
};
pub use stream::{
    Aggregate, Digest, Entities, Keyed, Operator, Pane, Panes, SessionGap, SlidingWindow, Stage, StateDigest,
    StateError, Tick,
};
pub use time::{Clock, ManualClock, Span, Timestamp, WallClock};
pub use traffic::{EdgeSpeed, Evidence, Traffic, TrafficConfig, TrafficConfigError, Traversal, TraversalSums};
pub use trip::{Trip, TripChange, TripEvent, TripOutcome, TripStage, Trips, TripsConfig, TripsConfigError};
pub use view::{Answer, EngineState, Lag, LagMeter, Nearby, QueryError, Standing, TripEta, View};
