//! Everything that a hierarchy answers, beside an oracle that relaxes every arc until nothing changes.

use std::sync::Arc;

use proptest::prelude::*;

use super::contraction::contract;
use super::fixture::{World, world};
use super::tree::EliminationTree;
use super::{Customized, Customizer, Graph, Hierarchy, NodeSet, Order, Search};
use crate::unit::{INFINITY, Weight};

/// The distances from one node to all (Bellman and Ford).
fn distances(graph: &Graph, weights: &[Weight], source: u32) -> Vec<Weight> {
    let mut distance = vec![INFINITY; graph.node_count()];
    distance[source as usize] = 0;
    loop {
        let mut changed = false;
        for (&(tail, head), &weight) in graph.arcs().iter().zip(weights) {
            let by_arc = (distance[tail as usize] + weight).min(INFINITY);
            if by_arc < distance[head as usize] {
                distance[head as usize] = by_arc;
                changed = true;
            }
        }
        if !changed {
            return distance;
        }
    }
}

fn all_distances(graph: &Graph, weights: &[Weight]) -> Vec<Vec<Weight>> {
    (0..graph.node_count() as u32).map(|source| distances(graph, weights, source)).collect()
}

fn finite(distance: Weight) -> Option<Weight> {
    (distance < INFINITY).then_some(distance)
}

/// Asks every question there is.
fn check(world: &World, customized: &Customized, weights: &[Weight]) {
    let graph = &world.graph;
    let expected = all_distances(graph, weights);
    let nodes: Vec<u32> = (0..graph.node_count() as u32).collect();
    let mut search = Search::new(customized.hierarchy());
    let (mut path, mut out) = (Vec::new(), Vec::new());
    for &source in &nodes {
        for &target in &nodes {
            let distance = finite(expected[source as usize][target as usize]);
            assert_eq!(search.distance(customized, (source, 0), (target, 0)), distance, "{source} to {target}");
            assert_eq!(search.path(customized, (source, 0), (target, 0), &mut path), distance);
            check_path(graph, weights, (source, target), distance, &path);
        }
    }
    for limit in [INFINITY, 40] {
        let within = |distance: Weight| if distance <= limit { distance } else { INFINITY };
        for place in nodes.windows(3.min(nodes.len())) {
            let place: Vec<(u32, Weight)> = place.iter().zip([7, 0, 30]).map(|(&node, start)| (node, start)).collect();
            let best = |distance: &dyn Fn(u32) -> Weight| {
                let distances = place.iter().map(|&(node, start)| (distance(node) + start).min(INFINITY));
                within(distances.min().unwrap_or(INFINITY))
            };
            let to = |source: u32| best(&|node| expected[source as usize][node as usize]);
            let from = |target: u32| best(&|node| expected[node as usize][target as usize]);
            search.many_to_one(customized, &nodes, &place, limit, &mut out);
            assert_eq!(out, nodes.iter().map(|&source| to(source)).collect::<Vec<_>>(), "to {place:?}");
            search.one_to_many(customized, &place, &nodes, limit, &mut out);
            assert_eq!(out, nodes.iter().map(|&target| from(target)).collect::<Vec<_>>(), "from {place:?}");
            let mut set = NodeSet::new(customized.hierarchy());
            for node in nodes.iter().filter(|&node| node % 3 == 1) {
                set.insert(*node);
            }
            check_nearest(&mut search, customized, &set, &place, limit, &to);
        }
    }
}

/// The three nearest, and all, of a set.
fn check_nearest(
    search: &mut Search,
    customized: &Customized,
    set: &NodeSet,
    place: &[(u32, Weight)],
    limit: Weight,
    to: &dyn Fn(u32) -> Weight,
) {
    let members = (0..customized.hierarchy().node_count() as u32).filter(|&node| set.contains(node));
    let mut expected: Vec<_> =
        members.map(|node| (to(node), node)).filter(|&(distance, _)| distance < INFINITY).collect();
    expected.sort_unstable();
    for k in [3, usize::MAX] {
        let mut found: Vec<(Weight, u32)> = Vec::new();
        search.nearest(customized, set, place, limit, |node, distance| {
            found.push((distance, node));
            found.sort_unstable();
            found.truncate(k);
            if found.len() == k { found[k - 1].0 } else { limit }
        });
        found.sort_unstable();
        assert_eq!(found, expected[..k.min(expected.len())], "{k} nearest of {place:?}");
    }
}

fn check_path(graph: &Graph, weights: &[Weight], ends: (u32, u32), distance: Option<Weight>, path: &[u32]) {
    let Some(distance) = distance else { return assert!(path.is_empty()) };
    let mut at = ends.0;
    for &arc in path {
        let (tail, head) = graph.arcs()[arc as usize];
        assert_eq!(tail, at, "{path:?} is a path");
        at = head;
    }
    assert_eq!(at, ends.1);
    assert_eq!(path.iter().map(|&arc| weights[arc as usize]).sum::<Weight>(), distance);
}

proptest! {
    #[test]
    fn every_answer_is_that_of_the_oracle(world in world()) {
        let customized = Customized::new(&world.hierarchy(), &world.weights).expect("they are weights");
        check(&world, &customized, &world.weights);
    }

    #[test]
    fn a_perfect_hierarchy_answers_alike(world in world()) {
        let hierarchy = world.hierarchy();
        let mut customized = Customized::new(&hierarchy, &world.weights).expect("they are weights");
        Customizer::new(&hierarchy).perfect(&mut customized);
        check(&world, &customized, &world.weights);
    }

    #[test]
    fn many_threads_find_what_one_does(world in world()) {
        let hierarchy = world.hierarchy();
        let expected = Customized::new(&hierarchy, &world.weights).expect("they are weights");
        let mut customized = Customized::new(&hierarchy, &vec![1; world.weights.len()]).expect("they are weights");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("there are threads");
        pool.install(|| {
            let mut customizer = Customizer::new(&hierarchy);
            customizer.customize_in_parallel(&mut customized, &world.weights).expect("they are weights");
        });
        prop_assert_eq!(&customized.weight, &expected.weight);
    }
}

/// With a limit on what there may be, there is all of it or nothing.
#[test]
fn a_hierarchy_that_would_be_too_large_is_given_up() {
    // A ring, in which contracting two opposite nodes adds two shortcuts between the others.
    let graph = Graph::new(4, vec![(0, 1), (1, 2), (2, 3), (3, 0)]).expect("a ring");
    let order = Order::new(vec![0, 2, 1, 3]).expect("a permutation");
    let tree = EliminationTree::new(&graph, &order, 3).ok().expect("it is 3 deep");
    assert!(EliminationTree::new(&graph, &order, 2).is_err());
    let rows = contract(&graph, &tree, 6).expect("there are 6 arcs");
    assert!(contract(&graph, &tree, 5).is_none());
    assert!(rows.lower_triangles(&tree, 2).is_some_and(|(_, lower)| lower.len() == 2));
    assert!(rows.lower_triangles(&tree, 1).is_none());
    let boundary = rows.boundary(&tree, 6).expect("there are 6 boundary nodes");
    assert_eq!(boundary.depth.len(), 6);
    assert!(rows.boundary(&tree, 5).is_none());
}

#[test]
fn nothing_can_be_asked_of_nothing() {
    let graph = Graph::new(0, Vec::new()).expect("an empty graph");
    let hierarchy = Arc::new(Hierarchy::new(&graph, &Order::new(Vec::new()).expect("of none")).expect("a small graph"));
    let mut customized = Customized::new(&hierarchy, &[]).expect("they are weights");
    let mut customizer = Customizer::new(&hierarchy);
    customizer.customize_in_parallel(&mut customized, &[]).expect("they are weights");
    customizer.change(&mut customized, &[]).expect("they are weights");
    customizer.perfect(&mut customized);
    let mut out = vec![7];
    Search::new(&hierarchy).many_to_one(&customized, &[], &[], INFINITY, &mut out);
    assert!(out.is_empty());
    Search::new(&hierarchy).nearest(&customized, &NodeSet::new(&hierarchy), &[], INFINITY, |_, _| INFINITY);
}
