//! Units: a length, a duration, a speed and a point in time cannot be mixed up.

use std::fmt;
use std::ops::{Add, Sub};

/// A length in metres.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Metres(pub f64);

/// A duration in seconds.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Seconds(pub f64);

/// A speed in metres per second.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct MetresPerSecond(pub f64);

impl MetresPerSecond {
    /// From kilometres per hour.
    ///
    /// ```
    /// # use etaflow_road::MetresPerSecond;
    /// assert_eq!(MetresPerSecond::from_kmh(36.0), MetresPerSecond(10.0));
    /// ```
    pub fn from_kmh(kmh: f64) -> Self {
        Self(kmh / 3.6)
    }

    /// In kilometres per hour.
    pub fn kmh(self) -> f64 {
        self.0 * 3.6
    }
}

/// A travel time, in milliseconds: the weight of an edge, a turn or a route.
///
/// Always at most [`INFINITY`].
pub type Weight = u32;

/// The weight of what cannot be travelled (a closed road, a forbidden turn), and the distance of what cannot be reached.
///
/// Half of `u32::MAX`, so that the sum of any two weights does not overflow.
pub const INFINITY: Weight = u32::MAX / 2;

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A span of time in microseconds, negative when it goes backwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(i64);

impl Timestamp {
    /// The earliest time that can be expressed.
    pub const MIN: Self = Self(i64::MIN);

    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From milliseconds since the Unix epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// From whole seconds since the Unix epoch.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the Unix epoch, rounded down.
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Seconds since the Unix epoch.
    pub fn secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// The span from `earlier` to this time; negative if `earlier` is later.
    ///
    /// ```
    /// # use etaflow_road::{Span, Timestamp};
    /// let span = Timestamp::from_secs(10).since(Timestamp::from_secs(4));
    /// assert_eq!(span, Span::from_secs(6));
    /// ```
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// From microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// From whole seconds.
    pub const fn from_secs(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// In microseconds.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// In milliseconds, rounded towards zero.
    pub const fn millis(self) -> i64 {
        self.0 / 1_000
    }

    /// In seconds.
    pub fn secs_f64(self) -> f64 {
        self.0 as f64 / 1e6
    }
}

impl Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl fmt::Display for Metres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} m", self.0)
    }
}

impl fmt::Display for Timestamp {
    /// As seconds since the Unix epoch, with milliseconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.millis();
        write!(f, "{}.{:03}", millis.div_euclid(1_000), millis.rem_euclid(1_000))
    }
}
