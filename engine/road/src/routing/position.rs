use crate::id::EdgeId;

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
