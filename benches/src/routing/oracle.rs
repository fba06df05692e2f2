use std::cmp::Reverse;
use std::collections::BinaryHeap;

use etaflow_road::{INFINITY, Weight};

use super::RoadGraph;

/// Dijkstra's search (1959), slow and obvious: what all others are checked against.
pub struct Oracle {
    /// Per node: the other end and the number of each arc.
    adjacent: Vec<Vec<(u32, u32)>>,
    distance: Vec<Weight>,
    reached: Vec<u32>,
    heap: BinaryHeap<Reverse<(Weight, u32)>>,
}

impl Oracle {
    /// Searches forwards.
    pub fn forward(graph: &RoadGraph) -> Self {
        Self::new(graph.node_count(), graph.tail.iter().zip(&graph.head))
    }

    /// Searches backwards: distances are those to where it starts.
    pub fn backward(graph: &RoadGraph) -> Self {
        Self::new(graph.node_count(), graph.head.iter().zip(&graph.tail))
    }

    fn new<'a>(node_count: usize, arcs: impl Iterator<Item = (&'a u32, &'a u32)>) -> Self {
        let mut adjacent = vec![Vec::new(); node_count];
        for (arc, (&from, &to)) in (0..).zip(arcs) {
            adjacent[from as usize].push((to, arc));
        }
        Self { adjacent, distance: vec![INFINITY; node_count], reached: Vec::new(), heap: BinaryHeap::new() }
    }

    /// Settles nodes in order of distance until `enough` says so of one; that node and its distance, the last one that
    /// was settled if none is enough.
    pub fn search(&mut self, weights: &[Weight], start: u32, mut enough: impl FnMut(u32) -> bool) -> (u32, Weight) {
        for node in self.reached.drain(..) {
            self.distance[node as usize] = INFINITY;
        }
        self.heap.clear();
        self.reach(start, 0);
        let mut last = (start, 0);
        while let Some(Reverse((distance, node))) = self.heap.pop() {
            if distance > self.distance[node as usize] {
                continue;
            }
            last = (node, distance);
            if enough(node) {
                break;
            }
            for at in 0..self.adjacent[node as usize].len() {
                let (to, arc) = self.adjacent[node as usize][at];
                self.reach(to, distance.saturating_add(weights[arc as usize]));
            }
        }
        last
    }

    fn reach(&mut self, node: u32, distance: Weight) {
        let known = &mut self.distance[node as usize];
        if distance < *known {
            if *known == INFINITY {
                self.reached.push(node);
            }
            *known = distance;
            self.heap.push(Reverse((distance, node)));
        }
    }

    /// The distance between where it starts and another node, [`INFINITY`] if there is no way.
    pub fn distance(&mut self, weights: &[Weight], start: u32, end: u32) -> Weight {
        self.search(weights, start, |node| node == end);
        self.distance[end as usize]
    }

    /// The distances between where it starts and each of some nodes.
    pub fn distances(&mut self, weights: &[Weight], start: u32, ends: &[u32]) -> Vec<Weight> {
        self.search(weights, start, |_| false);
        ends.iter().map(|&end| self.distance[end as usize]).collect()
    }
}

#[cfg(test)]
mod tests {
    use etaflow_road::Xy;

    use super::*;

    #[test]
    fn it_finds_the_shortest() {
        // 0 -> 1 -> 2 is shorter than 0 -> 2, of which there are two; nothing leads to 3.
        let graph = RoadGraph {
            first_out: vec![0, 3, 4, 4, 5],
            tail: vec![0, 0, 0, 1, 3],
            head: vec![1, 2, 2, 2, 0],
            weight: vec![4, 10, 9, 4, 1],
            place: vec![Xy::default(); 4],
            usable: Vec::new(),
        };
        let mut forward = Oracle::forward(&graph);
        assert_eq!(forward.distances(&graph.weight, 0, &[0, 1, 2, 3]), [0, 4, 8, INFINITY]);
        assert_eq!(forward.distance(&[4, 10, 7, 4, 1], 0, 2), 7);
        assert_eq!(forward.search(&graph.weight, 3, |node| node == 1), (1, 5));
        assert_eq!(Oracle::backward(&graph).distances(&graph.weight, 2, &[0, 1, 2, 3]), [8, 4, 0, 9]);
    }
}
