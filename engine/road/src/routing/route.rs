use super::position::Position;
use crate::id::EdgeId;
use crate::network::Network;
use crate::unit::Weight;

/// A way from one position to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The edges from the source's to the target's, both included.
    pub edges: Vec<EdgeId>,
    /// Where it begins, on the first edge.
    pub source: Position,
    /// Where it ends, on the last edge.
    pub target: Position,
    /// The travel time with turns, in milliseconds.
    pub duration: Weight,
    /// The length in millimetres.
    pub length_mm: u64,
}

impl Route {
    /// Where one is after `driven_mm` millimetres of it; its end for more than its length.
    ///
    /// # Panics
    /// If the route is of another network.
    pub fn position_at(&self, network: &Network, driven_mm: u64) -> Position {
        let offset_mm = |place: Position| u64::from(place.offset_mm.min(network.length_mm(place.edge)));
        let mut left = driven_mm.saturating_add(offset_mm(self.source));
        let (last, before) = self.edges.split_last().expect("a route has an edge");
        for &edge in before {
            let length = network.length_mm(edge);
            match u32::try_from(left) {
                Ok(offset_mm) if offset_mm < length => return Position { edge, offset_mm },
                _ => left = left.saturating_sub(u64::from(length)),
            }
        }
        Position { edge: *last, offset_mm: left.min(offset_mm(self.target)) as u32 }
    }
}
