//! Ours, on the node-based graph.

use std::collections::BinaryHeap;
use std::sync::Arc;

use etaflow_road::{
    Customized, Customizer as Maker, Graph, Hierarchy, INFINITY, NodeSet, Order, Search as Question, Weight,
};

use super::pools::{THREADS_MAX, pool};
use super::{Changes, Customizer, Many, OURS, PathOf, RoadGraph, Searcher};

/// The order in which nodes are contracted, the least important first.
pub(super) fn order(graph: &RoadGraph) -> Vec<u32> {
    Order::of_nodes(&of(graph), &graph.place).nodes().to_vec()
}

/// The hierarchy of a graph.
pub(super) fn hierarchy(graph: &RoadGraph, order: &[u32]) -> Arc<Hierarchy> {
    let order = Order::new(order.to_vec()).expect("an order has each node once");
    Arc::new(Hierarchy::new(&of(graph), &order).expect("the order is of the graph, and good"))
}

fn of(graph: &RoadGraph) -> Graph {
    let arcs = graph.tail.iter().copied().zip(graph.head.iter().copied()).collect();
    Graph::new(graph.node_count() as u32, arcs).expect("arcs are between nodes")
}

/// Customizes.
pub(super) struct Ready {
    maker: Maker,
    customized: Customized,
}

impl Ready {
    /// With the free-flow weights.
    pub(super) fn new(graph: &RoadGraph, hierarchy: &Arc<Hierarchy>) -> Self {
        let customized = Customized::new(hierarchy, &graph.weight).expect("there is a weight for each arc");
        Self { maker: Maker::new(hierarchy), customized }
    }
}

impl Customizer for Ready {
    fn name(&self) -> &'static str {
        OURS
    }

    fn threads_max(&self) -> usize {
        THREADS_MAX
    }

    fn customize(&mut self, weights: &[Weight], threads: usize) {
        let Self { maker, customized } = self;
        let done = match threads {
            1 => maker.customize(customized, weights),
            _ => pool(threads).install(|| maker.customize_in_parallel(customized, weights)),
        };
        done.expect("there is a weight for each arc");
    }

    fn perfect(&mut self, weights: &[Weight]) -> bool {
        self.customize(weights, 1);
        self.maker.perfect(&mut self.customized);
        true
    }

    fn change(&mut self, changes: &Changes) -> bool {
        self.maker.change(&mut self.customized, &changes.list).expect("the graph has these arcs");
        true
    }

    fn distance(&mut self, source: u32, target: u32) -> Weight {
        let mut search = Question::new(self.customized.hierarchy());
        search.distance(&self.customized, (source, 0), (target, 0)).unwrap_or(INFINITY)
    }
}

/// Searches.
pub(super) struct Search {
    maker: Maker,
    customized: Customized,
    weights: Vec<Weight>,
    is_perfect: bool,
    search: Question,
    drivers: Drivers,
}

/// Who is where.
struct Drivers {
    node: Vec<u32>,
    at: Vec<Vec<u32>>,
    occupied: NodeSet,
}

impl Search {
    /// Under the free-flow weights, with or without the arcs that no shortest path needs.
    pub(super) fn new(graph: &RoadGraph, hierarchy: &Arc<Hierarchy>, is_perfect: bool) -> Self {
        let customized = Customized::new(hierarchy, &graph.weight).expect("there is a weight for each arc");
        let at = vec![Vec::new(); graph.node_count()];
        let drivers = Drivers { node: Vec::new(), at, occupied: NodeSet::new(hierarchy) };
        let maker = Maker::new(hierarchy);
        let weights = graph.weight.clone();
        let mut search = Self { maker, customized, weights, is_perfect, search: Question::new(hierarchy), drivers };
        search.forget();
        search
    }
}

impl Drivers {
    fn leave(&mut self, driver: u32) {
        let node = self.node[driver as usize];
        let here = &mut self.at[node as usize];
        here.retain(|&other| other != driver);
        if here.is_empty() {
            self.occupied.remove(node);
        }
    }

    fn enter(&mut self, driver: u32, node: u32) {
        self.node[driver as usize] = node;
        self.at[node as usize].push(driver);
        self.occupied.insert(node);
    }
}

impl Searcher for Search {
    fn name(&self) -> &'static str {
        OURS
    }

    fn forget(&mut self) {
        self.maker.customize(&mut self.customized, &self.weights).expect("they have been weights before");
        if self.is_perfect {
            self.maker.perfect(&mut self.customized);
        }
    }

    fn distance(&mut self, source: u32, target: u32) -> Weight {
        self.search.distance(&self.customized, (source, 0), (target, 0)).unwrap_or(INFINITY)
    }

    fn path_of(&self) -> PathOf {
        PathOf::Arcs
    }

    fn path(&mut self, source: u32, target: u32, path: &mut Vec<u32>) {
        // A way that there is not is none: the arcs are cleared.
        self.search.path(&self.customized, (source, 0), (target, 0), path);
    }
}

impl Many for Search {
    fn name(&self) -> &'static str {
        OURS
    }

    fn many_to_one(&mut self, sources: &[u32], target: u32, out: &mut Vec<Weight>) {
        self.search.many_to_one(&self.customized, sources, &[(target, 0)], INFINITY, out);
    }

    fn one_to_many(&mut self, source: u32, targets: &[u32], out: &mut Vec<Weight>) {
        self.search.one_to_many(&self.customized, &[(source, 0)], targets, INFINITY, out);
    }

    fn table(&mut self, sources: &[u32], targets: &[u32], out: &mut Vec<Weight>) {
        let mut row = Vec::new();
        out.clear();
        for &source in sources {
            self.search.one_to_many(&self.customized, &[(source, 0)], targets, INFINITY, &mut row);
            out.extend_from_slice(&row);
        }
    }

    fn place_drivers(&mut self, drivers: &[u32]) {
        for driver in 0..self.drivers.node.len() as u32 {
            self.drivers.leave(driver);
        }
        self.drivers.node.resize(drivers.len(), 0);
        for (driver, &node) in (0..).zip(drivers) {
            self.drivers.enter(driver, node);
        }
    }

    fn move_driver(&mut self, driver: usize, node: u32) {
        self.drivers.leave(driver as u32);
        self.drivers.enter(driver as u32, node);
    }

    fn nearest(&mut self, node: u32, count: usize) -> Vec<(u32, Weight)> {
        let Self { customized, search, drivers, .. } = self;
        let mut best = BinaryHeap::with_capacity(count + 1);
        search.nearest(customized, &drivers.occupied, &[(node, 0)], INFINITY, |node, time| {
            for &driver in &drivers.at[node as usize] {
                best.push((time, driver));
                if best.len() > count {
                    best.pop();
                }
            }
            if best.len() == count { best.peek().map_or(INFINITY, |&(time, _)| time) } else { INFINITY }
        });
        best.into_sorted_vec().into_iter().map(|(time, driver)| (driver, time)).collect()
    }
}
