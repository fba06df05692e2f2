use std::collections::BinaryHeap;
use std::sync::Arc;

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
    /// The positions of `to` are alternatives.
    ///
    /// # Panics
    /// If the targets or the metric are of another network.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use etaflow_road::{EdgeId, INFINITY, Metric, Position, Query, SyntheticCity, Targets};
    /// let network = Arc::new(SyntheticCity { nodes: 500, ..SyntheticCity::default() }.build());
    /// let metric = Metric::free_flow(&network);
    /// let mut drivers = Targets::new(&network);
    /// for (driver, edge) in [(0, 7), (1, 90), (2, 200)] {
    ///     drivers.insert(driver, Position { edge: EdgeId(edge), offset_mm: 0 });
    /// }
    /// let pickup = [Position { edge: EdgeId(90), offset_mm: 0 }];
    /// let nearest = Query::new(network).nearest(&metric, &drivers, &pickup, 2, INFINITY);
    /// assert_eq!((nearest.len(), nearest[0]), (2, (1, 0)));
    /// ```
    pub fn nearest(
        &mut self,
        metric: &Metric,
        targets: &Targets,
        to: &[Position],
        k: usize,
        limit: Weight,
    ) -> Vec<(u32, Weight)> {
        self.check(metric);
        let (found, expected) = (targets.edge_count(), self.network.edge_count());
        assert!(
            Arc::ptr_eq(targets.edges().hierarchy(), &self.turns.hierarchy),
            "the targets are of another network, with {found} edges, not {expected}"
        );
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
