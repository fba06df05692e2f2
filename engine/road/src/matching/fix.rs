use crate::geo::Coord;
use crate::unit::Timestamp;

/// What a GPS receiver said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fix {
    /// When it was there.
    pub time: Timestamp,
    /// Where it was.
    pub coord: Coord,
    /// Within how many metres it is with a probability of 68 %. Unknown if absent, not finite or not above 0.
    pub accuracy_m: Option<f32>,
    /// How fast it moved, in metres per second. Unknown if absent, not finite or negative.
    pub speed_mps: Option<f32>,
    /// Which way it moved, in degrees clockwise from north. Unknown if absent or not finite.
    pub heading_deg: Option<f32>,
}

impl Fix {
    /// A fix of which no more is known than where and when.
    pub fn new(time: Timestamp, coord: Coord) -> Self {
        Self { time, coord, accuracy_m: None, speed_mps: None, heading_deg: None }
    }

    pub(super) fn accuracy(&self) -> Option<f64> {
        self.accuracy_m.filter(|accuracy| accuracy.is_finite() && *accuracy > 0.0).map(f64::from)
    }

    pub(super) fn speed(&self) -> Option<f64> {
        self.speed_mps.filter(|speed| speed.is_finite() && *speed >= 0.0).map(f64::from)
    }

    /// Which way it moved, in degrees, if it moved at all fast enough to know.
    pub(super) fn course(&self, speed_min: f64) -> Option<f64> {
        let heading = self.heading_deg.filter(|heading| heading.is_finite())?;
        (self.speed()? >= speed_min).then_some(f64::from(heading))
    }
}
