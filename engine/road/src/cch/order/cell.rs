use crate::geo::Xy;

/// A connected part of a graph, seen as undirected and simple, that is to be cut: nodes numbered from 0 with their
/// names in the whole graph.
pub(super) struct Cell {
    pub(super) name: Vec<u32>,
    pub(super) place: Vec<Xy>,
    /// Per node: how much it counts.
    pub(super) mass: Vec<u32>,
    /// Where the neighbours of each node begin; length nodes + 1.
    pub(super) first: Vec<u32>,
    pub(super) head: Vec<u32>,
    /// Per neighbour: the name of the edge between.
    pub(super) edge: Vec<u32>,
}

/// In place of a part where a node is in none.
pub(super) const NOWHERE: u32 = u32::MAX;

impl Cell {
    /// From the two ends of each edge, which are named by their place in the list. None may be a loop.
    pub(super) fn new(place: Vec<Xy>, mass: Vec<u32>, edges: &[(u32, u32)]) -> Self {
        let nodes = place.len();
        let mut first = vec![0_u32; nodes + 1];
        for &(one, other) in edges {
            first[one as usize + 1] += 1;
            first[other as usize + 1] += 1;
        }
        for node in 0..nodes {
            first[node + 1] += first[node];
        }
        let mut free = first.clone();
        let (mut head, mut edge) = (vec![0; 2 * edges.len()], vec![0; 2 * edges.len()]);
        for (name, &(one, other)) in (0..).zip(edges) {
            for (from, to) in [(one, other), (other, one)] {
                let at = free[from as usize] as usize;
                (head[at], edge[at]) = (to, name);
                free[from as usize] += 1;
            }
        }
        Self { name: (0..nodes as u32).collect(), place, mass, first, head, edge }
    }

    /// How many nodes it has.
    pub(super) fn len(&self) -> usize {
        self.name.len()
    }

    /// The neighbours of a node, and the edges to them.
    pub(super) fn neighbours(&self, node: u32) -> impl Iterator<Item = (u32, u32)> + '_ {
        let range = self.first[node as usize] as usize..self.first[node as usize + 1] as usize;
        self.head[range.clone()].iter().copied().zip(self.edge[range].iter().copied())
    }

    /// Every edge once: its ends and its name.
    pub(super) fn edges(&self) -> impl Iterator<Item = (u32, u32, u32)> + '_ {
        let from = |node: u32| self.neighbours(node).map(move |(other, edge)| (node, other, edge));
        (0..self.len() as u32).flat_map(from).filter(|&(one, other, _)| one < other)
    }

    /// The connected parts of what is left without the nodes that are [`NOWHERE`] and the edges between nodes of
    /// different sides.
    pub(super) fn parts(&self, side: &[u32]) -> Vec<Self> {
        let mut number = vec![NOWHERE; self.len()];
        let mut parts = Vec::new();
        for start in 0..self.len() as u32 {
            if side[start as usize] == NOWHERE || number[start as usize] != NOWHERE {
                continue;
            }
            let mut members = vec![start];
            number[start as usize] = 0;
            let mut at = 0;
            while let Some(&node) = members.get(at) {
                at += 1;
                for (other, _) in self.neighbours(node) {
                    if side[other as usize] == side[node as usize] && number[other as usize] == NOWHERE {
                        number[other as usize] = members.len() as u32;
                        members.push(other);
                    }
                }
            }
            parts.push(self.part(&members, &number, side));
        }
        parts
    }

    fn part(&self, members: &[u32], number: &[u32], side: &[u32]) -> Self {
        let mut part = Self {
            name: members.iter().map(|&node| self.name[node as usize]).collect(),
            place: members.iter().map(|&node| self.place[node as usize]).collect(),
            mass: members.iter().map(|&node| self.mass[node as usize]).collect(),
            first: vec![0],
            head: Vec::new(),
            edge: Vec::new(),
        };
        for &node in members {
            for (other, edge) in self.neighbours(node) {
                if side[other as usize] == side[node as usize] {
                    part.head.push(number[other as usize]);
                    part.edge.push(edge);
                }
            }
            part.first.push(part.head.len() as u32);
        }
        part
    }
}
