//! Networks, drives and judges for the tests of matching.

use std::sync::Arc;

use super::config::MatcherConfig;
use super::matcher::Matcher;
use super::outcome::{Committed, Joint, Outcome};
use crate::geo::{Coord, LocalFrame, Xy};
use crate::id::EdgeId;
use crate::index::EdgeIndex;
use crate::network::{Network, NetworkBuilder, NewEdge, RoadClass, ShapePoint, TurnModel};
use crate::routing::Position;
use crate::unit::{INFINITY, Timestamp};

/// A seeded stream of numbers in 0..1 (splitmix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ word >> 31) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal, with a standard deviation of 1.
    pub(super) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    pub(super) fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count - 1)
    }
}

pub(super) fn origin(lat: f64, lon: f64) -> Coord {
    Coord::from_degrees(lat, lon).expect("in range")
}

/// A town of `side` times `side` crossroads some 110 m apart, none quite where it should be, with bent streets and
/// every fifth of them one-way.
pub(super) fn town(origin: Coord, side: usize) -> Network {
    let mut random = Random(side as u64);
    let frame = LocalFrame::at(origin);
    let mut builder = NetworkBuilder::new();
    let mut place = |x: f64, y: f64, by: f64| {
        let (dx, dy) = (by * random.normal(), by * random.normal());
        frame.to_coord(Xy { x: x + dx, y: y + dy })
    };
    let at = |n: usize| 110.0 * (n as f64 - side as f64 / 2.0);
    let nodes: Vec<_> =
        (0..side * side).map(|n| builder.node(n as i64, place(at(n % side), at(n / side), 12.0))).collect();
    let mut streets = 0;
    for row in 0..side {
        for column in 0..side {
            for (right, down) in [(1, 0), (0, 1)] {
                if column + right == side || row + down == side {
                    continue;
                }
                let (tail, head) = (nodes[row * side + column], nodes[(row + down) * side + column + right]);
                let middle = place(at(column) + 55.0 * right as f64, at(row) + 55.0 * down as f64, 8.0);
                let via = vec![ShapePoint { key: -1, coord: middle }];
                let edge = NewEdge { via, ..NewEdge::straight(tail, head, RoadClass::Residential, 10.0) };
                streets += 1;
                if streets % 5 == 0 {
                    builder.edge(edge, "");
                } else {
                    builder.street(edge, "");
                }
            }
        }
    }
    builder.build(&TurnModel::default()).expect("builds")
}

pub(super) fn matcher(network: Network, config: MatcherConfig) -> Matcher {
    let network = Arc::new(network);
    let index = Arc::new(EdgeIndex::new(&network));
    Matcher::new(network, index, config).expect("valid")
}

/// A drive along random edges, never straight back: where the vehicle is every `every_m` metres.
pub(super) fn drive(network: &Network, random: &mut Random, length_m: f64, every_m: f64) -> Vec<Position> {
    let mut edge = EdgeId(random.below(network.edge_count()) as u32);
    let (mut offset, mut driven) = (0.0, 0.0);
    let mut positions = Vec::new();
    while driven < length_m {
        positions.push(Position { edge, offset_mm: (offset * 1e3) as u32 });
        driven += every_m;
        offset += every_m;
        while offset > network.length(edge).0 {
            offset -= network.length(edge).0;
            let on: Vec<EdgeId> = network.successors(edge).map(|(next, _)| next).collect();
            let ahead: Vec<EdgeId> = on.iter().copied().filter(|&next| Some(next) != network.twin(edge)).collect();
            let choice = if ahead.is_empty() { &on } else { &ahead };
            if choice.is_empty() {
                return positions;
            }
            edge = choice[random.below(choice.len())];
        }
    }
    positions
}

/// What is committed of a trace, held to its promise.
#[derive(Default)]
pub(super) struct Checked {
    pub(super) last: Option<(Position, Timestamp)>,
    pub(super) edges: Vec<EdgeId>,
    pub(super) steps: usize,
}

impl Checked {
    pub(super) fn take(&mut self, network: &Network, committed: Committed<'_>) {
        for step in committed.steps() {
            let opposite = |place: Position| place.opposite(network).expect("it turns back where both ways are open");
            match (self.last, step.joint) {
                (Some(last), Joint::Continues) => assert_eq!((step.from, step.from_time), last),
                (Some((last, time)), Joint::TurnsBack) => {
                    assert_eq!((step.from, step.from_time), (opposite(last), time))
                }
                (Some((_, time)), Joint::Jumps) => assert!(time <= step.from_time),
                (Some(_), Joint::Breaks(reason)) => panic!("a break ends the trace: {reason:?}"),
                (None, joint) => {
                    let begins = matches!(joint, Joint::Breaks(_) | Joint::Jumps);
                    assert!(begins, "nothing is there to go on from: {joint:?}");
                }
            }
            assert!(step.from_time <= step.to_time);
            assert_eq!(step.path.first(), Some(&step.from.edge));
            assert_eq!(step.path.last(), Some(&step.to.edge));
            for pair in step.path.windows(2) {
                assert!(network.turn_cost(pair[0], pair[1]) < INFINITY, "{pair:?} is no allowed turn");
            }
            assert!(step.path.len() > 1 || step.from.offset_mm <= step.to.offset_mm);
            for place in [step.from, step.to] {
                assert!(place.offset_mm <= network.length_mm(place.edge));
            }
            let joined = usize::from(self.edges.last() == step.path.first());
            self.edges.extend(&step.path[joined..]);
            self.last = Some((step.to, step.to_time));
            self.steps += 1;
        }
    }

    pub(super) fn on_outcome(&mut self, network: &Network, outcome: &Outcome<'_>) {
        let Outcome::Matched(matched) = outcome else { return };
        self.take(network, matched.committed);
        if matched.broke.is_some() {
            self.last = None;
        }
    }
}
