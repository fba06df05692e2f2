use crate::cch::graph::Graph;

/// What is left of a graph when dead ends and nodes with two neighbours are contracted, again and again: they come
/// first in every good order, and what is left is half as large.
///
/// A node keeps its number. Between the neighbours of a node that is gone, arcs stand for the ways by it.
pub(super) struct Kernel {
    /// What is left. The nodes that are gone have no arcs.
    pub(super) graph: Graph,
    /// Per arc of it: the arc of the whole graph that stands for it.
    pub(super) stands_for: Vec<u32>,
    /// Per node, whether it is gone.
    pub(super) gone: Vec<bool>,
    /// Per node: how many nodes it is and was once next to, all in all as many as there are.
    pub(super) mass: Vec<u32>,
    /// The nodes that are gone, in their order.
    pub(super) nodes: Vec<u32>,
    /// The arcs that stand for nothing, in their order. No loops.
    pub(super) arcs: Vec<u32>,
}

/// The arcs between a node and a neighbour.
struct Street {
    to: u32,
    there: Vec<u32>,
    back: Vec<u32>,
}

impl Street {
    fn arcs(&self) -> usize {
        self.there.len() + self.back.len()
    }
}

/// The streets of each node while some are contracted.
struct Streets {
    at: Vec<Vec<Street>>,
    /// The arcs that are gone.
    arcs: Vec<u32>,
}

impl Kernel {
    pub(super) fn of(graph: &Graph) -> Self {
        let mut streets = Streets::of(graph);
        let mut gone = vec![false; graph.node_count()];
        let mut mass = vec![1; graph.node_count()];
        let mut nodes = Vec::new();
        let mut open: Vec<u32> = (0..graph.node_count() as u32).filter(|&node| streets.is_slight(node)).collect();
        let mut touched = vec![0_u32; graph.node_count()];
        // No two neighbours go in one round: so a chain of n nodes is a tree of a height of log n.
        for round in 1.. {
            if open.is_empty() {
                break;
            }
            let mut later = Vec::new();
            for node in open {
                if gone[node as usize] || !streets.is_slight(node) {
                    continue;
                }
                if touched[node as usize] == round {
                    later.push(node);
                    continue;
                }
                gone[node as usize] = true;
                nodes.push(node);
                let neighbours = streets.contract(node);
                if let Some(&other) = neighbours.iter().min_by_key(|&&other| (mass[other as usize], other)) {
                    mass[other as usize] += mass[node as usize];
                }
                for other in neighbours {
                    touched[other as usize] = round;
                    later.push(other);
                }
            }
            later.sort_unstable();
            later.dedup();
            open = later;
        }
        let (arcs, stands_for) = streets.arcs_left();
        let graph = Graph::new(graph.node_count() as u32, arcs).expect("no more nodes and arcs than there were");
        Self { graph, stands_for, gone, mass, nodes, arcs: streets.arcs }
    }
}

impl Streets {
    fn of(graph: &Graph) -> Self {
        let mut streets = Self { at: Vec::new(), arcs: Vec::new() };
        streets.at.resize_with(graph.node_count(), Vec::new);
        for (arc, &(tail, head)) in (0..).zip(graph.arcs()) {
            if tail != head {
                streets.add(tail, head, &[arc], &[]);
                streets.add(head, tail, &[], &[arc]);
            }
        }
        streets
    }

    fn is_slight(&self, node: u32) -> bool {
        self.at[node as usize].len() <= 2
    }

    fn add(&mut self, node: u32, to: u32, there: &[u32], back: &[u32]) {
        let streets = &mut self.at[node as usize];
        match streets.iter_mut().find(|street| street.to == to) {
            Some(street) => {
                street.there.extend(there);
                street.back.extend(back);
            }
            None => streets.push(Street { to, there: there.to_vec(), back: back.to_vec() }),
        }
    }

    /// Takes a node with at most two neighbours out. The neighbours.
    fn contract(&mut self, node: u32) -> Vec<u32> {
        let mut streets = std::mem::take(&mut self.at[node as usize]);
        for street in &streets {
            self.at[street.to as usize].retain(|back| back.to != node);
        }
        let neighbours = streets.iter().map(|street| street.to).collect();
        streets.sort_by_key(|street| std::cmp::Reverse(street.arcs()));
        // The street with fewer arcs stands for both, in both directions: an arc of the one for the way there and an
        // arc of the other for the way back would lead to each other by a dead end that was at the node.
        match (streets.pop(), streets.pop()) {
            (Some(mut stays), Some(goes)) => {
                if goes.there.is_empty() {
                    self.arcs.append(&mut stays.back);
                }
                if goes.back.is_empty() {
                    self.arcs.append(&mut stays.there);
                }
                self.arcs.extend(goes.there.iter().chain(&goes.back));
                if stays.arcs() > 0 {
                    self.add(stays.to, goes.to, &stays.back, &stays.there);
                    self.add(goes.to, stays.to, &stays.there, &stays.back);
                }
            }
            (Some(end), None) => self.arcs.extend(end.back.iter().chain(&end.there)),
            (None, _) => {}
        }
        neighbours
    }

    /// The arcs that are not gone, and what they stand for.
    fn arcs_left(&self) -> (Vec<(u32, u32)>, Vec<u32>) {
        let (mut arcs, mut stands_for) = (Vec::new(), Vec::new());
        for (node, streets) in (0..).zip(&self.at) {
            for street in streets {
                for &arc in &street.there {
                    arcs.push((node, street.to));
                    stands_for.push(arc);
                }
            }
        }
        (arcs, stands_for)
    }
}
