use std::sync::Arc;

use super::customized::Customized;
use super::node_set::NodeSet;
use super::search::{IN, OUT, Search};
use crate::unit::{INFINITY, Weight};

impl Search {
    /// Visits the nodes of a set from which it is at most `bound` to a place, those near it early, but in no order that can
    /// be relied on. `visit` gets a node and its distance, and says what the bound is from then on; it never rises. The
    /// place is as that of [`many_to_one`](Self::many_to_one).
    ///
    /// From the root down, only where there is something below and the way out from there is not too long already
    /// (Buchhold and Wagner 2021 look for points of interest so).
    ///
    /// # Panics
    /// If the weights or the set are of another hierarchy, or a node does not exist.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use etaflow_road::{Customized, Graph, Hierarchy, INFINITY, NodeSet, Order, Search};
    /// let graph = Graph::new(3, vec![(0, 1), (1, 2), (2, 0)])?;
    /// let hierarchy = Arc::new(Hierarchy::new(&graph, &Order::new(vec![1, 0, 2])?)?);
    /// let customized = Customized::new(&hierarchy, &[10, 20, 30])?;
    /// let mut taxis = NodeSet::new(&hierarchy);
    /// taxis.insert(0);
    /// taxis.insert(1);
    /// // Which one is nearest to node 2.
    /// let mut nearest = (INFINITY, None);
    /// Search::new(&hierarchy).nearest(&customized, &taxis, &[(2, 0)], INFINITY, |taxi, distance| {
    ///     nearest = nearest.min((distance, Some(taxi)));
    ///     nearest.0
    /// });
    /// assert_eq!(nearest, (20, Some(1)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn nearest(
        &mut self,
        customized: &Customized,
        set: &NodeSet,
        place: &[(u32, Weight)],
        mut bound: Weight,
        mut visit: impl FnMut(u32, Weight) -> Weight,
    ) {
        assert!(Arc::ptr_eq(&self.hierarchy, &set.hierarchy), "the set is of another hierarchy");
        self.begin(customized, IN, place, bound);
        let arcs = customized.arcs();
        let Self { hierarchy, labels, base, tree_stack: stack, starts, .. } = self;
        let tree = &hierarchy.tree;
        stack.clear();
        let mut root = tree.len() as u32;
        while let Some(last) = root.checked_sub(1) {
            if set.any_below(last) {
                stack.push((last, 0));
            }
            root = last + 1 - tree.size[last as usize];
        }
        while let Some((node, least)) = stack.pop() {
            if least > bound {
                continue;
            }
            let depth = tree.depth[node as usize];
            let distance = labels.nearest(arcs, 2 * node as usize + OUT, base[node as usize]);
            labels.set(depth, distance);
            if distance <= bound && distance < INFINITY && set.has(node) {
                // Nothing is known of what is beyond the bound that the climb has had.
                bound = bound.min(visit(tree.node[node as usize], distance));
            }
            let first = stack.len();
            for child in tree.children(node).filter(|&child| set.any_below(child)) {
                // From below a node, the way leads out through its boundary, unless the place itself is there.
                let subtree = child + 1 - tree.size[child as usize]..=child;
                let is_inside = starts.iter().any(|(start, _)| subtree.contains(start));
                let boundary = &hierarchy.boundary.depth[hierarchy.boundary.range(2 * child as usize + OUT)];
                let distances = boundary.iter().map(|&depth| labels.distance(depth));
                let least = if is_inside { 0 } else { distances.min().unwrap_or(INFINITY) };
                if least <= bound && least < INFINITY {
                    stack.push((child, least));
                }
            }
            stack[first..].sort_unstable_by_key(|&(child, least)| std::cmp::Reverse((least, child)));
        }
        self.end();
    }
}
