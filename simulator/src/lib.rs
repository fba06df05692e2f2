//! A world with ground truth, load, faults and reports for etaflow.
//!
//! The rooms, each of which uses only those above it:
//!
//! - `score`: predicted arrival times against true ones.
//! - `taxi`: a real taxi morning as a stream of events.
//! - `report`: what a run came to, as a summary, a page and a progress display.
//! - `cli`: the command line.

mod cli;
mod report;
mod score;
mod taxi;

pub use cli::{Cli, Command, Exit, OutputArgs, Rate, ReplayArgs, RunArgs, Speed, ValueError, parse_duration};
pub use report::{
    Accounting, Bound, Direction, EngineState, FaultCount, LatencyRecorder, Machine, Outage, Percentiles, Progress,
    ProgressStyle, Report, ReportError, ReportFiles, Sample, Setting, Summary,
};
pub use score::{
    Checkpoint, CheckpointScore, ErrorStats, EtaSummary, HORIZONS_S, HorizonError, HorizonScore, Outcome,
    PREDICTION_COLUMNS, PUBLISHED, Prediction, PredictionError, PredictionWriter, PublishedScore, Score, TrueTrip,
    read_predictions, score, score_table,
};
pub use taxi::{
    Quirk, REJECTED_KEPT, RejectReason, RejectedRow, TaxiError, TaxiEvents, TaxiTrip, TripFile, read_trips,
    read_trips_file,
};
//! A world with ground truth, apart from the engine that is tested in it.
//!
//! The rooms, each of which uses only those above it:
//!
//! - `dice`: seeded randomness.
//! - `world`: a city's traffic, drivers, riders and phones, and the truth about them.
//! - `fault`: what goes wrong between a phone and the engine.

mod dice;
mod fault;
mod world;

pub use fault::{
    Burst, ClockSkew, Delivery, FaultConfig, FaultCounts, FaultInjector, Garbage, GarbageKind, Jump, Late, Lost,
    Offered, OutOfOrder, Tunnel, Twice,
};
pub use world::{DriverTruth, Emission, TripTruth, Truth, World, WorldConfig, WorldCounts};
