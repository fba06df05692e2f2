//! What is measured on the node-based graph.

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;

use super::RoadGraph;
use super::router::{Customizer, Searcher};
use super::work::{CHANGED, NEAREST, Work, changes};
use crate::comparison::{Comparison, Run, Unit};

/// Somebody who customizes. The first of several is us if anyone is.
pub(super) type Ready = Rc<RefCell<dyn Customizer>>;
/// Somebody who searches.
pub(super) type Seeker = Rc<RefCell<dyn Searcher>>;

/// How we are called among the others.
pub const OURS: &str = "ours";

fn comparison(operation: String, count: usize, runs: Vec<(&'static str, Run)>) -> Comparison {
    let (ours, peers): (Vec<_>, Vec<_>) = runs.into_iter().partition(|&(name, _)| name == OURS);
    let ours = ours.into_iter().map(|(_, run)| run).next();
    Comparison { operation, unit: Unit::MicrosecondsPerOperation, count: count as u64, ours, peers }
}

/// New weights, all or some.
pub(super) fn customizations(graph: &Rc<RoadGraph>, work: &Rc<Work>, all: &[Ready]) -> Vec<Comparison> {
    let mut comparisons = Vec::new();
    for threads in [1, 2] {
        let can = all.iter().filter(|who| who.borrow().threads_max() >= threads);
        let runs = can.map(|who| (who.borrow().name(), customize(graph, work, who, threads))).collect();
        let name = if threads == 1 { "1 thread".into() } else { format!("{threads} threads") };
        comparisons.push(comparison(format!("full customization, {name}"), 2, runs));
    }
    for count in CHANGED.into_iter().filter(|&count| count <= graph.arc_count()) {
        let sets = Rc::new(changes(graph, count));
        // To ask whether somebody can is to have it done: a set, and then the one that takes it back.
        let can = all.iter().filter(|who| sets[..2].iter().all(|set| who.borrow_mut().change(set)));
        let runs = can.map(|who| {
            let (name, who, sets) = (who.borrow().name(), Rc::clone(who), Rc::clone(&sets));
            let run: Run = Box::new(move || {
                for set in &*sets {
                    who.borrow_mut().change(set);
                }
            });
            (name, run)
        });
        let name = format!("partial customization, {count} random arc{}", if count == 1 { "" } else { "s" });
        comparisons.push(comparison(name, sets.len(), runs.collect()));
    }
    comparisons
}

fn customize(graph: &Rc<RoadGraph>, work: &Rc<Work>, who: &Ready, threads: usize) -> Run {
    let (graph, work, who) = (Rc::clone(graph), Rc::clone(work), Rc::clone(who));
    Box::new(move || {
        who.borrow_mut().customize(&work.weights, threads);
        who.borrow_mut().customize(&graph.weight, threads);
    })
}

/// A kind of question: its name, how many there are of it, and how all are asked.
type Question = (String, usize, fn(&mut dyn Searcher, &Work));

/// All kinds of questions.
pub(super) fn questions(work: &Rc<Work>, all: &[Seeker]) -> Vec<Comparison> {
    for who in all {
        let mut who = who.borrow_mut();
        who.keep_sources(&work.drivers);
        who.keep_targets(&work.drivers);
        who.place_drivers(&work.drivers);
    }
    let kinds: [Question; 8] = [
        ("p2p distance, random pairs".into(), work.pairs.len(), |who, work| distances(who, &work.pairs)),
        ("p2p distance, local pairs (rank 1,024)".into(), work.local.len(), |who, work| distances(who, &work.local)),
        ("p2p with path, random pairs".into(), work.pairs.len(), |who, work| paths(who, &work.pairs)),
        ("p2p with path, local pairs (rank 1,024)".into(), work.local.len(), |who, work| paths(who, &work.local)),
        (format!("{} drivers to one pickup", thousands(work.drivers.len())), work.pickups.len(), many_to_one),
        (format!("one pickup to {} drivers", thousands(work.drivers.len())), work.pickups.len(), one_to_many),
        ("table 50 x 50".into(), work.tables.len(), tables),
        (format!("nearest {NEAREST} of 1,000 drivers, one just moved"), work.moves.len(), nearest),
    ];
    let ask = |(name, count, ask): Question| {
        let runs = all.iter().map(|who| {
            let (name, who, work) = (who.borrow().name(), Rc::clone(who), Rc::clone(work));
            let run: Run = Box::new(move || ask(&mut *who.borrow_mut(), &work));
            (name, run)
        });
        comparison(name, count, runs.collect())
    };
    kinds.into_iter().map(ask).collect()
}

fn thousands(count: usize) -> String {
    if count < 1_000 { count.to_string() } else { format!("{},{:03}", count / 1_000, count % 1_000) }
}

fn distances(who: &mut dyn Searcher, pairs: &[(u32, u32)]) {
    for &(source, target) in pairs {
        black_box(who.distance(source, target));
    }
}

fn paths(who: &mut dyn Searcher, pairs: &[(u32, u32)]) {
    let mut path = Vec::new();
    for &(source, target) in pairs {
        who.path(source, target, &mut path);
        black_box(&path);
    }
}

fn many_to_one(who: &mut dyn Searcher, work: &Work) {
    let mut out = Vec::new();
    for &pickup in &work.pickups {
        who.many_to_one(&work.drivers, pickup, &mut out);
        black_box(&out);
    }
}

fn one_to_many(who: &mut dyn Searcher, work: &Work) {
    let mut out = Vec::new();
    for &pickup in &work.pickups {
        who.one_to_many(pickup, &work.drivers, &mut out);
        black_box(&out);
    }
}

fn tables(who: &mut dyn Searcher, work: &Work) {
    let mut out = Vec::new();
    for (sources, targets) in &work.tables {
        who.table(sources, targets, &mut out);
        black_box(&out);
    }
}

fn nearest(who: &mut dyn Searcher, work: &Work) {
    for step in &work.moves {
        who.move_driver(step.driver, step.node);
        black_box(who.nearest(step.pickup, NEAREST));
    }
}
