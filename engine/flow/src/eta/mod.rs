//! Arrival times: of every trip, kept fresh by its driver's fixes, by traffic and by what trips really took.

mod calibration;
mod config;
mod epoch;
mod estimator;
mod leg;
mod plan;
mod update;

pub use calibration::{Calibration, Phase, Quantiles, Residual};
pub use config::{EtaConfig, EtaConfigError};
pub use epoch::Epoch;
pub use estimator::{Estimator, EtaInput, Told};
pub use update::{Arrival, Cause, EtaUpdate};
