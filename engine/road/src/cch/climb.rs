use super::hierarchy::Hierarchy;
use super::labels::{Arcs, Label, Labels};
use super::search::{IN, OUT};
use super::tree::NO_NODE;
use crate::unit::{INFINITY, Weight};

/// After how many nodes a search asks again whether there is anything above that is near enough.
const STEPS: usize = 16;

/// A climb from either end of a path, to where they meet.
#[derive(Debug)]
pub(super) struct Climb<L> {
    forward: Labels<L>,
    backward: Labels<L>,
}

impl<L: Label + std::fmt::Debug> Climb<L> {
    pub(super) fn new() -> Self {
        Self { forward: Labels::new(), backward: Labels::new() }
    }

    /// Climbs from both ends (nodes of the hierarchy, each with what is to be added): the distance and the depth of the
    /// highest node of a shortest path, if that is below `bound`.
    pub(super) fn meet(
        &mut self,
        hierarchy: &Hierarchy,
        arcs: Arcs<'_>,
        source: (u32, Weight),
        target: (u32, Weight),
        bound: Weight,
    ) -> Option<(Weight, u16)> {
        let Self { forward, backward } = self;
        let tree = &hierarchy.tree;
        let (mut up, mut down) = (source.0, target.0);
        for (labels, (node, start)) in [(&mut *forward, source), (&mut *backward, target)] {
            let depth = tree.depth[node as usize];
            labels.forget(0, depth);
            labels.set(depth, L::new(start.min(INFINITY), node));
        }
        // Whoever is lower climbs: a node's number is below those of its ancestors.
        while up != down {
            let (labels, node, side) =
                if up < down { (&mut *forward, &mut up, OUT) } else { (&mut *backward, &mut down, IN) };
            let distance = labels.distance(tree.depth[*node as usize]);
            if distance < INFINITY {
                labels.relax(arcs, 2 * *node as usize + side, distance);
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
                let (there, back) = (forward.distance(depth), backward.distance(depth));
                if there + back < best {
                    (best, top) = (there + back, depth);
                }
                if there + to_target < best {
                    forward.relax(arcs, 2 * up as usize + OUT, there);
                }
                if from_source + back < best {
                    backward.relax(arcs, 2 * up as usize + IN, back);
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

impl Climb<u64> {
    /// The arcs by which two climbs met at a depth, on a stack: the first of the path is the topmost.
    pub(super) fn trace(&self, hierarchy: &Hierarchy, source: u32, target: u32, top: u16, stack: &mut Vec<u32>) {
        stack.clear();
        trace(&self.backward, hierarchy, (target, IN), top, stack);
        stack.reverse();
        trace(&self.forward, hierarchy, (source, OUT), top, stack);
    }
}

/// The arcs by which the ancestor at a depth was reached, the last first.
fn trace(labels: &Labels<u64>, hierarchy: &Hierarchy, start: (u32, usize), top: u16, out: &mut Vec<u32>) {
    let end = hierarchy.tree.depth[start.0 as usize];
    let mut depth = top;
    while depth != end {
        let from = labels.get(depth) as u32;
        let arc = hierarchy.rows.arc(2 * from as usize + start.1, depth).expect("the arc was relaxed");
        out.push(arc);
        depth = hierarchy.tree.depth[from as usize];
    }
}
