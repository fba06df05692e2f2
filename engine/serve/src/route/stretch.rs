use etaflow_road::{Coord, EdgeId, LocalFrame, Network, Route};

/// The part of an edge that is driven on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch<'a> {
    network: &'a Network,
    edge: EdgeId,
    from_mm: u32,
    to_mm: u32,
}

impl<'a> Stretch<'a> {
    /// The parts of a route, in order.
    pub(super) fn all(network: &'a Network, route: &Route) -> Vec<Self> {
        let whole = |&edge| Self { network, edge, from_mm: 0, to_mm: network.length_mm(edge) };
        let mut stretches: Vec<Self> = route.edges.iter().map(whole).collect();
        if let Some(first) = stretches.first_mut() {
            first.from_mm = route.source.offset_mm.min(first.to_mm);
        }
        if let Some(last) = stretches.last_mut() {
            last.to_mm = route.target.offset_mm.min(last.to_mm);
        }
        stretches
    }

    pub(super) fn name(&self) -> &'a str {
        self.network.name(self.edge)
    }

    pub(super) fn length_mm(&self) -> u64 {
        u64::from(self.to_mm.saturating_sub(self.from_mm))
    }

    /// The shape points on it. Whoever is at an end of the edge is at its shape point; else the ends of the stretch are
    /// between shape points, and no part of this.
    pub(super) fn points(&self) -> impl Iterator<Item = Coord> + use<'a> {
        let (from_mm, to_mm, length_mm) = (self.from_mm, self.to_mm, self.network.length_mm(self.edge));
        let is_on = move |&(offset_mm, _): &(u32, Coord)| {
            (offset_mm > from_mm || from_mm == 0) && (offset_mm < to_mm || to_mm == length_mm)
        };
        let shape = self.network.shape(self.edge).iter().copied();
        self.offsets().into_iter().zip(shape).filter(is_on).map(|(_, point)| point)
    }

    /// The ids of the shape points from the last one at its start or before that, to the first one at its end or after
    /// that.
    pub(super) fn nodes(&self) -> impl Iterator<Item = i64> + use<'a> {
        let keys = self.network.shape_keys(self.edge);
        let offsets = self.offsets();
        // Shapes may come without ids for the points between the ends.
        let known = |at: &usize| *at == 0 || *at == keys.len() - 1 || keys[*at] != 0;
        let first = (0..keys.len()).rev().filter(known).find(|&at| offsets[at] <= self.from_mm).unwrap_or(0);
        let last = (first..keys.len()).filter(known).find(|&at| offsets[at] >= self.to_mm).unwrap_or(keys.len() - 1);
        (first..=last).filter(move |at| known(at)).map(|at| keys[at])
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
