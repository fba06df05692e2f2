use geo::{Bearing, Distance, Haversine, Point};

use crate::unit::Metres;

/// A place on the globe (WGS 84), in fixed point: 1e-7 degrees, about a centimetre.
///
/// The same precision as OpenStreetMap's, so that an imported coordinate is kept exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Coord {
    lat_e7: i32,
    lon_e7: i32,
}

/// Why two numbers are not a place on the globe.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum CoordError {
    /// The latitude is not a number from -90 to 90.
    #[error("latitude {0} is not within -90..=90 degrees")]
    Latitude(f64),
    /// The longitude is not a number from -180 to 180.
    #[error("longitude {0} is not within -180..=180 degrees")]
    Longitude(f64),
}

impl Coord {
    /// From degrees, latitude first.
    ///
    /// # Errors
    /// If either is not finite or out of range.
    ///
    /// ```
    /// # use etaflow_road::Coord;
    /// let porto = Coord::from_degrees(41.15, -8.61)?;
    /// assert_eq!(porto.lat_e7(), 411_500_000);
    /// assert!(Coord::from_degrees(f64::NAN, 0.0).is_err());
    /// # Ok::<(), etaflow_road::CoordError>(())
    /// ```
    pub fn from_degrees(lat: f64, lon: f64) -> Result<Self, CoordError> {
        if !(-90.0..=90.0).contains(&lat) {
            return Err(CoordError::Latitude(lat));
        }
        if !(-180.0..=180.0).contains(&lon) {
            return Err(CoordError::Longitude(lon));
        }
        Ok(Self { lat_e7: (lat * 1e7).round() as i32, lon_e7: (lon * 1e7).round() as i32 })
    }

    /// From units of 1e-7 degrees, latitude first.
    ///
    /// # Errors
    /// If either is out of range.
    pub fn from_e7(lat_e7: i32, lon_e7: i32) -> Result<Self, CoordError> {
        if lat_e7.unsigned_abs() > 900_000_000 {
            return Err(CoordError::Latitude(f64::from(lat_e7) / 1e7));
        }
        if lon_e7.unsigned_abs() > 1_800_000_000 {
            return Err(CoordError::Longitude(f64::from(lon_e7) / 1e7));
        }
        Ok(Self { lat_e7, lon_e7 })
    }

    /// The latitude in units of 1e-7 degrees.
    pub const fn lat_e7(self) -> i32 {
        self.lat_e7
    }

    /// The longitude in units of 1e-7 degrees.
    pub const fn lon_e7(self) -> i32 {
        self.lon_e7
    }

    /// The latitude in degrees.
    pub fn lat(self) -> f64 {
        f64::from(self.lat_e7) / 1e7
    }

    /// The longitude in degrees.
    pub fn lon(self) -> f64 {
        f64::from(self.lon_e7) / 1e7
    }

    /// The great-circle distance to `other` (haversine).
    pub fn distance(self, other: Self) -> Metres {
        Metres(Haversine.distance(self.point(), other.point()))
    }

    /// The initial bearing to `other`, in degrees clockwise from north, in 0..360.
    pub fn bearing(self, other: Self) -> f64 {
        Haversine.bearing(self.point(), other.point()).rem_euclid(360.0)
    }

    /// The place that share of the way to `other`, 0 to 1, along the line that is straight in longitude and latitude, as
    /// the segments of a road are. It goes the short way around the globe.
    pub(crate) fn towards(self, other: Self, share: f64) -> Self {
        let (half_turn, lat_e7, lon_e7) = (1_800_000_000.0, f64::from(self.lat_e7), f64::from(self.lon_e7));
        let wrap = |lon_e7: f64| match lon_e7 {
            west if west < -half_turn => west + 2.0 * half_turn,
            east if east > half_turn => east - 2.0 * half_turn,
            within => within,
        };
        let lat_e7 = lat_e7 + share * (f64::from(other.lat_e7) - lat_e7);
        let lon_e7 = wrap(lon_e7 + share * wrap(f64::from(other.lon_e7) - lon_e7));
        Self { lat_e7: lat_e7.round() as i32, lon_e7: lon_e7.round() as i32 }
    }

    fn point(self) -> Point {
        Point::new(self.lon(), self.lat())
    }
}
