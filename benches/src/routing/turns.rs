//! Ours on the whole network, where turns cost time or are forbidden, beside ours without turns: what turns cost.

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;

use etaflow_road::{
    Dijkstra, EdgeId, INFINITY, Metric, MetricCustomizer, Network, NodeId, Position, Query, Targets, Weight,
};

use super::check::some;
use super::comparisons::{Fan, Ready, Seeker, distances, many_to_one, nearest, paths};
use super::pools::pool;
use super::work::{DRIVERS, Move, NEAREST, Work, changes};
use super::{Changes, Many, RoadGraph, Searcher};
use crate::comparison::{Comparison, Run, Unit};

/// Who is beside it.
pub(super) const NO_TURNS: &str = "ours, no turns";
/// How many searches without turns a search with turns takes as long as, and those for the same under several metrics.
const COST: usize = 20;

/// The network, the free-flow metric, and what is asked.
pub(super) struct Turns {
    network: Arc<Network>,
    metric: Metric,
    /// The metric that new weights are given to, and who gives them.
    next: RefCell<(MetricCustomizer, Metric)>,
    query: RefCell<Query>,
    work: Rc<Work>,
    targets: RefCell<Targets>,
}

impl Turns {
    /// With or without the arcs that no shortest path needs.
    pub(super) fn new(network: Arc<Network>, work: &Rc<Work>, is_perfect: bool) -> Self {
        let mut metric = Metric::free_flow(&network);
        let mut customizer = MetricCustomizer::new(&network);
        if is_perfect {
            customizer.perfect(&mut metric);
        }
        let next = RefCell::new((customizer, metric.clone()));
        let query = RefCell::new(Query::new(Arc::clone(&network)));
        let mut targets = Targets::new(&network);
        for (driver, &node) in (0..).zip(&work.drivers) {
            targets.insert(driver, leaving(&network, node));
        }
        Self { metric, next, query, work: Rc::clone(work), targets: RefCell::new(targets), network }
    }

    /// That the answers are Dijkstra's, and that they follow the metric.
    ///
    /// # Panics
    /// If one is not; the message says which.
    pub(super) fn check(&self, graph: &RoadGraph) {
        let mut oracle = Dijkstra::new(Arc::clone(&self.network));
        let changed = self.changed(graph);
        let new = Metric::new(&self.network, self.work.weights.clone()).expect("there is a weight for each edge");
        for metric in [&self.metric, &changed, &new] {
            for &pair in some(graph, &self.work.pairs, COST).iter().chain(some(graph, &self.work.local, COST)) {
                let (from, to) = self.ends(pair);
                let expected = oracle.duration(metric, &from, &to);
                let mut query = self.query.borrow_mut();
                assert_eq!(query.duration(metric, &from, &to), expected, "with turns: from {} to {}", pair.0, pair.1);
                let route = query.route(metric, &from, &to).map(|route| self.length(metric, &route.edges));
                assert_eq!(route, expected, "with turns: the way from {} to {}", pair.0, pair.1);
            }
        }
        for step in some(graph, &self.work.moves, COST) {
            let place = [arriving(&self.network, step.pickup)];
            let targets = self.targets.borrow();
            let expected = oracle.nearest(&self.metric, &targets, &place, NEAREST, INFINITY);
            let found = self.query.borrow_mut().nearest(&self.metric, &targets, &place, NEAREST, INFINITY);
            assert_eq!(found, expected, "with turns: the nearest of {DRIVERS} drivers to {}", step.pickup);
        }
    }

    /// How long it takes to drive some edges from the first one's tail to the last one's head.
    fn length(&self, metric: &Metric, edges: &[EdgeId]) -> Weight {
        let turns = edges.windows(2).map(|pair| self.network.turn_cost(pair[0], pair[1]));
        edges.iter().map(|&edge| metric.weight(edge)).chain(turns).sum()
    }

    fn ends(&self, (source, target): (u32, u32)) -> ([Position; 1], [Position; 1]) {
        ([leaving(&self.network, source)], [arriving(&self.network, target)])
    }

    /// The free-flow metric with 1,000 changes, or with as many as there are edges.
    fn changed(&self, graph: &RoadGraph) -> Metric {
        let changed: Vec<_> =
            changes(graph, 1_000)[0].list.iter().map(|&(arc, weight)| (EdgeId(arc), weight)).collect();
        self.metric.with_changes(&changed).expect("all weights are positive and finite")
    }

    fn ask_all(&self, pairs: &[(u32, u32)]) {
        let mut query = self.query.borrow_mut();
        for &pair in pairs {
            let (from, to) = self.ends(pair);
            black_box(query.duration(&self.metric, &from, &to));
        }
    }

    fn route_all(&self, pairs: &[(u32, u32)]) {
        let mut query = self.query.borrow_mut();
        for &pair in pairs {
            let (from, to) = self.ends(pair);
            black_box(query.route(&self.metric, &from, &to));
        }
    }

    fn many_to_one(&self) {
        let from: Vec<Position> = self.work.drivers.iter().map(|&node| leaving(&self.network, node)).collect();
        let mut out = Vec::new();
        for &pickup in &self.work.pickups {
            let place = [arriving(&self.network, pickup)];
            self.query.borrow_mut().many_to_one(&self.metric, &from, &place, INFINITY, &mut out);
            black_box(&out);
        }
    }

    fn nearest(&self) {
        let (mut query, mut targets) = (self.query.borrow_mut(), self.targets.borrow_mut());
        for &Move { driver, node, pickup } in &self.work.moves {
            targets.insert(driver as u32, leaving(&self.network, node));
            let place = [arriving(&self.network, pickup)];
            black_box(query.nearest(&self.metric, &targets, &place, NEAREST, INFINITY));
        }
    }
}

/// At the beginning of an edge out of a node.
fn leaving(network: &Network, node: u32) -> Position {
    let edge = network.out_edges(NodeId(node)).next().expect("whoever is there can leave");
    Position { edge, offset_mm: 0 }
}

/// At the end of an edge into a node.
fn arriving(network: &Network, node: u32) -> Position {
    let edge = network.in_edges(NodeId(node))[0];
    Position { edge, offset_mm: network.length_mm(edge) }
}

/// Questions, each beside the same without turns; `how` is added to the names.
pub(super) fn questions(turns: &Rc<Turns>, seeker: &Seeker, fan: &Fan, how: &str) -> Vec<Comparison> {
    let work = &turns.work;
    let ask = |name: &str, count: usize, ours: fn(&Turns), theirs: Run| {
        let turns = Rc::clone(turns);
        comparison(&format!("{name}{how}"), count, Box::new(move || ours(&turns)), Some(theirs))
    };
    let one = |theirs: fn(&mut dyn Searcher, &Work)| -> Run {
        let (seeker, work) = (Rc::clone(seeker), Rc::clone(work));
        Box::new(move || theirs(&mut *seeker.borrow_mut(), &work))
    };
    let many = |theirs: fn(&mut (dyn Many + 'static), &Work)| -> Run {
        let (fan, work) = (Rc::clone(fan), Rc::clone(work));
        Box::new(move || theirs(&mut *fan.borrow_mut(), &work))
    };
    let (pairs, local, pickups, moves) = (work.pairs.len(), work.local.len(), work.pickups.len(), work.moves.len());
    let (random, near) = (one(|who, work| distances(who, &work.pairs)), one(|who, work| distances(who, &work.local)));
    vec![
        ask("p2p distance, random pairs", pairs, |us| us.ask_all(&us.work.pairs), random),
        ask("p2p distance, local pairs", local, |us| us.ask_all(&us.work.local), near),
        ask(
            "p2p with path, random pairs, again",
            pairs,
            |us| us.route_all(&us.work.pairs),
            one(|who, work| paths(who, &work.pairs)),
        ),
        ask("1,000 drivers to one pickup", pickups, Turns::many_to_one, many(many_to_one)),
        ask("nearest 10 of 1,000 drivers, one just moved", moves, Turns::nearest, many(nearest)),
    ]
}

fn comparison(operation: &str, count: usize, ours: Run, theirs: Option<Run>) -> Comparison {
    Comparison {
        operation: format!("turns: {operation}"),
        unit: Unit::MicrosecondsPerOperation,
        count: count as u64,
        before: None,
        ours: Some(ours),
        peers: theirs.map(|theirs| (NO_TURNS, theirs)).into_iter().collect(),
    }
}

/// New weights, beside the same without turns.
pub(super) fn customizations(turns: &Rc<Turns>, graph: &Rc<RoadGraph>, ready: &Ready) -> Vec<Comparison> {
    let theirs = |threads: usize, is_perfect: bool| -> Run {
        let (graph, ready) = (Rc::clone(graph), Rc::clone(ready));
        Box::new(move || {
            if is_perfect {
                ready.borrow_mut().perfect(&graph.weight);
            } else {
                ready.borrow_mut().customize(&graph.weight, threads);
            }
        })
    };
    let ours = |threads: usize, is_perfect: bool| -> Run {
        let turns = Rc::clone(turns);
        Box::new(move || {
            let (customizer, metric) = &mut *turns.next.borrow_mut();
            let weights = &turns.work.weights;
            let done = pool(threads).install(|| customizer.customize(metric, weights));
            done.expect("there is a weight for each edge");
            if is_perfect {
                customizer.perfect(metric);
            }
        })
    };
    vec![
        comparison("full customization, 1 thread", 1, ours(1, false), Some(theirs(1, false))),
        comparison("full customization, 2 threads", 1, ours(2, false), Some(theirs(2, false))),
        comparison("full and perfect customization, 1 thread", 1, ours(1, true), Some(theirs(1, true))),
        visible(turns, graph),
        all_visible(turns),
    ]
}

/// From new travel times of 1,000 edges to an answer that they are in: the metric is copied, changed and asked.
fn visible(turns: &Rc<Turns>, graph: &RoadGraph) -> Comparison {
    let edges = |set: &Changes| set.list.iter().map(|&(arc, weight)| (EdgeId(arc), weight)).collect();
    let sets: Vec<Vec<(EdgeId, Weight)>> = changes(graph, 1_000).iter().map(edges).collect();
    let (turns, count) = (Rc::clone(turns), sets.len());
    let ours: Run = Box::new(move || {
        let (mut query, next) = (turns.query.borrow_mut(), &mut *turns.next.borrow_mut());
        let (customizer, metric) = next;
        for (set, &pair) in sets.iter().zip(&turns.work.pairs) {
            metric.clone_from(&turns.metric);
            let changed = pool(2).install(|| customizer.change(metric, set));
            changed.expect("all weights are positive and finite");
            let (from, to) = turns.ends(pair);
            black_box(query.duration(metric, &from, &to));
        }
    });
    comparison("1,000 edges changed and in an answer, 2 threads", count, ours, None)
}

/// From new travel times of all edges to an answer that they are in.
fn all_visible(turns: &Rc<Turns>) -> Comparison {
    let turns = Rc::clone(turns);
    let ours: Run = Box::new(move || {
        let (customizer, metric) = &mut *turns.next.borrow_mut();
        let weights = &turns.work.weights;
        let done = pool(2).install(|| customizer.customize(metric, weights));
        done.expect("there is a weight for each edge");
        let (from, to) = turns.ends(turns.work.pairs[0]);
        black_box(turns.query.borrow_mut().duration(metric, &from, &to));
    });
    comparison("all edges changed and in an answer, 2 threads", 1, ours, None)
}
