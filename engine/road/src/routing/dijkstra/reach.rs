use super::search::Dijkstra;
use crate::id::EdgeId;
use crate::routing::metric::add;
use crate::routing::{Metric, Position};
use crate::unit::{INFINITY, Weight};

impl Dijkstra {
    /// The travel times from many sources to one place, in milliseconds: `out[i]` is that of `from[i]`, [`INFINITY`]
    /// where it is more than `limit` or there is no way.
    ///
    /// One search, from the target backwards, which ends when all sources are reached or the limit is.
    pub fn many_to_one(
        &mut self,
        metric: &Metric,
        from: &[Position],
        to: &[Position],
        limit: Weight,
        out: &mut Vec<Weight>,
    ) {
        self.check(metric);
        self.labels.reset();
        let mut missing = self.mark_all(metric, from);
        self.start_backward(metric, to, limit);
        while missing > 0
            && let Some((edge, time)) = self.labels.pop()
        {
            missing -= usize::from(self.labels.is_marked(edge));
            self.step_backward(metric, edge, time, limit);
        }
        out.clear();
        for &source in from {
            let mut best = INFINITY;
            if self.is_open(metric, source) {
                best = add(metric.remaining(&self.network, source), self.labels.time(source.edge));
                for &target in to.iter().filter(|target| target.edge == source.edge) {
                    best = best.min(metric.direct(&self.network, source, target).unwrap_or(INFINITY));
                }
            }
            out.push(if best <= limit { best } else { INFINITY });
        }
    }

    /// The travel times from one place to many targets, in milliseconds: `out[i]` is that to `to[i]`, [`INFINITY`]
    /// where it is more than `limit` or there is no way.
    ///
    /// One search, which ends when all targets are reached or the limit is.
    pub fn one_to_many(
        &mut self,
        metric: &Metric,
        from: &[Position],
        to: &[Position],
        limit: Weight,
        out: &mut Vec<Weight>,
    ) {
        self.check(metric);
        self.labels.reset();
        let mut missing = self.mark_all(metric, to);
        for &source in from {
            if self.is_open(metric, source) {
                let at_head = metric.remaining(&self.network, source);
                self.reach_successors(metric, source.edge, None, at_head, limit);
            }
        }
        while missing > 0
            && let Some((edge, time)) = self.labels.pop()
        {
            missing -= usize::from(self.labels.is_marked(edge));
            self.reach_successors(metric, edge, Some(edge), add(time, metric.weight(edge)), limit);
        }
        out.clear();
        for &target in to {
            let mut best = INFINITY;
            if self.is_open(metric, target) {
                best = add(self.labels.time(target.edge), metric.elapsed(&self.network, target));
                for &source in from.iter().filter(|source| source.edge == target.edge) {
                    best = best.min(metric.direct(&self.network, source, target).unwrap_or(INFINITY));
                }
            }
            out.push(if best <= limit { best } else { INFINITY });
        }
    }

    /// Begins a search backwards from a place: a label is the time from the head of an edge to there.
    pub(super) fn start_backward(&mut self, metric: &Metric, to: &[Position], limit: Weight) {
        for &target in to {
            if self.is_open(metric, target) {
                let from_tail = metric.elapsed(&self.network, target);
                self.reach_predecessors(metric, target.edge, from_tail, limit);
            }
        }
    }

    /// Goes on from an edge whose time is known to all that come before it.
    pub(super) fn step_backward(&mut self, metric: &Metric, edge: EdgeId, time: Weight, limit: Weight) {
        self.reach_predecessors(metric, edge, add(time, metric.weight(edge)), limit);
    }

    fn reach_predecessors(&mut self, metric: &Metric, edge: EdgeId, from_tail: Weight, limit: Weight) {
        for (before, turn) in self.network.predecessors(edge) {
            let time = add(from_tail, turn);
            if time <= limit && metric.weight(before) < INFINITY {
                self.labels.reach(before, time, Some(edge));
            }
        }
    }

    /// Marks the edges of open positions; how many that are.
    fn mark_all(&mut self, metric: &Metric, positions: &[Position]) -> usize {
        let mut count = 0;
        for &position in positions {
            if self.is_open(metric, position) {
                count += usize::from(self.labels.mark(position.edge));
            }
        }
        count
    }
}
