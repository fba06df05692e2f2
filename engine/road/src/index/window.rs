use super::cell::{HALF_TURN_E7, Line, TURN_E7, wrap};
use crate::geo::Coord;

/// The highest number of a stripe.
const LAST: u32 = 127;

/// In each byte the bit above those of [`LAST`].
const OVER: u32 = 0x8080_8080;

/// How far outside a window a line still counts as inside, in 1e-7 degrees: more than what is rounded.
const SLACK_E7: i64 = 2;

/// What holds a cell and all that is within [`PAD_M`](super::cell::PAD_M) of it, cut into 128 stripes each way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    lat: Side,
    lon: Side,
}

/// One side of a window.
#[derive(Debug, Clone, Copy)]
pub(super) struct Side {
    /// Where it begins and how long it is, in 1e-7 degrees.
    first: i64,
    span: i64,
    /// Stripes in 1e-7 degrees, times 2^32.
    per_e7: i64,
}

/// The stripes of a window that something is in: the first ones each way, and how many there are after the last ones.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Bounds(u32);

/// The stripes of a window that are looked at, for [`Bounds::meet`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Sought(u32);

impl Side {
    /// A side of some length.
    pub(super) fn new(span: i64) -> Self {
        Self { first: 0, span, per_e7: (i64::from(LAST) << 32) / span.max(1) }
    }

    pub(super) fn starting_at(self, first: i64) -> Self {
        Self { first, ..self }
    }

    /// The stripe of what is so far from the beginning; the first or the last of what is outside.
    #[inline]
    fn stripe(self, from_first: i64) -> u32 {
        ((from_first.clamp(0, self.span) * self.per_e7) >> 32) as u32
    }

    /// Those from one place to another.
    #[inline]
    fn stripes(self, low: i64, high: i64) -> (u32, u32) {
        (self.stripe(low), self.stripe(high))
    }
}

impl Bounds {
    fn new(lat: (u32, u32), lon: (u32, u32)) -> Self {
        Self(bytes([lat.0, LAST - lat.1, lon.0, LAST - lon.1]))
    }

    /// Whether any stripe is looked at, each way.
    #[inline]
    pub(super) fn meet(self, sought: Sought) -> bool {
        // Byte by byte; nothing is borrowed from the next one.
        (sought.0 - self.0) & OVER == OVER
    }
}

impl Sought {
    #[inline]
    fn new(lat: (u32, u32), lon: (u32, u32)) -> Self {
        Self(bytes([lat.1, LAST - lat.0, lon.1, LAST - lon.0]) | OVER)
    }
}

#[inline]
fn bytes(bytes: [u32; 4]) -> u32 {
    bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3]
}

/// The share of a line, from one number to another, that is within a side, or no farther from it than [`SLACK_E7`]. The
/// first is the higher one if none is.
fn clip(share: (f64, f64), from_first: i64, step: i64, span: i64) -> (f64, f64) {
    let (low, high) = (-SLACK_E7 - from_first, span + SLACK_E7 - from_first);
    if step == 0 {
        return if low <= 0 && 0 <= high { share } else { (1.0, 0.0) };
    }
    let (one, other) = (low as f64 / step as f64, high as f64 / step as f64);
    (share.0.max(one.min(other)), share.1.min(one.max(other)))
}

/// Between which places a share of a line is; a unit more for what is rounded.
fn ends(share: (f64, f64), from_first: i64, step: i64) -> (i64, i64) {
    let (one, other) = (share.0 * step as f64, share.1 * step as f64);
    (from_first + one.min(other).floor() as i64 - 1, from_first + one.max(other).ceil() as i64 + 1)
}

impl Window {
    pub(super) fn new(lat: Side, lon: Side) -> Self {
        Self { lat, lon }
    }

    /// The stripes of what is within so many 1e-7 degrees of a place, each way.
    #[inline]
    pub(super) fn around(self, at: Coord, reach_lat: i64, reach_lon: i64) -> Sought {
        let north = i64::from(at.lat_e7()) - self.lat.first;
        let lat = self.lat.stripes(north - reach_lat, north + reach_lat);
        let lon = match self.east(at, reach_lon) {
            Some(east) => self.lon.stripes(east - reach_lon, east + reach_lon),
            None => (0, LAST),
        };
        Sought::new(lat, lon)
    }

    /// How far east of its beginning a place is, if all that is within `reach` of it, in 1e-7 degrees, is on one side of
    /// the globe with the window.
    #[inline]
    fn east(self, place: Coord, reach: i64) -> Option<i64> {
        let half = self.lon.span / 2;
        let east = wrap(i64::from(place.lon_e7()) - self.lon.first - half);
        (self.lon.span < TURN_E7 && east.abs() + reach.abs() < HALF_TURN_E7).then_some(east + half)
    }

    /// The stripes that a line is in, none if it misses the window.
    pub(super) fn bounds(self, line: Line) -> Option<Bounds> {
        let north = i64::from(line.start.lat_e7()) - self.lat.first;
        let east = self.east(line.start, line.lon_step);
        let share = clip((0.0, 1.0), north, line.lat_step, self.lat.span);
        let share = east.map_or(share, |east| clip(share, east, line.lon_step, self.lon.span));
        if share.0 > share.1 {
            return None;
        }
        let lat = ends(share, north, line.lat_step);
        let lat = self.lat.stripes(lat.0, lat.1);
        let lon = east.map(|east| ends(share, east, line.lon_step));
        let lon = lon.map_or((0, LAST), |lon| self.lon.stripes(lon.0, lon.1));
        Some(Bounds::new(lat, lon))
    }
}
