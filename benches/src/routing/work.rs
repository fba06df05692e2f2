use etaflow_road::Weight;

use super::{Changes, Oracle, RoadGraph};
use crate::Random;

/// How many pairs a run asks for.
pub(super) const PAIRS: usize = 1_000;
/// How many drivers there are, and how many the nearest of.
pub(super) const DRIVERS: usize = 1_000;
/// How many of the nearest are asked for.
pub(super) const NEAREST: usize = 10;
/// How many sources and how many targets a table has.
pub(super) const TABLE: usize = 50;
/// How many nodes a search settles from the source of a local pair to its target, both included.
pub(super) const LOCAL_RANK: usize = 1_024;
/// How many arcs change at a time.
pub(super) const CHANGED: [usize; 5] = [1, 10, 100, 1_000, 10_000];

/// What is asked of everybody, all of it from one seed.
pub struct Work {
    /// Sources and targets, anywhere.
    pub pairs: Vec<(u32, u32)>,
    /// The target is as far as `LOCAL_RANK` says.
    pub local: Vec<(u32, u32)>,
    /// Where the drivers are.
    pub drivers: Vec<u32>,
    /// Where they are asked for.
    pub pickups: Vec<u32>,
    /// Drivers that move, each where to, and where to the nearest are asked for then. In the end all are back.
    pub moves: Vec<Move>,
    /// Sources and targets of tables.
    pub tables: Vec<(Vec<u32>, Vec<u32>)>,
    /// Travel times of another hour.
    pub weights: Vec<Weight>,
}

/// A driver moves, and the nearest to a pickup are asked for.
pub struct Move {
    /// The driver.
    pub driver: usize,
    /// Where it is now.
    pub node: u32,
    /// Where to the nearest are asked for.
    pub pickup: u32,
}

impl Work {
    /// On a graph.
    pub fn new(graph: &RoadGraph) -> Self {
        let mut random = Random(3);
        let mut some =
            |count: usize| -> Vec<u32> { (0..count).map(|_| graph.usable[random.below(graph.usable.len())]).collect() };
        let pairs = some(PAIRS).into_iter().zip(some(PAIRS)).collect();
        let (drivers, pickups) = (some(DRIVERS), some(200));
        let tables = (0..10).map(|_| (some(TABLE), some(TABLE))).collect();
        let moves = moves(&drivers, &some(500), &some(500));
        let starts = some(PAIRS * 2);
        let weights = graph.weight.iter().map(|&weight| other(weight, &mut random)).collect();
        Self { pairs, local: local(graph, starts), drivers, pickups, moves, tables, weights }
    }
}

/// Half of the steps move drivers away, the other half the same ones back.
fn moves(drivers: &[u32], away: &[u32], pickups: &[u32]) -> Vec<Move> {
    let half = away.len() / 2;
    let step = |at: usize| {
        let driver = at % half * 7 % drivers.len();
        let node = if at < half { away[at] } else { drivers[driver] };
        Move { driver, node, pickup: pickups[at] }
    };
    (0..2 * half).map(step).collect()
}

fn local(graph: &RoadGraph, starts: Vec<u32>) -> Vec<(u32, u32)> {
    let mut oracle = Oracle::forward(graph);
    let pair = |start| {
        let mut settled = 0;
        let (end, _) = oracle.search(&graph.weight, start, |_| {
            settled += 1;
            settled == LOCAL_RANK
        });
        (settled == LOCAL_RANK).then_some((start, end))
    };
    starts.into_iter().filter_map(pair).take(PAIRS).collect()
}

/// A half to three times a travel time.
fn other(weight: Weight, random: &mut Random) -> Weight {
    (u64::from(weight) * (50 + random.below(250) as u64) / 100).max(1) as Weight
}

/// Sets of `count` arcs that get other travel times, each followed by one that gives them their free-flow times again.
pub(super) fn changes(graph: &RoadGraph, count: usize) -> Vec<Changes> {
    let mut random = Random(count as u64);
    let mut sets = Vec::new();
    for _ in 0..(200 / count).clamp(2, 50) {
        let mut set = std::collections::BTreeMap::new();
        while set.len() < count.min(graph.arc_count()) {
            let arc = random.below(graph.arc_count());
            set.insert(arc as u32, other(graph.weight[arc], &mut random));
        }
        let back = set.keys().map(|&arc| (arc, graph.weight[arc as usize])).collect::<Vec<_>>();
        sets.push(Changes::new(set));
        sets.push(Changes::new(back));
    }
    sets
}
