//! What weights lead to, whatever was there before them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use proptest::prelude::*;

use super::fixture::{street, weight, world, world_of};
use super::partial::Limits;
use super::{Customized, Customizer, Graph, Hierarchy, NodeSet, Order, Search};
use crate::unit::{INFINITY, Weight};

/// Never a full customization instead of a partial one.
const NONE: Limits = Limits { inputs_per_change: 0, outlook: 1e9, work: 1e9 };

/// Any limits, and with them changes that are given up at any point.
fn limits() -> impl Strategy<Value = Limits> {
    let midway = (0.0..1.5).prop_map(|work| Limits { work, ..NONE });
    prop_oneof![1 => Just(Limits::default()), 4 => Just(NONE), 4 => midway]
}

fn draws(weight: impl Strategy<Value = Weight>) -> impl Strategy<Value = Vec<(prop::sample::Index, Weight)>> {
    prop::collection::vec((any::<prop::sample::Index>(), weight), 0..12)
}

/// What can be done to weights, and with them.
#[derive(Debug, Clone)]
enum Step {
    Change(Limits, Vec<(prop::sample::Index, Weight)>),
    Customize,
    CustomizeInParallel,
    Perfect,
    Ask(prop::sample::Index, prop::sample::Index),
    Clone,
    /// Copied to where the weights of another hierarchy have been, and been asked.
    CloneOverAnother,
}

/// Few weights, so that many paths are equally short.
fn few() -> impl Strategy<Value = Weight> + Clone {
    0..3_u32
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (limits(), draws(few())).prop_map(|(limits, draws)| Step::Change(limits, draws)),
        1 => Just(Step::Customize),
        1 => Just(Step::CustomizeInParallel),
        2 => Just(Step::Perfect),
        6 => (any::<prop::sample::Index>(), any::<prop::sample::Index>()).prop_map(|(from, to)| Step::Ask(from, to)),
        1 => Just(Step::Clone),
        1 => Just(Step::CloneOverAnother),
    ]
}

/// The weights of another hierarchy, after some questions.
fn another() -> Customized {
    let graph = Graph::new(4, vec![(0, 1), (1, 2), (2, 3), (3, 0)]).expect("a ring");
    let order = Order::new(vec![0, 2, 1, 3]).expect("a permutation");
    let hierarchy = Arc::new(Hierarchy::new(&graph, &order).expect("a small graph"));
    let customized = Customized::new(&hierarchy, &[1, 1, 1, 1]).expect("they are weights");
    Search::new(&hierarchy).path(&customized, (0, 0), (3, 0), &mut Vec::new());
    customized
}

/// The paths between all nodes.
fn paths(search: &mut Search, customized: &Customized) -> Vec<Vec<u32>> {
    let nodes = customized.hierarchy().node_count() as u32;
    let mut paths = Vec::new();
    for (source, target) in (0..nodes).flat_map(|source| (0..nodes).map(move |target| (source, target))) {
        let mut path = Vec::new();
        search.path(customized, (source, 0), (target, 0), &mut path);
        paths.push(path);
    }
    paths
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_change_leads_to_what_all_weights_anew_would(
        world in world(), changes in prop::collection::vec((limits(), draws(weight())), 1..6),
    ) {
        let hierarchy = world.hierarchy();
        let mut weights = world.weights.clone();
        let mut customized = Customized::new(&hierarchy, &weights).expect("they are weights");
        let mut customizer = Customizer::new(&hierarchy);
        for (limits, draws) in changes {
            let changes = world.changes(&draws);
            for &(arc, weight) in &changes {
                weights[arc as usize] = weight;
            }
            customizer.partial.limits = limits;
            customizer.change(&mut customized, &changes).expect("they are weights");
            let expected = Customized::new(&hierarchy, &weights).expect("they are weights");
            prop_assert_eq!(&customized.input, &expected.input);
            prop_assert_eq!(&customized.weight, &expected.weight);
        }
    }

    #[test]
    fn paths_depend_on_nothing_but_weights(world in world_of(few()), steps in prop::collection::vec(step(), 0..20)) {
        let hierarchy = world.hierarchy();
        let nodes = hierarchy.node_count();
        let mut weights = world.weights.clone();
        let mut customized = Customized::new(&hierarchy, &weights).expect("they are weights");
        let (mut customizer, mut search) = (Customizer::new(&hierarchy), Search::new(&hierarchy));
        for step in steps {
            match step {
                Step::Change(limits, draws) => {
                    let changes = world.changes(&draws);
                    changes.iter().for_each(|&(arc, weight)| weights[arc as usize] = weight);
                    customizer.partial.limits = limits;
                    customizer.change(&mut customized, &changes).expect("they are weights");
                }
                Step::Customize => customizer.customize(&mut customized, &weights).expect("they are weights"),
                Step::CustomizeInParallel => {
                    customizer.customize_in_parallel(&mut customized, &weights).expect("they are weights");
                }
                Step::Perfect => customizer.perfect(&mut customized),
                Step::Ask(source, target) => {
                    let [source, target] = [source, target].map(|node| (node.index(nodes) as u32, 0));
                    search.path(&customized, source, target, &mut Vec::new());
                }
                Step::Clone => customized = customized.clone(),
                Step::CloneOverAnother => {
                    let mut copy = another();
                    copy.clone_from(&customized);
                    customized = copy;
                }
            }
        }
        let expected = Customized::new(&hierarchy, &weights).expect("they are weights");
        prop_assert_eq!(paths(&mut search, &customized), paths(&mut Search::new(&hierarchy), &expected));
    }
}

#[test]
fn a_change_that_is_given_up_leaves_nothing_to_the_next() {
    let (world, [mut weights, _]) = street(100);
    let hierarchy = world.hierarchy();
    let mut customized = Customized::new(&hierarchy, &weights).expect("they are weights");
    let mut customizer = Customizer::new(&hierarchy);
    // Of every share of the work, so that some are given up with offers and suspects noted.
    for nth in 0..200_u32 {
        customizer.partial.limits = Limits { work: f64::from(nth % 40) / 40.0, ..NONE };
        for limits in [customizer.partial.limits, NONE] {
            customizer.partial.limits = limits;
            let changes: Vec<_> =
                (0..20).map(|at| ((nth * 31 + at * 17) % weights.len() as u32, (nth + at) % 9)).collect();
            changes.iter().for_each(|&(arc, weight)| weights[arc as usize] = weight);
            customizer.change(&mut customized, &changes).expect("they are weights");
            let expected = Customized::new(&hierarchy, &weights).expect("they are weights");
            assert_eq!(customized.weight, expected.weight);
        }
    }
}

#[test]
fn what_arcs_stand_for_is_forgotten_however_often_weights_have_changed() {
    let (world, weights) = street(30);
    let hierarchy = world.hierarchy();
    let [first, second] =
        weights.each_ref().map(|weights| Customized::new(&hierarchy, weights).expect("they are weights"));
    let mut search = Search::new(&hierarchy);
    let [_, expected] = [&first, &second].map(|customized| paths(&mut search, customized));
    let mut customizer = Customizer::new(&hierarchy);
    // Generations are counted in 8 bits.
    for forgotten in (1..4).chain(250..260).chain(505..515) {
        let mut customized = first.clone();
        paths(&mut search, &customized);
        for _ in 0..forgotten {
            customizer.customize(&mut customized, &weights[1]).expect("they are weights");
        }
        assert_eq!(paths(&mut search, &customized), expected, "after {forgotten} customizations");
    }
}

#[test]
fn a_question_that_has_panicked_leaves_nothing_to_the_next() {
    let (world, [weights, _]) = street(30);
    let hierarchy = world.hierarchy();
    let customized = Customized::new(&hierarchy, &weights).expect("they are weights");
    let nodes: Vec<u32> = (0..30).collect();
    let mut taxis = NodeSet::new(&hierarchy);
    taxis.insert(4);
    let mut search = Search::new(&hierarchy);
    let to_the_end = |search: &mut Search| {
        let mut out = Vec::new();
        search.many_to_one(&customized, &nodes, &[(29, 0)], INFINITY, &mut out);
        out
    };
    let expected = to_the_end(&mut search);
    let visit =
        AssertUnwindSafe(|| search.nearest(&customized, &taxis, &[(3, 0)], INFINITY, |_, _| panic!("a visitor")));
    assert!(catch_unwind(visit).is_err());
    assert_eq!(to_the_end(&mut search), expected);
    let mut out = Vec::new();
    let nowhere = AssertUnwindSafe(|| search.many_to_one(&customized, &[30], &[(3, 0)], INFINITY, &mut out));
    assert!(catch_unwind(nowhere).is_err());
    assert_eq!(to_the_end(&mut search), expected);
}
