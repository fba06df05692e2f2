use super::customized::Customized;
use super::labels::{Arcs, Labels};
use super::search::{IN, OUT, Search};
use super::tree::{EliminationTree, NO_NODE};
use crate::unit::{INFINITY, Weight};

impl Search {
    /// The distances from many nodes to one place: `out[i]` is that from `sources[i]`, [`INFINITY`] if there is no path or
    /// it is longer than `limit`. The place is one or several nodes, each with what is to be added at its end; the best
    /// counts. What was in `out` is lost.
    ///
    /// Lazy RPHAST (Strasser and Zeitz 2021): distances are found from the root down, only where a source is below, and
    /// each once.
    ///
    /// # Panics
    /// If the weights are of another hierarchy, or a node does not exist.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use etaflow_road::{Customized, Graph, Hierarchy, INFINITY, Order, Search};
    /// let graph = Graph::new(4, vec![(0, 1), (1, 2), (2, 0)])?;
    /// let hierarchy = Arc::new(Hierarchy::new(&graph, &Order::new(vec![3, 1, 0, 2])?)?);
    /// let customized = Customized::new(&hierarchy, &[10, 20, 30])?;
    /// let mut out = Vec::new();
    /// // To node 2, or to node 0 and 5 more.
    /// Search::new(&hierarchy).many_to_one(&customized, &[0, 1, 2, 3], &[(2, 0), (0, 5)], INFINITY, &mut out);
    /// assert_eq!(out, [5, 20, 0, INFINITY]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn many_to_one(
        &mut self,
        customized: &Customized,
        sources: &[u32],
        place: &[(u32, Weight)],
        limit: Weight,
        out: &mut Vec<Weight>,
    ) {
        self.fan(customized, OUT, sources, place, limit, out);
    }

    /// The distances from one place to many nodes, as [`many_to_one`](Self::many_to_one) the other way round: `out[i]` is
    /// that to `targets[i]`.
    ///
    /// # Panics
    /// If the weights are of another hierarchy, or a node does not exist.
    pub fn one_to_many(
        &mut self,
        customized: &Customized,
        place: &[(u32, Weight)],
        targets: &[u32],
        limit: Weight,
        out: &mut Vec<Weight>,
    ) {
        self.fan(customized, IN, targets, place, limit, out);
    }

    /// The distances between a place and many nodes, along the arcs of `side` from these.
    fn fan(
        &mut self,
        customized: &Customized,
        side: usize,
        nodes: &[u32],
        place: &[(u32, Weight)],
        limit: Weight,
        out: &mut Vec<Weight>,
    ) {
        self.begin(customized, 1 - side, place, limit);
        out.clear();
        out.resize(nodes.len(), INFINITY);
        let mut sorted = std::mem::take(&mut self.sorted);
        sorted.clear();
        sorted.extend((0..).zip(nodes).map(|(at, &node)| (self.hierarchy.tree.rank[node as usize], at)));
        sorted.sort_unstable();
        self.chain.clear();
        for &(rank, at) in &sorted {
            let distance = self.descend(customized, side, rank);
            if distance <= limit {
                out[at as usize] = distance;
            }
        }
        self.sorted = sorted;
        self.end();
    }

    /// Climbs from a place along the arcs of `side` and keeps the distances of what it passes in `base`; [`end`](Self::end)
    /// forgets them.
    pub(super) fn begin(&mut self, customized: &Customized, side: usize, place: &[(u32, Weight)], limit: Weight) {
        self.check(customized);
        // A question that has panicked has not come to its end.
        self.end();
        let Self { hierarchy, labels, base, touched, starts, .. } = self;
        let (tree, arcs) = (&hierarchy.tree, customized.arcs());
        starts.clear();
        starts.extend(place.iter().map(|&(node, start)| (tree.rank[node as usize], start)));
        starts.sort_unstable();
        let mut joined = None;
        for at in 0..starts.len() {
            let (mut node, start) = starts[at];
            let depth = tree.depth[node as usize];
            // Above where the paths have joined, the labels are those of all starts so far.
            let fresh = joined.map_or(0, |joined: u32| tree.depth[joined as usize] + 1);
            if fresh <= depth {
                labels.forget(fresh, depth);
            }
            labels.offer(depth, start);
            joined = starts.get(at + 1).and_then(|&(next, _)| meeting(tree, node, next));
            while Some(node) != joined && node != NO_NODE {
                let distance = labels.distance(tree.depth[node as usize]);
                if distance <= limit && distance < INFINITY {
                    base[node as usize] = distance;
                    touched.push(node);
                    labels.relax(arcs, 2 * node as usize + side, distance);
                }
                node = tree.parent[node as usize];
            }
        }
    }

    /// Forgets the place.
    pub(super) fn end(&mut self) {
        for &node in &self.touched {
            self.base[node as usize] = INFINITY;
        }
        self.touched.clear();
    }

    /// The exact distance of a node, after those of all its ancestors. Nodes are asked for in ascending order, so that what
    /// `chain` and `labels` hold of the ancestors of one serves the next.
    fn descend(&mut self, customized: &Customized, side: usize, rank: u32) -> Weight {
        let arcs = customized.arcs();
        let Self { hierarchy, labels, base, pending, chain, .. } = self;
        let tree = &hierarchy.tree;
        let mut node = rank;
        while node != NO_NODE && chain.get(usize::from(tree.depth[node as usize])) != Some(&node) {
            pending.push(node);
            node = tree.parent[node as usize];
        }
        let known = if node == NO_NODE { 0 } else { usize::from(tree.depth[node as usize]) + 1 };
        chain.truncate(known);
        while let Some(node) = pending.pop() {
            let distance = labels.nearest(arcs, 2 * node as usize + side, base[node as usize]);
            labels.set(chain.len() as u16, distance);
            chain.push(node);
        }
        labels.distance(chain.len() as u16 - 1)
    }
}

impl Labels<Weight> {
    /// The least of `distance` and the distances by way of the upper ends of a row.
    #[inline]
    pub(super) fn nearest(&self, arcs: Arcs<'_>, row: usize, distance: Weight) -> Weight {
        arcs.row(row).fold(distance, |least, (depth, weight)| least.min(self.distance(depth) + weight))
    }
}

/// The lowest node that is above both of two nodes, or one of them.
fn meeting(tree: &EliminationTree, mut first: u32, mut second: u32) -> Option<u32> {
    while first != second {
        let lower = if first < second { &mut first } else { &mut second };
        *lower = tree.parent[*lower as usize];
    }
    (first != NO_NODE).then_some(first)
}
