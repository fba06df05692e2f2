use etaflow_road::{Span, Timestamp};

/// How the week is cut into bins of one width.
///
/// Times are UTC. The zone that people live by is an [offset](Self::offset) from it that does not change: where clocks go
/// forward in summer, rush hours come a bin earlier then, and a profile that was learned before is off by that until one is
/// learned of summer alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekBins {
    /// After how many days a bin comes again. Default 7, a week from Monday on; 1 takes all days as alike. 1 to 7.
    pub days: u8,
    /// How many bins a day has. Default 48; 1 to 288.
    pub bins_per_day: u16,
    /// How long a day is. Default 24 h; a made-up world's may be shorter. 1 s to 24 h.
    pub day: Span,
    /// How far the local time is ahead of UTC. Default 0; a day at most, either way.
    pub offset: Span,
}

/// Which bin of the week, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WeekBin(pub u16);

/// A value of [`WeekBins`] that is out of its bounds.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("profile.bins.{name} is {value}, not within {low}..={high}")]
pub struct WeekBinsError {
    name: &'static str,
    value: f64,
    low: f64,
    high: f64,
}

/// 1970-01-01 was a Thursday.
const FIRST_DAY: i128 = 3;

impl Default for WeekBins {
    fn default() -> Self {
        Self { days: 7, bins_per_day: 48, day: Span::from_secs(86_400), offset: Span::ZERO }
    }
}

impl WeekBins {
    /// Checks the bounds.
    ///
    /// # Errors
    /// Names the value and its bounds.
    pub fn validate(&self) -> Result<(), WeekBinsError> {
        let day = self.day.secs_f64();
        for (name, value, low, high) in [
            ("days", f64::from(self.days), 1.0, 7.0),
            ("bins_per_day", f64::from(self.bins_per_day), 1.0, 288.0),
            ("day_s", day, 1.0, 86_400.0),
            ("offset_s", self.offset.secs_f64(), -day, day),
        ] {
            if !(low..=high).contains(&value) {
                return Err(WeekBinsError { name, value, low, high });
            }
        }
        Ok(())
    }

    /// How many bins there are until the first comes again.
    pub fn count(&self) -> u16 {
        u16::from(self.days) * self.bins_per_day
    }

    /// The bin that a time falls into.
    ///
    /// ```
    /// # use etaflow::{Timestamp, WeekBin, WeekBins};
    /// let monday_8_30 = Timestamp::from_secs(1_767_571_200 + 8 * 3_600 + 1_800);
    /// assert_eq!(WeekBins::default().at(monday_8_30), WeekBin(17));
    /// ```
    pub fn at(&self, time: Timestamp) -> WeekBin {
        let day = i128::from(self.day.micros().max(1));
        let local = i128::from(time.micros()) + i128::from(self.offset.micros());
        let of_week = (local.div_euclid(day) + FIRST_DAY).rem_euclid(i128::from(self.days.max(1)));
        let within = local.rem_euclid(day) * i128::from(self.bins_per_day) / day;
        WeekBin((of_week * i128::from(self.bins_per_day) + within) as u16)
    }

    /// How many slots there are: the bins, and, if the days of the week are told apart, one for each time of day on
    /// whatever day.
    pub(crate) fn slots(&self) -> u16 {
        self.count() + if self.days > 1 { self.bins_per_day } else { 0 }
    }

    /// The slot for a bin's time of day on whatever day; the bin's own if days are not told apart.
    pub(crate) fn any_day(&self, bin: u16) -> u16 {
        if self.days > 1 { self.count() + bin % self.bins_per_day } else { bin }
    }
}
