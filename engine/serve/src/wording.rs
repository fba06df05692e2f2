//! Travel times and lengths as people say them.

use std::fmt;

/// A travel time in seconds: `34 s`, `12 min 34 s`, `1 h 02 min`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Duration(pub(crate) f64);

/// A length in metres: `340 m`, `5.43 km`, `12.3 km`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Length(pub(crate) f64);

/// The name of a street, or that it has none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StreetName<'a>(pub(crate) &'a str);

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.round() as u64;
        match (seconds / 3_600, seconds / 60 % 60, seconds % 60) {
            (0, 0, seconds) => write!(f, "{seconds} s"),
            (0, minutes, seconds) => write!(f, "{minutes} min {seconds:02} s"),
            (hours, minutes, _) => write!(f, "{hours} h {minutes:02} min"),
        }
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0 {
            metres if metres < 999.5 => format!("{metres:.0} m"),
            metres if metres < 9_995.0 => format!("{:.2} km", metres / 1e3),
            metres => format!("{:.1} km", metres / 1e3),
        };
        f.pad(&text)
    }
}

impl fmt::Display for StreetName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(no name)" } else { self.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_rounded_before_they_are_split() {
        for (seconds, said) in [
            (0.0, "0 s"),
            (59.4, "59 s"),
            (59.5, "1 min 00 s"),
            (754.0, "12 min 34 s"),
            (3_599.6, "1 h 00 min"),
            (3_725.0, "1 h 02 min"),
        ] {
            assert_eq!(Duration(seconds).to_string(), said);
        }
        for (metres, said) in [
            (0.2, "0 m"),
            (340.4, "340 m"),
            (999.5, "1.00 km"),
            (5_432.0, "5.43 km"),
            (9_996.0, "10.0 km"),
            (12_340.0, "12.3 km"),
        ] {
            assert_eq!(Length(metres).to_string(), said);
        }
        assert_eq!(format!("[{:>8}]", Length(7.0)), "[     7 m]");
    }
}
