use etaflow_road::EdgeId;
use rustc_hash::FxHashMap;

use crate::event::RoadRef;

/// Which edges are closed, and by which stretches: an edge closed in two places opens with the last of them.
#[derive(Debug, Clone, Default)]
pub(super) struct Closures {
    stretches: FxHashMap<EdgeId, Vec<RoadRef>>,
}

impl Closures {
    pub(super) fn close(&mut self, edge: EdgeId, road: RoadRef) {
        let stretches = self.stretches.entry(edge).or_default();
        if !stretches.contains(&road) {
            stretches.push(road);
        }
    }

    pub(super) fn reopen(&mut self, edge: EdgeId, road: RoadRef) {
        if let Some(stretches) = self.stretches.get_mut(&edge) {
            stretches.retain(|&closed| closed != road);
            if stretches.is_empty() {
                self.stretches.remove(&edge);
            }
        }
    }

    pub(super) fn is_closed(&self, edge: EdgeId) -> bool {
        self.stretches.contains_key(&edge)
    }

    /// All that are closed, and by which stretches in the order of their closing; in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (EdgeId, &[RoadRef])> {
        self.stretches.iter().map(|(&edge, stretches)| (edge, stretches.as_slice()))
    }
}
