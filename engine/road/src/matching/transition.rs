use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::config::MatcherConfig;
use crate::id::EdgeId;
use crate::network::Network;
use crate::routing::Position;

/// In place of the edge before, where a path begins at the end of the edge that it starts on,
const ROOT: u32 = u32::MAX;

/// and where it begins by turning back on that edge.
const TURNED: u32 = u32::MAX - 1;

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

/// Where a way turns in the middle of a street.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Nowhere,
    AtStart,
    AtEnd,
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

    /// How far it is from one place to another on the same street in the other direction, with a turn on the road in
    /// between, in millimetres. It turns at whichever of the two is farther along `from`'s edge.
    #[inline]
    pub(super) fn turned(&self, network: &Network, from: Position, to: Position) -> Option<u32> {
        let back = from.opposite(network).filter(|back| back.edge == to.edge)?;
        Some(back.offset_mm.abs_diff(to.offset_mm).saturating_add(self.u_turn_mm))
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
        let opposite = from.opposite(network);
        let back_mm = opposite
            .map_or(u32::MAX, |back| (network.length_mm(back.edge) - back.offset_mm).saturating_add(self.u_turn_mm));
        if left_mm > bound_mm && back_mm > bound_mm {
            return;
        }
        self.generation = self.generation.checked_add(1).unwrap_or_else(|| {
            self.labels.iter_mut().for_each(|label| label.generation = 0);
            1
        });
        self.queue.clear();
        self.relax(network, from.edge, left_mm, bound_mm, ROOT);
        if let Some(back) = opposite {
            self.relax(network, back.edge, back_mm, bound_mm, TURNED);
        }
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

    /// Appends the edges from that of `from` to that of `to`, both included, and says where it turns on the road, or
    /// `None` if there is no way. Where it turns at once, the edges begin with the twin.
    ///
    /// It is the way that [`run`](Self::run) measured: the order in which edges are settled does not depend on the
    /// bound or on the targets.
    pub(super) fn path(
        &mut self,
        network: &Network,
        from: Position,
        to: Position,
        path: &mut Vec<EdgeId>,
    ) -> Option<Turn> {
        if self.along(from, to).is_some() {
            path.push(from.edge);
            return Some(Turn::Nowhere);
        }
        if let Some(back) = from.opposite(network).filter(|back| back.edge == to.edge) {
            if back.offset_mm <= to.offset_mm {
                path.push(to.edge);
                return Some(Turn::AtStart);
            }
            path.push(from.edge);
            return Some(Turn::AtEnd);
        }
        let mut reached = false;
        self.run(network, from, u32::MAX, &[to.edge], |_, _| reached = true);
        if !reached {
            return None;
        }
        let first = path.len();
        let mut edge = to.edge.0;
        while edge < TURNED {
            path.push(EdgeId(edge));
            edge = self.labels[edge as usize].before;
        }
        let (start, turn) = match edge {
            TURNED => (network.twin(from.edge)?, Turn::AtStart),
            _ => (from.edge, Turn::Nowhere),
        };
        path.push(start);
        path[first..].reverse();
        Some(turn)
    }
}
