use etaflow_road::{EdgeId, INFINITY, Metric, Network, Position, Route, Weight};

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
        let mut after = 0;
        // The edges already behind are of no interest any more.
        let from = self.at.saturating_sub(LOOK_BACK);
        self.timed_from = from;
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

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        for place in [self.start, self.end] {
            out.extend(place.edge.0.to_le_bytes());
            out.extend(place.offset_mm.to_le_bytes());
        }
        for nth in [self.at, self.timed_from, self.edges.len()] {
            out.extend((nth as u64).to_le_bytes());
        }
        for edge in &self.edges {
            out.extend(edge.0.to_le_bytes());
        }
    }
}

#[cfg(test)]
#[path = "leg_tests.rs"]
mod tests;
