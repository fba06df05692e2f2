//! What tests of routing are tried on.

use std::sync::Arc;

use proptest::prelude::*;

use super::{Metric, Position};
use crate::geo::Coord;
use crate::id::EdgeId;
use crate::network::{BuilderEdge, Network, NetworkBuilder, NewEdge, RoadClass, TurnModel};
use crate::unit::{INFINITY, Weight};

/// A network with everything that may go wrong: one-way streets, parallel edges, loops, lone nodes, forbidden turns,
/// lengths that are shorter than the crow flies, closed edges.
pub(super) fn world() -> impl Strategy<Value = (Arc<Network>, Metric)> {
    let street = (0..9_usize, 0..9_usize, any::<bool>(), prop::option::of(1.0..900.0));
    let streets = prop::collection::vec(street, 1..22);
    let places = prop::collection::vec((0..300_i32, 0..300_i32), 9);
    let forbidden = prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..12);
    let network = (places, streets, forbidden).prop_map(|(places, streets, forbidden)| {
        let mut builder = NetworkBuilder::new();
        let place = |(lat, lon)| Coord::from_e7(411_000_000 + lat * 100, -86_000_000 + lon * 100).expect("in range");
        let nodes: Vec<_> = (0..).zip(places).map(|(key, at)| builder.node(key, place(at))).collect();
        let mut edges: Vec<BuilderEdge> = Vec::new();
        for (tail, head, one_way, length_m) in streets {
            let straight = NewEdge::straight(nodes[tail], nodes[head], RoadClass::Residential, 10.0);
            let edge = NewEdge { length_m, ..straight };
            if one_way {
                edges.push(builder.edge(edge, ""));
            } else {
                let (there, back) = builder.street(edge, "");
                edges.extend([there, back]);
            }
        }
        for (from, to) in forbidden {
            builder.forbid(edges[from.index(edges.len())], edges[to.index(edges.len())]);
        }
        Arc::new(builder.build(&TurnModel::default()).expect("has edges"))
    });
    network.prop_flat_map(|network| {
        let weights = prop_oneof![any_weights(network.edge_count()), crow_weights(&network)];
        (Just(network), weights).prop_map(|(network, weights)| {
            let metric = Metric::new(&network, weights).expect("weights within bounds");
            (network, metric)
        })
    })
}

/// Weights that have nothing to do with distances.
fn any_weights(edges: usize) -> impl Strategy<Value = Vec<Weight>> + use<> {
    let huge = INFINITY / 3..INFINITY;
    let weight = prop_oneof![20 => 1..60_000_u32, 4 => 1..5_u32, 2 => Just(INFINITY), 1 => huge];
    prop::collection::vec(weight, edges)
}

/// Weights that are hardly more than the crow needs at one speed and outweigh the turns.
fn crow_weights(network: &Network) -> impl Strategy<Value = Vec<Weight>> + use<> {
    let ends = |edge| network.coord(network.tail(edge)).distance(network.coord(network.head(edge))).0;
    let crow: Vec<f64> = network.edges().map(ends).collect();
    let detours = prop::collection::vec(prop_oneof![8 => 1e4..1.2e4, 1 => Just(f64::INFINITY)], crow.len());
    detours.prop_map(move |detours| {
        let weights = crow.iter().zip(detours).map(|(crow, detour)| (crow * detour) as Weight);
        weights.map(|weight| weight.clamp(1, INFINITY)).collect()
    })
}

/// An edge among those of any network, and an offset.
pub(super) type Draw = (prop::sample::Index, u32);

pub(super) fn draws(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Draw>> {
    let offset = prop_oneof![4 => 0..200_000_u32, 1 => Just(0), 1 => Just(u32::MAX)];
    prop::collection::vec((any::<prop::sample::Index>(), offset), count)
}

pub(super) fn positions(network: &Network, draws: &[Draw]) -> Vec<Position> {
    let position = |(at, offset_mm): &Draw| {
        let edge = EdgeId(at.index(network.edge_count()) as u32);
        Position { edge, offset_mm: (*offset_mm).min(network.length_mm(edge)) }
    };
    draws.iter().map(position).collect()
}

/// One street, open both ways.
pub(super) fn street() -> Network {
    let mut builder = NetworkBuilder::new();
    let place = |lon| Coord::from_degrees(41.0, lon).expect("in range");
    let (a, b) = (builder.node(1, place(-8.0)), builder.node(2, place(-7.99)));
    builder.street(NewEdge::straight(a, b, RoadClass::Residential, 10.0), "");
    builder.build(&TurnModel::default()).expect("has edges")
}
