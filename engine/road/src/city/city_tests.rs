use std::collections::BTreeSet;
use std::sync::Arc;

use super::SyntheticCity;
use crate::id::{EdgeId, NodeId};
use crate::network::{EdgeFlags, Network, RoadClass};
use crate::routing::{Metric, Position, Query};
use crate::unit::INFINITY;

fn city(seed: u64, nodes: usize) -> Network {
    SyntheticCity { seed, nodes, ..SyntheticCity::default() }.build()
}

/// The share of the items for which something holds.
fn share<T>(items: impl ExactSizeIterator<Item = T>, holds: impl Fn(T) -> bool) -> f64 {
    let all = items.len() as f64;
    items.filter_map(|item| holds(item).then_some(())).count() as f64 / all
}

/// With how many other nodes each node shares a street.
fn neighbours(network: &Network, node: NodeId) -> usize {
    let out = network.out_edges(node).map(|edge| network.head(edge));
    let into = network.in_edges(node).iter().map(|&edge| network.tail(edge));
    out.chain(into).collect::<BTreeSet<_>>().len()
}

fn kilometres(network: &Network, class: RoadClass) -> f64 {
    let of_class = network.edges().filter(|&edge| network.class(edge) == class);
    of_class.map(|edge| f64::from(network.length_mm(edge)) / 1e6).sum()
}

/// What holds of every city: what is checked here is what real ones are like.
fn check(seed: u64, nodes: usize) {
    let network = city(seed, nodes);
    let what = format!("seed {seed}, {nodes} nodes");
    let count = network.node_count() as f64;
    assert!((0.75..1.25).contains(&(count / nodes as f64)), "{what}: {count} nodes");
    let main = share(network.edges(), |edge| network.component(edge) == 0);
    assert!(main >= 0.98, "{what}: {main} of the edges hang together");
    let degree = network.edge_count() as f64 / count;
    assert!((2.3..3.05).contains(&degree), "{what}: {degree} edges leave a node");
    let dead_ends = share(network.nodes(), |node| neighbours(&network, node) == 1);
    assert!((0.10..0.25).contains(&dead_ends), "{what}: {dead_ends} of the nodes are dead ends");
    let crosses = share(network.nodes(), |node| neighbours(&network, node) == 4);
    assert!((0.08..0.35).contains(&crosses), "{what}: {crosses} of the nodes are crosses");
    assert!(network.nodes().all(|node| neighbours(&network, node) < 10), "{what}: too many streets at a node");
    let one_way = share(network.edges(), |edge| network.twin(edge).is_none());
    assert!((0.06..0.30).contains(&one_way), "{what}: {one_way} of the edges are one-way");
    let keys: BTreeSet<i64> = network.nodes().map(|node| network.node_key(node)).collect();
    assert_eq!((keys.len(), keys.first()), (network.node_count(), Some(&1)), "{what}: keys");
    for edge in network.edges() {
        let crow = network.coord(network.tail(edge)).distance(network.coord(network.head(edge))).0;
        let length = f64::from(network.length_mm(edge)) / 1e3;
        assert!(length > crow * 0.999 - 0.05, "{what}: edge {} of {length} m is shorter than {crow} m", edge.0);
    }
}

#[test]
fn cities_of_many_seeds_are_like_cities() {
    for seed in 0..12 {
        check(seed, 7_000);
    }
}

#[test]
fn cities_of_many_sizes_are_like_cities() {
    for (seed, nodes) in [(3, 1_000), (4, 2_000), (5, 4_000), (6, 20_000), (7, 60_000)] {
        check(seed, nodes);
    }
}

#[test]
fn no_size_is_too_small_or_fails() {
    for seed in 0..60 {
        let network = city(seed, 0);
        assert!(network.node_count() > 500, "seed {seed}: {}", network.node_count());
    }
}

#[test]
fn the_hierarchy_is_that_of_a_city() {
    for seed in 0..6 {
        let network = city(seed, 7_000);
        let km = |class| kilometres(&network, class);
        let main = [RoadClass::Primary, RoadClass::Secondary, RoadClass::Tertiary].map(km);
        assert!(main.iter().all(|&length| length > 30.0), "seed {seed}: {main:?} km of main roads");
        let through: f64 = main.iter().sum::<f64>() + km(RoadClass::Motorway);
        let local = km(RoadClass::Residential) + km(RoadClass::Unclassified) + km(RoadClass::LivingStreet);
        assert!(local > 1.5 * through, "seed {seed}: {local} km of local and {through} km of through roads");
        assert!(km(RoadClass::Motorway) > 40.0, "seed {seed}: {} km of motorway", km(RoadClass::Motorway));
        let with = |flag| network.edges().filter(|&edge| network.flags(edge).contains(flag)).count();
        assert!(with(EdgeFlags::LINK) >= 16, "seed {seed}: {} ramps", with(EdgeFlags::LINK));
        assert!(with(EdgeFlags::ROUNDABOUT) >= 15, "seed {seed}: {} arcs", with(EdgeFlags::ROUNDABOUT));
        let named = share(network.edges(), |edge| !network.name(edge).is_empty());
        assert!(named > 0.9, "seed {seed}: {named} of the edges have a name");
        let bent = share(network.edges(), |edge| network.shape(edge).len() > 2);
        assert!(bent > 0.2, "seed {seed}: {bent} of the edges are bent");
        let forbidden =
            network.turn_count() - network.edges().map(|edge| network.successors(edge).count()).sum::<usize>();
        assert!((20..2_000).contains(&forbidden), "seed {seed}: {forbidden} forbidden turns");
    }
}

/// Without its bridges over water a city falls apart, and there are few of them.
#[test]
fn a_river_parts_the_city() {
    for seed in 0..6 {
        let network = city(seed, 7_000);
        let terrain = super::terrain::Terrain::new(&SyntheticCity { seed, ..SyntheticCity::default() });
        let frame = crate::geo::LocalFrame::at(SyntheticCity::default().anchor);
        let is_bridge = |edge: EdgeId| {
            let shape: Vec<_> = network.shape(edge).iter().map(|&at| frame.to_xy(at)).collect();
            shape.windows(2).any(|pair| terrain.river.is_crossed(pair[0], pair[1]))
        };
        let bridges: Vec<EdgeId> = network.edges().filter(|&edge| is_bridge(edge)).collect();
        // Each edge of a bridge is one direction; the motorway's are two carriageways.
        assert!((8..=40).contains(&bridges.len()), "seed {seed}: {} edges over the river", bridges.len());
        let flagged = bridges.iter().all(|&edge| network.flags(edge).contains(EdgeFlags::BRIDGE));
        assert!(flagged, "seed {seed}: an edge over the river is no bridge");
        let mut weights = network.free_flow_weights().to_vec();
        bridges.iter().for_each(|bridge| weights[bridge.index()] = INFINITY);
        let metric = Metric::new(&network, weights).expect("weights within bounds");
        let all: Vec<_> = network.edges().map(|edge| Position { edge, offset_mm: 0 }).collect();
        let from: Vec<_> = all.iter().copied().find(|at| !bridges.contains(&at.edge)).into_iter().collect();
        let edges = network.edge_count();
        let mut out = Vec::new();
        Query::new(Arc::new(network)).one_to_many(&metric, &from, &all, INFINITY, &mut out);
        let reached = out.iter().filter(|&&time| time < INFINITY).count() as f64 / edges as f64;
        assert!((0.1..0.9).contains(&reached), "seed {seed}: {reached} of the edges on one bank");
    }
}

#[test]
fn a_seed_is_a_city() {
    let (one, same, other) = (city(5, 3_000), city(5, 3_000), city(6, 3_000));
    assert_eq!(one.parts(), same.parts());
    assert_ne!(one.parts(), other.parts());
}
