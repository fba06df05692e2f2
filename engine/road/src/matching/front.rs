use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::hops::Hops;
use super::labels::{Label, Labels};
use crate::geo::LocalFrame;
use crate::network::Network;
use crate::routing::Position;

/// In place of the label before, where a way begins at the end of the edge that it starts on,
pub(super) const ROOT: u32 = u32::MAX;

/// and where it begins by turning back on that edge. Every label is below.
pub(super) const TURNED: u32 = u32::MAX - 1;

/// What is farther away counts as so far: no plane fits the globe much farther.
const LED_TO_M: f64 = 20_000.0;

/// How far a search has come: its labels, and those that are still to be looked at.
#[derive(Debug)]
pub(super) struct Front {
    hops: Hops,
    u_turn_mm: u32,
    labels: Labels,
    /// The least that a way with a label can cost, its length, and the label.
    queue: BinaryHeap<Reverse<(u32, u32, u32)>>,
}

/// Where a search is led to: what is still to go at least.
pub(super) struct Lead {
    frame: Option<LocalFrame>,
    /// So much nearer than the frame's origin is the end.
    slack_m: f64,
}

impl Front {
    pub(super) fn new(network: &Network, u_turn_mm: u32) -> Self {
        Self { hops: Hops::new(network), u_turn_mm, labels: Labels::new(), queue: BinaryHeap::new() }
    }

    /// Begins a new search. Ways that are not longer than `crow_mm` all cost the same.
    pub(super) fn clear(&mut self, crow_mm: u32) {
        self.labels.clear(crow_mm);
        self.queue.clear();
    }

    pub(super) fn label(&self, number: u32) -> &Label {
        self.labels.get(number)
    }

    /// Begins all ways from a state at `from` that leave its street: at the end of its edge, and at the end of the twin
    /// after a turn on the road, which is at `back`. `least_mm` says what a way costs at least that is so long.
    pub(super) fn start(
        &mut self,
        [from, back]: [Option<Position>; 2],
        (source, handicap_mm): (u8, u32),
        least_mm: impl Fn(u32) -> u32,
    ) {
        for (place, extra_mm, before) in [(from, 0, ROOT), (back, self.u_turn_mm, TURNED)] {
            let Some(place) = place else { continue };
            let left_mm = self.hops.length_mm(place.edge.0).saturating_sub(place.offset_mm);
            let distance_mm = left_mm.saturating_add(extra_mm);
            let start = Label { edge: place.edge.0, distance_mm, handicap_mm, before, source, is_start: true };
            let number = self.labels.push_start(start);
            self.queue.push(Reverse((least_mm(distance_mm), distance_mm, number)));
        }
    }

    /// The next label, and its number, unless all that are left cost as much as the limit.
    pub(super) fn pop(&mut self, limit_mm: u32) -> Option<(u32, Label)> {
        loop {
            let Reverse((least_mm, _, number)) = self.queue.pop()?;
            if least_mm >= limit_mm {
                return None;
            }
            if !self.labels.is_replaced(number) {
                return Some((number, *self.labels.get(number)));
            }
        }
    }

    /// Labels what follows the edge of a label. `least_mm` says what a way costs at least that is so long.
    #[inline]
    pub(super) fn expand(
        &mut self,
        (number, label): (u32, Label),
        lead: &Lead,
        least_mm: impl Fn(u32) -> u32,
        limit_mm: u32,
    ) {
        let (edge, mut end) = (label.edge, label);
        if !label.is_start {
            end.distance_mm = label.distance_mm.saturating_add(self.hops.length_mm(edge));
            end.before = number;
        }
        end.is_start = false;
        let ahead_mm = lead.ahead_mm(&self.hops, edge);
        let least_mm = |distance_mm: u32| least_mm(distance_mm.saturating_add(ahead_mm));
        let straight_mm = least_mm(end.distance_mm);
        if straight_mm >= limit_mm {
            return;
        }
        for (edge, is_back) in self.hops.next(edge) {
            let mut next = Label { edge, ..end };
            let mut at_least_mm = straight_mm;
            if is_back {
                next.distance_mm = end.distance_mm.saturating_add(self.u_turn_mm);
                at_least_mm = least_mm(next.distance_mm);
                if at_least_mm >= limit_mm {
                    continue;
                }
            }
            if let Some(number) = self.labels.push(next) {
                self.queue.push(Reverse((at_least_mm, next.distance_mm, number)));
            }
        }
    }
}

impl Lead {
    /// To within `slack_m` of a frame's origin; nowhere without one.
    pub(super) fn new(frame: Option<LocalFrame>, slack_m: f64) -> Self {
        Self { frame, slack_m }
    }

    /// How far it is from the end of an edge at least.
    #[inline]
    fn ahead_mm(&self, hops: &Hops, edge: u32) -> u32 {
        let Some(frame) = self.frame else { return 0 };
        let there = frame.to_xy(hops.head(edge));
        let crow_m = (there.x * there.x + there.y * there.y).sqrt();
        ((crow_m.min(LED_TO_M) - self.slack_m) * hops.metres_per_crow() * 1e3).max(0.0) as u32
    }
}
