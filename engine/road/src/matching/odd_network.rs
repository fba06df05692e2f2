//! Small networks of everything that a map should not have, and has.

use super::fixture::Random;
use crate::geo::{Coord, LocalFrame, Xy};
use crate::network::{BuilderEdge, BuilderNode, Network, NetworkBuilder, NewEdge, RoadClass, ShapePoint, TurnModel};

/// What is allowed in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Oddity {
    /// The crossroads are a square of so many by so many, at least 1.
    pub(super) side: usize,
    /// How far apart they are, in metres.
    pub(super) spacing_m: f64,
    /// Whether there is a road of some 50 km as well, and streets whose length is not that of their shape.
    pub(super) huge: bool,
}

/// A grid of which each street may be missing, one-way, bent, doubled, longer one way than the other, or of no length;
/// with turns that are forbidden, and beside it dead ends, loops, chains of edges without length, and an island.
pub(super) fn odd_network(seed: u64, origin: Coord, oddity: Oddity) -> Network {
    let Oddity { side, spacing_m, huge } = oddity;
    let mut draft = Draft {
        random: Random(seed),
        frame: LocalFrame::at(origin),
        builder: NetworkBuilder::new(),
        edges: Vec::new(),
        at: Vec::new(),
        nodes: Vec::new(),
        huge,
    };
    let middle = side as f64 / 2.0;
    for n in 0..side * side {
        // Now and then two crossroads are at one place.
        let column = if draft.random.below(12) == 0 { n.saturating_sub(1) % side } else { n % side };
        let (x, y) = (column as f64 - middle, (n / side) as f64 - middle);
        draft.node(Xy { x: x * spacing_m, y: y * spacing_m }, 0.1 * spacing_m);
    }
    for n in 0..side * side {
        let (right, down) = (n % side + 1 < side, n / side + 1 < side);
        for other in [right.then_some(n + 1), down.then_some(n + side)].into_iter().flatten() {
            draft.street(n, other);
        }
    }
    for _ in 0..1 + side {
        draft.extra(spacing_m);
    }
    // A network has at least one edge.
    draft.street_of(0, 0, false);
    draft.forbid();
    draft.builder.build(&TurnModel::default()).expect("it has an edge")
}

struct Draft {
    random: Random,
    frame: LocalFrame,
    builder: NetworkBuilder,
    edges: Vec<BuilderEdge>,
    at: Vec<Xy>,
    nodes: Vec<BuilderNode>,
    huge: bool,
}

impl Draft {
    fn node(&mut self, at: Xy, by: f64) -> usize {
        let at = Xy { x: at.x + by * self.random.normal(), y: at.y + by * self.random.normal() };
        let key = self.nodes.len() as i64;
        self.nodes.push(self.builder.node(key, self.frame.to_coord(at)));
        self.at.push(at);
        self.nodes.len() - 1
    }

    fn straight(&self, from: usize, to: usize) -> NewEdge {
        NewEdge::straight(self.nodes[from], self.nodes[to], RoadClass::Residential, 15.0)
    }

    /// With so many points in between, each beside the straight line.
    fn bent(&mut self, from: usize, to: usize, points: usize, by: f64) -> NewEdge {
        let (start, end) = (self.at[from], self.at[to]);
        let via = (1..=points).map(|nth| {
            let share = nth as f64 / (points + 1) as f64;
            let x = start.x + share * (end.x - start.x) + by * self.random.normal();
            let y = start.y + share * (end.y - start.y) + by * self.random.normal();
            ShapePoint { key: -1, coord: self.frame.to_coord(Xy { x, y }) }
        });
        let via = via.collect();
        NewEdge { via, ..self.straight(from, to) }
    }

    fn both_ways(&mut self, edge: NewEdge) {
        let (there, back) = self.builder.street(edge, "");
        self.edges.extend([there, back]);
    }

    fn street(&mut self, from: usize, to: usize) {
        match self.random.below(10) {
            0 => {}
            1 => {
                let edge = self.builder.edge(self.straight(from, to), "");
                self.edges.push(edge);
            }
            2 => {
                let edge = self.builder.edge(self.straight(to, from), "");
                self.edges.push(edge);
            }
            // Two streets, in one place or nearly.
            3 => {
                self.street_of(from, to, false);
                self.street_of(from, to, true);
            }
            // One way is longer than the other.
            4 => {
                let there = self.straight(from, to);
                let back = self.bent(to, from, 2, 4.0);
                let (there, back) = (self.builder.edge(there, ""), self.builder.edge(back, ""));
                self.builder.twins(there, back);
                self.edges.extend([there, back]);
            }
            5 if self.huge => {
                let length_m = [0.0, 1e-3, 7.0, 900.0][self.random.below(4)];
                let edge = NewEdge { length_m: Some(length_m), ..self.straight(from, to) };
                self.both_ways(edge);
            }
            nth => self.street_of(from, to, nth % 2 == 0),
        }
    }

    fn street_of(&mut self, from: usize, to: usize, bent: bool) {
        let edge = if bent { self.bent(from, to, 3, 5.0) } else { self.straight(from, to) };
        self.both_ways(edge);
    }

    fn extra(&mut self, spacing_m: f64) {
        let from = self.random.below(self.nodes.len());
        let at = self.at[from];
        match self.random.below(6) {
            // A dead end.
            0 => {
                let end = self.node(at, spacing_m);
                self.street_of(from, end, true);
            }
            // One-way into nowhere.
            1 => {
                let end = self.node(at, spacing_m);
                let edge = self.builder.edge(self.straight(from, end), "");
                self.edges.push(edge);
            }
            // Several edges in a row without length, and then one that has some.
            2 => {
                let mut last = from;
                for _ in 0..4 {
                    let next = self.node(at, 0.0);
                    self.street_of(last, next, false);
                    last = next;
                }
                let end = self.node(at, spacing_m);
                self.street_of(last, end, false);
            }
            // Around and back, and a loop that has no extent.
            3 => {
                let edge = self.bent(from, from, 4, 0.4 * spacing_m);
                self.both_ways(edge);
                self.street_of(from, from, false);
            }
            // An island.
            4 => {
                let (start, end) = (self.node(at, 0.5 * spacing_m), self.node(at, spacing_m));
                self.street_of(start, end, true);
            }
            _ if self.huge => {
                let end = self.node(Xy { x: at.x + 35_000.0, y: at.y + 35_000.0 }, 5_000.0);
                let edge = self.bent(from, end, 9, 300.0);
                self.both_ways(edge);
            }
            _ => {}
        }
    }

    /// Forbids about one turn in ten.
    fn forbid(&mut self) {
        for from in 0..self.edges.len() {
            for to in 0..self.edges.len() {
                if self.random.below(10) == 0 {
                    self.builder.forbid(self.edges[from], self.edges[to]);
                }
            }
        }
    }
}
