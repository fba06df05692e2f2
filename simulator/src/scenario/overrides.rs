use std::path::PathBuf;
use std::str::FromStr;

use etaflow_road::Span;

use super::error::ScenarioError;

/// What the command line says instead of the scenario's file; `None` for what the file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// A file of a network, instead of the scenario's city or file.
    pub network: Option<PathBuf>,
    /// The seed of world, faults and city.
    pub seed: Option<u64>,
    /// How long the run lasts. Outages that would not be over by then are left out.
    pub duration: Option<Span>,
    /// How many fixes are offered each second.
    pub rate: Option<Rate>,
    /// How many drivers there are; trips under way change in proportion.
    pub drivers: Option<u64>,
    /// How many shards the engine has.
    pub shards: Option<u64>,
    /// Where the reports go.
    pub out: Option<PathBuf>,
}

/// How many fixes are offered each second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// By the clock on the wall, that many in all; the drivers' rates follow from it.
    PerSecond(f64),
    /// Stream time runs as fast as it can.
    Max,
}

impl FromStr for Rate {
    type Err = ScenarioError;

    /// `max`, or a number.
    ///
    /// ```
    /// # use etaflow_simulator::Rate;
    /// assert_eq!("max".parse(), Ok(Rate::Max));
    /// assert_eq!("20000".parse(), Ok(Rate::PerSecond(20_000.0)));
    /// assert!("fast".parse::<Rate>().is_err());
    /// ```
    fn from_str(text: &str) -> Result<Self, ScenarioError> {
        if text == "max" {
            return Ok(Self::Max);
        }
        match text.parse() {
            Ok(rate) if rate > 0.0 && f64::is_finite(rate) => Ok(Self::PerSecond(rate)),
            _ => Err(word("rate", text, "max, a number of fixes per second above 0")),
        }
    }
}

/// A span as the command line has it: a number with `ms`, `s`, `m` or `h`; seconds without a unit.
///
/// # Errors
/// If it is anything else, or negative.
///
/// ```
/// # use etaflow_simulator::{parse_span, ScenarioError};
/// # use etaflow_road::Span;
/// assert_eq!(parse_span("60s")?, Span::from_secs(60));
/// assert_eq!(parse_span("1.5m")?, Span::from_secs(90));
/// # Ok::<(), ScenarioError>(())
/// ```
pub fn parse_span(text: &str) -> Result<Span, ScenarioError> {
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit_s = match &text[digits.len()..] {
        "ms" => 1e-3,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(word("duration", text, "a number with ms, s, m or h")),
    };
    match digits.parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok(Span::from_micros((number * unit_s * 1e6) as i64)),
        _ => Err(word("duration", text, "a number with ms, s, m or h")),
    }
}

fn word(key: &str, value: &str, known: &str) -> ScenarioError {
    ScenarioError::Word { key: key.to_owned(), value: value.to_owned(), known: known.to_owned() }
}
