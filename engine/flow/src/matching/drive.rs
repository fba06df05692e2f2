use etaflow_road::{EdgeId, Network, Span, Step, Timestamp, Weight};

use crate::traffic::Traversal;

/// Standing for longer than this is a stop, a rider getting in or a break, and says nothing about the road.
const STOP: Span = Span::from_secs(90);

/// One who has been on an edge for so long has something to say about it before he leaves it.
const REPORT_AFTER: Span = Span::from_secs(20);

/// A vehicle covers at least this much, in millimetres, to say something about an edge.
const LENGTH_MIN_MM: u32 = 2_000;

/// How a driver moves along the edge that he is on: what is not yet told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Drive {
    edge: EdgeId,
    covered_mm: u32,
    driven: Span,
    /// Time without movement since.
    stood: Span,
}

impl Drive {
    pub(super) fn on(edge: EdgeId) -> Self {
        Self { edge, covered_mm: 0, driven: Span::ZERO, stood: Span::ZERO }
    }

    /// Takes a step, which begins on this edge. Calls `leaves` for each edge that was driven to its end, and for a long
    /// stay.
    pub(super) fn step(&mut self, network: &Network, step: &Step<'_>, mut leaves: impl FnMut(Traversal)) {
        let elapsed = step.to_time.since(step.from_time);
        if step.from.edge != self.edge {
            // A new trace: what was open of the one before is of no edge's whole length.
            *self = Self::on(step.from.edge);
        }
        let [only] = step.path else {
            self.cross(network, step, elapsed, &mut leaves);
            return;
        };
        debug_assert_eq!(*only, self.edge, "a path of one edge stays on it");
        let covered = step.to.offset_mm.saturating_sub(step.from.offset_mm);
        self.cover(covered, elapsed);
        if self.driven >= REPORT_AFTER && self.covered_mm >= LENGTH_MIN_MM {
            leaves(self.traversal(step.to_time, self.driven));
            *self = Self::on(self.edge);
        }
    }

    /// Moves over several edges: the time is shared out by what the map says each takes, turns included.
    fn cross(&mut self, network: &Network, step: &Step<'_>, elapsed: Span, leaves: &mut impl FnMut(Traversal)) {
        let share = |edge: EdgeId, length_mm: u32| {
            u64::from(network.free_flow(edge)) * u64::from(length_mm) / u64::from(network.length_mm(edge))
        };
        let part = |nth: usize, edge: EdgeId| {
            let from = if nth == 0 { step.from.offset_mm } else { 0 };
            let to = if nth + 1 == step.path.len() { step.to.offset_mm } else { network.length_mm(edge) };
            to.saturating_sub(from)
        };
        let turn = |nth: usize| network.turn_cost(step.path[nth], step.path[nth + 1]);
        let mut total: u64 = 0;
        for (nth, &edge) in step.path.iter().enumerate() {
            total += share(edge, part(nth, edge));
            if nth + 1 < step.path.len() {
                total += u64::from(turn(nth));
            }
        }
        let micros = elapsed.micros().max(0) as u64;
        let of_total = |planned: u64| micros as u128 * u128::from(planned) / u128::from(total.max(1));
        let mut planned: u64 = 0;
        for (nth, &edge) in step.path.iter().enumerate() {
            let length_mm = part(nth, edge);
            let own = share(edge, length_mm);
            if nth > 0 {
                *self = Self::on(edge);
            }
            let last = nth + 1 == step.path.len();
            let with_turn = own + if last { 0 } else { u64::from(turn(nth)) };
            self.cover(length_mm, Span::from_micros(of_total(with_turn) as i64));
            planned += with_turn;
            if !last {
                let left_at = step.from_time + Span::from_micros(of_total(planned) as i64);
                if self.covered_mm >= LENGTH_MIN_MM {
                    leaves(self.traversal(left_at, self.without_turn(network, turn(nth))));
                }
            }
        }
    }

    fn cover(&mut self, covered_mm: u32, elapsed: Span) {
        if covered_mm == 0 {
            self.stood = Span::from_micros(self.stood.micros() + elapsed.micros());
            return;
        }
        let stood = if self.stood > STOP { Span::ZERO } else { self.stood };
        self.stood = Span::ZERO;
        self.covered_mm = self.covered_mm.saturating_add(covered_mm);
        self.driven = Span::from_micros(self.driven.micros() + stood.micros() + elapsed.micros());
    }

    /// The time on the edge less the share of it that the turn at its end is expected to take: a route adds that.
    fn without_turn(&self, network: &Network, turn: Weight) -> Span {
        let length_mm = u64::from(network.length_mm(self.edge));
        let own = u64::from(network.free_flow(self.edge)) * u64::from(self.covered_mm) / length_mm.max(1);
        let all = own + u64::from(turn);
        Span::from_micros((self.driven.micros().max(0) as u128 * u128::from(own) / u128::from(all.max(1))) as i64)
    }

    fn traversal(&self, left_at: Timestamp, duration: Span) -> Traversal {
        let duration_ms = duration.millis().clamp(1, i64::from(u32::MAX)) as u32;
        Traversal { edge: self.edge, length_mm: self.covered_mm, duration_ms, left_at }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.edge.0.to_le_bytes());
        out.extend(self.covered_mm.to_le_bytes());
        out.extend(self.driven.micros().to_le_bytes());
        out.extend(self.stood.micros().to_le_bytes());
    }
}
