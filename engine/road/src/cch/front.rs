use super::hierarchy::Hierarchy;
use crate::unit::{INFINITY, Weight};

/// What the arcs between the ancestors of the current node are known to weigh, by the depths of both ends.
///
/// The frontal matrix of sparse elimination (Duff and Reid 1983), in the algebra of shortest paths: a node that has its
/// weights leaves to its ancestors what the triangles above it weigh. As all that is written to are the rows of
/// ancestors, and these change slowly from node to node, it stays in the nearest caches.
///
/// Everything in it is [`INFINITY`] before the first node and after the last, but on the diagonal, where a way from a node
/// back to itself is left: no arc leads there, so that nobody asks for it.
#[derive(Debug)]
pub(super) struct Front {
    height: usize,
    /// A square matrix, row by row: from the row's depth to the column's.
    weight: Vec<Weight>,
}

impl Front {
    pub(super) fn new(height: usize) -> Self {
        Self { height, weight: vec![INFINITY; height * height] }
    }

    /// Gives the arcs of a node their weights, and its ancestors what follows from them.
    #[inline]
    pub(super) fn eliminate(&mut self, hierarchy: &Hierarchy, node: u32, own: &mut [Weight], input: &[Weight]) {
        debug_assert_eq!(self.height, hierarchy.height(), "the front is of another hierarchy");
        let first = hierarchy.rows.first[2 * node as usize] as usize;
        let depths = &hierarchy.rows.depth[first..first + own.len()];
        let outs = hierarchy.rows.first[2 * node as usize + 1] as usize - first;
        let (out_depth, in_depth) = depths.split_at(outs);
        let depth = usize::from(hierarchy.tree.depth[node as usize]);
        if hierarchy.tree.size[node as usize] == 1 {
            // Nobody is below who could have left anything.
            own.fill(INFINITY);
        } else {
            let row = &mut self.weight[depth * self.height..][..self.height];
            for (&end, weight) in out_depth.iter().zip(&mut own[..outs]) {
                *weight = std::mem::replace(&mut row[usize::from(end)], INFINITY);
            }
            for (&end, weight) in in_depth.iter().zip(&mut own[outs..]) {
                *weight = std::mem::replace(&mut self.weight[usize::from(end) * self.height + depth], INFINITY);
            }
        }
        let places = hierarchy.places(2 * node as usize..2 * node as usize + 2);
        for (&arc, &input) in hierarchy.arc_at[places.clone()].iter().zip(&input[places]) {
            let weight = &mut own[arc as usize - first];
            *weight = input.min(*weight);
        }
        let (out_weight, in_weight) = own.split_at(outs);
        for (&tail, &weight) in in_depth.iter().zip(in_weight) {
            let row = &mut self.weight[usize::from(tail) * self.height..][..self.height];
            // Onto the diagonal, too: to leave that out would take longer.
            for (&head, &onward) in out_depth.iter().zip(out_weight) {
                let least = &mut row[usize::from(head)];
                *least = (*least).min(weight + onward);
            }
        }
    }

    /// Whether nothing is left in it for anybody.
    pub(super) fn is_empty(&self) -> bool {
        let is_diagonal = |at: usize| at / self.height == at % self.height;
        self.weight.iter().enumerate().all(|(at, &weight)| weight == INFINITY || is_diagonal(at))
    }

    /// Takes over what another front has left to the ancestors that are less deep than `depth`, and empties it.
    pub(super) fn merge(&mut self, other: &mut Self, depth: u16) {
        let width = usize::from(depth);
        let rows = self.weight.chunks_exact_mut(self.height).zip(other.weight.chunks_exact_mut(self.height));
        for (row, other) in rows.take(width) {
            for (weight, other) in row[..width].iter_mut().zip(&mut other[..width]) {
                *weight = (*weight).min(*other);
                *other = INFINITY;
            }
        }
    }
}
