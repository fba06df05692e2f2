use etaflow_road::{Coord, EdgeId, Network, Position};

use super::input_ids::InputIds;

/// The part of an edge that is driven on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stretch<'a> {
    network: &'a Network,
    ids: InputIds,
    edge: EdgeId,
    from_mm: u32,
    to_mm: u32,
}

/// A point of an edge's shape that has an id in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Named {
    /// OpenStreetMap's node id, or that of a CSV file, or the row of a node.
    pub(crate) id: i64,
    /// Where it is on its edge.
    pub(crate) offset_mm: u32,
}

impl<'a> Stretch<'a> {
    /// A place on an edge.
    pub(crate) fn at(network: &'a Network, ids: InputIds, place: Position) -> Self {
        let offset_mm = place.offset_mm.min(network.length_mm(place.edge));
        Self { network, ids, edge: place.edge, from_mm: offset_mm, to_mm: offset_mm }
    }

    /// The parts of a way along some edges that begins on the first and ends on the last one, in order.
    pub(crate) fn all(network: &'a Network, ids: InputIds, edges: &[EdgeId], begin_mm: u32, end_mm: u32) -> Vec<Self> {
        let whole = |&edge| Self { network, ids, edge, from_mm: 0, to_mm: network.length_mm(edge) };
        let mut stretches: Vec<Self> = edges.iter().map(whole).collect();
        if let Some(first) = stretches.first_mut() {
            first.from_mm = begin_mm.min(first.to_mm);
        }
        if let Some(last) = stretches.last_mut() {
            last.to_mm = end_mm.min(last.to_mm);
        }
        stretches
    }

    pub(crate) fn name(&self) -> &'a str {
        self.network.name(self.edge)
    }

    pub(crate) fn begin_mm(&self) -> u32 {
        self.from_mm
    }

    pub(crate) fn length_mm(&self) -> u64 {
        u64::from(self.to_mm.saturating_sub(self.from_mm))
    }

    /// The shape points on it. Whoever is at an end of the edge is at its shape point; else the ends of the stretch are
    /// between shape points, and no part of this.
    pub(crate) fn points(&self) -> impl Iterator<Item = Coord> + use<'a> {
        let (from_mm, to_mm, length_mm) = (self.from_mm, self.to_mm, self.network.length_mm(self.edge));
        let is_on = move |&(offset_mm, _): &(u32, Coord)| {
            (offset_mm > from_mm || from_mm == 0) && (offset_mm < to_mm || to_mm == length_mm)
        };
        let shape = self.network.shape(self.edge).iter().copied();
        self.offsets().into_iter().zip(shape).filter(is_on).map(|(_, point)| point)
    }

    /// The shape points with an id from the last one at its start or before that, to the first one at its end or after
    /// that.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = Named> + use<'a> {
        let keys = self.network.shape_keys(self.edge);
        let offsets = self.offsets();
        let ids = self.ids;
        let known = move |at: &usize| ids.is_one(keys, *at);
        let first = (0..keys.len()).rev().filter(known).find(|&at| offsets[at] <= self.from_mm).unwrap_or(0);
        let last = (first..keys.len()).filter(known).find(|&at| offsets[at] >= self.to_mm).unwrap_or(keys.len() - 1);
        (first..=last).filter(known).map(move |at| Named { id: keys[at], offset_mm: offsets[at] })
    }

    /// The two shape points with an id that are next to its start: one at it or before, and one ahead, or at the end of
    /// the edge if it starts there.
    pub(crate) fn neighbours(&self) -> [Named; 2] {
        let keys = self.network.shape_keys(self.edge);
        let offsets = self.offsets();
        let known = |at: &usize| self.ids.is_one(keys, *at);
        let last = keys.len() - 1;
        let before = (0..last).rev().filter(known).find(|&at| offsets[at] <= self.from_mm).unwrap_or(0);
        let ahead = (before + 1..last).find(known).unwrap_or(last);
        [before, ahead].map(|at| Named { id: keys[at], offset_mm: offsets[at] })
    }

    /// Where each shape point is on the edge, in millimetres: its length spread over its shape, as [`Network::coord_at`]
    /// does. Each step is measured where it is, for in a plane at the start a far leg has another length.
    fn offsets(&self) -> Vec<u32> {
        let (shape, length_mm) = (self.network.shape(self.edge), self.network.length_mm(self.edge));
        let step = |pair: &[Coord]| pair[0].distance(pair[1]).0;
        let total: f64 = shape.windows(2).map(step).sum();
        let mut so_far = 0.0;
        let mut offsets = vec![0];
        for pair in shape.windows(2) {
            so_far += step(pair);
            let share = if total > 0.0 { (so_far / total).min(1.0) } else { 1.0 };
            offsets.push((share * f64::from(length_mm)).round() as u32);
        }
        if let Some(last) = offsets.last_mut() {
            *last = length_mm;
        }
        offsets
    }
}

#[cfg(test)]
mod tests {
    use etaflow_road::TurnModel;

    use super::*;

    #[test]
    fn the_neighbours_are_right_on_both_sides_of_a_bend_that_is_far_away() {
        // 20 km to the north and then 20 km to the east, where degrees of longitude are shorter than at the start.
        let nodes = "id,lat,lon\n1,60,10\n2,60.18,10.36\n";
        let edges = "from,to,speed_kmh,via\n1,2,60,7:60.18:10\n";
        let network = Network::from_csv(nodes.as_bytes(), edges.as_bytes(), &TurnModel::default());
        let network = network.expect("is a network");
        let bend = Coord::from_degrees(60.18, 10.0).expect("in range");
        for (from, to) in [(1, 2), (2, 1)] {
            let edge = network.edges_between(from, 7)[0];
            let bend_mm = (network.shape(edge)[0].distance(bend).0 * 1e3).round() as u32;
            for off_mm in [1_000, 20_000, 90_000] {
                for (offset_mm, expected) in [(bend_mm - off_mm, [from, 7]), (bend_mm + off_mm, [7, to])] {
                    let off_m = network.coord_at(edge, offset_mm).distance(bend).0;
                    assert!((off_m - f64::from(off_mm) / 1e3).abs() < 0.1, "{off_m} m off the bend");
                    let place = Stretch::at(&network, InputIds::of(&network), Position { edge, offset_mm });
                    let neighbours = place.neighbours();
                    assert_eq!(neighbours.map(|named| named.id), expected, "{offset_mm} from {from}");
                    let bend = neighbours.iter().find(|named| named.id == 7).expect("is one of them");
                    assert!(bend.offset_mm.abs_diff(bend_mm) < 20, "{bend:?} and {bend_mm}");
                }
            }
        }
    }
}
