//! The crate `fast_paths`: a contraction hierarchy of one metric.
//!
//! It has no order but its own. New weights are a new graph, contracted anew in the order of the first. It answers from
//! node to node only, always with the path; of many nodes it would have to be asked one pair after the other.

use etaflow_road::{INFINITY, Weight};
use fast_paths::{FastGraph, InputGraph, PathCalculator, create_calculator, prepare, prepare_with_order};

use super::{Changes, Customizer, PathOf, RoadGraph, Searcher};

const NAME: &str = "fast_paths";

fn input(tail: &[u32], head: &[u32], weights: &[Weight]) -> InputGraph {
    let mut input = InputGraph::new();
    for ((&tail, &head), &weight) in tail.iter().zip(head).zip(weights) {
        input.add_edge(tail as usize, head as usize, weight as usize);
    }
    input.freeze();
    input
}

fn ask(graph: &FastGraph, calculator: &mut PathCalculator, source: u32, target: u32) -> Weight {
    let path = calculator.calc_path(graph, source as usize, target as usize);
    path.map_or(INFINITY, |path| path.get_weight() as Weight)
}

/// "Customizes": contracts anew.
pub(super) struct Ready {
    tail: Vec<u32>,
    head: Vec<u32>,
    order: Vec<usize>,
    graph: FastGraph,
}

/// Searches.
pub(super) struct Search {
    graph: FastGraph,
    calculator: PathCalculator,
}

/// Both, with the free-flow weights.
pub(super) fn both(graph: &RoadGraph) -> (Ready, Search) {
    let prepared = prepare(&input(&graph.tail, &graph.head, &graph.weight));
    let search = Search { calculator: create_calculator(&prepared), graph: prepared.clone() };
    let (tail, head) = (graph.tail.clone(), graph.head.clone());
    (Ready { tail, head, order: prepared.get_node_ordering(), graph: prepared }, search)
}

impl Customizer for Ready {
    fn name(&self) -> &'static str {
        NAME
    }

    fn threads_max(&self) -> usize {
        1
    }

    fn customize(&mut self, weights: &[Weight], _threads: usize) {
        let input = input(&self.tail, &self.head, weights);
        self.graph = prepare_with_order(&input, &self.order).expect("the order is of a graph with as many nodes");
    }

    fn change(&mut self, _changes: &Changes) -> bool {
        false
    }

    fn distance(&mut self, source: u32, target: u32) -> Weight {
        ask(&self.graph, &mut create_calculator(&self.graph), source, target)
    }
}

impl Searcher for Search {
    fn name(&self) -> &'static str {
        NAME
    }

    fn distance(&mut self, source: u32, target: u32) -> Weight {
        ask(&self.graph, &mut self.calculator, source, target)
    }

    fn path_of(&self) -> PathOf {
        PathOf::Nodes
    }

    fn path(&mut self, source: u32, target: u32, path: &mut Vec<u32>) {
        path.clear();
        if let Some(found) = self.calculator.calc_path(&self.graph, source as usize, target as usize) {
            path.extend(found.get_nodes().iter().map(|&node| node as u32));
        }
    }
}
