use super::search::Dijkstra;
use crate::id::EdgeId;
use crate::routing::metric::add;
use crate::routing::{Metric, Position, Targets};
use crate::unit::{INFINITY, Weight};

impl Dijkstra {
    /// Which `k` of the targets reach a place soonest, with their travel times in milliseconds; ascending by time and
    /// then by id. Fewer if fewer reach it within `limit`.
    ///
    /// A search from the place backwards, which ends when what it has still to look at is later than the k-th.
    ///
    /// # Panics
    /// If the targets or the metric are of a network with another number of edges.
    pub fn nearest(
        &mut self,
        metric: &Metric,
        targets: &Targets,
        to: &[Position],
        k: usize,
        limit: Weight,
    ) -> Vec<(u32, Weight)> {
        self.check(metric);
        assert_eq!(targets.edge_count(), self.network.edge_count(), "the targets are of another network");
        self.labels.reset();
        self.best.clear();
        let mut missing = targets.len();
        let mut bound = limit.min(INFINITY - 1);
        if k == 0 {
            return Vec::new();
        }
        for &place in to {
            // Of a place that is named twice, or of two on one edge, the edge is looked at once.
            if self.is_open(metric, place) && self.labels.mark(place.edge) {
                for &(id, offset_mm) in targets.on_edge(place.edge) {
                    if let Some(time) = self.direct(metric, Position { edge: place.edge, offset_mm }, to) {
                        missing -= 1;
                        bound = self.offer(id, time, k, bound);
                    }
                }
            }
        }
        self.start_backward(metric, to, bound);
        while missing > 0
            && let Some((edge, time)) = self.labels.pop()
        {
            if time > bound {
                break;
            }
            (missing, bound) = self.offer_all(metric, targets, (edge, time), to, (k, missing, bound));
            self.step_backward(metric, edge, time, bound);
        }
        let mut nearest: Vec<_> = self.best.drain().map(|(time, id)| (id, time)).collect();
        nearest.sort_unstable_by_key(|&(id, time)| (time, id));
        nearest
    }

    /// Offers what is on an edge; how many are still missing, and the new bound.
    fn offer_all(
        &mut self,
        metric: &Metric,
        targets: &Targets,
        (edge, time): (EdgeId, Weight),
        to: &[Position],
        (k, mut missing, mut bound): (usize, usize, Weight),
    ) -> (usize, Weight) {
        for &(id, offset_mm) in targets.on_edge(edge) {
            let target = Position { edge, offset_mm };
            // Who needs only drive on along the edge is never sooner by another way, and has been offered.
            if self.labels.is_marked(edge) && self.direct(metric, target, to).is_some() {
                continue;
            }
            missing -= 1;
            bound = self.offer(id, add(time, metric.remaining(&self.network, target)), k, bound);
        }
        (missing, bound)
    }

    /// The least time from a position forwards along its edge to one of several.
    fn direct(&self, metric: &Metric, from: Position, to: &[Position]) -> Option<Weight> {
        let ahead = to
            .iter()
            .filter(|place| place.edge == from.edge)
            .filter_map(|&place| metric.direct(&self.network, from, place));
        ahead.min()
    }

    /// Keeps a target if it is among the best k within the bound; the time that nobody later than needs be looked at.
    fn offer(&mut self, id: u32, time: Weight, k: usize, bound: Weight) -> Weight {
        if time > bound {
            return bound;
        }
        self.best.push((time, id));
        if self.best.len() > k {
            self.best.pop();
        }
        match self.best.peek() {
            Some(&(worst, _)) if self.best.len() == k => worst,
            _ => bound,
        }
    }
}
