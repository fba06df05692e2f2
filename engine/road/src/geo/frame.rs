use super::Coord;

/// Metres per 1e-7 degree of latitude, on the sphere that the haversine distance uses (mean radius 6,371,008.8 m).
const METRES_PER_E7: f64 = 6_371_008.8 * std::f64::consts::PI / 180.0 / 1e7;

/// Half the globe and all of it, in 1e-7 degrees.
const HALF_TURN_E7: i64 = 1_800_000_000;

/// A flat plane that touches the globe at an origin: x metres east, y metres north.
///
/// Good to about 0.1 % within 10 km of the origin away from the poles. It wraps at the date line.
#[derive(Debug, Clone, Copy)]
pub struct LocalFrame {
    origin: Coord,
    metres_per_lon_e7: f64,
}

/// A point of a [`LocalFrame`], in metres.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Xy {
    /// Metres east of the origin.
    pub x: f64,
    /// Metres north of the origin.
    pub y: f64,
}

/// The point of a segment that is closest to some other point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Projected {
    /// The closest point of the segment.
    pub point: Xy,
    /// How far along the segment it is, 0 at its start and 1 at its end.
    pub fraction: f64,
    /// The square of the distance, in square metres.
    pub distance_sq: f64,
}

impl LocalFrame {
    /// The plane that touches the globe at `origin`.
    pub fn at(origin: Coord) -> Self {
        // At the very pole all longitudes are one place; a sliver keeps the inverse finite.
        let shrink = origin.lat().to_radians().cos().max(1e-9);
        Self { origin, metres_per_lon_e7: METRES_PER_E7 * shrink }
    }

    /// Where the plane touches the globe.
    #[inline]
    pub(crate) fn origin(self) -> Coord {
        self.origin
    }

    /// How many metres east and north 1e-7 degrees of longitude and latitude are in the plane.
    #[inline]
    pub(crate) fn metres_per_e7(self) -> Xy {
        Xy { x: self.metres_per_lon_e7, y: METRES_PER_E7 }
    }

    /// Where `coord` is in the plane.
    #[inline]
    pub fn to_xy(self, coord: Coord) -> Xy {
        let mut east = i64::from(coord.lon_e7()) - i64::from(self.origin.lon_e7());
        if east > HALF_TURN_E7 {
            east -= 2 * HALF_TURN_E7;
        } else if east < -HALF_TURN_E7 {
            east += 2 * HALF_TURN_E7;
        }
        let north = i64::from(coord.lat_e7()) - i64::from(self.origin.lat_e7());
        Xy { x: east as f64 * self.metres_per_lon_e7, y: north as f64 * METRES_PER_E7 }
    }

    /// The place on the globe at `xy`, clamped to the poles and wrapped at the date line.
    pub fn to_coord(self, xy: Xy) -> Coord {
        let lat = i64::from(self.origin.lat_e7()) + (xy.y / METRES_PER_E7).round() as i64;
        let lon = i64::from(self.origin.lon_e7()) + (xy.x / self.metres_per_lon_e7).round() as i64;
        let lat = lat.clamp(-900_000_000, 900_000_000) as i32;
        let lon = ((lon + HALF_TURN_E7).rem_euclid(2 * HALF_TURN_E7) - HALF_TURN_E7) as i32;
        Coord::from_e7(lat, lon).expect("clamped and wrapped into range")
    }
}

impl Xy {
    /// The straight distance to `other`, in metres.
    pub fn distance(self, other: Self) -> f64 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    /// The closest point to this one on the segment from `start` to `end`, which may be one point.
    #[inline]
    pub fn project(self, start: Self, end: Self) -> Projected {
        let (dx, dy) = (end.x - start.x, end.y - start.y);
        let (px, py) = (self.x - start.x, self.y - start.y);
        let length_sq = dx * dx + dy * dy;
        let fraction = if length_sq > 0.0 { ((px * dx + py * dy) / length_sq).clamp(0.0, 1.0) } else { 0.0 };
        let point = Self { x: start.x + fraction * dx, y: start.y + fraction * dy };
        let (ex, ey) = (self.x - point.x, self.y - point.y);
        Projected { point, fraction, distance_sq: ex * ex + ey * ey }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn plane_agrees_with_globe(lat in -70.0..70.0, lon in -180.0..180.0, x in -5e3..5e3, y in -5e3..5e3) {
            let origin = Coord::from_degrees(lat, lon)?;
            let frame = LocalFrame::at(origin);
            let there = frame.to_coord(Xy { x, y });
            let flat = frame.to_xy(there);
            prop_assert!((flat.x - x).abs() < 0.02 && (flat.y - y).abs() < 0.02);
            let crow = origin.distance(there).0;
            prop_assert!((crow - x.hypot(y)).abs() < 0.03 + crow * 2e-3);
        }

        #[test]
        fn projection_is_the_closest_point(
            px in -9.0..9.0f64, py in -9.0..9.0f64, ax in -9.0..9.0f64, ay in -9.0..9.0f64,
            bx in -9.0..9.0f64, by in -9.0..9.0f64, other in 0.0..1.0f64,
        ) {
            let (p, a, b) = (Xy { x: px, y: py }, Xy { x: ax, y: ay }, Xy { x: bx, y: by });
            let on_segment = Xy { x: ax + other * (bx - ax), y: ay + other * (by - ay) };
            let closest = p.project(a, b);
            prop_assert!(closest.distance_sq.sqrt() <= p.distance(on_segment) + 1e-9);
        }
    }
}
