use crate::unit::INFINITY;

/// A directed graph: nodes and arcs, both numbered from 0. Parallel arcs and self-loops are allowed.
///
/// ```
/// # use etaflow_road::Graph;
/// let graph = Graph::new(3, vec![(0, 1), (1, 2), (2, 0)])?;
/// assert_eq!(graph.node_count(), 3);
/// assert_eq!(graph.arcs()[1], (1, 2));
/// # Ok::<(), etaflow_road::GraphError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Graph {
    node_count: u32,
    arcs: Vec<(u32, u32)>,
}

/// Why some arcs are no graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// An arc begins or ends at a node that does not exist.
    #[error("arc {arc} goes from node {tail} to node {head} of {node_count}")]
    Node {
        /// The arc.
        arc: usize,
        /// Where it begins.
        tail: u32,
        /// Where it ends.
        head: u32,
        /// How many nodes there are.
        node_count: u32,
    },
    /// More than 31-bit numbers can address.
    #[error("too many {what}: {count}, at most {limit}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        count: usize,
        /// How many there may be.
        limit: usize,
    },
}

impl Graph {
    /// From the tail and the head of each arc.
    ///
    /// # Errors
    /// If an arc begins or ends at a node that does not exist, or there are 2^31 nodes or arcs or more.
    pub fn new(node_count: u32, arcs: Vec<(u32, u32)>) -> Result<Self, GraphError> {
        let limit = INFINITY as usize;
        for (what, count) in [("nodes", node_count as usize), ("arcs", arcs.len())] {
            if count > limit {
                return Err(GraphError::TooMany { what, count, limit });
            }
        }
        match arcs.iter().position(|&(tail, head)| tail.max(head) >= node_count) {
            Some(arc) => Err(GraphError::Node { arc, tail: arcs[arc].0, head: arcs[arc].1, node_count }),
            None => Ok(Self { node_count, arcs }),
        }
    }

    /// How many nodes there are.
    pub fn node_count(&self) -> usize {
        self.node_count as usize
    }

    /// The tail and the head of each arc, in order.
    pub fn arcs(&self) -> &[(u32, u32)] {
        &self.arcs
    }
}
