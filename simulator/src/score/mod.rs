//! How good predicted arrival times were, against the arrivals that then happened.
//!
//! Two questions, two answers. [`Score`] asks at set moments of a trip (at departure, at a quarter, half and three
//! quarters of its true duration) what the newest prediction was: a trip counts once a moment. [`HorizonScore`] takes
//! every prediction as it is made and sorts it by how much time was truly left: bounded memory, for long runs.
//!
//! What the figures mean:
//! - error: predicted minus true arrival, in seconds; positive when the prediction was too late. The bias is its mean.
//! - relative error (`mape`, `within_20pct`): the error's size over the time that was truly left at the moment that is
//!   asked about. At departure that is the trip's true duration. No time left, no relative error (`n_relative` counts
//!   those that have one).
//! - coverage: the share of arrivals from p10 to p90, both included. A well calibrated engine has 0.8.
//! - percentiles: by linear interpolation between the closest ranks.

mod checkpoint;
mod error_stats;
mod horizon;
mod prediction;
mod prediction_file;
mod published;
mod table;

pub use checkpoint::{Checkpoint, CheckpointScore, Score, TrueTrip, score};
pub use error_stats::{ErrorStats, Outcome};
pub use horizon::{EtaSummary, HORIZONS_S, HorizonError, HorizonScore};
pub use prediction::Prediction;
pub use prediction_file::{PREDICTION_COLUMNS, PredictionError, PredictionWriter, read_predictions};
pub use published::{PUBLISHED, PublishedScore};
pub use table::score_table;
