use std::ops::Range;

use super::contraction::contract;
use super::graph::Graph;
use super::order::Order;
use super::rows::{LowerTriangles, NO_ARC, ROW_STEP, Rows};
use super::tree::{EliminationTree, TooDeep};

/// The most arcs, arcs of the graph, pairs of an arc and a node below it, and boundary nodes, that a hierarchy may have.
pub(super) const ARCS_MAX: usize = (1 << 28) - 1;

/// The most nodes that a way up may have: customization keeps a square of that, which is 64 MiB of weights then. Of half
/// a million junctions with turns it is 900.
pub(super) const HEIGHT_MAX: usize = 1 << 12;

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
///
/// It depends on no weights, does not change, and is shared by `Arc`: the weights, searches and sets of one hierarchy are
/// not for another, not even of the same graph and order.
///
/// ```
/// # use std::sync::Arc;
/// # use etaflow_road::{Customized, Graph, Hierarchy, Order, Search};
/// // A ring of one-way streets: once node 1 is contracted, a shortcut leads from 0 to 2, and none back.
/// let graph = Graph::new(3, vec![(0, 1), (1, 2), (2, 0)])?;
/// let hierarchy = Arc::new(Hierarchy::new(&graph, &Order::new(vec![1, 0, 2])?)?);
/// assert_eq!((hierarchy.input_count(), hierarchy.arc_count()), (3, 4));
///
/// let rush_hour = Customized::new(&hierarchy, &[25, 20, 30])?;
/// let mut search = Search::new(&hierarchy);
/// assert_eq!(search.distance(&rush_hour, (0, 0), (2, 0)), Some(45));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// If the order is of another graph, or so bad a one that the hierarchy would be too large: more than 2^12 nodes deep,
    /// or with 2^28 arcs or more, those of the graph among them.
    pub fn new(graph: &Graph, order: &Order) -> Result<Self, HierarchyError> {
        Self::within(graph, order, ARCS_MAX)
    }

    /// The same with another limit of arcs.
    pub(crate) fn within(graph: &Graph, order: &Order, arcs_max: usize) -> Result<Self, HierarchyError> {
        let (found, expected) = (order.len(), graph.node_count());
        if found != expected {
            return Err(HierarchyError::Length { found, expected });
        }
        let tree = EliminationTree::new(graph, order, HEIGHT_MAX)
            .map_err(|TooDeep| HierarchyError::TooDeep { limit: HEIGHT_MAX })?;
        let arcs_max = arcs_max.min(ARCS_MAX);
        let too_many = |what| HierarchyError::TooMany { what, limit: arcs_max };
        if graph.arcs().len() > arcs_max {
            return Err(too_many("arcs"));
        }
        let rows = contract(graph, &tree, arcs_max).ok_or_else(|| too_many("arcs"))?;
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
        let boundary = rows.boundary(&tree, ARCS_MAX).ok_or_else(|| too_many("boundary nodes"))?;
        let height = tree.depth.iter().max().map_or(0, |&depth| usize::from(depth) + 1);
        let row_at = rows.every_row();
        Ok(Self { height, row_at, tree, rows, first_place, arc_at, input_at, place, first_lower, lower, boundary })
    }

    /// How many nodes there are: as many as in the graph.
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
    ///
    /// For who has just made the hierarchy: it is shared before anything is kept by the numbers of arcs.
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
