//! How far numbers may go, and what is said of those that go further.

use etaflow_road::Span;

use super::error::ScenarioError;

/// `value` if it is within `low..=high`; not a number never is.
pub(super) fn within(key: &str, value: f64, low: f64, high: f64) -> Result<f64, ScenarioError> {
    if (low..=high).contains(&value) {
        Ok(value)
    } else {
        Err(ScenarioError::Range { key: key.to_owned(), value, low, high })
    }
}

/// The same for a whole number.
pub(super) fn whole(key: &str, value: u64, low: u32, high: u32) -> Result<u32, ScenarioError> {
    within(key, value as f64, f64::from(low), f64::from(high))?;
    Ok(value as u32)
}

/// A share: 0 to 1.
pub(super) fn share(key: &str, value: f64) -> Result<f64, ScenarioError> {
    within(key, value, 0.0, 1.0)
}

/// Seconds, as a span.
pub(super) fn span(key: &str, seconds: f64, low: f64, high: f64) -> Result<Span, ScenarioError> {
    Ok(Span::from_micros((within(key, seconds, low, high)? * 1e6).round() as i64))
}

/// That two values go together.
pub(super) fn rule(holds: bool, key: &str, value: impl ToString, rule: &str) -> Result<(), ScenarioError> {
    if holds {
        Ok(())
    } else {
        Err(ScenarioError::Rule { key: key.to_owned(), value: value.to_string(), rule: rule.to_owned() })
    }
}
