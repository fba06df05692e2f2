//! Numbers as people read them.

/// What stands between thousands, and between a number and its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spacing {
    /// Narrow spaces that do not break, for pages.
    Thin,
    /// Commas and plain spaces, for terminals.
    Plain,
}

impl Spacing {
    const fn thousands(self) -> char {
        match self {
            Self::Thin => '\u{202f}',
            Self::Plain => ',',
        }
    }

    const fn unit(self) -> char {
        match self {
            Self::Thin => '\u{202f}',
            Self::Plain => ' ',
        }
    }

    const fn minus(self) -> char {
        match self {
            Self::Thin => '\u{2212}',
            Self::Plain => '-',
        }
    }

    /// A whole number.
    pub(super) fn count(self, value: u64) -> String {
        let digits = value.to_string();
        let mut spaced = String::with_capacity(digits.len() * 2);
        for (index, digit) in digits.chars().enumerate() {
            // Four digits are read at a glance, more are not.
            if index > 0 && (digits.len() - index).is_multiple_of(3) && digits.len() > 4 {
                spaced.push(self.thousands());
            }
            spaced.push(digit);
        }
        spaced
    }

    /// With as many decimals as `decimals`.
    pub(super) fn fixed(self, value: f64, decimals: usize) -> String {
        if !value.is_finite() {
            return "–".to_owned();
        }
        let text = format!("{:.decimals$}", value.abs());
        let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
        let whole = whole.parse().map_or_else(|_| whole.to_owned(), |whole| self.count(whole));
        let zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        let sign = if value < 0.0 && !zero { self.minus().to_string() } else { String::new() };
        if part.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{part}") }
    }

    /// With three digits that matter, more before the point if it has more.
    pub(super) fn figure(self, value: f64) -> String {
        let size = value.abs();
        let decimals = match size {
            _ if value.fract() == 0.0 => 0,
            size if size >= 99.95 => 0,
            size if size >= 9.995 => 1,
            size if size >= 0.9995 => 2,
            _ => 3,
        };
        self.fixed(value, decimals)
    }

    /// A figure and its unit; shares in per cent.
    pub(super) fn with_unit(self, value: f64, unit: &str) -> String {
        match unit {
            "" => self.figure(value),
            "share" => self.percent(value),
            per if per.starts_with('/') => format!("{}{per}", self.figure(value)),
            _ => format!("{}{}{unit}", self.figure(value), self.unit()),
        }
    }

    /// Seconds as they stand in a column, to a tenth.
    pub(super) fn seconds(self, value: Option<f64>) -> String {
        value.map_or_else(|| "–".to_owned(), |value| format!("{}{}s", self.fixed(value, 1), self.unit()))
    }

    /// The same, with a sign in any case.
    pub(super) fn signed_seconds(self, value: Option<f64>) -> String {
        let sign = if value.is_some_and(|value| value >= 0.05) { "+" } else { "" };
        format!("{sign}{}", self.seconds(value))
    }

    /// A share in per cent.
    pub(super) fn percent(self, share: f64) -> String {
        format!("{}{}%", self.fixed(share * 100.0, 1), self.unit())
    }

    /// A figure with its unit, with a sign in any case; dash for none.
    pub(super) fn signed(self, value: Option<f64>, unit: &str) -> String {
        match value {
            Some(value) if value > 0.0 => format!("+{}", self.with_unit(value, unit)),
            other => self.maybe(other, unit),
        }
    }

    /// A figure with its unit; dash for none.
    pub(super) fn maybe(self, value: Option<f64>, unit: &str) -> String {
        value.map_or_else(|| "–".to_owned(), |value| self.with_unit(value, unit))
    }
}

/// For an axis: `20k`, `1.5M`, `0.2`.
pub(super) fn axis(value: f64) -> String {
    let (scaled, suffix) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, "G"),
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let text = format!("{scaled:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    let text = if text == "-0" { "0" } else { text };
    format!("{}{suffix}", text.replace('-', "\u{2212}"))
}

/// Text that may hold anything, without what moves a terminal's cursor or changes its colours.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spaced() {
        assert_eq!(Spacing::Plain.count(0), "0");
        assert_eq!(Spacing::Plain.count(9_999), "9999");
        assert_eq!(Spacing::Plain.count(u64::MAX), "18,446,744,073,709,551,615");
        assert_eq!(Spacing::Thin.count(12_345), "12\u{202f}345");
        assert_eq!(Spacing::Plain.fixed(-0.001, 2), "0.00");
        assert_eq!(Spacing::Plain.fixed(-12_345.6, 1), "-12,345.6");
        assert_eq!(Spacing::Plain.fixed(f64::NAN, 1), "–");
    }

    #[test]
    fn figures_keep_three_digits() {
        for (value, text) in [
            (0.1234, "0.123"),
            (1.234, "1.23"),
            (12.34, "12.3"),
            (123.4, "123"),
            (20_000.4, "20,000"),
            (5.0, "5"),
            (9.999, "10.0"),
        ] {
            assert_eq!(Spacing::Plain.figure(value), text);
        }
        assert_eq!(Spacing::Plain.with_unit(0.813, "share"), "81.3 %");
        assert_eq!(Spacing::Plain.signed(Some(3.0), "s"), "+3 s");
        assert_eq!(Spacing::Thin.signed(Some(-3.5), "s"), "\u{2212}3.50\u{202f}s");
        assert_eq!(Spacing::Plain.maybe(None, "s"), "–");
        assert_eq!(Spacing::Plain.with_unit(20_105.0, "/s"), "20,105/s");
        assert_eq!(Spacing::Plain.signed_seconds(Some(7.25)), "+7.2 s");
        assert_eq!(Spacing::Plain.signed_seconds(Some(0.04)), "0.0 s");
        assert_eq!(Spacing::Plain.signed_seconds(Some(-12_345.0)), "-12,345.0 s");
    }

    #[test]
    fn axis_labels_are_short() {
        for (value, text) in
            [(0.0, "0"), (5_000.0, "5000"), (20_000.0, "20k"), (1.5e6, "1.5M"), (0.25, "0.25"), (-30.0, "\u{2212}30")]
        {
            assert_eq!(axis(value), text);
        }
    }

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\n"), "a\u{fffd}[31mb\u{fffd}");
    }
}
