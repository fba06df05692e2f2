use etaflow_road::{Network, Position, Snap};

/// Where a way begins or ends: a place on the road, once for each direction in which it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stop {
    positions: [Position; 2],
    count: usize,
}

impl Stop {
    pub(super) fn of(snap: &Snap) -> Self {
        let found = snap.positions();
        Self { positions: [found[0], found[found.len() - 1]], count: found.len() }
    }

    /// At this position, and at the same place the other way if that is open and `both_ways` counts.
    pub(super) fn at(network: &Network, position: Position, both_ways: bool) -> Option<Self> {
        let back = if both_ways { position.opposite(network)? } else { position };
        Some(Self { positions: [position, back], count: 1 + usize::from(both_ways) })
    }

    /// The place on the road: one, or one for each direction.
    pub(super) fn positions(&self) -> &[Position] {
        &self.positions[..self.count]
    }

    pub(super) fn position(&self) -> Position {
        self.positions[0]
    }

    pub(super) fn is_both_ways(&self) -> bool {
        self.count == 2
    }
}
