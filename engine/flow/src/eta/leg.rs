use etaflow_road::{EdgeId, INFINITY, Metric, Network, Position, Route, Weight};

use crate::bytes::{ByteReader, BytesError};

/// A way from a place to another, and how long it takes from anywhere on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leg {
    edges: Vec<EdgeId>,
    /// From the head of each edge to the end, in milliseconds, with the turn that comes first; as of the last
    /// [`Leg::refresh`].
    after: Vec<Weight>,
    /// The first edge whose time is as of then; those before it are older.
    timed_from: usize,
    start: Position,
    end: Position,
    /// Which of the edges the driver was last seen on.
    at: usize,
}

/// How many bytes an edge is written with.
const EDGE_BYTES: usize = 4;

/// How far behind its last place on its way a driver is looked for: a fix may be matched to the edge before.
const LOOK_BACK: usize = 1;
/// How far ahead: beyond that, it is another way that meets this one again.
const LOOK_AHEAD: usize = 48;

impl Leg {
    /// A way that was found from `start` to `end`.
    pub(super) fn new(network: &Network, metric: &Metric, route: Route, start: Position, end: Position) -> Self {
        debug_assert_eq!(route.edges.first(), Some(&start.edge), "a route begins where it was asked from");
        debug_assert_eq!(route.edges.last(), Some(&end.edge), "a route ends where it is to lead");
        let mut leg = Self { after: vec![0; route.edges.len()], edges: route.edges, timed_from: 0, start, end, at: 0 };
        leg.refresh(network, metric);
        leg
    }

    /// Times the way anew under another metric.
    pub(super) fn refresh(&mut self, network: &Network, metric: &Metric) {
        // The edges already behind are of no interest any more.
        self.timed_from = self.at.saturating_sub(LOOK_BACK);
        self.time(network, metric);
    }

    fn time(&mut self, network: &Network, metric: &Metric) {
        let (mut after, from) = (0, self.timed_from);
        for nth in (from..self.edges.len()).rev() {
            self.after[nth] = after;
            if nth == from {
                break;
            }
            let edge = self.edges[nth];
            let own = if nth + 1 == self.edges.len() { metric.elapsed(network, self.end) } else { metric.weight(edge) };
            let turn = network.turn_cost(self.edges[nth - 1], edge);
            after = after.saturating_add(own).saturating_add(turn).min(INFINITY);
        }
    }

    /// The time from a place on this way to its end, and remembers the place; `None` if it is not on it.
    pub(super) fn follow(&mut self, network: &Network, metric: &Metric, place: Position) -> Option<Weight> {
        // One step back after the other leads to where the times are old: he has left the way.
        let from = self.at.saturating_sub(LOOK_BACK).max(self.timed_from);
        let to = (self.at + LOOK_AHEAD).min(self.edges.len());
        let found = (self.at..to).chain(from..self.at).find(|&nth| self.edges[nth] == place.edge)?;
        // Who comes to be before the end of the edge where the way ends need not go round the block any more.
        let straight = place.edge == self.end.edge && place.offset_mm <= self.end.offset_mm;
        self.at = if straight { self.edges.len() - 1 } else { found };
        Some(self.remaining(network, metric, place))
    }

    /// Which of its edges the driver was last seen on.
    pub(super) fn nth(&self) -> usize {
        self.at
    }

    /// The time from the place, on the edge where the driver was last seen, to the end.
    pub(super) fn remaining(&self, network: &Network, metric: &Metric, place: Position) -> Weight {
        if self.at + 1 == self.edges.len() {
            if metric.weight(place.edge) >= INFINITY {
                return INFINITY;
            }
            // Past the end of the way one is as good as there.
            return metric.elapsed(network, self.end).saturating_sub(metric.elapsed(network, place));
        }
        (metric.remaining(network, place) + self.after[self.at]).min(INFINITY)
    }

    /// The time from its start to its end, if nobody is on it yet.
    pub(super) fn whole(&self, network: &Network, metric: &Metric) -> Weight {
        self.remaining(network, metric, self.start)
    }

    /// Its edges, its start and its end, and which of the edges the driver is on.
    #[cfg(test)]
    pub(super) fn parts(&self) -> (&[EdgeId], Position, Position, usize) {
        (&self.edges, self.start, self.end, self.at)
    }

    /// Appends all of it but the times, which follow from the travel times in force.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        // Where it starts and ends is on its first edge and on its last one.
        let Self { edges, after: _, timed_from, start, end, at } = self;
        for number in [start.offset_mm, end.offset_mm, *at as u32, *timed_from as u32, edges.len() as u32] {
            out.extend(number.to_le_bytes());
        }
        let begin = out.len();
        out.resize(begin + EDGE_BYTES * edges.len(), 0);
        for (bytes, edge) in out[begin..].chunks_exact_mut(EDGE_BYTES).zip(edges) {
            bytes.copy_from_slice(&edge.0.to_le_bytes());
        }
    }

    /// Reads what [`encode`](Self::encode) wrote, timed by the travel times that were in force then.
    pub(super) fn decode(reader: &mut ByteReader<'_>, network: &Network, metric: &Metric) -> Result<Self, BytesError> {
        let (start_mm, end_mm) = (reader.u32("a way's start")?, reader.u32("a way's end")?);
        let (at, timed_from) = (reader.u32("the place on a way")?, reader.u32("what of a way is timed")?);
        let count = reader.u32("the number of a way's edges")? as usize;
        let bytes = reader.take("a way's edges", count.saturating_mul(EDGE_BYTES))?;
        let edge = |bytes: &[u8]| EdgeId(u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        let edges: Vec<EdgeId> = bytes.chunks_exact(EDGE_BYTES).map(edge).collect();
        let (Some(&first), Some(&last)) = (edges.first(), edges.last()) else {
            return Err(reader.error("a way", "has no edges"));
        };
        if edges.iter().any(|edge| edge.index() >= network.edge_count()) {
            return Err(reader.error("a way", "has an edge that is not of the network"));
        }
        if start_mm > network.length_mm(first) || end_mm > network.length_mm(last) {
            return Err(reader.error("a way", "begins or ends past the end of an edge"));
        }
        if !(timed_from <= at && (at as usize) < edges.len()) {
            return Err(reader.error("a way", "has a place that is not on it"));
        }
        let (start, end) = (Position { edge: first, offset_mm: start_mm }, Position { edge: last, offset_mm: end_mm });
        let after = vec![0; edges.len()];
        let mut leg = Self { edges, after, timed_from: timed_from as usize, start, end, at: at as usize };
        leg.time(network, metric);
        Ok(leg)
    }
}

#[cfg(test)]
#[path = "leg_tests.rs"]
mod tests;
