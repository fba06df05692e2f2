//! A city with ground truth, apart from the engine that is tested in it; load, faults, real trips, and reports.
//!
//! The rooms, each of which uses only those above it:
//!
//! - `dice`: seeded randomness.
//! - `world`: a city's traffic, drivers, riders and phones, and the truth about them.
//! - `fault`: what goes wrong between a phone and the engine.
//! - `score`: predicted arrival times against true ones.
//! - `taxi`: a real taxi morning as a stream of events.
//! - `matching`: how well real tracks are matched, whose true routes are known.
//! - `report`: what a run came to, as a summary, a page and a progress display.
//! - `cli`: the command line.
//! - `scenario`: what is run, and the bounds that it must hold.
//! - `run`: runs a scenario, or a replay, through the engine.
//!
//! A scenario's world says what its phones say, its faults garble that, and what is left is for the engine:
//!
//! ```
//! use std::sync::Arc;
//!
//! use etaflow::{Span, Timestamp};
//! use etaflow_road::SyntheticCity;
//! use etaflow_simulator::{FaultInjector, Overrides, Scenario, World};
//!
//! let text = "name = 'tiny'\nduration_s = 5\n[world]\ndrivers = 50\n[faults]\nlost = { share = 0.1 }";
//! let scenario = Scenario::parse(text, &Overrides::default())?;
//! let city = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
//! let (start, world) = (Timestamp::from_secs(1_700_000_000), &scenario.world);
//! let mut faults = FaultInjector::new(scenario.faults, scenario.seed, start, world.drivers, world.gateways);
//! let mut world = World::new(city, scenario.world, scenario.seed, start);
//!
//! let (mut emissions, mut deliveries) = (Vec::new(), Vec::new());
//! for step in 1..=50 {
//!     let until = start + Span::from_millis(step * 100);
//!     world.advance(until, &mut emissions);
//!     faults.inject(&mut emissions, until, &mut deliveries);
//! }
//! faults.finish(&mut deliveries);
//! let counts = faults.counts();
//! assert_eq!(deliveries.len() as u64, world.truth().counts().events - counts.lost);
//! # Ok::<(), etaflow_simulator::ScenarioError>(())
//! ```

mod cli;
mod dice;
mod fault;
mod matching;
mod report;
mod run;
mod scenario;
mod score;
mod taxi;
mod world;

pub use cli::{
    Cli, Command, EvalCommand, EvalMatchingArgs, Exit, OutputArgs, Rate, ReplayArgs, RunArgs, Speed, ValueError,
    parse_duration,
};
pub use fault::{
    Burst, ClockSkew, Delivery, FaultConfig, FaultCounts, FaultInjector, Garbage, GarbageKind, Jump, Late, Lost,
    Offered, OutOfOrder, Tunnel, Twice,
};
pub use matching::{
    ConfigurationScore, Figures, Lag, MatchingError, MatchingEvaluation, Plan, Tally, TrackScore, evaluate_matching,
};
pub use report::{
    Accounting, Bound, Direction, EngineState, FaultCount, LatencyRecorder, Machine, Outage, Percentiles, Progress,
    ProgressStyle, Report, ReportError, ReportFiles, Sample, Setting, Summary,
};
pub use run::{Failure, start};
pub use scenario::{
    BoundDirection, BoundLimit, BoundMetric, BusPolicy, ClockMode, EngineProcess, EngineSetup, NetworkSource,
    OutagePlan, Overrides, Scenario, ScenarioError,
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
pub use world::{DriverTruth, Emission, TripTruth, Truth, World, WorldConfig, WorldCounts};
