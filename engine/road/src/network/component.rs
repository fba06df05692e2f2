use super::graph::Parts;
use crate::unit::INFINITY;

const UNSEEN: u32 = u32::MAX;

/// The strongly connected component of each edge under the allowed turns, numbered by size, largest first (equal
/// sizes by their lowest edge).
///
/// Tarjan 1972, "Depth-first search and linear graph algorithms", with a stack of its own instead of recursion.
pub(super) fn strong_components(parts: &Parts, first_turn: &[u32]) -> Vec<u32> {
    let edges = parts.head.len();
    let mut search = Search {
        parts,
        first_turn,
        found: vec![UNSEEN; edges],
        low: vec![0; edges],
        component: vec![UNSEEN; edges],
        sizes: Vec::new(),
        open: Vec::new(),
        next: 0,
    };
    for root in 0..edges as u32 {
        if search.found[root as usize] == UNSEEN {
            search.explore(root);
        }
    }
    let Search { mut component, sizes, .. } = search;
    let mut lowest = vec![u32::MAX; sizes.len()];
    for (edge, &of) in component.iter().enumerate() {
        lowest[of as usize] = lowest[of as usize].min(edge as u32);
    }
    let mut by_size: Vec<u32> = (0..sizes.len() as u32).collect();
    by_size.sort_unstable_by_key(|&of| (std::cmp::Reverse(sizes[of as usize]), lowest[of as usize]));
    let mut number = vec![0; sizes.len()];
    for (position, &of) in by_size.iter().enumerate() {
        number[of as usize] = position as u32;
    }
    for of in &mut component {
        *of = number[*of as usize];
    }
    component
}

struct Search<'a> {
    parts: &'a Parts,
    first_turn: &'a [u32],
    /// When each edge was found.
    found: Vec<u32>,
    /// The earliest found edge that is reached from each.
    low: Vec<u32>,
    component: Vec<u32>,
    sizes: Vec<u32>,
    /// Edges found but in no component yet.
    open: Vec<u32>,
    next: u32,
}

impl Search<'_> {
    fn explore(&mut self, root: u32) {
        // Each entry: an edge and how many of its turns have been looked at.
        let mut path: Vec<(u32, u32)> = Vec::new();
        self.find(root);
        path.push((root, 0));
        while let Some(top) = path.last_mut() {
            let edge = top.0;
            let (turns, end) = (self.first_turn[edge as usize], self.first_turn[edge as usize + 1]);
            if turns + top.1 < end {
                let nth = top.1;
                top.1 += 1;
                if self.parts.turn[(turns + nth) as usize] >= INFINITY {
                    continue;
                }
                let to = self.parts.first_out[self.parts.head[edge as usize].index()] + nth;
                if self.found[to as usize] == UNSEEN {
                    self.find(to);
                    path.push((to, 0));
                } else if self.component[to as usize] == UNSEEN {
                    self.low[edge as usize] = self.low[edge as usize].min(self.found[to as usize]);
                }
            } else {
                path.pop();
                if let Some(&(parent, _)) = path.last() {
                    self.low[parent as usize] = self.low[parent as usize].min(self.low[edge as usize]);
                }
                if self.low[edge as usize] == self.found[edge as usize] {
                    self.close(edge);
                }
            }
        }
    }

    fn find(&mut self, edge: u32) {
        self.found[edge as usize] = self.next;
        self.low[edge as usize] = self.next;
        self.next += 1;
        self.open.push(edge);
    }

    fn close(&mut self, edge: u32) {
        let of = self.sizes.len() as u32;
        let mut size = 0;
        while let Some(member) = self.open.pop() {
            self.component[member as usize] = of;
            size += 1;
            if member == edge {
                break;
            }
        }
        self.sizes.push(size);
    }
}
