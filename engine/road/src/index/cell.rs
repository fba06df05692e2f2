use super::window::{Bounds, Side, Window};
use crate::geo::{Coord, LocalFrame, Xy};

/// All of the globe's longitudes and half of them, in 1e-7 degrees.
pub(super) const TURN_E7: i64 = 3_600_000_000;
pub(super) const HALF_TURN_E7: i64 = TURN_E7 / 2;
const QUARTER_TURN_E7: i64 = TURN_E7 / 4;

/// How high and (at least) wide a cell is, in metres.
const CELL_M: f64 = 128.0;

/// How far around a cell the segments lie that it holds, in metres.
pub(super) const PAD_M: f64 = 50.0;

/// The globe cut into rows of cells. All cells of a band of latitude (a degree) are equally wide in longitude.
#[derive(Debug)]
pub(super) struct Cells {
    row_e7: i64,
    pad_lat_e7: i64,
    /// Of a window, in latitude.
    side: Side,
    bands: Vec<Band>,
}

#[derive(Debug, Clone, Copy)]
struct Band {
    width_e7: i64,
    columns: u32,
    /// [`PAD_M`] in longitude, where the band is narrowest.
    pad_lon_e7: i64,
    /// Of a window, in longitude.
    side: Side,
}

/// A segment of a road: a straight line in longitude and latitude.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) start: Coord,
    /// What leads to its end, the short way around the globe, in 1e-7 degrees.
    pub(super) lat_step: i64,
    pub(super) lon_step: i64,
}

impl Line {
    pub(super) fn new(start: Coord, end: Coord) -> Self {
        let lat_step = i64::from(end.lat_e7()) - i64::from(start.lat_e7());
        let lon_step = wrap(i64::from(end.lon_e7()) - i64::from(start.lon_e7()));
        Self { start, lat_step, lon_step }
    }
}

impl Cells {
    pub(super) fn new() -> Self {
        let equator = LocalFrame::at(Coord::default()).metres_per_e7();
        let row_e7 = (CELL_M / equator.y).ceil() as i64;
        let pad_lat_e7 = (PAD_M / equator.y).ceil() as i64;
        let band = |degree: i32| {
            // A row that begins in the band can end a little past it, and so can the padding.
            let poleward = f64::from((degree - 90).abs().max((degree - 89).abs())) + 0.002;
            let metres_per_e7 = equator.y * poleward.min(90.0).to_radians().cos().max(1e-9);
            let width_e7 = ((CELL_M / metres_per_e7).ceil() as i64).min(TURN_E7);
            let columns = ((TURN_E7 + width_e7 - 1) / width_e7) as u32;
            let pad_lon_e7 = ((PAD_M / metres_per_e7).ceil() as i64).min(TURN_E7);
            let side = Side::new((width_e7 + 2 * pad_lon_e7).min(TURN_E7));
            Band { width_e7, columns, pad_lon_e7, side }
        };
        let side = Side::new(row_e7 + 2 * pad_lat_e7);
        Self { row_e7, pad_lat_e7, side, bands: (0..=180).map(band).collect() }
    }

    /// The cell that holds a place.
    #[inline]
    pub(super) fn at(&self, coord: Coord) -> u64 {
        let row = self.row(i64::from(coord.lat_e7()));
        key(row, self.band(row).column(i64::from(coord.lon_e7())))
    }

    /// A cell and what is around it.
    #[inline]
    pub(super) fn window(&self, cell: u64) -> Window {
        let (row, column) = ((cell >> 32) as u32, cell as u32);
        let band = self.band(row);
        let south = i64::from(row) * self.row_e7 - QUARTER_TURN_E7 - self.pad_lat_e7;
        let west = i64::from(column) * band.width_e7 - HALF_TURN_E7 - band.pad_lon_e7;
        Window::new(self.side.starting_at(south), band.side.starting_at(west))
    }

    /// The cells that hold every segment that comes within `radius` metres of `at`, and how many they are at most.
    /// They are one if the radius is at most [`PAD_M`].
    pub(super) fn around(&self, at: Coord, metres_per_e7: Xy, radius: f64) -> Area<'_> {
        let (lat, lon) = (i64::from(at.lat_e7()), i64::from(at.lon_e7()));
        let reach_lat = if radius <= PAD_M { 0 } else { (radius / metres_per_e7.y).ceil() as i64 - self.pad_lat_e7 };
        let reach_lon = if radius <= PAD_M { 0 } else { (radius / metres_per_e7.x).ceil() as i64 };
        let rows = (self.row(lat - reach_lat.max(0)), self.row(lat + reach_lat.max(0)));
        Area { cells: self, rows, lon, reach_lon: reach_lon.min(TURN_E7) }
    }

    /// Calls `visit` with every cell that a line comes within [`PAD_M`] of, and where in its window that is.
    pub(super) fn along(&self, line: Line, mut visit: impl FnMut(u64, Bounds)) {
        let (lat, lon) = (i64::from(line.start.lat_e7()), i64::from(line.start.lon_e7()));
        let south = lat + line.lat_step.min(0) - self.pad_lat_e7;
        let north = lat + line.lat_step.max(0) + self.pad_lat_e7;
        for row in self.row(south)..=self.row(north) {
            let low = i64::from(row) * self.row_e7 - QUARTER_TURN_E7 - self.pad_lat_e7;
            let high = low + self.row_e7 + 2 * self.pad_lat_e7;
            let share = |at: i64| ((at - lat) as f64 / line.lat_step as f64).clamp(0.0, 1.0);
            let (from, to) = if line.lat_step == 0 { (0.0, 1.0) } else { (share(low), share(high)) };
            let (from, to) = (from * line.lon_step as f64, to * line.lon_step as f64);
            let band = self.band(row);
            // A unit more for what the division rounds.
            let west = lon + from.min(to).floor() as i64 - 1 - band.pad_lon_e7;
            let east = lon + from.max(to).ceil() as i64 + 1 + band.pad_lon_e7;
            for column in band.columns(west, east) {
                let cell = key(row, column);
                if let Some(bounds) = self.window(cell).bounds(line) {
                    visit(cell, bounds);
                }
            }
        }
    }

    #[inline]
    fn row(&self, lat_e7: i64) -> u32 {
        ((lat_e7.clamp(-QUARTER_TURN_E7, QUARTER_TURN_E7) + QUARTER_TURN_E7) / self.row_e7) as u32
    }

    #[inline]
    fn band(&self, row: u32) -> Band {
        self.bands[(i64::from(row) * self.row_e7 / 10_000_000) as usize]
    }
}

/// The cells to be searched around a place.
#[derive(Debug)]
pub(super) struct Area<'a> {
    cells: &'a Cells,
    rows: (u32, u32),
    lon: i64,
    reach_lon: i64,
}

impl Area<'_> {
    /// How many cells there are.
    pub(super) fn count(&self) -> u64 {
        (self.rows.0..=self.rows.1).map(|row| u64::from(self.width(row))).sum()
    }

    /// Calls `visit` with each.
    pub(super) fn for_each(&self, mut visit: impl FnMut(u64)) {
        for row in self.rows.0..=self.rows.1 {
            self.columns(row).for_each(|column| visit(key(row, column)));
        }
    }

    fn columns(&self, row: u32) -> impl Iterator<Item = u32> {
        let band = self.cells.band(row);
        let reach = (self.reach_lon - band.pad_lon_e7).max(0);
        band.columns(self.lon - reach, self.lon + reach)
    }

    fn width(&self, row: u32) -> u32 {
        let band = self.cells.band(row);
        let reach = (self.reach_lon - band.pad_lon_e7).max(0);
        band.span(self.lon - reach, self.lon + reach).1
    }
}

impl Band {
    #[inline]
    fn column(self, lon_e7: i64) -> u32 {
        ((wrap(lon_e7) + HALF_TURN_E7) / self.width_e7) as u32
    }

    /// The first column and how many there are from one longitude eastward to another.
    fn span(self, west: i64, east: i64) -> (u32, u32) {
        if east - west >= TURN_E7 - self.width_e7 {
            return (0, self.columns);
        }
        let (first, last) = (self.column(west), self.column(east));
        (first, if last < first { last + self.columns - first } else { last - first } + 1)
    }

    fn columns(self, west: i64, east: i64) -> impl Iterator<Item = u32> {
        let (first, count) = self.span(west, east);
        (first..first + count).map(move |column| if column < self.columns { column } else { column - self.columns })
    }
}

#[inline]
fn key(row: u32, column: u32) -> u64 {
    u64::from(row) << 32 | u64::from(column)
}

/// A longitude, or a difference of two, brought to -180..180 degrees.
#[inline]
pub(super) fn wrap(lon_e7: i64) -> i64 {
    if (-HALF_TURN_E7..HALF_TURN_E7).contains(&lon_e7) {
        lon_e7
    } else {
        (lon_e7 + HALF_TURN_E7).rem_euclid(TURN_E7) - HALF_TURN_E7
    }
}
