use etaflow_road::{Fix, LocalFrame, Span, Xy};

use super::alignment::{Aligned, Place, align};
use super::arcs::{ArcId, Arcs};

/// How far apart places along the route are, in metres, at most.
const SPACING_M: f64 = 2.5;

/// How far a fix may be from the arc it is matched to, in metres along the true route: two sigma of GPS noise.
const TOLERANCE_M: f64 = 15.0;

/// A vehicle that was faster than this, in metres per second,
const MOVING_MPS: f64 = 2.0;

/// over so long, is moving.
const MOVING_OVER: Span = Span::from_secs(5);

/// The first fixes are told apart: at the start nobody knows the direction.
const START: Span = Span::from_secs(60);

/// The route that was driven, and where on it each fix is.
pub(super) struct Truth {
    pub(super) route: Vec<ArcId>,
    /// By arc of the route, where it ends, in metres along the route.
    ends_m: Vec<f64>,
    places: Vec<FixPlace>,
}

/// Where a fix is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct FixPlace {
    /// In metres along the route; that of the last fix that is on it, for one that is not.
    along_m: f64,
    /// Whether it is far from all of the route.
    pub(super) is_far: bool,
    /// Whether it moves, and is not one of the first.
    pub(super) is_moving: bool,
}

impl Truth {
    /// Finds the fixes on a route.
    pub(super) fn new(route: Vec<ArcId>, arcs: &Arcs, fixes: &[Fix]) -> Self {
        let mut along_m = 0.0;
        let ends_m = route.iter().map(|&arc| {
            along_m += arcs.length_m(arc);
            along_m
        });
        let ends_m: Vec<f64> = ends_m.collect();
        let places = route.first().map(|&first| {
            let frame = LocalFrame::at(arcs.ends(first)[0]);
            let places = places(&route, &ends_m, arcs, frame);
            let at: Vec<Xy> = fixes.iter().map(|fix| frame.to_xy(fix.coord)).collect();
            let along = align(&at, &places).into_iter().map(|aligned| match aligned {
                Aligned::At(place) => (Some(places[place].along_m), false),
                Aligned::OutOfOrder => (None, false),
                Aligned::Far => (None, true),
            });
            fix_places(fixes, along)
        });
        Self { route, ends_m, places: places.unwrap_or_default() }
    }

    /// Where a fix of the track is.
    pub(super) fn place(&self, fix: usize) -> FixPlace {
        self.places[fix]
    }

    /// Whether an arc is one of the route near a place.
    pub(super) fn is_right(&self, place: FixPlace, arc: ArcId) -> bool {
        let first = self.ends_m.partition_point(|&end| end < place.along_m - TOLERANCE_M);
        let begin = |nth: usize| nth.checked_sub(1).map_or(0.0, |before| self.ends_m[before]);
        let near = (first..self.route.len()).take_while(|&nth| begin(nth) <= place.along_m + TOLERANCE_M);
        near.into_iter().any(|nth| self.route[nth] == arc)
    }
}

/// Places along a route, from its begin to its end.
fn places(route: &[ArcId], ends_m: &[f64], arcs: &Arcs, frame: LocalFrame) -> Vec<Place> {
    let mut places = Vec::new();
    for (&arc, end_m) in route.iter().zip(ends_m) {
        let (length_m, [from, to]) = (arcs.length_m(arc), arcs.ends(arc).map(|end| frame.to_xy(end)));
        let parts = (length_m / SPACING_M).ceil().max(1.0);
        for part in 0..=parts as usize {
            let share = part as f64 / parts;
            let at = Xy { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
            places.push(Place { along_m: end_m - length_m * (1.0 - share), at });
        }
    }
    // Sums of lengths are not exact, and no place is before another that comes earlier.
    for nth in 1..places.len() {
        places[nth].along_m = places[nth].along_m.max(places[nth - 1].along_m);
    }
    places
}

/// Says of each fix how far it is, and whether it moves.
fn fix_places(fixes: &[Fix], along: impl Iterator<Item = (Option<f64>, bool)>) -> Vec<FixPlace> {
    let mut places: Vec<FixPlace> = Vec::with_capacity(fixes.len());
    for (nth, (along_m, is_far)) in along.enumerate() {
        let along_m = along_m.or(places.last().map(|before| before.along_m)).unwrap_or(0.0);
        let time = fixes[nth].time;
        let since = |before: usize| time.since(fixes[before].time);
        let before = (0..nth).rev().find(|&before| since(before) >= MOVING_OVER);
        let is_fast = before
            .is_some_and(|before| (along_m - places[before].along_m).abs() > MOVING_MPS * since(before).secs_f64());
        let is_moving = is_fast && !is_far && since(0) > START;
        places.push(FixPlace { along_m, is_far, is_moving });
    }
    places
}

#[cfg(test)]
#[path = "truth_tests.rs"]
mod tests;
