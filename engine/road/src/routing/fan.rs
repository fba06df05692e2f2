use super::metric::{Metric, add};
use super::position::Position;
use super::query::Query;
use crate::unit::{INFINITY, Weight};

impl Query {
    /// The travel times from many sources to one place, in milliseconds: `out[i]` is that of `from[i]`, [`INFINITY`]
    /// where it is more than `limit` or there is no way. The positions of `to` are alternatives. What was in `out` is lost.
    ///
    /// # Panics
    /// If the metric is of another network.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use etaflow_road::{EdgeId, INFINITY, Metric, Position, Query, SyntheticCity};
    /// let network = Arc::new(SyntheticCity { nodes: 500, ..SyntheticCity::default() }.build());
    /// let metric = Metric::free_flow(&network);
    /// let drivers = [7, 90, 200].map(|edge| Position { edge: EdgeId(edge), offset_mm: 0 });
    /// let pickup = [Position { edge: EdgeId(90), offset_mm: 0 }];
    /// let mut out = Vec::new();
    /// Query::new(network).many_to_one(&metric, &drivers, &pickup, INFINITY, &mut out);
    /// assert_eq!((out.len(), out[1]), (3, 0));
    /// ```
    pub fn many_to_one(
        &mut self,
        metric: &Metric,
        from: &[Position],
        to: &[Position],
        limit: Weight,
        out: &mut Vec<Weight>,
    ) {
        self.check(metric);
        self.place_backward(metric, to);
        self.edges.clear();
        self.asked.clear();
        out.clear();
        for (at, &source) in (0..).zip(from) {
            let is_open = self.is_open(metric, source);
            if is_open {
                self.edges.push(source.edge.0);
                self.asked.push((at, metric.remaining(&self.network, source)));
            }
            let direct = to.iter().filter(|_| is_open).filter_map(|&to| metric.direct(&self.network, source, to));
            out.push(direct.min().unwrap_or(INFINITY));
        }
        let Self { search, place, edges, asked, times, .. } = self;
        search.many_to_one(&metric.turns, edges, place, limit, times);
        for (&(at, remaining), &from_head) in asked.iter().zip(&*times) {
            let best = &mut out[at as usize];
            *best = add(remaining, from_head).min(*best);
        }
        within(limit, out);
    }

    /// The travel times from one place to many targets, in milliseconds: `out[i]` is that to `to[i]`, [`INFINITY`]
    /// where it is more than `limit` or there is no way. The positions of `from` are alternatives. What was in `out` is
    /// lost.
    ///
    /// # Panics
    /// If the metric is of another network.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use etaflow_road::{EdgeId, INFINITY, Metric, Position, Query, SyntheticCity};
    /// let network = Arc::new(SyntheticCity { nodes: 500, ..SyntheticCity::default() }.build());
    /// let metric = Metric::free_flow(&network);
    /// let driver = [Position { edge: EdgeId(90), offset_mm: 0 }];
    /// let pickups = [7, 90, 200].map(|edge| Position { edge: EdgeId(edge), offset_mm: 0 });
    /// let mut out = Vec::new();
    /// Query::new(network).one_to_many(&metric, &driver, &pickups, INFINITY, &mut out);
    /// assert_eq!((out.len(), out[1]), (3, 0));
    /// ```
    pub fn one_to_many(
        &mut self,
        metric: &Metric,
        from: &[Position],
        to: &[Position],
        limit: Weight,
        out: &mut Vec<Weight>,
    ) {
        self.check(metric);
        self.place.clear();
        for &source in from {
            if self.is_open(metric, source) {
                self.place.push((source.edge.0, metric.remaining(&self.network, source)));
            }
        }
        out.clear();
        for &target in to {
            let is_open = self.is_open(metric, target);
            let beside = from.iter().filter(|from| is_open && from.edge == target.edge);
            let direct = beside.filter_map(|&from| metric.direct(&self.network, from, target));
            out.push(direct.min().unwrap_or(INFINITY));
        }
        self.times_to_heads(metric, from, to, out);
        self.times_by_predecessors(metric, to, limit, out);
        within(limit, out);
    }

    /// The times to the targets that are reached on the way to the heads of their edges, into `out`.
    fn times_to_heads(&mut self, metric: &Metric, from: &[Position], to: &[Position], out: &mut [Weight]) {
        self.edges.clear();
        self.asked.clear();
        for (at, &target) in (0..).zip(to) {
            // From a source on the same edge, the first way to the head does not pass a target behind it.
            let is_beside = from.iter().any(|source| source.edge == target.edge);
            if self.is_open(metric, target) && !is_beside {
                self.edges.push(target.edge.0);
                self.asked.push((at, metric.remaining(&self.network, target)));
            }
        }
        let Self { search, place, edges, asked, times, .. } = self;
        search.one_to_many(&metric.turns, place, edges, INFINITY, times);
        for (&(at, beyond), &to_head) in asked.iter().zip(&*times) {
            if to_head < INFINITY {
                debug_assert!(to_head >= beyond, "who is at the head has passed the target");
                out[at as usize] = to_head - beyond;
            }
        }
    }

    /// The times to the targets that have none yet, by the edges before theirs, into `out`.
    fn times_by_predecessors(&mut self, metric: &Metric, to: &[Position], limit: Weight, out: &mut [Weight]) {
        self.edges.clear();
        self.asked.clear();
        for (at, &target) in (0..).zip(to) {
            if out[at as usize] < INFINITY || !self.is_open(metric, target) {
                continue;
            }
            for (before, turn) in self.network.predecessors(target.edge) {
                self.edges.push(before.0);
                self.asked.push((at, add(turn, metric.elapsed(&self.network, target))));
            }
        }
        if self.edges.is_empty() {
            return;
        }
        let Self { search, place, edges, asked, times, .. } = self;
        search.one_to_many(&metric.turns, place, edges, limit, times);
        for (&(at, from_head), &to_head) in asked.iter().zip(&*times) {
            let best = &mut out[at as usize];
            *best = add(to_head, from_head).min(*best);
        }
    }

    /// Takes in from where a place is reached: the heads of the edges before its own.
    pub(super) fn place_backward(&mut self, metric: &Metric, to: &[Position]) {
        self.place.clear();
        for &target in to {
            if self.is_open(metric, target) {
                let elapsed = metric.elapsed(&self.network, target);
                let before = self.network.predecessors(target.edge);
                self.place.extend(before.map(|(before, turn)| (before.0, add(turn, elapsed))));
            }
        }
    }
}

/// Makes of what is more than a limit nothing.
fn within(limit: Weight, times: &mut [Weight]) {
    for time in times {
        if *time > limit {
            *time = INFINITY;
        }
    }
}
