use etaflow_road::{EdgeId, Joint, Network, Span, Step, Timestamp, Weight};

use crate::bytes::{ByteReader, BytesError};
use crate::traffic::Traversal;

/// A step that takes longer than so many times what the map says, and this on top, was not one of driving: somebody got
/// in, or the driver had a break. It says nothing about the road. A red light does, and so does a jam.
const STOP_FACTOR: u64 = 4;
const STOP: Span = Span::from_secs(60);

/// One who has been on an edge for so long has something to say about it before he leaves it.
const REPORT_AFTER: Span = Span::from_secs(60);

/// A vehicle covers at least this much, in millimetres, to say something about an edge.
const LENGTH_MIN_MM: u32 = 2_000;

/// What is read as a time spent on an edge is less: 100 years.
const DRIVEN_MAX: Span = Span::from_secs(100 * 366 * 86_400);

/// How a driver moves along the edge that he is on: what is not yet told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Drive {
    edge: EdgeId,
    covered_mm: u32,
    driven: Span,
}

impl Drive {
    pub(super) fn on(edge: EdgeId) -> Self {
        Self { edge, covered_mm: 0, driven: Span::ZERO }
    }

    /// Takes the next step. Calls `leaves` for each edge that was driven to its end, and for a long stay.
    pub(super) fn step(&mut self, network: &Network, step: &Step<'_>, mut leaves: impl FnMut(Traversal)) {
        let elapsed = step.to_time.since(step.from_time);
        let planned_ms = planned(network, step);
        let stop_ms = planned_ms.saturating_mul(STOP_FACTOR).saturating_add(STOP.millis() as u64);
        let stopped = elapsed.millis().max(0) as u64 > stop_ms;
        // Who turns on the road is not carried along by its traffic, neither when he slows down for it nor after.
        if stopped || step.joint == Joint::TurnsBack {
            *self = Self::on(step.to.edge);
            return;
        }
        if let Joint::Jumps | Joint::Breaks(_) = step.joint {
            // Between what is open and this step lies a way that nobody knows, even if both are on one edge.
            *self = Self::on(step.from.edge);
        }
        debug_assert_eq!(self.edge, step.from.edge, "a step goes on where the one before ended");
        let micros = elapsed.micros().max(0) as u128;
        // The time is shared out by what the map says each part takes, turns included.
        let share = |part: u64| Span::from_micros((micros * u128::from(part) / u128::from(planned_ms.max(1))) as i64);
        let last = step.path.len() - 1;
        let mut passed: u64 = 0;
        for (nth, &edge) in step.path.iter().enumerate() {
            if nth > 0 {
                *self = Self::on(edge);
            }
            let length_mm = part_mm(network, step, nth);
            let turn = if nth < last { network.turn_cost(edge, step.path[nth + 1]) } else { 0 };
            let part = free_flow(network, edge, length_mm) + u64::from(turn);
            self.covered_mm = self.covered_mm.saturating_add(length_mm);
            // Where it covers next to nothing he stood, and that was where it begins.
            let spent = match (planned_ms, nth) {
                (0, 0) => elapsed,
                (0, _) => Span::ZERO,
                _ => share(part),
            };
            self.driven = Span::from_micros(self.driven.micros() + spent.micros());
            passed += part;
            if nth < last && self.covered_mm >= LENGTH_MIN_MM {
                leaves(self.traversal(step.from_time + share(passed), self.without_turn(network, turn)));
            }
        }
        if self.driven >= REPORT_AFTER && self.covered_mm >= LENGTH_MIN_MM {
            leaves(self.traversal(step.to_time, self.driven));
            *self = Self::on(self.edge);
        }
    }

    /// The time on the edge less the share of it that the turn at its end is expected to take: a route adds that.
    fn without_turn(&self, network: &Network, turn: Weight) -> Span {
        let own = free_flow(network, self.edge, self.covered_mm);
        let all = own + u64::from(turn);
        Span::from_micros((self.driven.micros().max(0) as u128 * u128::from(own) / u128::from(all.max(1))) as i64)
    }

    fn traversal(&self, left_at: Timestamp, duration: Span) -> Traversal {
        let duration_ms = duration.millis().clamp(1, i64::from(u32::MAX)) as u32;
        Traversal { edge: self.edge, length_mm: self.covered_mm, duration_ms, left_at }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let Self { edge, covered_mm, driven } = self;
        out.extend(edge.0.to_le_bytes());
        out.extend(covered_mm.to_le_bytes());
        out.extend(driven.micros().to_le_bytes());
    }

    pub(super) fn decode(reader: &mut ByteReader<'_>, network: &Network) -> Result<Self, BytesError> {
        let (edge, covered_mm) = (reader.edge_of("the edge driven on", network)?, reader.u32("the length driven")?);
        let driven = Span::from_micros(reader.i64("the time driven")?);
        if !(Span::ZERO..=DRIVEN_MAX).contains(&driven) {
            return Err(reader.error("the time driven", "is more than a drive takes"));
        }
        Ok(Self { edge, covered_mm, driven })
    }

    /// Which edge it is that is not yet told of.
    pub(super) fn edge(&self) -> EdgeId {
        self.edge
    }
}

/// How much of the nth edge of its path a step covers, in millimetres.
fn part_mm(network: &Network, step: &Step<'_>, nth: usize) -> u32 {
    let from = if nth == 0 { step.from.offset_mm } else { 0 };
    let to = if nth + 1 == step.path.len() { step.to.offset_mm } else { network.length_mm(step.path[nth]) };
    to.saturating_sub(from)
}

/// What the map says a part of an edge takes, in milliseconds.
fn free_flow(network: &Network, edge: EdgeId, length_mm: u32) -> u64 {
    u64::from(network.free_flow(edge)) * u64::from(length_mm) / u64::from(network.length_mm(edge))
}

/// What the map says a step takes, turns included, in milliseconds.
fn planned(network: &Network, step: &Step<'_>) -> u64 {
    let edges: u64 =
        (0..step.path.len()).map(|nth| free_flow(network, step.path[nth], part_mm(network, step, nth))).sum();
    let turns: u64 = step.path.windows(2).map(|pair| u64::from(network.turn_cost(pair[0], pair[1]))).sum();
    edges + turns
}

#[cfg(test)]
#[path = "drive_tests.rs"]
mod tests;
