use super::graph::Graph;
use super::order::Order;

/// In place of a node where there is none.
pub(super) const NO_NODE: u32 = u32::MAX;

/// The elimination tree: the parent of a node is the lowest of all nodes above it that contraction makes its neighbour.
///
/// All that a node is adjacent to above it are its ancestors. Nodes are numbered in postorder, which contracts as the
/// given order does: below a node, the numbers from `node - size + 1` on are its subtree, and nothing else.
#[derive(Debug)]
pub(super) struct EliminationTree {
    /// Per node of the graph: its number here. All that follows goes by these.
    pub(super) rank: Vec<u32>,
    /// Per number: the node of the graph.
    pub(super) node: Vec<u32>,
    /// The next node up, [`NO_NODE`] for a root.
    pub(super) parent: Vec<u32>,
    /// How many ancestors there are.
    pub(super) depth: Vec<u16>,
    /// How many nodes its subtree has, itself among them.
    pub(super) size: Vec<u32>,
}

/// The tree is deeper than it may be.
pub(super) struct TooDeep;

impl EliminationTree {
    /// Finds the tree without contracting anything (Liu 1986), and numbers it, unless a way up has more than `limit` nodes.
    pub(super) fn new(graph: &Graph, order: &Order, limit: usize) -> Result<Self, TooDeep> {
        let (parent, postorder) = number(&parents(graph, order));
        let rank: Vec<u32> = order.ranks().iter().map(|&rank| postorder[rank as usize]).collect();
        let mut node = vec![0; rank.len()];
        for (at, &rank) in (0..).zip(&rank) {
            node[rank as usize] = at;
        }
        let mut depth = vec![0_u16; parent.len()];
        for at in (0..parent.len()).rev() {
            if parent[at] != NO_NODE {
                depth[at] = depth[parent[at] as usize] + 1;
                if usize::from(depth[at]) >= limit {
                    return Err(TooDeep);
                }
            }
        }
        let mut size = vec![1_u32; parent.len()];
        for at in 0..parent.len() {
            if parent[at] != NO_NODE {
                size[parent[at] as usize] += size[at];
            }
        }
        Ok(Self { rank, node, parent, depth, size })
    }

    pub(super) fn len(&self) -> usize {
        self.parent.len()
    }

    /// The children of a node, the highest first.
    pub(super) fn children(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let end = node + 1 - self.size[node as usize];
        let mut above = node;
        std::iter::from_fn(move || {
            let child = above.checked_sub(1).filter(|&child| child >= end)?;
            above = child + 1 - self.size[child as usize];
            Some(child)
        })
    }
}

/// The parent of each rank of `order`.
fn parents(graph: &Graph, order: &Order) -> Vec<u32> {
    let (first, lower) = lower_neighbours(graph, order);
    let mut parent = vec![NO_NODE; graph.node_count()];
    // A shortcut to the highest ancestor known: paths are compressed as they are walked.
    let mut ancestor = parent.clone();
    for node in 0..parent.len() {
        for &below in &lower[first[node] as usize..first[node + 1] as usize] {
            let mut at = below as usize;
            loop {
                let above = std::mem::replace(&mut ancestor[at], node as u32);
                if above == NO_NODE {
                    parent[at] = node as u32;
                    break;
                }
                if above == node as u32 {
                    break;
                }
                at = above as usize;
            }
        }
    }
    parent
}

/// Per rank: the lower ranks that share an arc with it; where each begins, and all of them.
fn lower_neighbours(graph: &Graph, order: &Order) -> (Vec<u32>, Vec<u32>) {
    let ends = || graph.arcs().iter().map(|&(tail, head)| (order.rank(tail), order.rank(head)));
    let mut first = vec![0_u32; graph.node_count() + 1];
    for (tail, head) in ends().filter(|(tail, head)| tail != head) {
        first[tail.max(head) as usize + 1] += 1;
    }
    for node in 1..first.len() {
        first[node] += first[node - 1];
    }
    let mut next = first.clone();
    let mut lower = vec![0; first.last().map_or(0, |&count| count as usize)];
    for (tail, head) in ends().filter(|(tail, head)| tail != head) {
        let at = &mut next[tail.max(head) as usize];
        lower[*at as usize] = tail.min(head);
        *at += 1;
    }
    (first, lower)
}

/// Numbers a forest in postorder: the parents by the new numbers, and the new number of each node.
fn number(parent: &[u32]) -> (Vec<u32>, Vec<u32>) {
    // From sizes: children stand before their parent, in ascending order, each with all its subtree.
    let mut size = vec![1_u32; parent.len()];
    for (node, &above) in parent.iter().enumerate() {
        if above != NO_NODE {
            size[above as usize] += size[node];
        }
    }
    // Where the subtree of a node ends; parents come before their children, when walked from the highest.
    let mut free_up_to: Vec<u32> = vec![0; parent.len()];
    let mut roots = parent.len() as u32;
    let mut number = vec![0; parent.len()];
    for node in (0..parent.len()).rev() {
        let end = match parent[node] {
            NO_NODE => &mut roots,
            above => &mut free_up_to[above as usize],
        };
        let own = *end - 1;
        *end -= size[node];
        number[node] = own;
        free_up_to[node] = own;
    }
    let mut renumbered = vec![NO_NODE; parent.len()];
    for (node, &above) in parent.iter().enumerate() {
        if above != NO_NODE {
            renumbered[number[node] as usize] = number[above as usize];
        }
    }
    (renumbered, number)
}
