//! What is measured on the node-based graph.

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;

use super::RoadGraph;
use super::router::{Customizer, Many, Searcher};
use super::work::{CHANGED, NEAREST, Work, changes};
use crate::comparison::{Comparison, Run, Unit};

/// Somebody who customizes.
pub(super) type Ready = Rc<RefCell<dyn Customizer>>;
/// Somebody who searches.
pub(super) type Seeker = Rc<RefCell<dyn Searcher>>;
/// Somebody who searches for many at a time.
pub(super) type Fan = Rc<RefCell<dyn Many>>;

/// How we are called among the others.
pub const OURS: &str = "ours";

fn comparison(operation: String, count: usize, runs: Vec<(&'static str, Run)>) -> Comparison {
    let (ours, peers): (Vec<_>, Vec<_>) = runs.into_iter().partition(|&(name, _)| name == OURS);
    let ours = ours.into_iter().map(|(_, run)| run).next();
    Comparison { operation, unit: Unit::MicrosecondsPerOperation, count: count as u64, before: None, ours, peers }
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
    // To ask whether somebody can is to have it done.
    let can = all.iter().filter(|who| who.borrow_mut().perfect(&graph.weight));
    let runs = can.map(|who| {
        let (name, who, graph) = (who.borrow().name(), Rc::clone(who), Rc::clone(graph));
        let run: Run = Box::new(move || {
            who.borrow_mut().perfect(&graph.weight);
        });
        (name, run)
    });
    comparisons.push(comparison("full and perfect customization, 1 thread".into(), 1, runs.collect()));
    for count in CHANGED.into_iter().filter(|&count| count <= graph.arc_count()) {
        let sets = Rc::new(changes(graph, count));
        // A set, and then the one that takes it back.
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
        let arcs = if count == 1 { "1 random arc".into() } else { format!("{} random arcs", thousands(count)) };
        let name = format!("partial customization, {arcs}");
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
type Kind<S> = (&'static str, fn(&Work) -> usize, fn(&mut S, &Work));

const PATHS: Kind<dyn Searcher> =
    ("p2p with path, random pairs", |work| work.pairs.len(), |who, work| paths(who, &work.pairs));
const LOCAL_PATHS: Kind<dyn Searcher> =
    ("p2p with path, local pairs", |work| work.local.len(), |who, work| paths(who, &work.local));

/// From one node to another; `how` is added to the names.
pub(super) fn questions(work: &Rc<Work>, all: &[Seeker], how: &str) -> Vec<Comparison> {
    let kinds: [Kind<dyn Searcher>; 4] = [
        ("p2p distance, random pairs", |work| work.pairs.len(), |who, work| distances(who, &work.pairs)),
        ("p2p distance, local pairs", |work| work.local.len(), |who, work| distances(who, &work.local)),
        PATHS,
        LOCAL_PATHS,
    ];
    let mut comparisons: Vec<Comparison> =
        kinds.into_iter().map(|kind| asked(work, all, how, kind, Searcher::name)).collect();
    // Each path is new to everybody, and then it is not.
    for comparison in &mut comparisons[2..] {
        let all = all.to_vec();
        comparison.before = Some(Box::new(move || all.iter().for_each(|who| who.borrow_mut().forget())));
    }
    comparisons.push(asked(work, all, &format!(", again{how}"), PATHS, Searcher::name));
    comparisons
}

/// Of many nodes; `how` is added to the names.
pub(super) fn fans(work: &Rc<Work>, all: &[Fan], how: &str) -> Vec<Comparison> {
    for who in all {
        let mut who = who.borrow_mut();
        who.keep_sources(&work.drivers);
        who.keep_targets(&work.drivers);
        who.place_drivers(&work.drivers);
    }
    let kinds: [Kind<dyn Many>; 4] = [
        ("1,000 drivers to one pickup", |work| work.pickups.len(), many_to_one),
        ("one pickup to 1,000 drivers", |work| work.pickups.len(), one_to_many),
        ("table 50 x 50", |work| work.tables.len(), tables),
        ("nearest 10 of 1,000 drivers, one just moved", |work| work.moves.len(), nearest),
    ];
    kinds.into_iter().map(|kind| asked(work, all, how, kind, Many::name)).collect()
}

fn asked<S: ?Sized + 'static>(
    work: &Rc<Work>,
    all: &[Rc<RefCell<S>>],
    how: &str,
    (name, count, ask): Kind<S>,
    who_is: fn(&S) -> &'static str,
) -> Comparison {
    let runs = all.iter().map(|who| {
        let (name, who, work) = (who_is(&who.borrow()), Rc::clone(who), Rc::clone(work));
        let run: Run = Box::new(move || ask(&mut who.borrow_mut(), &work));
        (name, run)
    });
    comparison(format!("{name}{how}"), count(work), runs.collect())
}

fn thousands(count: usize) -> String {
    if count < 1_000 { count.to_string() } else { format!("{},{:03}", count / 1_000, count % 1_000) }
}

pub(super) fn distances(who: &mut dyn Searcher, pairs: &[(u32, u32)]) {
    for &(source, target) in pairs {
        black_box(who.distance(source, target));
    }
}

pub(super) fn paths(who: &mut dyn Searcher, pairs: &[(u32, u32)]) {
    let mut path = Vec::new();
    for &(source, target) in pairs {
        who.path(source, target, &mut path);
        black_box(&path);
    }
}

pub(super) fn many_to_one(who: &mut (dyn Many + 'static), work: &Work) {
    let mut out = Vec::new();
    for &pickup in &work.pickups {
        who.many_to_one(&work.drivers, pickup, &mut out);
        black_box(&out);
    }
}

fn one_to_many(who: &mut (dyn Many + 'static), work: &Work) {
    let mut out = Vec::new();
    for &pickup in &work.pickups {
        who.one_to_many(pickup, &work.drivers, &mut out);
        black_box(&out);
    }
}

fn tables(who: &mut (dyn Many + 'static), work: &Work) {
    let mut out = Vec::new();
    for (sources, targets) in &work.tables {
        who.table(sources, targets, &mut out);
        black_box(&out);
    }
}

pub(super) fn nearest(who: &mut (dyn Many + 'static), work: &Work) {
    for step in &work.moves {
        who.move_driver(step.driver, step.node);
        black_box(who.nearest(step.pickup, NEAREST));
    }
}
