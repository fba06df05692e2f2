use std::fmt;
use std::str::FromStr;

use etaflow::Span;

/// Longer runs are taken for a slip of the keyboard.
const DURATION_MAX: Span = Span::from_secs(7 * 24 * 3_600);

/// More events a second than any machine makes.
const RATE_MAX: f64 = 1e9;

const SPEED_MAX: f64 = 1e6;

/// A value of the command line that cannot be read.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ValueError {
    /// It is no length of time.
    #[error("\"{value}\" is no duration: {reason}; write 60s, 2m or 1h 30m")]
    Duration {
        /// What was given.
        value: String,
        /// Why not.
        reason: String,
    },
    /// It is a length of time that is too short or too long.
    #[error("a duration of {value} is out of range, from 1ms to 7days")]
    DurationRange {
        /// What was given.
        value: String,
    },
    /// It is no number of events a second.
    #[error("\"{value}\" is no rate: write events a second from 1 to 1G, as 20000, 20k or 1.5M, or max")]
    Rate {
        /// What was given.
        value: String,
    },
    /// It is no number of times as fast as the recording.
    #[error("\"{value}\" is no speed: write how many times as fast, above 0x and up to 1000000x, as 60x, or max")]
    Speed {
        /// What was given.
        value: String,
    },
}

/// Reads a length of time: `60s`, `2m`, `1h 30m`, `500ms`.
///
/// # Errors
/// If it is none, has no unit, or is not from a millisecond to a week.
///
/// ```
/// # use etaflow::Span;
/// # use etaflow_simulator::parse_duration;
/// assert_eq!(parse_duration("1m 30s")?, Span::from_secs(90));
/// assert!(parse_duration("60").is_err());
/// # Ok::<(), etaflow_simulator::ValueError>(())
/// ```
pub fn parse_duration(text: &str) -> Result<Span, ValueError> {
    let value = text.to_owned();
    let duration = humantime::parse_duration(text)
        .map_err(|error| ValueError::Duration { value: value.clone(), reason: error.to_string() })?;
    let span = Span::from_micros(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX));
    if (Span::from_millis(1)..=DURATION_MAX).contains(&span) {
        Ok(span)
    } else {
        Err(ValueError::DurationRange { value })
    }
}

/// How many events a second are offered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rate {
    /// So many, by the wall clock.
    PerSecond(f64),
    /// As many as come through, by the scenario's own clock.
    Max,
}

impl FromStr for Rate {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let digits = text.strip_suffix("/s").unwrap_or(text);
        let (digits, factor) = match digits.as_bytes().last() {
            Some(b'k') => (&digits[..digits.len() - 1], 1e3),
            Some(b'M') => (&digits[..digits.len() - 1], 1e6),
            Some(b'G') => (&digits[..digits.len() - 1], 1e9),
            _ => (digits, 1.0),
        };
        let rate = plain_number(digits).map(|number| number * factor).filter(|rate| (1.0..=RATE_MAX).contains(rate));
        rate.map(Self::PerSecond).ok_or_else(|| ValueError::Rate { value: text.to_owned() })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PerSecond(rate) => write!(f, "{rate}/s"),
            Self::Max => f.write_str("max"),
        }
    }
}

/// How fast a recording is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many times as fast as it happened.
    Times(f64),
    /// As fast as it comes through.
    Max,
}

impl FromStr for Speed {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text == "max" {
            return Ok(Self::Max);
        }
        let times = plain_number(text.strip_suffix('x').unwrap_or(text));
        let times = times.filter(|&times| times > 0.0 && times <= SPEED_MAX);
        times.map(Self::Times).ok_or_else(|| ValueError::Speed { value: text.to_owned() })
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Times(times) => write!(f, "{times}x"),
            Self::Max => f.write_str("max"),
        }
    }
}

/// Digits and at most one point: not `inf`, not `1e3`, not `+5`.
fn plain_number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rates_have_units() {
        for (text, rate) in [("20000", 20_000.0), ("20k", 20_000.0), ("1.5M/s", 1.5e6), ("1G", 1e9), ("1", 1.0)] {
            assert_eq!(text.parse(), Ok(Rate::PerSecond(rate)), "{text}");
        }
        assert_eq!("max".parse(), Ok(Rate::Max));
        for text in ["", "k", "0", "0.5", "-5", "inf", "NaN", "1e3", "2G", "Max", "5 k", "5kk", "µ"] {
            let error = text.parse::<Rate>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("\"{text}\" is no rate")), "{error}");
        }
    }

    #[test]
    fn speeds_are_factors() {
        assert_eq!("60x".parse(), Ok(Speed::Times(60.0)));
        assert_eq!("0.5".parse(), Ok(Speed::Times(0.5)));
        assert_eq!("max".parse(), Ok(Speed::Max));
        for text in ["", "x", "0x", "-1x", "fast", "1000001x", "60xx"] {
            assert!(text.parse::<Speed>().is_err(), "{text}");
        }
    }

    #[test]
    fn durations_have_units_and_bounds() {
        assert_eq!(parse_duration("60s"), Ok(Span::from_secs(60)));
        assert_eq!(parse_duration("500ms"), Ok(Span::from_millis(500)));
        assert_eq!(parse_duration("7days"), Ok(DURATION_MAX));
        for text in ["60", "", "s", "-5s", "0s", "8days", "99999999999999y"] {
            let error = parse_duration(text).unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_read(rate in 1.0..RATE_MAX, times in 0.001..SPEED_MAX) {
            prop_assert_eq!(Rate::PerSecond(rate).to_string().parse(), Ok(Rate::PerSecond(rate)));
            prop_assert_eq!(Speed::Times(times).to_string().parse(), Ok(Speed::Times(times)));
        }

        #[test]
        fn garbage_never_panics(text in any::<String>()) {
            let _ = (text.parse::<Rate>(), text.parse::<Speed>(), parse_duration(&text));
        }
    }
}
