use std::sync::Arc;

use super::customized::Customized;
use super::hierarchy::Hierarchy;
use super::tree::NO_NODE;
use crate::unit::{INFINITY, Weight};

/// The side of a node's arcs that a search climbs: row `2 v + side` is node `v`'s.
pub(super) const OUT: usize = 0;
pub(super) const IN: usize = 1;

/// After how many nodes a search asks again whether there is anything above that is near enough.
const STEPS: usize = 16;

/// Asks a [`Customized`] hierarchy, and keeps the memory that the searches need.
///
/// A search climbs from a node to the root of the elimination tree (Bauer, Columbus, Rutter and Wagner 2016). What it
/// knows of a node's ancestors is kept by their depths: a short array, that nothing but arcs has to be brought to.
///
/// Every method panics if the weights are of another hierarchy, or a node does not exist.
#[derive(Debug)]
pub struct Search {
    pub(super) hierarchy: Arc<Hierarchy>,
    pub(super) forward: Labels,
    pub(super) backward: Labels,
    /// Per node, of where a search in all directions began: the distance straight down, or straight up.
    pub(super) base: Vec<Weight>,
    /// The nodes whose `base` is set.
    pub(super) touched: Vec<u32>,
    /// What is still to be looked at.
    pub(super) pending: Vec<u32>,
    /// The nodes from a root down whose exact distances `forward` holds.
    pub(super) chain: Vec<u32>,
    pub(super) sorted: Vec<(u32, u32)>,
    pub(super) starts: Vec<(u32, Weight)>,
    pub(super) tree_stack: Vec<(u32, Weight)>,
    stack: Vec<u32>,
}

/// By depth: what a search knows of the ancestors of the node that it has come from.
#[derive(Debug)]
pub(super) struct Labels {
    pub(super) distance: Box<[Weight; 1 << 16]>,
    /// The node that the distance was reached from.
    from: Box<[u32; 1 << 16]>,
}

/// The arcs that searches look at.
#[derive(Clone, Copy)]
pub(super) struct Arcs<'a> {
    first: &'a [u32],
    depth: &'a [u16],
    weight: &'a [Weight],
}

impl Customized {
    #[inline]
    pub(super) fn arcs(&self) -> Arcs<'_> {
        match &self.needed {
            Some(needed) => Arcs { first: &needed.first, depth: &needed.depth, weight: &needed.weight },
            None => {
                let rows = &self.hierarchy.rows;
                Arcs { first: &rows.first, depth: &rows.depth, weight: &self.weight }
            }
        }
    }
}

impl<'a> Arcs<'a> {
    /// The arcs of a row: the depths of their upper ends, and their weights.
    #[inline]
    pub(super) fn row(self, row: usize) -> impl Iterator<Item = (u16, Weight)> + 'a {
        let (start, end) = (self.first[row] as usize, self.first[row + 1] as usize);
        self.depth[start..end].iter().copied().zip(self.weight[start..end].iter().copied())
    }
}

impl Labels {
    fn new() -> Self {
        let array = |value| -> Box<[u32; 1 << 16]> {
            vec![value; 1 << 16].into_boxed_slice().try_into().expect("it is that long")
        };
        Self { distance: array(INFINITY), from: array(NO_NODE) }
    }

    /// Knows nothing of the ancestors from a depth down to another.
    pub(super) fn forget(&mut self, from: u16, to: u16) {
        self.distance[usize::from(from)..=usize::from(to)].fill(INFINITY);
    }

    #[inline]
    pub(super) fn relax<const PATH: bool>(&mut self, arcs: Arcs<'_>, row: usize, distance: Weight) {
        for (depth, weight) in arcs.row(row) {
            let label = &mut self.distance[usize::from(depth)];
            if PATH {
                // Both are written in any case: nobody can foresee which is the case.
                let from = &mut self.from[usize::from(depth)];
                *from = if distance + weight < *label { row as u32 / 2 } else { *from };
            }
            *label = (*label).min(distance + weight);
        }
    }
}

impl Search {
    /// For a hierarchy.
    pub fn new(hierarchy: &Arc<Hierarchy>) -> Self {
        Self {
            hierarchy: Arc::clone(hierarchy),
            forward: Labels::new(),
            backward: Labels::new(),
            base: vec![INFINITY; hierarchy.node_count()],
            touched: Vec::new(),
            pending: Vec::new(),
            chain: Vec::new(),
            sorted: Vec::new(),
            starts: Vec::new(),
            tree_stack: Vec::new(),
            stack: Vec::new(),
        }
    }

    /// The distance between two nodes, each with what is to be added at its end; `None` if there is no path, or it is not
    /// below [`INFINITY`].
    pub fn distance(
        &mut self,
        customized: &Customized,
        source: (u32, Weight),
        target: (u32, Weight),
    ) -> Option<Weight> {
        self.distance_below(customized, source, target, INFINITY)
    }

    /// The same, but `None` if it is not below `bound`, too.
    pub(crate) fn distance_below(
        &mut self,
        customized: &Customized,
        source: (u32, Weight),
        target: (u32, Weight),
        bound: Weight,
    ) -> Option<Weight> {
        self.meet::<false>(customized, source, target, bound).map(|(distance, _)| distance)
    }

    /// The same, with the arcs of a shortest path, which are put into `path`. Of several paths the same one for the same
    /// weights.
    pub fn path(
        &mut self,
        customized: &Customized,
        source: (u32, Weight),
        target: (u32, Weight),
        path: &mut Vec<u32>,
    ) -> Option<Weight> {
        path.clear();
        let (distance, top) = self.meet::<true>(customized, source, target, INFINITY)?;
        let tree = &self.hierarchy.tree;
        let mut stack = std::mem::take(&mut self.stack);
        stack.clear();
        // The way down is found from its upper end; the stack gives back first what was put last.
        self.backward.trace(&self.hierarchy, IN, top, tree.rank[target.0 as usize], &mut stack);
        stack.reverse();
        self.forward.trace(&self.hierarchy, OUT, top, tree.rank[source.0 as usize], &mut stack);
        customized.unpack(&mut stack, path);
        self.stack = stack;
        Some(distance)
    }

    pub(super) fn check(&self, customized: &Customized) {
        assert!(Arc::ptr_eq(&self.hierarchy, &customized.hierarchy), "the weights are of another hierarchy");
    }

    /// Where a climb from each end meet best: the distance, and the depth.
    fn meet<const PATH: bool>(
        &mut self,
        customized: &Customized,
        source: (u32, Weight),
        target: (u32, Weight),
        bound: Weight,
    ) -> Option<(Weight, u16)> {
        self.check(customized);
        let Self { hierarchy, forward, backward, .. } = self;
        let (tree, arcs) = (&hierarchy.tree, customized.arcs());
        let (mut up, mut down) = (tree.rank[source.0 as usize], tree.rank[target.0 as usize]);
        for (labels, node, start) in [(&mut *forward, up, source.1), (&mut *backward, down, target.1)] {
            let depth = tree.depth[node as usize];
            labels.forget(0, depth);
            labels.distance[usize::from(depth)] = start.min(INFINITY);
        }
        // Whoever is lower climbs: a node's number is below those of its ancestors.
        while up != down {
            let (labels, node, side) =
                if up < down { (&mut *forward, &mut up, OUT) } else { (&mut *backward, &mut down, IN) };
            let distance = labels.distance[usize::from(tree.depth[*node as usize])];
            if distance < INFINITY {
                labels.relax::<PATH>(arcs, 2 * *node as usize + side, distance);
            }
            *node = tree.parent[*node as usize];
        }
        if up == NO_NODE {
            return None;
        }
        let mut depth = tree.depth[up as usize];
        let (mut best, mut top) = forward.best_with(backward, depth, bound);
        loop {
            // Nothing that is still to come is nearer to an end than the nearest of what is known of above.
            let (from_source, to_target) = (forward.least(depth), backward.least(depth));
            if from_source + to_target >= best {
                break;
            }
            for _ in 0..STEPS {
                let (there, back) = (forward.distance[usize::from(depth)], backward.distance[usize::from(depth)]);
                if there + back < best {
                    (best, top) = (there + back, depth);
                }
                if there + to_target < best {
                    forward.relax::<PATH>(arcs, 2 * up as usize + OUT, there);
                }
                if from_source + back < best {
                    backward.relax::<PATH>(arcs, 2 * up as usize + IN, back);
                }
                up = tree.parent[up as usize];
                if up == NO_NODE {
                    return (best < bound).then_some((best, top));
                }
                depth -= 1;
            }
        }
        (best < bound).then_some((best, top))
    }
}

impl Labels {
    /// The least distance from a depth up.
    fn least(&self, depth: u16) -> Weight {
        self.distance[..=usize::from(depth)].iter().fold(INFINITY, |least, &distance| least.min(distance))
    }

    /// The least sum of two distances from a depth up, and where it is, or else `bound`.
    fn best_with(&self, other: &Self, depth: u16, bound: Weight) -> (Weight, u16) {
        let pairs = || self.distance.iter().zip(&*other.distance).take(usize::from(depth) + 1);
        let best = pairs().fold(INFINITY, |least, (&there, &back)| least.min(there + back));
        if best >= bound {
            return (bound, 0);
        }
        let top = pairs().position(|(&there, &back)| there + back == best).expect("it is one of them");
        (best, top as u16)
    }

    /// The arcs by which the ancestor at a depth was reached from `start`, the last first.
    fn trace(&self, hierarchy: &Hierarchy, side: usize, top: u16, start: u32, out: &mut Vec<u32>) {
        let mut depth = top;
        while depth != hierarchy.tree.depth[start as usize] {
            let from = self.from[usize::from(depth)];
            let arc = hierarchy.rows.arc(2 * from as usize + side, depth).expect("the arc was relaxed");
            out.push(arc);
            depth = hierarchy.tree.depth[from as usize];
        }
    }
}
