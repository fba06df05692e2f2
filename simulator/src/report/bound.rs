use serde::{Deserialize, Serialize};

/// On which side of its limit a value has to stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// The limit or less.
    AtMost,
    /// The limit or more.
    AtLeast,
}

impl Direction {
    /// As a sign.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::AtMost => "≤",
            Self::AtLeast => "≥",
        }
    }
}

/// A promise of a scenario, and whether it was kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bound {
    /// What is bounded.
    pub name: String,
    /// In what unit; empty for a plain number.
    pub unit: String,
    /// Which side of the limit is good.
    pub direction: Direction,
    /// The limit itself.
    pub limit: f64,
    /// What was measured; `None` if nothing was.
    pub value: Option<f64>,
    /// Whether the value is on the good side. What was not measured was not held.
    pub held: bool,
}

impl Bound {
    /// `value` may be `limit` at most.
    ///
    /// ```
    /// # use etaflow_simulator::Bound;
    /// assert!(Bound::at_most("latency p99", "ms", 50.0, Some(50.0)).held);
    /// assert!(!Bound::at_most("latency p99", "ms", 50.0, None).held);
    /// ```
    pub fn at_most(name: &str, unit: &str, limit: f64, value: Option<f64>) -> Self {
        Self::new(name, unit, Direction::AtMost, limit, value)
    }

    /// `value` has to be `limit` at least.
    pub fn at_least(name: &str, unit: &str, limit: f64, value: Option<f64>) -> Self {
        Self::new(name, unit, Direction::AtLeast, limit, value)
    }

    fn new(name: &str, unit: &str, direction: Direction, limit: f64, value: Option<f64>) -> Self {
        let held = value.is_some_and(|value| match direction {
            Direction::AtMost => value <= limit,
            Direction::AtLeast => value >= limit,
        });
        // JSON has no way to write what is not a number.
        let value = value.filter(|value| value.is_finite());
        Self { name: name.to_owned(), unit: unit.to_owned(), direction, limit, value, held }
    }
}
