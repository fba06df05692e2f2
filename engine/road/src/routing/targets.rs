use super::position::Position;
use crate::cch::NodeSet;
use crate::id::EdgeId;
use crate::network::Network;

/// Moving points on edges, that a nearest search looks for.
///
/// Each has a number, its id. Ids should be dense: memory grows with the highest. Insertion, moving and removal take
/// constant time.
#[derive(Debug, Clone)]
pub struct Targets {
    /// Per edge: the ids there and their offsets, in no particular order.
    bucket: Vec<Vec<(u32, u32)>>,
    /// Per id: its edge and where in the bucket it is.
    slot: Vec<Option<(EdgeId, u32)>>,
    count: usize,
    /// The edges whose bucket is not empty.
    edges: NodeSet,
}

impl Targets {
    /// None yet, on the edges of a network.
    pub fn new(network: &Network) -> Self {
        let edges = NodeSet::new(&network.turns().hierarchy);
        Self { bucket: vec![Vec::new(); network.edge_count()], slot: Vec::new(), count: 0, edges }
    }

    /// Puts a target at a position and returns where it was before, if anywhere.
    ///
    /// # Panics
    /// If the network has no such edge.
    pub fn insert(&mut self, id: u32, position: Position) -> Option<Position> {
        let Position { edge, offset_mm } = position;
        assert!(edge.index() < self.bucket.len(), "edge {} of {}", edge.0, self.bucket.len());
        if let Some(&Some((old, at))) = self.slot.get(id as usize)
            && old == edge
        {
            let entry = &mut self.bucket[edge.index()][at as usize];
            let before = std::mem::replace(&mut entry.1, offset_mm);
            return Some(Position { edge, offset_mm: before });
        }
        let before = self.remove(id);
        if self.slot.len() <= id as usize {
            self.slot.resize(id as usize + 1, None);
        }
        let bucket = &mut self.bucket[edge.index()];
        self.slot[id as usize] = Some((edge, bucket.len() as u32));
        bucket.push((id, offset_mm));
        self.edges.insert(edge.0);
        self.count += 1;
        before
    }

    /// Removes a target and returns where it was.
    pub fn remove(&mut self, id: u32) -> Option<Position> {
        let (edge, at) = self.slot.get_mut(id as usize)?.take()?;
        let bucket = &mut self.bucket[edge.index()];
        let (_, offset_mm) = bucket.swap_remove(at as usize);
        if let Some(&(moved, _)) = bucket.get(at as usize) {
            self.slot[moved as usize] = Some((edge, at));
        }
        if bucket.is_empty() {
            self.edges.remove(edge.0);
        }
        self.count -= 1;
        Some(Position { edge, offset_mm })
    }

    /// Where a target is.
    pub fn position(&self, id: u32) -> Option<Position> {
        let (edge, at) = (*self.slot.get(id as usize)?)?;
        let (_, offset_mm) = self.bucket[edge.index()][at as usize];
        Some(Position { edge, offset_mm })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The targets on an edge in no particular order: ids and offsets in millimetres.
    #[inline]
    pub fn on_edge(&self, edge: EdgeId) -> &[(u32, u32)] {
        &self.bucket[edge.index()]
    }

    /// The edges that there are any on.
    pub(super) fn edges(&self) -> &NodeSet {
        &self.edges
    }

    /// Of how many edges.
    pub(super) fn edge_count(&self) -> usize {
        self.bucket.len()
    }
}
