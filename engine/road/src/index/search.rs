use super::candidate::Candidate;
use super::cell::PAD_M;
use super::edge_index::{EdgeIndex, Entry, NO_TWIN};
use crate::geo::{Coord, LocalFrame, Xy};
use crate::id::EdgeId;
use crate::network::Network;
use crate::routing::Position;
use crate::unit::Metres;

const HALF_TURN_E7: f64 = 1.8e9;

/// No two places are farther apart, in metres.
const GLOBE_M: f64 = 20.1e6;

impl EdgeIndex {
    /// The closest point of each edge within `radius` of `at`, closest first (equally close ones by edge), at most
    /// `max`. A street open both ways is two candidates. `out` is cleared first.
    ///
    /// One run of memory up to a radius of 50 m. A radius that is not a number finds nothing.
    pub fn within(&self, network: &Network, at: Coord, radius: Metres, max: usize, out: &mut Vec<Candidate>) {
        out.clear();
        let mut several = !self.long.is_empty();
        let runs = |run: &[Entry]| {
            Query::new(at, radius).closest_by_edge(run, |found| {
                let (there, back) = found.candidates(network);
                out.push(there);
                out.extend(back);
            });
        };
        several |= self.for_each_run(at, radius, runs) > 1;
        if several {
            out.sort_unstable_by(Candidate::by_edge);
            out.dedup_by_key(|candidate| candidate.position.edge);
        }
        out.sort_unstable_by(Candidate::by_distance);
        out.truncate(max);
    }

    /// The closest edge within `radius` of `at` that is accepted (of equally close ones the lowest).
    ///
    /// `accept` may be asked about an edge more than once.
    pub fn nearest(
        &self,
        network: &Network,
        at: Coord,
        radius: Metres,
        mut accept: impl FnMut(EdgeId) -> bool,
    ) -> Option<Candidate> {
        if radius.0.is_nan() {
            return None;
        }
        let radius = radius.0.min(GLOBE_M);
        let mut reach = radius.min(PAD_M);
        loop {
            let mut best: Option<Candidate> = None;
            self.for_each_run(at, Metres(reach), |run| {
                Query::new(at, Metres(reach)).closest_by_edge(run, |found| {
                    let (there, back) = found.candidates(network);
                    for candidate in [Some(there), back].into_iter().flatten() {
                        let closer = best.is_none_or(|best| candidate.by_distance(&best).is_lt());
                        if closer && accept(candidate.position.edge) {
                            best = Some(candidate);
                        }
                    }
                });
            });
            if best.is_some() || reach >= radius {
                return best;
            }
            reach = (reach * 2.0).clamp(1.0, radius);
        }
    }

    /// Calls `visit` with runs of entries that hold every segment within `radius`, each segment at least once; says how
    /// many runs there may be.
    fn for_each_run(&self, at: Coord, radius: Metres, mut visit: impl FnMut(&[Entry])) -> usize {
        if radius.0.is_nan() || radius.0 < 0.0 {
            return 0;
        }
        if !self.long.is_empty() {
            visit(&self.long);
        }
        if radius.0 <= PAD_M {
            visit(&self.entries[self.directory.get(self.cells.at(at))]);
            return 1;
        }
        let area = self.cells.around(at, radius.0.min(GLOBE_M));
        // Wider than all there is: the cells of the network are fewer than those of the area.
        if area.count() > self.cell_count as u64 {
            visit(&self.entries);
            return usize::MAX;
        }
        let mut runs = 0;
        area.for_each(|cell| {
            runs += 1;
            visit(&self.entries[self.directory.get(cell)]);
        });
        runs
    }
}

/// A place, and how far around it to look.
struct Query {
    lat_e7: f64,
    lon_e7: f64,
    metres_per_e7: Xy,
    radius_sq: f64,
}

/// The closest point of a segment.
struct Found<'a> {
    entry: &'a Entry,
    fraction: f64,
    distance_sq: f64,
    metres_per_e7: Xy,
}

impl Query {
    fn new(at: Coord, radius: Metres) -> Self {
        Self {
            lat_e7: f64::from(at.lat_e7()),
            lon_e7: f64::from(at.lon_e7()),
            metres_per_e7: LocalFrame::at(at).metres_per_e7(),
            radius_sq: radius.0 * radius.0,
        }
    }

    /// Calls `visit` with the closest point of each edge within the radius; the entries of an edge are together.
    #[inline]
    fn closest_by_edge<'a>(&self, run: &'a [Entry], mut visit: impl FnMut(Found<'a>)) {
        let mut best: Option<Found<'a>> = None;
        for entry in run {
            let (distance_sq, fraction) = self.project(entry);
            if distance_sq > self.radius_sq {
                continue;
            }
            let found = Found { entry, fraction, distance_sq, metres_per_e7: self.metres_per_e7 };
            match &best {
                Some(known) if known.entry.edge == entry.edge => {
                    if distance_sq < known.distance_sq {
                        best = Some(found);
                    }
                }
                _ => {
                    if let Some(known) = best.replace(found) {
                        visit(known);
                    }
                }
            }
        }
        if let Some(known) = best {
            visit(known);
        }
    }

    #[inline]
    fn project(&self, entry: &Entry) -> (f64, f64) {
        let mut east = f64::from(entry.lon_e7) - self.lon_e7;
        if east.abs() > HALF_TURN_E7 {
            east -= 2.0 * HALF_TURN_E7.copysign(east);
        }
        let scale = self.metres_per_e7;
        let start = Xy { x: east * scale.x, y: (f64::from(entry.lat_e7) - self.lat_e7) * scale.y };
        let step = Xy { x: f64::from(entry.lon_step) * scale.x, y: f64::from(entry.lat_step) * scale.y };
        let closest = Xy::default().project(start, Xy { x: start.x + step.x, y: start.y + step.y });
        (closest.distance_sq, closest.fraction)
    }
}

impl Found<'_> {
    /// As a point of the edge, and of the edge the other way.
    fn candidates(&self, network: &Network) -> (Candidate, Option<Candidate>) {
        let entry = self.entry;
        let lat = f64::from(entry.lat_e7) + self.fraction * f64::from(entry.lat_step);
        let mut lon = f64::from(entry.lon_e7) + self.fraction * f64::from(entry.lon_step);
        if lon.abs() > HALF_TURN_E7 {
            lon -= 2.0 * HALF_TURN_E7.copysign(lon);
        }
        let point = Coord::from_e7(lat.round() as i32, lon.round() as i32).expect("between two places on the globe");
        let (dx, dy) =
            (f64::from(entry.lon_step) * self.metres_per_e7.x, f64::from(entry.lat_step) * self.metres_per_e7.y);
        let length = (dx * dx + dy * dy).sqrt();
        let unit = if length > 0.0 { 1.0 / length } else { 0.0 };
        let heading = [(dx * unit) as f32, (dy * unit) as f32];
        let edge = EdgeId(entry.edge);
        let offset_mm = entry.first_mm + (self.fraction * f64::from(entry.length_mm)).round() as u32;
        let distance_m = self.distance_sq.sqrt() as f32;
        let there = Candidate { position: Position { edge, offset_mm }, point, distance_m, heading };
        let back = (entry.twin != NO_TWIN).then(|| Candidate {
            position: there.position.opposite(network).unwrap_or(there.position),
            heading: [-heading[0], -heading[1]],
            ..there
        });
        (there, back)
    }
}
