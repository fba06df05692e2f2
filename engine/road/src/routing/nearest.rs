use std::collections::BinaryHeap;

use super::metric::{Metric, add};
use super::position::Position;
use super::query::Query;
use super::targets::Targets;
use crate::id::EdgeId;
use crate::network::Network;
use crate::unit::{INFINITY, Weight};

/// The best of what has been offered, the worst of them first.
#[derive(Debug)]
struct Best {
    k: usize,
    /// What is later needs not be offered.
    bound: Weight,
    heap: BinaryHeap<(Weight, u32)>,
}

impl Query {
    /// Which `k` of the targets reach a place soonest, with their travel times in milliseconds; ascending by time and
    /// then by id. Fewer if fewer reach it within `limit`.
    ///
    /// # Panics
    /// If the targets or the metric are of another network.
    pub fn nearest(
        &mut self,
        metric: &Metric,
        targets: &Targets,
        to: &[Position],
        k: usize,
        limit: Weight,
    ) -> Vec<(u32, Weight)> {
        self.check(metric);
        if k == 0 {
            return Vec::new();
        }
        let mut best = Best { k, bound: limit.min(INFINITY - 1), heap: BinaryHeap::new() };
        for (at, &place) in to.iter().enumerate() {
            // Of a place that is named twice, or of two on one edge, the edge is looked at once.
            if self.is_open(metric, place) && to[..at].iter().all(|earlier| earlier.edge != place.edge) {
                for &(id, offset_mm) in targets.on_edge(place.edge) {
                    if let Some(time) = ahead(&self.network, metric, Position { edge: place.edge, offset_mm }, to) {
                        best.offer(id, time);
                    }
                }
            }
        }
        self.place_backward(metric, to);
        let Self { search, network, place, .. } = self;
        search.nearest(&metric.turns, targets.edges(), place, best.bound, |edge, from_head| {
            let edge = EdgeId(edge);
            for &(id, offset_mm) in targets.on_edge(edge) {
                let target = Position { edge, offset_mm };
                // Who needs only drive on along the edge is never sooner by another way, and has been offered.
                if ahead(network, metric, target, to).is_none() {
                    best.offer(id, add(metric.remaining(network, target), from_head));
                }
            }
            best.bound
        });
        let mut nearest: Vec<_> = best.heap.into_iter().map(|(time, id)| (id, time)).collect();
        nearest.sort_unstable_by_key(|&(id, time)| (time, id));
        nearest
    }
}

impl Best {
    fn offer(&mut self, id: u32, time: Weight) {
        if time > self.bound {
            return;
        }
        self.heap.push((time, id));
        if self.heap.len() > self.k {
            self.heap.pop();
        }
        if let Some(&(worst, _)) = self.heap.peek().filter(|_| self.heap.len() == self.k) {
            self.bound = worst;
        }
    }
}

/// The least time from a position forwards along its edge to one of several.
fn ahead(network: &Network, metric: &Metric, from: Position, to: &[Position]) -> Option<Weight> {
    let places = to.iter().filter(|place| place.edge == from.edge);
    places.filter_map(|&place| metric.direct(network, from, place)).min()
}
