use crate::cch::graph::Graph;

/// The arcs at each node of a graph.
pub(super) struct Links<'a> {
    graph: &'a Graph,
    out: Rows,
    into: Rows,
}

/// Lists of numbers, end to end.
struct Rows {
    first: Vec<u32>,
    item: Vec<u32>,
}

impl Rows {
    /// The places of equal keys, which are below `rows`.
    fn by_key(rows: usize, keys: impl Iterator<Item = u32> + Clone) -> Self {
        let mut first = vec![0_u32; rows + 1];
        for key in keys.clone() {
            first[key as usize + 1] += 1;
        }
        for row in 0..rows {
            first[row + 1] += first[row];
        }
        let (mut free, mut item) = (first.clone(), vec![0; first[rows] as usize]);
        for (at, key) in (0..).zip(keys) {
            item[free[key as usize] as usize] = at;
            free[key as usize] += 1;
        }
        Self { first, item }
    }

    fn row(&self, row: u32) -> &[u32] {
        &self.item[self.first[row as usize] as usize..self.first[row as usize + 1] as usize]
    }
}

impl<'a> Links<'a> {
    pub(super) fn new(graph: &'a Graph) -> Self {
        let out = Rows::by_key(graph.node_count(), graph.arcs().iter().map(|arc| arc.0));
        let into = Rows::by_key(graph.node_count(), graph.arcs().iter().map(|arc| arc.1));
        Self { graph, out, into }
    }

    /// The tail and the head of an arc.
    pub(super) fn ends(&self, arc: u32) -> (u32, u32) {
        self.graph.arcs()[arc as usize]
    }

    /// The arcs out of a node.
    pub(super) fn out(&self, node: u32) -> &[u32] {
        self.out.row(node)
    }

    /// The arcs into a node.
    pub(super) fn into(&self, node: u32) -> &[u32] {
        self.into.row(node)
    }

    /// The arcs between two nodes, in either direction.
    pub(super) fn between(&self, one: u32, other: u32) -> impl Iterator<Item = u32> + '_ {
        let to_other = self.out(one).iter().filter(move |&&arc| self.ends(arc).1 == other);
        to_other.chain(self.into(one).iter().filter(move |&&arc| self.ends(arc).0 == other)).copied()
    }
}
