/// What an order makes of a graph: the size of its hierarchy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Fill {
    /// How many arcs there are with those that contraction adds.
    pub(crate) arcs: u64,
    /// How many pairs of an arc into a node and one out of it there are, both from or to a node of a higher rank.
    pub(crate) triangles: u64,
    /// The most nodes on a way to the root of the elimination tree.
    pub(crate) depth: u32,
    /// How many nodes are on the way from a node to its root, on average.
    pub(crate) search_nodes: f64,
    /// How many arcs lead up from the nodes on that way.
    pub(crate) search_arcs: f64,
}

impl Fill {
    /// Contracts the nodes of a directed graph in their order, `nodes`, without weights.
    pub(crate) fn of(arcs: &[(u32, u32)], nodes: &[u32]) -> Self {
        let mut rank = vec![0_u32; nodes.len()];
        for (at, &node) in (0..).zip(nodes) {
            rank[node as usize] = at;
        }
        // Per rank: higher ones that an arc leads to, and that one comes from.
        let mut up: [Vec<Vec<u32>>; 2] = [vec![Vec::new(); nodes.len()], vec![Vec::new(); nodes.len()]];
        for &(tail, head) in arcs {
            let (tail, head) = (rank[tail as usize], rank[head as usize]);
            if tail != head {
                up[usize::from(tail > head)][tail.min(head) as usize].push(tail.max(head));
            }
        }
        // Per rank: the lower ones that an arc leads to, and that one comes from.
        let mut down: [Vec<Vec<u32>>; 2] = [vec![Vec::new(); nodes.len()], vec![Vec::new(); nodes.len()]];
        let mut mark = vec![u32::MAX; nodes.len()];
        let (mut arcs, mut triangles) = (0, 0);
        for node in 0..nodes.len() {
            for way in [0, 1] {
                // What can be reached by way of a lower node is reached by a new arc.
                let mut found = Vec::new();
                let direct = std::mem::take(&mut up[way][node]);
                let lower = down[way][node].iter().map(|&lower| up[way][lower as usize].as_slice());
                for list in std::iter::once(direct.as_slice()).chain(lower) {
                    for &higher in list {
                        if higher as usize > node && mark[higher as usize] != 2 * node as u32 + way as u32 {
                            mark[higher as usize] = 2 * node as u32 + way as u32;
                            found.push(higher);
                        }
                    }
                }
                found.sort_unstable();
                for &higher in &found {
                    down[1 - way][higher as usize].push(node as u32);
                }
                arcs += found.len() as u64;
                up[way][node] = found;
            }
            triangles += (up[0][node].len() * up[1][node].len()) as u64;
        }
        Self::measure(arcs, triangles, &up)
    }

    fn measure(arcs: u64, triangles: u64, up: &[Vec<Vec<u32>>; 2]) -> Self {
        let nodes = up[0].len();
        let (mut depth, mut reach) = (vec![1_u32; nodes], vec![0_u64; nodes]);
        for node in (0..nodes).rev() {
            reach[node] = up[0][node].len() as u64;
            if let Some(parent) = up[0][node].first().into_iter().chain(up[1][node].first()).min() {
                depth[node] += depth[*parent as usize];
                reach[node] += reach[*parent as usize];
            }
        }
        let mean = |sum: u64| sum as f64 / nodes.max(1) as f64;
        Self {
            arcs,
            triangles,
            depth: depth.iter().copied().max().unwrap_or(0),
            search_nodes: mean(depth.iter().map(|&depth| u64::from(depth)).sum()),
            search_arcs: mean(reach.iter().sum()),
        }
    }
}
