/// In which order the nodes of a graph are contracted: the least important first.
///
/// ```
/// # use etaflow_road::Order;
/// let order = Order::new(vec![2, 0, 1])?;
/// assert_eq!((order.node(0), order.rank(2)), (2, 0));
/// # Ok::<(), etaflow_road::OrderError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    node: Vec<u32>,
    rank: Vec<u32>,
}

/// Why some numbers are no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderError {
    /// A number that no node has.
    #[error("the order names node {node} of {node_count}")]
    Unknown {
        /// The number.
        node: u32,
        /// How many nodes there are.
        node_count: usize,
    },
    /// A node that is there twice, so that another is missing.
    #[error("the order names node {node} twice")]
    Twice {
        /// The node.
        node: u32,
    },
}

impl Order {
    /// From the nodes in their order.
    ///
    /// # Errors
    /// If it is no permutation of the numbers from 0.
    pub fn new(node: Vec<u32>) -> Result<Self, OrderError> {
        let mut rank = vec![u32::MAX; node.len()];
        for (at, &named) in (0..).zip(&node) {
            match rank.get_mut(named as usize) {
                None => return Err(OrderError::Unknown { node: named, node_count: node.len() }),
                Some(rank) if *rank != u32::MAX => return Err(OrderError::Twice { node: named }),
                Some(rank) => *rank = at,
            }
        }
        Ok(Self { node, rank })
    }

    /// How many nodes it orders.
    pub fn len(&self) -> usize {
        self.node.len()
    }

    /// Whether it orders none.
    pub fn is_empty(&self) -> bool {
        self.node.is_empty()
    }

    /// The node of a rank.
    pub fn node(&self, rank: u32) -> u32 {
        self.node[rank as usize]
    }

    /// The rank of a node.
    pub fn rank(&self, node: u32) -> u32 {
        self.rank[node as usize]
    }

    /// The rank of each node.
    pub fn ranks(&self) -> &[u32] {
        &self.rank
    }

    /// The nodes in their order.
    pub fn nodes(&self) -> &[u32] {
        &self.node
    }
}
