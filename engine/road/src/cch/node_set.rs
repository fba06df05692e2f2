use std::sync::Arc;

use super::hierarchy::Hierarchy;

/// A set of nodes that a search for the nearest looks for: those where somebody is.
///
/// Entering and leaving take constant time, and so does the question whether there is any below a node of the
/// hierarchy. It depends on no weights, and takes about a bit for each node.
///
/// ```
/// # use std::sync::Arc;
/// # use etaflow_road::{Graph, Hierarchy, NodeSet, Order};
/// let graph = Graph::new(3, vec![(0, 1), (1, 2), (2, 0)])?;
/// let hierarchy = Arc::new(Hierarchy::new(&graph, &Order::new(vec![1, 0, 2])?)?);
/// let mut taxis = NodeSet::new(&hierarchy);
/// assert!(taxis.insert(1) && taxis.contains(1) && taxis.remove(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct NodeSet {
    pub(super) hierarchy: Arc<Hierarchy>,
    /// Bits by the numbers of the nodes in the hierarchy; each further level has a bit for each word below that is not 0.
    levels: Vec<Vec<u64>>,
}

impl NodeSet {
    /// An empty set of nodes of a hierarchy.
    pub fn new(hierarchy: &Arc<Hierarchy>) -> Self {
        let mut levels = Vec::new();
        let mut bits = hierarchy.node_count();
        loop {
            let words = bits.div_ceil(64).max(1);
            levels.push(vec![0; words]);
            if words == 1 {
                return Self { hierarchy: Arc::clone(hierarchy), levels };
            }
            bits = words;
        }
    }

    /// What it is a set of nodes of.
    pub fn hierarchy(&self) -> &Arc<Hierarchy> {
        &self.hierarchy
    }

    /// Puts a node in; returns whether it was not there.
    ///
    /// # Panics
    /// If the hierarchy has no such node.
    pub fn insert(&mut self, node: u32) -> bool {
        let mut bit = self.hierarchy.tree.rank[node as usize];
        let is_new = !self.has(bit);
        for words in &mut self.levels {
            words[bit as usize / 64] |= 1 << (bit % 64);
            bit /= 64;
        }
        is_new
    }

    /// Takes a node out; returns whether it was there.
    ///
    /// # Panics
    /// If the hierarchy has no such node.
    pub fn remove(&mut self, node: u32) -> bool {
        let mut bit = self.hierarchy.tree.rank[node as usize];
        let was_there = self.has(bit);
        for words in &mut self.levels {
            let word = &mut words[bit as usize / 64];
            *word &= !(1 << (bit % 64));
            if *word != 0 {
                break;
            }
            bit /= 64;
        }
        was_there
    }

    /// Whether a node is in it.
    ///
    /// # Panics
    /// If the hierarchy has no such node.
    pub fn contains(&self, node: u32) -> bool {
        self.has(self.hierarchy.tree.rank[node as usize])
    }

    /// Whether a node of the hierarchy is in it.
    pub(super) fn has(&self, rank: u32) -> bool {
        self.levels[0][rank as usize / 64] >> (rank % 64) & 1 == 1
    }

    /// Whether a node of the hierarchy or any below it is in it.
    pub(super) fn any_below(&self, root: u32) -> bool {
        let start = root + 1 - self.hierarchy.tree.size[root as usize];
        self.next(start).is_some_and(|next| next <= root)
    }

    /// The lowest node in it from a node of the hierarchy on.
    fn next(&self, from: u32) -> Option<u32> {
        let mut at = from as usize;
        for (level, words) in self.levels.iter().enumerate() {
            let word = words.get(at / 64)? & (u64::MAX << (at % 64));
            if word != 0 {
                at = at / 64 * 64 + word.trailing_zeros() as usize;
                for below in self.levels[..level].iter().rev() {
                    at = at * 64 + below[at].trailing_zeros() as usize;
                }
                return Some(at as u32);
            }
            at = at / 64 + 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::NodeSet;
    use crate::cch::fixture::street;

    /// So many that there are three levels.
    const NODES: u32 = 5_000;

    proptest! {
        #[test]
        fn a_set_has_what_a_tree_of_numbers_has(steps in prop::collection::vec((0..NODES, any::<bool>()), 0..60)) {
            let (world, _) = street(NODES);
            let hierarchy = world.hierarchy();
            let mut set = NodeSet::new(&hierarchy);
            // By the numbers in the hierarchy.
            let mut model = BTreeSet::new();
            for &(node, enters) in steps.iter().chain(steps.iter().rev()) {
                let rank = hierarchy.tree.rank[node as usize];
                prop_assert_eq!(set.contains(node), model.contains(&rank));
                if enters {
                    prop_assert_eq!(set.insert(node), model.insert(rank));
                } else {
                    prop_assert_eq!(set.remove(node), model.remove(&rank));
                }
            }
            for root in 0..NODES {
                let subtree = root + 1 - hierarchy.tree.size[root as usize]..=root;
                prop_assert_eq!(set.any_below(root), model.range(subtree).next().is_some());
            }
        }
    }
}
