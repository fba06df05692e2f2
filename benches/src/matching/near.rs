//! Which edges are near a place: our index, and an R-tree on the same segments.

use etaflow_road::{Candidate, Coord, EdgeId, EdgeIndex, LocalFrame, Metres, Network, Xy};
use rstar::primitives::{GeomWithData, Line};
use rstar::{AABB, RTree};

/// How far around a place edges are looked for.
pub const RADIUS: Metres = Metres(50.0);
/// How many of them are taken, the nearest first.
pub const NEAREST: usize = 12;
/// How far apart two distances may be that are the same, in metres.
const SAME_M: f64 = 2e-3;

/// A segment in 1e-7 degrees, longitude first, with its edge and the edge the other way, if that has the same shape.
type Segment = GeomWithData<Line<[f64; 2]>, (EdgeId, Option<EdgeId>)>;

/// An R-tree of all segments of a network. A street is in it once, for both its directions, as in our index.
pub struct Tree {
    tree: RTree<Segment>,
    /// Each edge that was found, the nearest of its segments first.
    by_edge: Vec<(EdgeId, f64)>,
}

impl Tree {
    /// Of all edges of a network.
    pub fn new(network: &Network) -> Self {
        let mut segments = Vec::new();
        for edge in network.edges() {
            let shape = network.shape(edge);
            let mirror = network.twin(edge).filter(|&twin| network.shape(twin).iter().rev().eq(shape));
            if mirror.is_some_and(|mirror| mirror < edge) {
                continue;
            }
            for pair in shape.windows(2) {
                let line = Line::new(flat(pair[0]), flat(pair[1]));
                segments.push(GeomWithData::new(line, (edge, mirror)));
            }
        }
        Self { tree: RTree::bulk_load(segments), by_edge: Vec::new() }
    }

    /// The edges within a radius of a place and how far each is in metres, the nearest first, at most `max`. `out` is
    /// cleared first.
    pub fn within(&mut self, at: Coord, radius: Metres, max: usize, out: &mut Vec<(EdgeId, f64)>) {
        let frame = LocalFrame::at(at);
        let corner = |metres: f64| flat(frame.to_coord(Xy { x: metres, y: metres }));
        let square = AABB::from_corners(corner(-radius.0), corner(radius.0));
        let scale = frame.to_xy(frame.to_coord(Xy { x: 1e4, y: 1e4 }));
        let at = flat(at);
        let reach = flat(frame.to_coord(Xy { x: 1e4, y: 1e4 }));
        let per_e7 = [scale.x / (reach[0] - at[0]), scale.y / (reach[1] - at[1])];
        let metres = |place: [f64; 2]| Xy { x: (place[0] - at[0]) * per_e7[0], y: (place[1] - at[1]) * per_e7[1] };
        self.by_edge.clear();
        for segment in self.tree.locate_in_envelope_intersecting(square) {
            let line = segment.geom();
            let distance_sq = Xy::default().project(metres(line.from), metres(line.to)).distance_sq;
            if distance_sq <= radius.0 * radius.0 {
                let (edge, mirror) = segment.data;
                self.by_edge.push((edge, distance_sq));
                self.by_edge.extend(mirror.map(|mirror| (mirror, distance_sq)));
            }
        }
        self.by_edge.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        self.by_edge.dedup_by_key(|found| found.0);
        self.by_edge.sort_unstable_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        out.clear();
        out.extend(self.by_edge.iter().take(max).map(|&(edge, distance_sq)| (edge, distance_sq.sqrt())));
    }
}

fn flat(place: Coord) -> [f64; 2] {
    [f64::from(place.lon_e7()), f64::from(place.lat_e7())]
}

/// That the index and the tree find the same edges around each of some places, at the same distances.
///
/// # Panics
/// If they do not; the message says where. An edge that is as far as the radius to within 2 mm may be found or not.
pub fn check_near(network: &Network, index: &EdgeIndex, tree: &mut Tree, places: impl Iterator<Item = Coord>) {
    let (mut ours, mut theirs) = (Vec::<Candidate>::new(), Vec::new());
    let mut found = 0_usize;
    for at in places {
        index.within(network, at, RADIUS, usize::MAX, &mut ours);
        tree.within(at, RADIUS, usize::MAX, &mut theirs);
        let mut ours: Vec<(EdgeId, f64)> =
            ours.iter().map(|near| (near.position.edge, f64::from(near.distance_m))).collect();
        found += ours.len();
        let certain = |near: &(EdgeId, f64)| near.1 < RADIUS.0 - SAME_M;
        ours.retain(certain);
        theirs.retain(certain);
        ours.sort_unstable_by_key(|near| near.0);
        theirs.sort_unstable_by_key(|near| near.0);
        let same = |(ours, theirs): (&(EdgeId, f64), &(EdgeId, f64))| {
            ours.0 == theirs.0 && (ours.1 - theirs.1).abs() <= SAME_M
        };
        let agree = ours.len() == theirs.len() && ours.iter().zip(&theirs).all(same);
        assert!(agree, "around {at:?}: {ours:?} by the index, {theirs:?} by the tree");
    }
    assert!(found > 0, "no edge is near any of the places");
}

#[cfg(test)]
mod tests {
    use etaflow_road::SyntheticCity;

    use super::*;
    use crate::Random;

    fn places(network: &Network, count: usize) -> Vec<Coord> {
        let mut random = Random(3);
        let shift = |random: &mut Random| Xy { x: 30.0 * random.normal(), y: 30.0 * random.normal() };
        let mut place = || {
            let node = etaflow_road::NodeId(random.below(network.node_count()) as u32);
            LocalFrame::at(network.coord(node)).to_coord(shift(&mut random))
        };
        (0..count).map(|_| place()).collect()
    }

    #[test]
    fn both_find_the_same() {
        let city = SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build();
        check_near(&city, &EdgeIndex::new(&city), &mut Tree::new(&city), places(&city, 1_000).into_iter());
    }

    #[test]
    #[should_panic(expected = "by the tree")]
    fn who_finds_something_else_is_found_out() {
        let city = SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build();
        let other = SyntheticCity { nodes: 1_000, seed: 2, ..SyntheticCity::default() }.build();
        check_near(&city, &EdgeIndex::new(&city), &mut Tree::new(&other), places(&city, 1_000).into_iter());
    }
}
