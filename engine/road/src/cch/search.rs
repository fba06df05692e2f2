use std::sync::Arc;

use super::customized::Customized;
use super::hierarchy::{Hierarchy, LowerTriangles};
use super::tree::NO_NODE;
use crate::unit::{INFINITY, Weight};

/// The side of a node's arcs that a search climbs: row `2 v + side` is node `v`'s.
pub(super) const OUT: usize = 0;
pub(super) const IN: usize = 1;

/// After how many nodes that are of no use a search asks whether there is one above that is.
const IDLE_MAX: u32 = 8;

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
    stack: Vec<(u32, usize)>,
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
                if distance + weight < *label {
                    *label = distance + weight;
                    self.from[usize::from(depth)] = row as u32 / 2;
                }
            } else {
                *label = (*label).min(distance + weight);
            }
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
        let start = stack.len();
        self.backward.trace(&self.hierarchy, IN, top, tree.rank[target.0 as usize], &mut stack);
        stack[start..].reverse();
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
        let (mut best, mut top) = (bound, 0);
        let mut idle = 0;
        while up != NO_NODE {
            let depth = tree.depth[up as usize];
            let (there, back) = (forward.distance[usize::from(depth)], backward.distance[usize::from(depth)]);
            if there + back < best {
                (best, top) = (there + back, depth);
            }
            if there < best {
                forward.relax::<PATH>(arcs, 2 * up as usize + OUT, there);
            }
            if back < best {
                backward.relax::<PATH>(arcs, 2 * up as usize + IN, back);
            } else if there >= best {
                idle += 1;
                if idle % IDLE_MAX == 0 && (forward.is_done(depth, best) || backward.is_done(depth, best)) {
                    break;
                }
            }
            up = tree.parent[up as usize];
        }
        (best < bound).then_some((best, top))
    }
}

impl Labels {
    /// Whether nothing above a depth is nearer than `best`.
    fn is_done(&self, depth: u16, best: Weight) -> bool {
        self.distance[..usize::from(depth)].iter().all(|&distance| distance >= best)
    }

    /// The arcs by which the ancestor at a depth was reached from `start`, the last first.
    fn trace(&self, hierarchy: &Hierarchy, side: usize, top: u16, start: u32, out: &mut Vec<(u32, usize)>) {
        let mut depth = top;
        while depth != hierarchy.tree.depth[start as usize] {
            let from = self.from[usize::from(depth)];
            let arc = hierarchy.rows.arc(2 * from as usize + side, depth).expect("the arc was relaxed");
            out.push((arc, side));
            depth = hierarchy.tree.depth[from as usize];
        }
    }
}

/// What an arc stands for: an arc of the graph, or else 2 and more are the triangle, counted from there.
const UNKNOWN: u32 = 0;
const ORIGINAL: u32 = 1;

impl Customized {
    /// Replaces the arcs on a stack, the topmost first, by the arcs of the graph that they stand for.
    fn unpack(&self, stack: &mut Vec<(u32, usize)>, path: &mut Vec<u32>) {
        while let Some((arc, side)) = stack.pop() {
            let mut middle = self.middle(arc);
            if middle == UNKNOWN {
                middle = self.find_middle(arc);
                self.remember_middle(arc, middle);
            }
            if middle == ORIGINAL {
                path.push(self.original(arc).expect("it was there when the middle was found"));
                continue;
            }
            let triangles = self.hierarchy.lower[middle as usize - 2];
            let depths = &self.hierarchy.rows.depth;
            let (start, len) = (triangles.start as usize, triangles.len as usize);
            let at =
                depths[start..start + len].binary_search(&depths[arc as usize]).expect("the triangle has this arc");
            let (via, onward) = ((triangles.via, 1 - side), ((start + at) as u32, side));
            // Out of the lower end, the way begins with the arc to the middle; into it, it ends with the arc from there.
            let (first, second) = if side == OUT { (via, onward) } else { (onward, via) };
            stack.push(second);
            stack.push(first);
        }
    }

    /// The arc of the graph that weighs as much as an arc.
    fn original(&self, arc: u32) -> Option<u32> {
        let weight = self.weight[arc as usize];
        let mut inputs = self.hierarchy.inputs(arc).iter().map(|&(_, input)| input);
        inputs.find(|&input| self.input[input as usize] == weight)
    }

    fn find_middle(&self, arc: u32) -> u32 {
        if self.original(arc).is_some() {
            return ORIGINAL;
        }
        let rows = &self.hierarchy.rows;
        let row = rows.first.partition_point(|&first| first <= arc) - 1;
        let (weight, depth) = (self.weight[arc as usize], rows.depth[arc as usize]);
        let first = self.hierarchy.first_lower[row];
        let is_middle = |triangles: &LowerTriangles| {
            let via = self.weight[triangles.via as usize];
            let (start, len) = (triangles.start as usize, triangles.len as usize);
            via <= weight
                && rows.depth[start..start + len]
                    .binary_search(&depth)
                    .is_ok_and(|at| via + self.weight[start + at] == weight)
        };
        let at =
            self.hierarchy.lower(row).iter().position(is_middle).expect("a shortcut has a triangle that it is for");
        first + at as u32 + 2
    }
}
