use std::sync::Arc;

use super::climb::Climb;
use super::customized::Customized;
use super::hierarchy::Hierarchy;
use super::labels::Labels;
use crate::unit::{INFINITY, Weight};

/// The side of a node's arcs that a search climbs: row `2 v + side` is node `v`'s.
pub(super) const OUT: usize = 0;
pub(super) const IN: usize = 1;

/// Asks a [`Customized`] hierarchy, and keeps the memory that the searches need.
///
/// A search climbs from a node to the root of the elimination tree (Bauer, Columbus, Rutter and Wagner 2016). What it
/// knows of a node's ancestors is kept by their depths: a short array, that nothing but arcs has to be brought to.
///
/// Distances are exact. A path that is not shorter than [`INFINITY`](crate::INFINITY) counts as none. What has been asked
/// before changes no answer.
///
/// # Panics
/// Every method does if the weights are of another hierarchy, or a node does not exist.
///
/// ```
/// # use std::sync::Arc;
/// # use etaflow_road::{Customized, Graph, Hierarchy, Order, Search};
/// let graph = Graph::new(4, vec![(0, 1), (1, 2), (2, 0), (0, 2)])?;
/// let hierarchy = Arc::new(Hierarchy::new(&graph, &Order::new(vec![1, 0, 3, 2])?)?);
/// let customized = Customized::new(&hierarchy, &[10, 20, 30, 35])?;
/// let mut search = Search::new(&hierarchy);
/// let mut path = Vec::new();
/// assert_eq!(search.path(&customized, (0, 0), (2, 0), &mut path), Some(30));
/// assert_eq!(path, [0, 1]); // not arc 3, which weighs 35
/// assert_eq!(search.distance(&customized, (0, 0), (3, 0)), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Search {
    pub(super) hierarchy: Arc<Hierarchy>,
    distances: Climb<Weight>,
    paths: Climb<u64>,
    /// Of the ancestors of one node, of searches in all directions.
    pub(super) labels: Labels<Weight>,
    /// Per node, of where a search in all directions began: the distance straight down, or straight up.
    pub(super) base: Vec<Weight>,
    /// The nodes whose `base` is set.
    pub(super) touched: Vec<u32>,
    /// What is still to be looked at.
    pub(super) pending: Vec<u32>,
    /// The nodes from a root down whose exact distances `labels` holds.
    pub(super) chain: Vec<u32>,
    pub(super) sorted: Vec<(u32, u32)>,
    pub(super) starts: Vec<(u32, Weight)>,
    pub(super) tree_stack: Vec<(u32, Weight)>,
    stack: Vec<u32>,
}

impl Search {
    /// For a hierarchy. It takes some hundred kilobytes, and four bytes for each node.
    pub fn new(hierarchy: &Arc<Hierarchy>) -> Self {
        Self {
            hierarchy: Arc::clone(hierarchy),
            distances: Climb::new(),
            paths: Climb::new(),
            labels: Labels::new(),
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

    /// The distance from the node `source.0` to the node `target.0`, with what is to be added at either end, which is the
    /// other number; `None` if there is no path, or it is not below [`INFINITY`].
    ///
    /// # Panics
    /// If the weights are of another hierarchy, or a node does not exist.
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
        self.check(customized);
        let Self { hierarchy, distances, .. } = self;
        let [up, down] = [source, target].map(|(node, start)| (hierarchy.tree.rank[node as usize], start));
        distances.meet(hierarchy, customized.arcs(), up, down, bound).map(|(distance, _)| distance)
    }

    /// The [`distance`](Self::distance), with the arcs of a shortest path, which are put into `path` instead of what was
    /// there; none if there is no path. They are numbered as in the graph, the first is the one out of the source.
    ///
    /// Of several paths the same one for the same weights, however they have come to be.
    ///
    /// # Panics
    /// If the weights are of another hierarchy, or a node does not exist.
    pub fn path(
        &mut self,
        customized: &Customized,
        source: (u32, Weight),
        target: (u32, Weight),
        path: &mut Vec<u32>,
    ) -> Option<Weight> {
        self.check(customized);
        path.clear();
        let Self { hierarchy, paths, stack, .. } = self;
        let [up, down] = [source, target].map(|(node, start)| (hierarchy.tree.rank[node as usize], start));
        let (distance, top) = paths.meet(hierarchy, customized.arcs(), up, down, INFINITY)?;
        paths.trace(hierarchy, up.0, down.0, top, stack);
        customized.unpack(stack, path);
        Some(distance)
    }

    pub(super) fn check(&self, customized: &Customized) {
        assert!(Arc::ptr_eq(&self.hierarchy, &customized.hierarchy), "the weights are of another hierarchy");
    }
}
