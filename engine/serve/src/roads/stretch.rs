use etaflow_road::{Coord, EdgeId, LocalFrame, Network, Position};

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

    /// Where each shape point is on the edge, in millimetres: its length spread over its shape, as for a snapped place.
    fn offsets(&self) -> Vec<u32> {
        let (shape, length_mm) = (self.network.shape(self.edge), self.network.length_mm(self.edge));
        let frame = LocalFrame::at(shape[0]);
        let step = |pair: &[Coord]| frame.to_xy(pair[0]).distance(frame.to_xy(pair[1]));
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
