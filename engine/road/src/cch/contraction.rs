use super::graph::Graph;
use super::rows::Rows;
use super::tree::EliminationTree;

/// Finds all arcs of a hierarchy: those of the graph, and one from each tail to each head of two arcs that meet in a
/// lower node. `None` if there are more than `limit`.
///
/// Row by row from below: a row has its own arcs, and what the rows of lower nodes leave to it.
pub(super) fn contract(graph: &Graph, tree: &EliminationTree, limit: usize) -> Option<Rows> {
    let mut own = own_arcs(graph, tree);
    // Per row: the nodes below that its node has an arc to (for arcs out), or an arc from (for arcs in).
    let mut below: Vec<Vec<u32>> = vec![Vec::new(); 2 * tree.len()];
    let mut finished: Vec<Vec<u32>> = vec![Vec::new(); 2 * tree.len()];
    let mut seen = vec![u32::MAX; tree.len()];
    let mut first = Vec::with_capacity(2 * tree.len() + 1);
    let mut depth = Vec::new();
    first.push(0);
    for row in 0..2 * tree.len() {
        let (node, side) = ((row / 2) as u32, row % 2);
        let mut heads = std::mem::take(&mut own[row]);
        heads.retain(|&head| std::mem::replace(&mut seen[head as usize], row as u32) != row as u32);
        for &lower in &below[row] {
            let of_lower = &finished[2 * lower as usize + side];
            for &head in &of_lower[of_lower.partition_point(|&head| head <= node)..] {
                if std::mem::replace(&mut seen[head as usize], row as u32) != row as u32 {
                    heads.push(head);
                }
            }
        }
        below[row] = Vec::new();
        heads.sort_unstable();
        if depth.len() + heads.len() > limit {
            return None;
        }
        // The higher a head, the less deep.
        depth.extend(heads.iter().rev().map(|&head| tree.depth[head as usize]));
        first.push(depth.len() as u32);
        for &head in &heads {
            below[2 * head as usize + 1 - side].push(node);
        }
        finished[row] = heads;
    }
    Some(Rows { first, depth })
}

/// Per row: the upper ends of the graph's own arcs.
fn own_arcs(graph: &Graph, tree: &EliminationTree) -> Vec<Vec<u32>> {
    let mut own = vec![Vec::new(); 2 * tree.len()];
    for &(tail, head) in graph.arcs() {
        let (tail, head) = (tree.rank[tail as usize], tree.rank[head as usize]);
        if tail != head {
            own[2 * tail.min(head) as usize + usize::from(head < tail)].push(tail.max(head));
        }
    }
    own
}
