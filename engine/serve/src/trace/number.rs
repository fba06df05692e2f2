use etaflow_road::{Coord, Fix, Timestamp};

use super::error::TraceFileError;
use crate::place::shown;

/// The last second that has a date with four digits of the year.
const UNIX_S_MAX: f64 = 253_402_300_799.0;

/// What a number may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    pub(super) name: &'static str,
    unit: &'static str,
    min: f64,
    max: f64,
}

pub(super) const UNIX_S: Number =
    Number { name: "unix_s", unit: "seconds since 1970-01-01T00:00:00Z", min: 0.0, max: UNIX_S_MAX };
pub(super) const LON: Number = Number { name: "lon", unit: "degrees", min: -180.0, max: 180.0 };
pub(super) const LAT: Number = Number { name: "lat", unit: "degrees", min: -90.0, max: 90.0 };
pub(super) const ACCURACY: Number = Number { name: "accuracy_m", unit: "metres", min: 0.0, max: 1e7 };
pub(super) const SPEED: Number = Number { name: "speed_mps", unit: "metres per second", min: 0.0, max: 1e5 };
pub(super) const HEADING: Number = Number { name: "heading_deg", unit: "degrees", min: -360.0, max: 360.0 };

impl Number {
    /// Under another name.
    pub(super) const fn called(self, name: &'static str) -> Self {
        Self { name, ..self }
    }

    pub(super) fn parse(&self, line: u64, text: &str) -> Result<f64, TraceFileError> {
        let value = text.parse().ok().filter(|value| (self.min..=self.max).contains(value));
        value.ok_or_else(|| self.wrong(line, text))
    }

    pub(super) fn wrong(&self, line: u64, text: &str) -> TraceFileError {
        let Self { name, unit, min, max } = self;
        let expected = format!("{unit} within {min}..={max}");
        TraceFileError::Value { line, column: name, value: shown(text), expected }
    }
}

/// A fix from numbers that are within their bounds.
pub(super) fn fix(unix_s: f64, lon: f64, lat: f64) -> Fix {
    let coord = Coord::from_degrees(lat, lon).expect("both are within the same bounds");
    Fix::new(Timestamp::from_micros((unix_s * 1e6).round() as i64), coord)
}
