//! Whether everybody gives the right answers. Whoever does not ends the run.

use etaflow_road::{INFINITY, Weight};

use super::router::{Customizer, Many, PathOf, Searcher, least};
use super::work::{DRIVERS, Move, NEAREST, TABLE, Work, changes};
use super::{Oracle, RoadGraph};

/// How many nodes Dijkstra's search may settle for the answers to one kind of question.
const EFFORT: usize = 50_000_000;

/// The questions of a kind that are checked, of which each takes some searches: all on a small graph, some on a large one.
pub(super) fn some<'a, T>(graph: &RoadGraph, questions: &'a [T], searches: usize) -> &'a [T] {
    &questions[..questions.len().min((EFFORT / graph.node_count() / searches).max(1))]
}

/// The right answers of a graph.
pub(super) struct Truth<'a> {
    graph: &'a RoadGraph,
    work: &'a Work,
    forward: Oracle,
    /// Of each of the pairs, then of each of the local ones.
    pairs: [Vec<Weight>; 2],
    /// Of each pickup: from all drivers, and to them.
    fans: Vec<[Vec<Weight>; 2]>,
    /// Row by row.
    tables: Vec<Vec<Weight>>,
    /// After each move.
    nearest: Vec<Vec<(u32, Weight)>>,
}

impl<'a> Truth<'a> {
    /// Finds out what it takes long to find out.
    pub(super) fn new(graph: &'a RoadGraph, work: &'a Work) -> Self {
        let (mut forward, mut backward) = (Oracle::forward(graph), Oracle::backward(graph));
        let weights = &graph.weight;
        let mut all = |pairs: &[(u32, u32)]| {
            some(graph, pairs, 1).iter().map(|&(from, to)| forward.distance(weights, from, to)).collect()
        };
        let pairs = [all(&work.pairs), all(&work.local)];
        let mut fan = |&pickup: &u32| {
            [&mut backward, &mut forward].map(|oracle| oracle.distances(weights, pickup, &work.drivers))
        };
        let fans = some(graph, &work.pickups, 2).iter().map(&mut fan).collect();
        let mut row = |&source: &u32, targets: &[u32]| forward.distances(weights, source, targets);
        let mut table = |(sources, targets): &(Vec<u32>, Vec<u32>)| {
            sources.iter().flat_map(|source| row(source, targets)).collect::<Vec<_>>()
        };
        let tables = some(graph, &work.tables, TABLE).iter().map(&mut table).collect();
        let mut drivers = work.drivers.clone();
        let mut step = |step: &Move| {
            drivers[step.driver] = step.node;
            least(&backward.distances(weights, step.pickup, &drivers), NEAREST)
        };
        let nearest = some(graph, &work.moves, 1).iter().map(&mut step).collect();
        Self { graph, work, forward, pairs, fans, tables, nearest }
    }

    /// That all answers are right.
    ///
    /// # Panics
    /// If one is not; the message says which.
    pub(super) fn check_searcher(&mut self, searcher: &mut dyn Searcher) {
        let who = searcher.name();
        let of = [&self.work.pairs, &self.work.local];
        for (pairs, expected) in of.into_iter().zip(&self.pairs) {
            for (&(source, target), &expected) in pairs.iter().zip(expected) {
                let found = searcher.distance(source, target);
                assert_eq!(found, expected, "{who}: the distance from {source} to {target}");
                let mut path = Vec::new();
                searcher.path(source, target, &mut path);
                let length = self.length(searcher.path_of(), &path, (source, target));
                assert_eq!(length, Some(expected), "{who}: the length of the path from {source} to {target}: {path:?}");
            }
        }
    }

    /// That all answers are right.
    ///
    /// # Panics
    /// If one is not; the message says which.
    pub(super) fn check_many(&mut self, searcher: &mut dyn Many) {
        self.check_fans(searcher);
        self.check_nearest(searcher);
    }

    /// How long a path is that leads from one node to another; `None` if it does not.
    fn length(&self, what: PathOf, path: &[u32], (source, target): (u32, u32)) -> Option<Weight> {
        let (mut at, mut length) = (source, 0);
        let mut drive = |arc: usize| {
            at = self.graph.head[arc];
            length += self.graph.weight[arc];
        };
        match what {
            PathOf::Arcs => path.iter().for_each(|&arc| drive(arc as usize)),
            PathOf::Nodes => {
                for pair in path.windows(2) {
                    let arcs = self.graph.out(pair[0]).filter(|&arc| self.graph.head[arc] == pair[1]);
                    drive(arcs.min_by_key(|&arc| self.graph.weight[arc])?);
                }
            }
        }
        let tails = path.windows(2).all(|pair| {
            what == PathOf::Nodes || self.graph.head[pair[0] as usize] == self.graph.tail[pair[1] as usize]
        });
        (at == target && tails).then_some(length)
    }

    fn check_fans(&mut self, searcher: &mut dyn Many) {
        let (who, Work { drivers, pickups, tables, .. }) = (searcher.name(), self.work);
        let mut found = Vec::new();
        searcher.keep_sources(drivers);
        searcher.keep_targets(drivers);
        for (&pickup, [to, from]) in pickups.iter().zip(&self.fans) {
            searcher.many_to_one(drivers, pickup, &mut found);
            compare(who, "to", pickup, drivers, &found, to);
            searcher.one_to_many(pickup, drivers, &mut found);
            compare(who, "from", pickup, drivers, &found, from);
        }
        for ((sources, targets), expected) in tables.iter().zip(&self.tables) {
            searcher.table(sources, targets, &mut found);
            assert_eq!(found.len(), expected.len(), "{who}: how large a table is");
            let rows = found.chunks(targets.len()).zip(expected.chunks(targets.len()));
            for (&source, (row, expected)) in sources.iter().zip(rows) {
                compare(who, "from", source, targets, row, expected);
            }
        }
    }

    fn check_nearest(&mut self, searcher: &mut dyn Many) {
        searcher.place_drivers(&self.work.drivers);
        for (step, expected) in self.work.moves.iter().zip(&self.nearest) {
            searcher.move_driver(step.driver, step.node);
            let found = searcher.nearest(step.pickup, NEAREST);
            let (who, pickup) = (searcher.name(), step.pickup);
            assert_eq!(&found, expected, "{who}: the nearest of {DRIVERS} drivers to {pickup}");
        }
    }

    /// That weights count as soon as they were given, all of them or only some.
    ///
    /// # Panics
    /// If an answer is not right; the message says which.
    pub(super) fn check_customizer(&mut self, customizer: &mut dyn Customizer, threads: usize, changed: &[usize]) {
        for threads in 1..=threads.min(customizer.threads_max()) {
            customizer.customize(&self.work.weights, threads);
            self.check_weights(customizer, &self.work.weights, "other weights");
            customizer.customize(&self.graph.weight, threads);
            self.check_weights(customizer, &self.graph.weight, "free-flow weights");
        }
        if customizer.perfect(&self.work.weights) {
            self.check_weights(customizer, &self.work.weights, "perfect weights");
            customizer.customize(&self.graph.weight, 1);
            self.check_weights(customizer, &self.graph.weight, "weights after perfect ones");
        }
        for &count in changed {
            let mut weights = self.graph.weight.clone();
            for set in changes(self.graph, count).iter().take(4) {
                set.list.iter().for_each(|&(arc, weight)| weights[arc as usize] = weight);
                if !customizer.change(set) {
                    return;
                }
                self.check_weights(customizer, &weights, "changed weights");
            }
        }
    }

    fn check_weights(&mut self, customizer: &mut dyn Customizer, weights: &[Weight], what: &str) {
        for &(source, target) in some(self.graph, &self.work.pairs, 10).iter().take(30) {
            let (who, found) = (customizer.name(), customizer.distance(source, target));
            let expected = self.forward.distance(weights, source, target);
            assert_eq!(found, expected, "{who}, {what}: the distance from {source} to {target}");
        }
    }
}

fn compare(who: &str, way: &str, node: u32, others: &[u32], found: &[Weight], expected: &[Weight]) {
    assert_eq!(found.len(), expected.len(), "{who}: how many distances {way} {node} there are");
    for ((&other, &found), &expected) in others.iter().zip(found).zip(expected) {
        assert!(
            found == expected || found.min(expected) >= INFINITY,
            "{who}: the distance {way} {node} of {other}: {found} instead of {expected}"
        );
    }
}

#[cfg(test)]
mod tests {
    use etaflow_road::SyntheticCity;

    use super::super::peer_fast_paths;
    use super::*;
    use crate::routing::Changes;

    fn with_truth(check: impl FnOnce(&mut Truth<'_>, &RoadGraph)) {
        let graph = RoadGraph::new(&SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
        check(&mut Truth::new(&graph, &Work::new(&graph)), &graph);
    }

    #[test]
    #[should_panic(expected = "fast_paths: the distance from")]
    fn who_knows_other_weights_is_found_out() {
        with_truth(|truth, graph| {
            let weight = graph.weight.iter().map(|weight| weight + 1).collect();
            let (tail, head) = (graph.tail.clone(), graph.head.clone());
            let (first_out, place) = (graph.first_out.clone(), graph.place.clone());
            let other = RoadGraph { weight, tail, head, first_out, place, usable: graph.usable.clone() };
            truth.check_searcher(&mut peer_fast_paths::both(&other).1);
        });
    }

    /// Says that it takes changes, and does not.
    struct Deaf(peer_fast_paths::Ready);

    impl Customizer for Deaf {
        fn name(&self) -> &'static str {
            "deaf"
        }

        fn threads_max(&self) -> usize {
            1
        }

        fn customize(&mut self, weights: &[Weight], threads: usize) {
            self.0.customize(weights, threads);
        }

        fn change(&mut self, _changes: &Changes) -> bool {
            true
        }

        fn distance(&mut self, source: u32, target: u32) -> Weight {
            self.0.distance(source, target)
        }
    }

    #[test]
    #[should_panic(expected = "deaf, changed weights: the distance from")]
    fn who_ignores_changes_is_found_out() {
        with_truth(|truth, graph| truth.check_customizer(&mut Deaf(peer_fast_paths::both(graph).0), 2, &[1_000]));
    }
}
