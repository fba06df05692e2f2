use std::ops::Range;

use super::hierarchy::HEIGHT_MAX;
use super::tree::{EliminationTree, NO_NODE};

/// Of every so many arcs one's row is known at once.
pub(super) const ROW_STEP: usize = 16;

/// In place of an arc where there is none.
pub(super) const NO_ARC: u32 = u32::MAX;

/// The arcs by their lower ends: row `2 v` has those out of node `v` to its ancestors, row `2 v + 1` those into it from
/// its ancestors.
#[derive(Debug)]
pub(super) struct Rows {
    /// Where each row begins; length rows + 1.
    pub(super) first: Vec<u32>,
    /// Per arc: the depth of its upper end, ascending in a row.
    pub(super) depth: Vec<u16>,
}

/// The triangles of a row of `v` whose lowest node is `u`: for each arc `u -> w` in `start..end`, the arcs `v -> u` and
/// `u -> w` are a way for `v -> w`; and likewise the other way round for arcs into `v`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct LowerTriangles {
    /// The arc between `v` and `u`.
    pub(super) via: u32,
    /// Where the arcs of `u` begin.
    pub(super) start: u32,
    /// How many of them end above `v`.
    pub(super) len: u32,
}

impl LowerTriangles {
    /// The arcs of the lower node.
    #[inline]
    pub(super) fn onward(self) -> Range<usize> {
        self.start as usize..(self.start + self.len) as usize
    }
}

impl Rows {
    pub(super) fn arc_count(&self) -> usize {
        self.depth.len()
    }

    /// The arcs of a row.
    pub(super) fn range(&self, row: usize) -> Range<usize> {
        self.first[row] as usize..self.first[row + 1] as usize
    }

    /// The row of each [`ROW_STEP`]th arc.
    pub(super) fn every_row(&self) -> Vec<u32> {
        let mut rows = Vec::with_capacity(self.arc_count().div_ceil(ROW_STEP));
        for row in 0..self.first.len() - 1 {
            while rows.len() * ROW_STEP < self.first[row + 1] as usize {
                rows.push(row as u32);
            }
        }
        rows
    }

    /// The arc of a row whose upper end is that deep.
    pub(super) fn arc(&self, row: usize, depth: u16) -> Option<u32> {
        let range = self.range(row);
        let at = self.depth[range.clone()].binary_search(&depth).ok()?;
        Some((range.start + at) as u32)
    }

    /// The arc that an arc of the graph has become, [`NO_ARC`] for a self-loop.
    pub(super) fn arc_between(&self, tree: &EliminationTree, (tail, head): (u32, u32)) -> u32 {
        let (tail, head) = (tree.rank[tail as usize], tree.rank[head as usize]);
        if tail == head {
            return NO_ARC;
        }
        let row = 2 * tail.min(head) as usize + usize::from(head < tail);
        self.arc(row, tree.depth[tail.max(head) as usize]).expect("contraction keeps the arcs of the graph")
    }

    /// Row by row, the depths of the ends above of all arcs of the subtree that begins there: whoever leaves it, or comes
    /// into it, passes one of them. `None` if they are more than `limit`.
    pub(super) fn boundary(&self, tree: &EliminationTree, limit: usize) -> Option<Self> {
        let (mut first, mut depth) = (vec![0], Vec::new());
        let mut seen = vec![u32::MAX; HEIGHT_MAX];
        for row in 0..2 * tree.len() {
            let (node, side) = ((row / 2) as u32, row % 2);
            let above = tree.depth[node as usize];
            let start = depth.len();
            let mut add = |from: &[u16], depth: &mut Vec<u16>| {
                for &end in from.iter().take_while(|&&end| end < above) {
                    if std::mem::replace(&mut seen[usize::from(end)], row as u32) != row as u32 {
                        depth.push(end);
                    }
                }
            };
            add(&self.depth[self.range(row)], &mut depth);
            for child in tree.children(node) {
                let child = 2 * child as usize + side;
                let part: Vec<u16> = depth[first[child] as usize..first[child + 1] as usize].to_vec();
                add(&part, &mut depth);
            }
            if depth.len() > limit {
                return None;
            }
            depth[start..].sort_unstable();
            first.push(depth.len() as u32);
        }
        Some(Self { first, depth })
    }

    /// The lower triangles of all rows, unless there are more than `limit` pairs of a row and a node below it.
    pub(super) fn lower_triangles(
        &self,
        tree: &EliminationTree,
        limit: usize,
    ) -> Option<(Vec<u32>, Vec<LowerTriangles>)> {
        let (mut first, mut lower) = (vec![0_u32; 2 * tree.len() + 1], Vec::new());
        for pass in 0..2 {
            // The first pass counts, the second fills.
            let mut next = first.clone();
            let mut chain = Vec::new();
            for node in 0..tree.len() {
                ancestors(tree, node as u32, &mut chain);
                for side in 0..2 {
                    let row = self.range(2 * node + side);
                    for via in self.range(2 * node + 1 - side) {
                        let above = self.depth[via];
                        let len = self.depth[row.clone()].partition_point(|&depth| depth < above) as u32;
                        if len == 0 {
                            continue;
                        }
                        let upper_row = 2 * chain[usize::from(above)] as usize + side;
                        if pass == 0 {
                            first[upper_row + 1] += 1;
                        } else {
                            let at = &mut next[upper_row];
                            lower[*at as usize] = LowerTriangles { via: via as u32, start: row.start as u32, len };
                            *at += 1;
                        }
                    }
                }
            }
            if pass == 0 {
                let count: u64 = first.iter().map(|&count| u64::from(count)).sum();
                if count > limit as u64 {
                    return None;
                }
                for row in 1..first.len() {
                    first[row] += first[row - 1];
                }
                lower = vec![LowerTriangles { via: 0, start: 0, len: 0 }; count as usize];
            }
        }
        for row in 0..2 * tree.len() {
            lower[first[row] as usize..first[row + 1] as usize].sort_unstable_by_key(|lower| (lower.len, lower.start));
        }
        Some((first, lower))
    }
}

/// Fills `chain` with the ancestors of a node by their depths, itself among them.
fn ancestors(tree: &EliminationTree, node: u32, chain: &mut Vec<u32>) {
    let depth = usize::from(tree.depth[node as usize]);
    chain.resize(depth + 1, NO_NODE);
    let mut at = node;
    for place in chain.iter_mut().rev() {
        // What has been climbed before from another node is not climbed again.
        if std::mem::replace(place, at) == at {
            break;
        }
        at = tree.parent[at as usize];
    }
}
