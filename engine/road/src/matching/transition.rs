use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::config::MatcherConfig;
use crate::id::EdgeId;
use crate::network::Network;
use crate::routing::Position;

/// In place of the edge before, where a path begins.
const ROOT: u32 = u32::MAX;

/// In place of an edge that need not be looked for.
pub(super) const NO_TARGET: EdgeId = EdgeId(u32::MAX);

/// Ways along the roads from one position to a few others: Dijkstra over edges, so that forbidden turns are kept to.
///
/// Lengths count, not times: a vehicle that is known to have moved 80 m in 5 s took the way that is about 80 m long.
#[derive(Debug)]
pub(super) struct WaySearch {
    labels: Vec<Label>,
    generation: u32,
    queue: BinaryHeap<Reverse<(u32, u32)>>,
    jitter_mm: u32,
    u_turn_mm: u32,
    edges_max: usize,
}

/// How far the beginning of an edge is; of this search only if the generation is its.
#[derive(Debug, Clone, Copy)]
struct Label {
    generation: u32,
    distance_mm: u32,
    before: u32,
}

impl WaySearch {
    pub(super) fn new(network: &Network, config: &MatcherConfig) -> Self {
        Self {
            labels: vec![Label { generation: 0, distance_mm: 0, before: ROOT }; network.edge_count()],
            generation: 0,
            queue: BinaryHeap::new(),
            jitter_mm: (config.jitter_m * 1e3) as u32,
            u_turn_mm: (config.u_turn_m * 1e3) as u32,
            edges_max: config.search_edges_max,
        }
    }

    /// How far it is from one place on an edge to another without leaving it, in millimetres. A little way back is no
    /// way at all, but error.
    #[inline]
    pub(super) fn along(&self, from: Position, to: Position) -> Option<u32> {
        if from.edge != to.edge {
            return None;
        }
        match to.offset_mm.checked_sub(from.offset_mm) {
            Some(ahead) => Some(ahead),
            None => (from.offset_mm - to.offset_mm <= self.jitter_mm).then_some(0),
        }
    }

    /// Calls `found` with each edge of `targets` (but [`NO_TARGET`]), which it says by number, that can be entered from
    /// the end of `from`'s edge at a distance of at most `bound_mm`, and with the distance of its beginning.
    #[inline]
    pub(super) fn run(
        &mut self,
        network: &Network,
        from: Position,
        bound_mm: u32,
        targets: &[EdgeId],
        mut found: impl FnMut(usize, u32),
    ) {
        let left_mm = network.length_mm(from.edge).saturating_sub(from.offset_mm);
        if left_mm > bound_mm {
            return;
        }
        self.generation = self.generation.checked_add(1).unwrap_or_else(|| {
            self.labels.iter_mut().for_each(|label| label.generation = 0);
            1
        });
        self.queue.clear();
        self.relax(network, from.edge, left_mm, bound_mm, ROOT);
        let mut missing = targets.iter().filter(|&&target| target != NO_TARGET).count();
        if missing == 0 {
            return;
        }
        let mut settled = 0;
        while let Some(Reverse((distance_mm, edge))) = self.queue.pop() {
            if self.labels[edge as usize].distance_mm != distance_mm {
                continue;
            }
            if let Some(nth) = targets.iter().position(|target| target.0 == edge) {
                found(nth, distance_mm);
                missing -= 1;
            }
            settled += 1;
            if missing == 0 || settled >= self.edges_max {
                return;
            }
            let edge = EdgeId(edge);
            let end_mm = distance_mm.saturating_add(network.length_mm(edge));
            self.relax(network, edge, end_mm, bound_mm, edge.0);
        }
    }

    #[inline]
    fn relax(&mut self, network: &Network, edge: EdgeId, end_mm: u32, bound_mm: u32, before: u32) {
        if end_mm > bound_mm {
            return;
        }
        let twin = network.twin(edge);
        for (next, _) in network.successors(edge) {
            let back_mm = if twin == Some(next) { self.u_turn_mm } else { 0 };
            let distance_mm = end_mm.saturating_add(back_mm);
            let label = &mut self.labels[next.index()];
            let known = label.generation == self.generation;
            if distance_mm <= bound_mm && (!known || distance_mm < label.distance_mm) {
                *label = Label { generation: self.generation, distance_mm, before };
                self.queue.push(Reverse((distance_mm, next.0)));
            }
        }
    }

    /// Appends the edges from that of `from` to that of `to`, both included, and says whether there is a way.
    ///
    /// It is the way that [`run`](Self::run) measured: the order in which edges are settled does not depend on the
    /// bound or on the targets.
    pub(super) fn path(&mut self, network: &Network, from: Position, to: Position, path: &mut Vec<EdgeId>) -> bool {
        path.push(from.edge);
        if self.along(from, to).is_some() {
            return true;
        }
        let mut reached = false;
        self.run(network, from, u32::MAX, &[to.edge], |_, _| reached = true);
        if !reached {
            return false;
        }
        let first = path.len();
        let mut edge = to.edge.0;
        while edge != ROOT {
            path.push(EdgeId(edge));
            edge = self.labels[edge as usize].before;
        }
        path[first..].reverse();
        true
    }
}
