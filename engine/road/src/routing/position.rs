use crate::id::EdgeId;
use crate::network::Network;

/// A place on an edge.
///
/// What is off its edge's end counts as at its end; what is on an edge that the network does not have reaches nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The edge.
    pub edge: EdgeId,
    /// How far along it, from its tail, in millimetres.
    pub offset_mm: u32,
}

impl Position {
    /// The same place on the same street the other way, where it is open both ways.
    #[inline]
    pub fn opposite(self, network: &Network) -> Option<Self> {
        let twin = network.twin(self.edge)?;
        let (length, other) = (network.length_mm(self.edge), network.length_mm(twin));
        let left = length.saturating_sub(self.offset_mm);
        // A twin may differ in length; the same share of the way is left.
        let same_share = || (u64::from(left) * u64::from(other) / u64::from(length.max(1))) as u32;
        Some(Self { edge: twin, offset_mm: if length == other { left } else { same_share() } })
    }
}
