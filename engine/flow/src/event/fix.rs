use etaflow_road::Coord;

/// In place of a reading that was not given.
const UNKNOWN: u16 = u16::MAX;

/// One GPS fix: where, and what else the receiver said, in fixed point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GpsFix {
    coord: Coord,
    accuracy_dm: u16,
    speed_cms: u16,
    heading_cdeg: u16,
}

impl GpsFix {
    /// A fix of which only the place is known.
    pub const fn at(coord: Coord) -> Self {
        Self { coord, accuracy_dm: UNKNOWN, speed_cms: UNKNOWN, heading_cdeg: UNKNOWN }
    }

    /// With the receiver's own estimate of its error: metres, kept to 0.1 m, held to at most 6,553 m.
    /// Not a positive number: as if it was not given.
    #[must_use]
    pub fn with_accuracy_m(mut self, metres: f64) -> Self {
        self.accuracy_dm = if metres > 0.0 { (metres * 10.0).round().clamp(1.0, 65_534.0) as u16 } else { UNKNOWN };
        self
    }

    /// With the ground speed: metres per second, kept to 1 cm/s, held to at most 655 m/s.
    /// Negative or not a number: as if it was not given.
    #[must_use]
    pub fn with_speed_mps(mut self, speed: f64) -> Self {
        self.speed_cms = if speed >= 0.0 { (speed * 100.0).round().min(65_534.0) as u16 } else { UNKNOWN };
        self
    }

    /// With the course over ground: degrees clockwise from north, kept to 0.01 degrees, taken modulo 360.
    /// Not a finite number: as if it was not given.
    #[must_use]
    pub fn with_heading_deg(mut self, heading: f64) -> Self {
        let turned = heading.rem_euclid(360.0);
        self.heading_cdeg =
            if turned.is_finite() { ((turned * 100.0).round() as u32 % 36_000) as u16 } else { UNKNOWN };
        self
    }

    /// Where.
    pub const fn coord(&self) -> Coord {
        self.coord
    }

    /// The receiver's estimate of its error, in metres.
    pub fn accuracy_m(&self) -> Option<f32> {
        (self.accuracy_dm != UNKNOWN).then(|| f32::from(self.accuracy_dm) / 10.0)
    }

    /// The ground speed in metres per second.
    pub fn speed_mps(&self) -> Option<f32> {
        (self.speed_cms != UNKNOWN).then(|| f32::from(self.speed_cms) / 100.0)
    }

    /// The course over ground, in degrees clockwise from north.
    pub fn heading_deg(&self) -> Option<f32> {
        (self.heading_cdeg != UNKNOWN).then(|| f32::from(self.heading_cdeg) / 100.0)
    }

    /// Accuracy in 0.1 m, speed in 0.01 m/s, heading in 0.01 degrees; `u16::MAX` is unknown.
    pub(crate) const fn raw_readings(&self) -> [u16; 3] {
        [self.accuracy_dm, self.speed_cms, self.heading_cdeg]
    }

    /// The inverse of [`raw_readings`](Self::raw_readings); `None` if a reading is out of its range.
    pub(crate) fn from_raw(coord: Coord, [accuracy_dm, speed_cms, heading_cdeg]: [u16; 3]) -> Option<Self> {
        let heading_valid = heading_cdeg == UNKNOWN || heading_cdeg < 36_000;
        (accuracy_dm > 0 && heading_valid).then_some(Self { coord, accuracy_dm, speed_cms, heading_cdeg })
    }
}
