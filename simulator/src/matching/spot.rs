use etaflow_road::{Coord, Fix, LocalFrame, Xy};

use super::alignment::NEAR_M;
use super::arcs::{ArcId, Arcs};
use super::mismatch::Mismatch;

/// What is nearer than this in degrees of latitude and longitude, about 100 m, is one spot.
const APART_E7: i32 = 9_000;

/// A place where something is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Spot {
    pub(super) bounds: Bounds,
    pub(super) missing: Vec<ArcId>,
    pub(super) extra: Vec<ArcId>,
    /// How much that is, in metres.
    wrong_m: f64,
}

/// A rectangle of the map: its corner in the south-west, and that in the north-east, in 1e-7 degrees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    low: [i32; 2],
    high: [i32; 2],
}

impl Bounds {
    pub(super) fn of(coord: Coord) -> Self {
        let at = [coord.lat_e7(), coord.lon_e7()];
        Self { low: at, high: at }
    }

    /// One around both.
    pub(super) fn with(self, other: Self) -> Self {
        let each = |nth: usize| (self.low[nth].min(other.low[nth]), self.high[nth].max(other.high[nth]));
        let ((south, north), (west, east)) = (each(0), each(1));
        Self { low: [south, west], high: [north, east] }
    }

    pub(super) fn corners(self) -> [Coord; 2] {
        [self.low, self.high].map(|[lat, lon]| Coord::from_e7(lat, lon).expect("of places on the globe"))
    }

    pub(super) fn centre(self) -> Coord {
        let middle = |nth: usize| self.low[nth].midpoint(self.high[nth]);
        Coord::from_e7(middle(0), middle(1)).expect("between places on the globe")
    }

    fn is_near(self, other: Self) -> bool {
        let near = |one: Self, other: Self, nth: usize| one.low[nth] <= other.high[nth].saturating_add(APART_E7);
        (0..2).all(|nth| near(self, other, nth) && near(other, self, nth))
    }
}

impl Spot {
    fn of(arc: ArcId, is_missing: bool, arcs: &Arcs) -> Self {
        let [from, to] = arcs.ends(arc).map(Bounds::of);
        let (missing, extra) = if is_missing { (vec![arc], Vec::new()) } else { (Vec::new(), vec![arc]) };
        Self { bounds: from.with(to), missing, extra, wrong_m: arcs.length_m(arc) }
    }

    fn join(&mut self, other: Self) {
        self.bounds = self.bounds.with(other.bounds);
        self.missing.extend(other.missing);
        self.extra.extend(other.extra);
        self.wrong_m += other.wrong_m;
    }
}

/// Where routes differ, the longest difference first. What is near each other is together.
pub(super) fn spots(arcs: &Arcs, mismatch: &Mismatch) -> Vec<Spot> {
    let mut spots: Vec<Spot> = Vec::new();
    let missing = mismatch.missing.iter().map(|&arc| (arc, true));
    for (arc, is_missing) in missing.chain(mismatch.extra.iter().map(|&arc| (arc, false))) {
        let mut spot = Spot::of(arc, is_missing, arcs);
        // What it joins may be near others in turn.
        while let Some(nth) = spots.iter().position(|other| other.bounds.is_near(spot.bounds)) {
            spot.join(spots.swap_remove(nth));
        }
        spots.push(spot);
    }
    spots.sort_by(|one, other| other.wrong_m.total_cmp(&one.wrong_m).then(one.bounds.low.cmp(&other.bounds.low)));
    spots
}

/// The length of some arcs, and how far the fixes near them are from them on average, in metres.
pub(super) fn extent(route: &[ArcId], arcs: &Arcs, fixes: &[Fix]) -> (f64, Option<f64>) {
    let length_m = route.iter().fold(0.0, |sum, &arc| sum + arcs.length_m(arc));
    let distances = fixes.iter().filter_map(|fix| {
        let (frame, here) = (LocalFrame::at(fix.coord), Xy::default());
        let squared = route.iter().map(|&arc| {
            let [from, to] = arcs.ends(arc).map(|end| frame.to_xy(end));
            here.project(from, to).distance_sq
        });
        squared.min_by(f64::total_cmp).map(f64::sqrt).filter(|&distance| distance <= NEAR_M)
    });
    let (sum, count) = distances.fold((0.0, 0), |(sum, count), distance| (sum + distance, count + 1));
    (length_m, (count > 0).then(|| sum / f64::from(count)))
}
