use super::hierarchy::Hierarchy;
use super::search::{IN, OUT};
use crate::unit::{INFINITY, Weight};

/// What the arcs between the ancestors of the current node are known to weigh, by the depths of both ends.
///
/// The frontal matrix of sparse elimination (Duff and Reid 1983), in the algebra of shortest paths: a node that has its
/// weights leaves to its ancestors what the triangles above it weigh. As all that is written to are the rows of
/// ancestors, and these change slowly from node to node, it stays in the nearest caches.
///
/// Everything in it is [`INFINITY`] before the first node and after the last.
#[derive(Debug)]
pub(super) struct Front {
    /// For arcs out of the lower end, and into it: the lower triangle of a square matrix, row by row; the deeper end says
    /// the row.
    side: [Vec<Weight>; 2],
}

/// Where the row of a depth begins.
#[inline]
fn row_start(depth: usize) -> usize {
    depth * depth.saturating_sub(1) / 2
}

impl Front {
    pub(super) fn new(height: usize) -> Self {
        Self { side: [OUT, IN].map(|_| vec![INFINITY; row_start(height)]) }
    }

    /// Gives the arcs of a node their weights, and its ancestors what follows from them.
    #[inline]
    pub(super) fn eliminate(&mut self, hierarchy: &Hierarchy, node: u32, own: &mut [Weight], input: &[Weight]) {
        let [out, into] = [OUT, IN].map(|side| hierarchy.rows.range(2 * node as usize + side));
        let depths = &hierarchy.rows.depth[out.start..into.end];
        let (out_depth, in_depth) = depths.split_at(out.len());
        let (out_weight, in_weight) = own.split_at_mut(out.len());
        let depth = usize::from(hierarchy.tree.depth[node as usize]);
        self.take_row(OUT, depth, out_depth, out_weight);
        self.take_row(IN, depth, in_depth, in_weight);
        for &(arc, from) in hierarchy.inputs_between(out.start, into.end) {
            let weight = &mut own[arc as usize - out.start];
            *weight = (*weight).min(input[from as usize]);
        }
        let (out_weight, in_weight) = own.split_at(out.len());
        let [out_front, in_front] = &mut self.side;
        leave(out_front, (in_depth, in_weight), (out_depth, out_weight));
        leave(in_front, (out_depth, out_weight), (in_depth, in_weight));
    }

    /// Takes the row of a node out.
    #[inline]
    fn take_row(&mut self, side: usize, depth: usize, depths: &[u16], weights: &mut [Weight]) {
        let row = &mut self.side[side][row_start(depth)..row_start(depth) + depth];
        for (&depth, weight) in depths.iter().zip(weights) {
            *weight = std::mem::replace(&mut row[usize::from(depth)], INFINITY);
        }
    }

    /// Takes over what another front has left to the ancestors that are less deep than `depth`, and empties it.
    pub(super) fn merge(&mut self, other: &mut Self, depth: u16) {
        let end = row_start(usize::from(depth));
        for (side, other) in self.side.iter_mut().zip(&mut other.side) {
            for (weight, other) in side[..end].iter_mut().zip(&mut other[..end]) {
                *weight = (*weight).min(*other);
                *other = INFINITY;
            }
        }
    }
}

/// Leaves to the upper ends of `via` what a way by the node costs to those upper ends of `onward` that are above.
#[inline]
fn leave(front: &mut [Weight], via: (&[u16], &[Weight]), onward: (&[u16], &[Weight])) {
    let mut above = 0;
    for (&depth, &weight) in via.0.iter().zip(via.1) {
        while above < onward.0.len() && onward.0[above] < depth {
            above += 1;
        }
        if weight >= INFINITY {
            continue;
        }
        let start = row_start(usize::from(depth));
        let row = &mut front[start..start + usize::from(depth)];
        for (&end, &further) in onward.0[..above].iter().zip(&onward.1[..above]) {
            let least = &mut row[usize::from(end)];
            *least = (*least).min(weight + further);
        }
    }
}
