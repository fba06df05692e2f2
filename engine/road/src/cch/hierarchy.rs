use std::ops::Range;

use super::contraction::contract;
use super::graph::Graph;
use super::order::Order;
use super::tree::{EliminationTree, NO_NODE, TooDeep};

/// In place of an arc where there is none.
pub(super) const NO_ARC: u32 = u32::MAX;

/// The most arcs, arcs of the graph, and pairs of an arc and a node below it, that a hierarchy may have.
const ARCS_MAX: usize = (1 << 28) - 1;

/// The most nodes that a way up may have: customization keeps a square of that.
pub(super) const HEIGHT_MAX: usize = 1 << 14;

/// Of so many arcs one's row is known at once.
const ROW_STEP: usize = 16;

/// A graph with shortcuts, so that for any weights there is a shortest path that goes only up and then only down.
/// What is left to do when weights are known is to give the shortcuts theirs.
///
/// Nodes are numbered anew, in a postorder of the elimination tree; "up" is to a higher number, and all that a node
/// has an arc to or from are its ancestors. So an ancestor can be told by its depth in the tree, and what a search
/// knows of all ancestors of a node is an array as long as the tree is deep.
///
/// Arcs that no weights make finite (there is no path from their tail to their head through lower nodes) are not kept:
/// where streets are one-way, or the graph is one of turns, that is about half of them (Buchhold, Wagner, Zeitz and
/// Zündorf 2020).
#[derive(Debug)]
pub struct Hierarchy {
    pub(super) tree: EliminationTree,
    pub(super) rows: Rows,
    /// The arcs of the graph have places, which go by the arcs that they have become. Where the places of each row begin;
    /// length rows + 1.
    pub(super) first_place: Vec<u32>,
    /// Per place: the arc that the input arc has become. Ascending.
    pub(super) arc_at: Vec<u32>,
    /// Per place: the input arc.
    pub(super) input_at: Vec<u32>,
    /// Per input arc: its place, [`NO_ARC`] for a self-loop.
    pub(super) place: Vec<u32>,
    /// Where the lower triangles of each row begin in `lower`; length rows + 1.
    pub(super) first_lower: Vec<u32>,
    /// Per row: the nodes below it that form triangles with it, those with the fewest first.
    ///
    /// In this order, the processor foresees how long each loop over triangles is.
    pub(super) lower: Vec<LowerTriangles>,
    /// Per node and side: the ends above of all arcs of its subtree.
    pub(super) boundary: Rows,
    height: usize,
    /// The row of each [`ROW_STEP`]th arc.
    row_at: Vec<u32>,
}

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

/// Why there is no hierarchy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HierarchyError {
    /// The order is of another graph.
    #[error("the order has {found} nodes, the graph {expected}")]
    Length {
        /// How many nodes the order has.
        found: usize,
        /// How many the graph has.
        expected: usize,
    },
    /// The elimination tree is too deep: the order is a bad one.
    #[error("the elimination tree is more than {limit} nodes deep")]
    TooDeep {
        /// How deep it may be.
        limit: usize,
    },
    /// There would be more arcs than can be numbered: the order is a bad one.
    #[error("the hierarchy has more than {limit} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
}

impl Hierarchy {
    /// Contracts the nodes of a graph in an order.
    ///
    /// # Errors
    /// If the order is of another graph, or so bad a one that the hierarchy would be too large.
    pub fn new(graph: &Graph, order: &Order) -> Result<Self, HierarchyError> {
        let (found, expected) = (order.len(), graph.node_count());
        if found != expected {
            return Err(HierarchyError::Length { found, expected });
        }
        let tree = EliminationTree::new(graph, order, HEIGHT_MAX)
            .map_err(|TooDeep| HierarchyError::TooDeep { limit: HEIGHT_MAX })?;
        let too_many = |what| HierarchyError::TooMany { what, limit: ARCS_MAX };
        if graph.arcs().len() > ARCS_MAX {
            return Err(too_many("arcs"));
        }
        let rows = contract(graph, &tree, ARCS_MAX).ok_or_else(|| too_many("arcs"))?;
        let (first_lower, lower) = rows.lower_triangles(&tree, ARCS_MAX).ok_or_else(|| too_many("lower triangles"))?;
        let mut input_at: Vec<(u32, u32)> =
            (0..).zip(graph.arcs()).map(|(input, &arc)| (rows.arc_between(&tree, arc), input)).collect();
        input_at.retain(|&(arc, _)| arc != NO_ARC);
        input_at.sort_unstable();
        let (arc_at, input_at): (Vec<u32>, Vec<u32>) = input_at.into_iter().unzip();
        let mut place = vec![NO_ARC; graph.arcs().len()];
        for (at, &input) in (0..).zip(&input_at) {
            place[input as usize] = at;
        }
        let first_place = rows.first.iter().map(|&first| arc_at.partition_point(|&arc| arc < first) as u32).collect();
        let boundary = rows.boundary(&tree);
        let height = tree.depth.iter().max().map_or(0, |&depth| usize::from(depth) + 1);
        let row_at = rows.rows_at();
        Ok(Self { height, row_at, tree, rows, first_place, arc_at, input_at, place, first_lower, lower, boundary })
    }

    /// How many nodes there are.
    pub fn node_count(&self) -> usize {
        self.tree.len()
    }

    /// How many arcs there are, the shortcuts among them; an arc goes one way.
    pub fn arc_count(&self) -> usize {
        self.rows.arc_count()
    }

    /// How many arcs the graph has.
    pub fn input_count(&self) -> usize {
        self.place.len()
    }

    /// How many triangles a full customization looks at.
    pub fn triangle_count(&self) -> u64 {
        self.lower.iter().map(|triangles| u64::from(triangles.len)).sum()
    }

    /// How many nodes the longest way up has.
    pub fn height(&self) -> usize {
        self.height
    }

    /// How much memory it takes, in bytes.
    pub fn bytes(&self) -> usize {
        let words = self.tree.rank.len() * 4
            + self.rows.first.len()
            + self.row_at.len()
            + self.first_place.len()
            + self.arc_at.len() * 2
            + self.place.len()
            + self.first_lower.len()
            + self.lower.len() * 3
            + self.boundary.first.len();
        words * 4 + (self.tree.depth.len() + self.rows.depth.len() + self.boundary.depth.len()) * 2
    }

    /// The triangles of a row.
    pub(super) fn lower(&self, row: usize) -> &[LowerTriangles] {
        &self.lower[self.first_lower[row] as usize..self.first_lower[row + 1] as usize]
    }

    /// The row that an arc is in.
    pub(super) fn row_of(&self, arc: u32) -> usize {
        let mut row = self.row_at[arc as usize / ROW_STEP] as usize;
        while self.rows.first[row + 1] <= arc {
            row += 1;
        }
        row
    }

    /// The places of the input arcs that have become arcs of some rows.
    #[inline]
    pub(super) fn places(&self, rows: Range<usize>) -> Range<usize> {
        self.first_place[rows.start] as usize..self.first_place[rows.end] as usize
    }

    /// The places of the input arcs that have become an arc of a row.
    pub(super) fn places_of(&self, row: usize, arc: u32) -> Range<usize> {
        let places = self.places(row..row + 1);
        let arcs = &self.arc_at[places.clone()];
        places.start + arcs.partition_point(|&at| at < arc)..places.start + arcs.partition_point(|&at| at <= arc)
    }

    /// Numbers the arcs of the graph anew, by their places, self-loops last; the old number of each.
    pub(crate) fn number_by_place(&mut self) -> Vec<u32> {
        let loops = (0..).zip(&self.place).filter(|&(_, &place)| place == NO_ARC).map(|(input, _)| input);
        let old: Vec<u32> = self.input_at.iter().copied().chain(loops).collect();
        let placed = self.input_at.len() as u32;
        self.input_at = (0..placed).collect();
        for (input, place) in (0..).zip(&mut self.place) {
            *place = if input < placed { input } else { NO_ARC };
        }
        old
    }
}

impl Rows {
    pub(super) fn arc_count(&self) -> usize {
        self.depth.len()
    }

    /// The row of each [`ROW_STEP`]th arc.
    fn rows_at(&self) -> Vec<u32> {
        let mut rows = Vec::with_capacity(self.arc_count().div_ceil(ROW_STEP));
        for row in 0..self.first.len() - 1 {
            while rows.len() * ROW_STEP < self.first[row + 1] as usize {
                rows.push(row as u32);
            }
        }
        rows
    }

    /// The arcs of a row.
    pub(super) fn range(&self, row: usize) -> Range<usize> {
        self.first[row] as usize..self.first[row + 1] as usize
    }

    /// The arc of a row whose upper end is that deep.
    pub(super) fn arc(&self, row: usize, depth: u16) -> Option<u32> {
        let range = self.range(row);
        let at = self.depth[range.clone()].binary_search(&depth).ok()?;
        Some((range.start + at) as u32)
    }

    /// The arc that an arc of the graph has become, [`NO_ARC`] for a self-loop.
    fn arc_between(&self, tree: &EliminationTree, (tail, head): (u32, u32)) -> u32 {
        let (tail, head) = (tree.rank[tail as usize], tree.rank[head as usize]);
        if tail == head {
            return NO_ARC;
        }
        let row = 2 * tail.min(head) as usize + usize::from(head < tail);
        self.arc(row, tree.depth[tail.max(head) as usize]).expect("contraction keeps the arcs of the graph")
    }

    /// Row by row, the depths of the ends above of all arcs of the subtree that begins there: whoever leaves it, or comes
    /// into it, passes one of them.
    fn boundary(&self, tree: &EliminationTree) -> Self {
        let (mut first, mut depth) = (vec![0], Vec::new());
        let mut seen = vec![u32::MAX; 1 << 16];
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
            depth[start..].sort_unstable();
            first.push(depth.len() as u32);
        }
        Self { first, depth }
    }

    /// The lower triangles of all rows, unless there are more than `limit` pairs of a row and a node below it.
    fn lower_triangles(&self, tree: &EliminationTree, limit: usize) -> Option<(Vec<u32>, Vec<LowerTriangles>)> {
        let (mut first, mut lower) = (vec![0_u32; 2 * tree.len() + 1], Vec::new());
        for pass in 0..2 {
            // The first pass counts, the second fills.
            let mut next = first.clone();
            let mut chain = Vec::new();
            for node in 0..tree.len() {
                climb(tree, node as u32, &mut chain);
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
pub(super) fn climb(tree: &EliminationTree, node: u32, chain: &mut Vec<u32>) {
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
