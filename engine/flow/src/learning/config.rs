use crate::profile::{WeekBins, WeekBinsError};

/// How profiles are made of traversals.
#[derive(Debug, Clone, PartialEq)]
pub struct ProfileConfig {
    /// How the week is cut.
    pub bins: WeekBins,
    /// How many traversals of an edge it takes to speak as loudly as what is known without them. Default 8; 0.01 to
    /// 1,000.
    pub prior_traversals: f64,
    /// How many minutes of free-flow driving on a road class it takes likewise. Default 10; 0.1 to 10,000.
    pub class_prior_min: f64,
    /// How many sums, of an edge in a bin, are kept: 38 to 76 bytes of memory each. What is driven in another one counts for
    /// its class alone. Default 3,500,000; 1,024 to 60,000,000.
    pub cells_max: usize,
}

/// A value of a [`ProfileConfig`] that is out of its bounds.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileConfigError {
    /// How the week is cut.
    #[error(transparent)]
    Bins(#[from] WeekBinsError),
    /// Another.
    #[error("profile.{name} is {value}, not within {low}..={high}")]
    Setting {
        /// Which.
        name: &'static str,
        /// What it is.
        value: f64,
        /// The least it may be.
        low: f64,
        /// The most.
        high: f64,
    },
}

impl Default for ProfileConfig {
    fn default() -> Self {
        Self { bins: WeekBins::default(), prior_traversals: 8.0, class_prior_min: 10.0, cells_max: 3_500_000 }
    }
}

impl ProfileConfig {
    /// Checks the bounds.
    ///
    /// # Errors
    /// Names the value and its bounds.
    pub fn validate(&self) -> Result<(), ProfileConfigError> {
        self.bins.validate()?;
        for (name, value, low, high) in [
            ("prior_traversals", self.prior_traversals, 0.01, 1_000.0),
            ("class_prior_min", self.class_prior_min, 0.1, 10_000.0),
            ("cells_max", self.cells_max as f64, 1_024.0, 60_000_000.0),
        ] {
            if !(low..=high).contains(&value) {
                return Err(ProfileConfigError::Setting { name, value, low, high });
            }
        }
        Ok(())
    }
}
