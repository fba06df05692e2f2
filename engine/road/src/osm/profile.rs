use crate::network::{RoadClass, TurnModel};
use crate::unit::Weight;

/// How the tags of a map are read: who drives, how fast, and what holds them up.
///
/// ```
/// use etaflow_road::Profile;
///
/// let mut profile = Profile::car();
/// profile.turns.drives_right = false;
/// assert_ne!(profile, Profile::taxi());
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// The access keys that concern the vehicle, most specific first.
    pub access_keys: Vec<String>,
    /// What turning costs. Its wait at traffic lights is also used for those that stand before a junction.
    pub turns: TurnModel,
    /// Speeds by class, in the order of [`RoadClass::ALL`].
    pub speeds: [ClassSpeed; 11],
    /// The highest speed there is, in km/h.
    pub speed_max_kmh: f64,
    /// What holds one up on the way.
    pub delays: Delays,
}

/// How fast one drives on a class of roads when nothing is in the way.
///
/// A posted limit is not what is driven: bends, parked cars, side streets and pedestrians see to that, and the more so
/// the less important the road. So a limit counts by the class's share, but a low limit (30 km/h and less) by 0.85 at
/// least, since it is low because of all that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassSpeed {
    /// Where no limit is known, in km/h.
    pub plain_kmh: f64,
    /// The same on ramps.
    pub link_kmh: f64,
    /// Which share of a posted limit is driven, 0 to 1.
    pub limit_share: f64,
}

/// Mean delays in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delays {
    /// Pedestrian lights in the middle of a road.
    pub pedestrian_signal_ms: Weight,
    /// A pedestrian crossing without lights.
    pub crossing_ms: Weight,
    /// A stop sign.
    pub stop_ms: Weight,
    /// A give-way sign.
    pub give_way_ms: Weight,
    /// A bump, hump, table or chicane.
    pub calming_ms: Weight,
    /// A gate or lift gate that can be passed.
    pub gate_ms: Weight,
    /// A toll booth.
    pub toll_booth_ms: Weight,
    /// A border control.
    pub border_ms: Weight,
    /// A single lane that both directions take in turns.
    pub alternating_ms: Weight,
    /// For going through an area that is only open to those who have business there, half on entering it and half on
    /// leaving it, so that through traffic goes around while a trip that begins or ends there is delayed by half.
    pub through_private_ms: Weight,
}

impl Profile {
    /// A passenger car.
    pub fn car() -> Self {
        let speed = |plain_kmh, link_kmh, limit_share| ClassSpeed { plain_kmh, link_kmh, limit_share };
        Self {
            access_keys: ["motorcar", "motor_vehicle", "vehicle", "access"].map(String::from).into(),
            turns: TurnModel::default(),
            speeds: [
                speed(100.0, 50.0, 0.93),
                speed(80.0, 45.0, 0.9),
                speed(52.0, 35.0, 0.8),
                speed(46.0, 32.0, 0.76),
                speed(38.0, 28.0, 0.72),
                speed(32.0, 28.0, 0.65),
                speed(27.0, 25.0, 0.6),
                speed(10.0, 10.0, 0.85),
                speed(13.0, 13.0, 0.6),
                speed(12.0, 12.0, 0.5),
                speed(9.0, 9.0, 1.0),
            ],
            speed_max_kmh: 140.0,
            delays: Delays {
                pedestrian_signal_ms: 4_000,
                crossing_ms: 700,
                stop_ms: 4_000,
                give_way_ms: 1_500,
                calming_ms: 1_500,
                gate_ms: 10_000,
                toll_booth_ms: 15_000,
                border_ms: 60_000,
                alternating_ms: 20_000,
                through_private_ms: 120_000,
            },
        }
    }

    /// A taxi: a car that may also go where only taxis or public service vehicles may.
    pub fn taxi() -> Self {
        let mut profile = Self::car();
        profile.access_keys.splice(0..0, ["taxi", "psv"].map(String::from));
        profile
    }

    /// The speeds of a class.
    pub fn speed(&self, class: RoadClass) -> &ClassSpeed {
        &self.speeds[class as usize]
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::car()
    }
}
