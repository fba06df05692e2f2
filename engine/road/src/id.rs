//! Newtypes for what arrays are indexed by.

/// Defines an index newtype over `u32`.
macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index into an array.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index! {
    /// A junction of the road network (or a dead end): where edges meet.
    NodeId
}

index! {
    /// A directed stretch of road between two nodes; a street open both ways is two edges.
    EdgeId
}
