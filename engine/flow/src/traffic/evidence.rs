use etaflow_road::{EdgeId, Timestamp};
use rustc_hash::FxHashMap;

use crate::stream::{Aggregate, Pane, Panes};

/// That somebody drove along an edge, or a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traversal {
    /// Which.
    pub edge: EdgeId,
    /// How much of it, in millimetres.
    pub length_mm: u32,
    /// How long that took, in milliseconds, without what the turn at its end costs.
    pub duration_ms: u32,
    /// When it was left.
    pub left_at: Timestamp,
}

/// What some traversals of an edge add up to. Integers, so that the order of addition is of no matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Evidence {
    /// How many.
    pub samples: u32,
    /// Millimetres driven.
    pub length_mm: u64,
    /// Milliseconds that took.
    pub duration_ms: u64,
}

impl Aggregate for Evidence {
    fn merge(&mut self, other: &Self) {
        self.samples = self.samples.saturating_add(other.samples);
        self.length_mm += other.length_mm;
        self.duration_ms += other.duration_ms;
    }
}

/// What a shard's traversals since the last tick add up to, by pane and edge.
#[derive(Debug, Clone)]
pub struct TraversalSums {
    panes: Panes,
    sums: FxHashMap<(Pane, EdgeId), Evidence>,
}

impl TraversalSums {
    /// None yet.
    pub fn new(panes: Panes) -> Self {
        Self { panes, sums: FxHashMap::default() }
    }

    /// Adds one.
    pub fn add(&mut self, traversal: &Traversal) {
        let one = Evidence {
            samples: 1,
            length_mm: u64::from(traversal.length_mm),
            duration_ms: u64::from(traversal.duration_ms),
        };
        self.sums.entry((self.panes.at(traversal.left_at), traversal.edge)).or_default().merge(&one);
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// Takes all sums out, in no particular order.
    pub fn take(&mut self) -> Vec<(Pane, EdgeId, Evidence)> {
        self.sums.drain().map(|((pane, edge), evidence)| (pane, edge, evidence)).collect()
    }
}
