//! Arrival times: of every trip, kept fresh by its driver's fixes, by traffic and by what trips really took.
//!
//! A trip's way is looked for anew when its driver leaves it and when a road on it is closed, and in turn with all others
//! to see whether another way has become faster.

mod calibration;
mod config;
mod entities;
mod epoch;
mod estimator;
mod leg;
mod plan;
mod plan_codec;
mod round;
mod stop;
mod update;

pub use calibration::{Calibration, Phase, Quantiles, Residual};
pub use config::{EtaConfig, EtaConfigError};
pub use epoch::Epoch;
pub use estimator::{Estimator, EtaInput, Told};
pub use update::{Arrival, Cause, EtaUpdate};
