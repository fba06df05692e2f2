//! Travel times of all kinds, and how they change.

use std::fmt;

use etaflow_road::{EdgeId, INFINITY, Network, Weight};

use super::dice::Dice;

/// How long it takes along an open edge.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// What the network says.
    FreeFlow,
    /// Anything up to a minute, near and far.
    Uniform,
    /// The network's, doubled again and again by chance.
    HeavyTailed,
    /// Hardly anything: many ways are equally fast, and turns are all that counts.
    Tiny,
    /// So long that a way of some edges takes forever, and now and then one edge nearly does.
    Huge,
}

const KINDS: [Kind; 5] = [Kind::FreeFlow, Kind::Uniform, Kind::HeavyTailed, Kind::Tiny, Kind::Huge];

const CLOSED_SHARES: [f64; 4] = [0.0, 0.001, 0.1, 0.6];

/// Of many edges, after how many at most a way takes forever.
const HUGE_EDGES: [Weight; 4] = [10, 60, 400, 3_000];

/// What the travel times of a case are drawn from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Traffic {
    kind: Kind,
    closed_share: f64,
    huge_max: Weight,
}

impl fmt::Display for Traffic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?}, {} % closed", self.kind, self.closed_share * 100.0)?;
        if self.kind == Kind::Huge { write!(formatter, ", up to {} ms", self.huge_max) } else { Ok(()) }
    }
}

impl Traffic {
    /// That of a seed: any twenty in a row have every kind with every share of closed edges, any eighty with every
    /// greatest time too.
    pub(super) fn of(seed: u64) -> Self {
        let nth = seed as usize;
        Self {
            kind: KINDS[nth % 5],
            closed_share: CLOSED_SHARES[nth / 5 % 4],
            huge_max: INFINITY / HUGE_EDGES[(nth / 5 + nth / 20) % 4],
        }
    }

    pub(super) fn weights(&self, network: &Network, dice: &mut Dice) -> Vec<Weight> {
        let weight = |edge| if dice.chance(self.closed_share) { INFINITY } else { self.open(network, edge, dice) };
        network.edges().map(weight).collect()
    }

    fn open(&self, network: &Network, edge: EdgeId, dice: &mut Dice) -> Weight {
        match self.kind {
            Kind::FreeFlow => network.free_flow(edge),
            Kind::Uniform => dice.within(1..=60_000),
            Kind::HeavyTailed => {
                let mut weight = network.free_flow(edge);
                while weight < INFINITY / 2 && dice.chance(0.5) {
                    weight *= 2;
                }
                weight
            }
            Kind::Tiny => 1 + u32::from(dice.chance(0.1)),
            Kind::Huge if dice.chance(0.05) => INFINITY - dice.within(1..=3),
            Kind::Huge => dice.within(1..=self.huge_max),
        }
    }

    /// Changes of that many edges: most get another time, some are closed or opened, some only said to be what they
    /// are, and of some it is said twice.
    pub(super) fn changes(
        &self,
        network: &Network,
        weights: &[Weight],
        count: usize,
        dice: &mut Dice,
    ) -> Vec<(EdgeId, Weight)> {
        let every = network.edge_count();
        let mut changes = Vec::new();
        for nth in 0..count.min(every) {
            let at = if count < every { dice.below(every) } else { nth };
            let edge = EdgeId(at as u32);
            let another = if self.kind == Kind::FreeFlow {
                (network.free_flow(edge) / 4 * dice.within(1..=16)).clamp(1, INFINITY - 1)
            } else {
                self.open(network, edge, dice)
            };
            match dice.below(10) {
                0 => changes.push((edge, weights[at])),
                1 => changes.push((edge, INFINITY)),
                2 => changes.extend([(edge, INFINITY), (edge, another)]),
                3 => changes.extend([(edge, another), (edge, weights[at])]),
                _ => changes.push((edge, another)),
            }
        }
        changes
    }
}

#[test]
fn seeds_in_a_row_have_all_there_is() {
    let distinct = |seeds: std::ops::Range<u64>| {
        let drawn: std::collections::BTreeSet<String> = seeds.map(|seed| Traffic::of(seed).to_string()).collect();
        drawn.len()
    };
    let shares = CLOSED_SHARES.len();
    assert_eq!(distinct(40..60), KINDS.len() * shares);
    assert_eq!(distinct(1_000..1_080), (KINDS.len() - 1) * shares + HUGE_EDGES.len() * shares);
}
