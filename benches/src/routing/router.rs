use std::collections::BTreeMap;

use etaflow_road::Weight;

/// Some arcs and their new weights, in the two forms that they are asked for in.
pub struct Changes {
    /// Ascending by arc.
    pub list: Vec<(u32, Weight)>,
    /// The same.
    pub map: BTreeMap<u32, Weight>,
}

impl Changes {
    /// From arcs and weights; of several of one arc the last counts.
    pub fn new(changes: impl IntoIterator<Item = (u32, Weight)>) -> Self {
        let map: BTreeMap<_, _> = changes.into_iter().collect();
        Self { list: map.iter().map(|(&arc, &weight)| (arc, weight)).collect(), map }
    }
}

/// Makes a hierarchy ready for weights.
pub trait Customizer {
    /// Who it is.
    fn name(&self) -> &'static str;

    /// How many threads it can use.
    fn threads_max(&self) -> usize;

    /// All weights are new.
    fn customize(&mut self, weights: &[Weight], threads: usize);

    /// All weights are new, and what shortest paths do not need is left out from then on. False, and nothing is done, if
    /// it cannot find out what that is.
    fn perfect(&mut self, _weights: &[Weight]) -> bool {
        false
    }

    /// Some are. False, and nothing is changed, if it can only start anew.
    fn change(&mut self, changes: &Changes) -> bool;

    /// A distance under the weights that it was given last. To check it; never measured.
    fn distance(&mut self, source: u32, target: u32) -> Weight;
}

/// What a path is given as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathOf {
    /// Its arcs in order.
    Arcs,
    /// Its nodes in order, the first and the last included.
    Nodes,
}

/// Answers questions under the free-flow weights. A distance is [`INFINITY`](etaflow_road::INFINITY) where there is no
/// way.
pub trait Searcher {
    /// Who it is.
    fn name(&self) -> &'static str;

    /// Forgets what it has learned from questions, if it learns; never measured.
    fn forget(&mut self) {}

    /// From one node to another.
    fn distance(&mut self, source: u32, target: u32) -> Weight;

    /// What [`path`](Self::path) gives.
    fn path_of(&self) -> PathOf;

    /// The way from one node to another, nothing if there is none.
    fn path(&mut self, source: u32, target: u32, path: &mut Vec<u32>);
}

/// Answers questions that are about many nodes at a time, under the free-flow weights.
pub trait Many {
    /// Who it is.
    fn name(&self) -> &'static str;

    /// Prepares for questions from these nodes, if it can; never measured.
    fn keep_sources(&mut self, _sources: &[u32]) {}

    /// From the kept sources, which are given again, to one node.
    fn many_to_one(&mut self, sources: &[u32], target: u32, out: &mut Vec<Weight>);

    /// Prepares for questions to these nodes, if it can; never measured.
    fn keep_targets(&mut self, _targets: &[u32]) {}

    /// From one node to the kept targets, which are given again.
    fn one_to_many(&mut self, source: u32, targets: &[u32], out: &mut Vec<Weight>);

    /// From each of some nodes to each of others, row by row, with nothing kept.
    fn table(&mut self, sources: &[u32], targets: &[u32], out: &mut Vec<Weight>);

    /// Where drivers are, in order of their numbers; never measured.
    fn place_drivers(&mut self, drivers: &[u32]);

    /// A driver is somewhere else now.
    fn move_driver(&mut self, driver: usize, node: u32);

    /// The `count` drivers that are at a node soonest and their travel times, ascending by time and then by number.
    fn nearest(&mut self, node: u32, count: usize) -> Vec<(u32, Weight)>;
}

/// The `count` least of all drivers' times, for who can only tell the times of all.
pub fn least(times: &[Weight], count: usize) -> Vec<(u32, Weight)> {
    let mut all: Vec<(Weight, u32)> = times.iter().copied().zip(0..).collect();
    if count < all.len() {
        all.select_nth_unstable(count);
        all.truncate(count);
    }
    all.sort_unstable();
    all.into_iter().map(|(time, driver)| (driver, time)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_are_in_order() {
        assert_eq!(least(&[5, 1, 5, 0], 3), [(3, 0), (1, 1), (0, 5)]);
        assert_eq!(least(&[5, 1], 3), [(1, 1), (0, 5)]);
        assert_eq!(least(&[5, 1], 0), []);
    }

    #[test]
    fn of_several_changes_of_an_arc_the_last_counts() {
        assert_eq!(Changes::new([(3, 7), (1, 2), (3, 9)]).list, [(1, 2), (3, 9)]);
    }
}
