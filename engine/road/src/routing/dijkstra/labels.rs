use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::id::EdgeId;
use crate::network::NO_EDGE;
use crate::unit::{INFINITY, Weight};

/// What a search knows of each edge, and the edges it has still to look at.
///
/// Nothing is cleared between searches: a label of an earlier generation counts as none.
#[derive(Debug)]
pub(super) struct Labels {
    generation: u32,
    label: Vec<Label>,
    /// The generation in which each edge was marked.
    mark: Vec<u32>,
    /// Times and edges in one number each. An edge is queued again when its label improves; the older entry is stale.
    queue: BinaryHeap<Reverse<u64>>,
}

#[derive(Debug, Clone, Copy)]
struct Label {
    generation: u32,
    time: Weight,
    parent: u32,
}

impl Labels {
    pub(super) fn new(edges: usize) -> Self {
        let none = Label { generation: 0, time: INFINITY, parent: NO_EDGE };
        Self { generation: 0, label: vec![none; edges], mark: vec![0; edges], queue: BinaryHeap::new() }
    }

    /// Forgets everything.
    pub(super) fn reset(&mut self) {
        self.queue.clear();
        if self.generation == u32::MAX {
            self.label.iter_mut().for_each(|label| label.generation = 0);
            self.mark.fill(0);
            self.generation = 0;
        }
        self.generation += 1;
    }

    /// Marks an edge; whether it was not marked before.
    pub(super) fn mark(&mut self, edge: EdgeId) -> bool {
        std::mem::replace(&mut self.mark[edge.index()], self.generation) != self.generation
    }

    pub(super) fn is_marked(&self, edge: EdgeId) -> bool {
        self.mark[edge.index()] == self.generation
    }

    /// The time at an edge, [`INFINITY`] if it has not been reached.
    #[inline]
    pub(super) fn time(&self, edge: EdgeId) -> Weight {
        let label = &self.label[edge.index()];
        if label.generation == self.generation { label.time } else { INFINITY }
    }

    /// The edge that an edge was reached from; `None` if from where the search began.
    pub(super) fn parent(&self, edge: EdgeId) -> Option<EdgeId> {
        let parent = self.label[edge.index()].parent;
        (parent != NO_EDGE).then_some(EdgeId(parent))
    }

    /// Says that an edge can be reached at `time`, and queues it if that is news.
    #[inline]
    pub(super) fn reach(&mut self, edge: EdgeId, time: Weight, parent: Option<EdgeId>) {
        if time >= self.time(edge) {
            return;
        }
        let parent = parent.map_or(NO_EDGE, |parent| parent.0);
        self.label[edge.index()] = Label { generation: self.generation, time, parent };
        self.queue.push(Reverse(u64::from(time) << 32 | u64::from(edge.0)));
    }

    /// Takes the queued edge with the least time, of several the one with the lowest number.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<(EdgeId, Weight)> {
        while let Some(Reverse(entry)) = self.queue.pop() {
            let (time, edge) = ((entry >> 32) as Weight, EdgeId(entry as u32));
            if time == self.time(edge) {
                return Some((edge, time));
            }
        }
        None
    }
}
