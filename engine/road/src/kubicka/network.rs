use crate::geo::Coord;
use crate::network::TurnModel;
use crate::network::{BuilderEdge, BuilderNode, Network, NetworkBuilder, NetworkError, NewEdge, RoadClass, ShapePoint};

use rustc_hash::FxHashMap;

/// The files know no speeds.
const SPEED_MPS: f64 = 50.0 / 3.6;

/// Makes a network of arcs between nodes, rows of `nodes`. What is between two junctions becomes one edge, and the
/// nodes on the way its shape; the key of a node is its row. Arcs from a node to itself are left out, and of equal ones
/// all but one.
pub(super) fn network(nodes: &[Coord], arcs: &[[usize; 2]]) -> Result<Network, NetworkError> {
    let arcs = Arcs::new(nodes.len(), arcs);
    let mut builder = NetworkBuilder::new();
    let at: Vec<BuilderNode> = nodes.iter().zip(0..).map(|(&coord, key)| builder.node(key, coord)).collect();
    let mut used = vec![false; arcs.sorted.len()];
    let mut chains: FxHashMap<Vec<u32>, BuilderEdge> = FxHashMap::default();
    // Rings without a junction are what is left when all that begins at one is done.
    for from_junctions in [true, false] {
        for first in 0..arcs.sorted.len() {
            if used[first] || from_junctions && arcs.is_passed(arcs.sorted[first][0]) {
                continue;
            }
            let chain = arcs.chain(first, &mut used);
            let (begin, end) = (chain[0], chain[chain.len() - 1]);
            let point = |&node: &u32| ShapePoint { key: i64::from(node), coord: nodes[node as usize] };
            let via = chain[1..chain.len() - 1].iter().map(point).collect();
            let straight = NewEdge::straight(at[begin as usize], at[end as usize], RoadClass::Residential, SPEED_MPS);
            let edge = builder.edge(NewEdge { via, ..straight }, "");
            let back: Vec<u32> = chain.iter().rev().copied().collect();
            if let Some(&twin) = chains.get(&back) {
                builder.twins(edge, twin);
            }
            chains.insert(chain, edge);
        }
    }
    builder.build(&TurnModel::default())
}

/// Arcs by the node that they leave.
struct Arcs {
    sorted: Vec<[u32; 2]>,
    first_out: Vec<usize>,
    /// The same the other way round.
    sorted_back: Vec<[u32; 2]>,
    first_in: Vec<usize>,
}

impl Arcs {
    fn new(node_count: usize, arcs: &[[usize; 2]]) -> Self {
        let by_first = |reversed: bool| {
            let ends =
                |&[from, to]: &[usize; 2]| if reversed { [to as u32, from as u32] } else { [from as u32, to as u32] };
            let mut sorted: Vec<[u32; 2]> = arcs.iter().filter(|arc| arc[0] != arc[1]).map(ends).collect();
            sorted.sort_unstable();
            sorted.dedup();
            let first = (0..=node_count).map(|node| sorted.partition_point(|arc| (arc[0] as usize) < node)).collect();
            (sorted, first)
        };
        let ((sorted, first_out), (sorted_back, first_in)) = (by_first(false), by_first(true));
        Self { sorted, first_out, sorted_back, first_in }
    }

    fn out(&self, node: u32) -> &[[u32; 2]] {
        &self.sorted[self.first_out[node as usize]..self.first_out[node as usize + 1]]
    }

    fn into(&self, node: u32) -> &[[u32; 2]] {
        &self.sorted_back[self.first_in[node as usize]..self.first_in[node as usize + 1]]
    }

    /// Whether a node is no junction: whoever comes along can only go on, in each direction that there is.
    fn is_passed(&self, node: u32) -> bool {
        match (self.out(node), self.into(node)) {
            ([next], [before]) => next[1] != before[1],
            ([a, b], [c, d]) => a[1] == c[1] && b[1] == d[1],
            _ => false,
        }
    }

    /// The nodes from the beginning of an arc to the next junction.
    fn chain(&self, first: usize, used: &mut [bool]) -> Vec<u32> {
        let mut chain = self.sorted[first].to_vec();
        used[first] = true;
        loop {
            let (before, last) = (chain[chain.len() - 2], chain[chain.len() - 1]);
            if !self.is_passed(last) || last == chain[0] {
                return chain;
            }
            let Some(nth) = self.out(last).iter().position(|arc| arc[1] != before) else { return chain };
            let arc = self.first_out[last as usize] + nth;
            used[arc] = true;
            chain.push(self.sorted[arc][1]);
        }
    }
}
