use rustc_hash::FxHashMap;

use super::OsmError;
use super::chain::{Chain, Vertex, fold};
use super::draft::{Draft, Places};
use super::import::Import;
use super::obstacle::Facing;
use super::profile::Profile;
use super::report::ImportReport;
use super::restriction::Restriction;
use super::road::Lane;
use super::tags::Direction;
use crate::geo::Coord;
use crate::network::{BuilderEdge, BuilderNode, EdgeFlags, NetworkBuilder, NewEdge, ShapePoint};
use crate::unit::{INFINITY, Weight};

/// How far before a junction its traffic lights and signs may stand, in metres.
const APPROACH_M: f64 = 40.0;

/// Puts a network together of what both passes over a file found.
pub(super) fn assemble(mut draft: Draft<'_>, places: &Places, profile: &Profile) -> Result<Import, OsmError> {
    draft.drop_duplicates();
    let mut report = std::mem::take(&mut draft.report);
    places.count(&mut report);
    let mut pinned = vec![false; places.len()];
    for restriction in &draft.restrictions {
        if let Some(place) = places.find(restriction.via, &mut 0) {
            pinned[place as usize] = true;
        }
    }
    let is_pinned =
        |place: u32| pinned[place as usize] || places.obstacle(place).is_some_and(|obstacle| obstacle.blocked);
    let (chains, degree) = fold(&draft, places, is_pinned, &mut report);
    let mut assembly = Assembly {
        draft: &draft,
        places,
        profile,
        degree: &degree,
        builder: NetworkBuilder::new(),
        node_of: FxHashMap::default(),
        nodes: Vec::new(),
        arms: Vec::new(),
    };
    for chain in &chains {
        assembly.add(chain);
    }
    assembly.hold_up();
    for restriction in &draft.restrictions {
        assembly.restrict(restriction, &mut report);
    }
    let network = assembly.builder.build(&profile.turns)?;
    Ok(Import { network, report })
}

struct Assembly<'a, 'p> {
    draft: &'a Draft<'p>,
    places: &'a Places,
    profile: &'a Profile,
    degree: &'a [u8],
    builder: NetworkBuilder,
    /// By place, an index into `nodes`.
    node_of: FxHashMap<u32, u32>,
    nodes: Vec<Junction>,
    /// One for each edge of the builder, in order.
    arms: Vec<Arm>,
}

/// Where chains end.
#[derive(Debug)]
struct Junction {
    place: u32,
    node: BuilderNode,
    /// Indices into the arms.
    ins: Vec<u32>,
    outs: Vec<u32>,
}

/// An edge, with what turns depend on.
#[derive(Debug, Clone, Copy)]
struct Arm {
    edge: BuilderEdge,
    twin: Option<u32>,
    /// The ids of the ways at its beginning and its end.
    first_way: i64,
    last_way: i64,
    destination_only: bool,
}

impl Assembly<'_, '_> {
    fn junction(&mut self, place: u32, coord: Coord) -> u32 {
        if let Some(&known) = self.node_of.get(&place) {
            return known;
        }
        let number = self.nodes.len() as u32;
        let node = self.builder.node(self.places.id(place), coord);
        if self.places.obstacle(place).is_some_and(|obstacle| obstacle.signal.is_some()) {
            self.builder.signal(node);
        }
        self.nodes.push(Junction { place, node, ins: Vec::new(), outs: Vec::new() });
        self.node_of.insert(place, number);
        number
    }

    fn add(&mut self, chain: &Chain) {
        // Runs hold only nodes that have a place.
        let points: Vec<ShapePoint> = chain
            .vertices
            .iter()
            .filter_map(|vertex| {
                let coord = self.places.coord(vertex.place)?;
                Some(ShapePoint { key: self.places.id(vertex.place), coord })
            })
            .collect();
        let (Some((first, last)), true) = (points.first().zip(points.last()), points.len() >= 2) else { return };
        let place = |vertex: Option<&Vertex>| vertex.map_or(0, |vertex| vertex.place);
        let (tail, head) = (place(chain.vertices.first()), place(chain.vertices.last()));
        let (tail, head) = (self.junction(tail, first.coord), self.junction(head, last.coord));
        let way_id = |way: u32| self.draft.ways[way as usize].id;
        let (first_way, last_way) = (way_id(chain.first_way), way_id(chain.last_way));
        let there = chain.road.forward.map(|lane| {
            let delay_ms = lane.delay_ms + self.delay_on(chain, &points, Direction::Forward);
            self.add_edge(chain, lane, delay_ms, (tail, head), &points, (first_way, last_way))
        });
        let back = chain.road.backward.map(|lane| {
            let delay_ms = lane.delay_ms + self.delay_on(chain, &points, Direction::Backward);
            let points: Vec<_> = points.iter().rev().copied().collect();
            self.add_edge(chain, lane, delay_ms, (head, tail), &points, (last_way, first_way))
        });
        if let (Some(there), Some(back)) = (there, back) {
            let (there_edge, back_edge) = (self.arms[there as usize].edge, self.arms[back as usize].edge);
            self.builder.twins(there_edge, back_edge);
            self.arms[there as usize].twin = Some(back);
            self.arms[back as usize].twin = Some(there);
        }
    }

    fn add_edge(
        &mut self,
        chain: &Chain,
        lane: Lane,
        delay_ms: Weight,
        (tail, head): (u32, u32),
        points: &[ShapePoint],
        (first_way, last_way): (i64, i64),
    ) -> u32 {
        let edge = NewEdge {
            tail: self.nodes[tail as usize].node,
            head: self.nodes[head as usize].node,
            via: points[1..points.len() - 1].to_vec(),
            class: chain.road.class,
            flags: lane.flags,
            speed_mps: f64::from(lane.speed_mmps) / 1e3,
            delay_ms,
            length_m: None,
        };
        let edge = self.builder.edge(edge, &self.draft.ways[chain.first_way as usize].name);
        let arm = self.arms.len() as u32;
        let destination_only = lane.flags.contains(EdgeFlags::DESTINATION_ONLY);
        self.arms.push(Arm { edge, twin: None, first_way, last_way, destination_only });
        self.nodes[tail as usize].outs.push(arm);
        self.nodes[head as usize].ins.push(arm);
        arm
    }

    /// What holds one up between a chain's ends, in milliseconds.
    fn delay_on(&self, chain: &Chain, points: &[ShapePoint], direction: Direction) -> Weight {
        let obstacles = chain.vertices.iter().enumerate().filter_map(|(at, vertex)| {
            let inside = at > 0 && at + 1 < chain.vertices.len();
            inside.then(|| self.places.obstacle(vertex.place)).flatten().map(|obstacle| (at, vertex, obstacle))
        });
        let mut obstacles: Vec<_> = obstacles.collect();
        if obstacles.is_empty() {
            return 0;
        }
        let mut along = vec![0.0];
        for pair in points.windows(2) {
            along.push(along[along.len() - 1] + pair[0].coord.distance(pair[1].coord).0);
        }
        let total = along[along.len() - 1];
        let (mut behind, mut ahead) = (chain.vertices[0].place, chain.vertices[chain.vertices.len() - 1].place);
        if direction == Direction::Backward {
            obstacles.reverse();
            std::mem::swap(&mut behind, &mut ahead);
        }
        let mut delay_ms: Weight = 0;
        let mut last_light = f64::NEG_INFINITY;
        for (at, vertex, obstacle) in obstacles {
            let driven = if direction == Direction::Forward { along[at] } else { total - along[at] };
            let situation = Situation {
                with_way: (direction == Direction::Forward) != vertex.against,
                to_junction_m: if self.is_junction(ahead) { total - driven } else { f64::INFINITY },
                from_junction_m: if self.is_junction(behind) { driven } else { f64::INFINITY },
            };
            delay_ms = delay_ms.saturating_add(obstacle.pause_ms);
            delay_ms += obstacle.sign.filter(|&(facing, _)| situation.sign_counts(facing)).map_or(0, |(_, ms)| ms);
            if let Some(facing) = obstacle.signal {
                // Lights close together are one set, and so are those right before a junction that has its own.
                let repeated =
                    driven - last_light < APPROACH_M || (total - driven < APPROACH_M && self.has_signal(ahead));
                if !repeated {
                    let wait_ms = situation.light_ms(facing, self.profile);
                    if wait_ms > 0 {
                        last_light = driven;
                    }
                    delay_ms = delay_ms.saturating_add(wait_ms);
                }
            }
        }
        delay_ms.min(INFINITY / 2)
    }

    fn is_junction(&self, place: u32) -> bool {
        self.degree[place as usize] > 2
    }

    fn has_signal(&self, place: u32) -> bool {
        self.places.obstacle(place).is_some_and(|obstacle| obstacle.signal.is_some())
    }

    /// Barriers and pauses at junctions, and what going through private ground costs.
    fn hold_up(&mut self) {
        let half_ms = self.profile.delays.through_private_ms / 2;
        for junction in &self.nodes {
            let obstacle = self.places.obstacle(junction.place).copied().unwrap_or_default();
            // A sign at a junction does not say for which of the roads it stands.
            let pause_ms = obstacle.pause_ms;
            for &from in &junction.ins {
                let from = &self.arms[from as usize];
                for (number, to) in junction.outs.iter().map(|&out| (out, &self.arms[out as usize])) {
                    if from.twin == Some(number) {
                        continue;
                    }
                    if obstacle.blocked {
                        self.builder.forbid(from.edge, to.edge);
                        continue;
                    }
                    let border_ms = if from.destination_only == to.destination_only { 0 } else { half_ms };
                    if pause_ms + border_ms > 0 {
                        self.builder.penalise(from.edge, to.edge, pause_ms + border_ms);
                    }
                }
            }
        }
    }

    fn restrict(&mut self, restriction: &Restriction, report: &mut ImportReport) {
        match self.forbidden_by(restriction) {
            Ok(turns) => {
                for (from, to) in turns {
                    self.builder.forbid(self.arms[from as usize].edge, self.arms[to as usize].edge);
                }
                report.restrictions.applied += 1;
            }
            Err(Unmet::NoRoad) => report.restrictions.no_road += 1,
            Err(Unmet::NoTurn) => report.restrictions.no_turn += 1,
            Err(Unmet::Ambiguous) => report.restrictions.ambiguous += 1,
        }
    }

    /// The turns that a restriction forbids, as pairs of arms.
    fn forbidden_by(&self, restriction: &Restriction) -> Result<Vec<(u32, u32)>, Unmet> {
        let place = self.places.find(restriction.via, &mut 0).ok_or(Unmet::NoRoad)?;
        let junction = &self.nodes[*self.node_of.get(&place).ok_or(Unmet::NoRoad)? as usize];
        let (mut froms, mut tos) = (Vec::new(), Vec::new());
        for &way in &restriction.from {
            let arms = junction.ins.iter().filter(|&&arm| self.arms[arm as usize].last_way == way);
            froms.push(arms.copied().collect::<Vec<_>>());
        }
        for &way in &restriction.to {
            let arms = junction.outs.iter().filter(|&&arm| self.arms[arm as usize].first_way == way);
            tos.push(arms.copied().collect::<Vec<_>>());
        }
        if froms.iter().chain(&tos).all(Vec::is_empty) {
            return Err(Unmet::NoRoad);
        }
        let back = restriction.from == restriction.to;
        if !back && froms.iter().chain(&tos).any(|arms| arms.len() > 1) {
            return Err(Unmet::Ambiguous);
        }
        let (froms, tos): (Vec<u32>, Vec<u32>) = (froms.concat(), tos.concat());
        let mut turns = Vec::new();
        for &from in &froms {
            // From a way into itself means to turn back, also where the way goes on.
            let meant = |to: u32| tos.contains(&to) && (!back || self.arms[from as usize].twin == Some(to));
            let others = junction.outs.iter().copied().filter(|&to| restriction.only != meant(to));
            if !restriction.only || junction.outs.iter().any(|&to| meant(to)) {
                turns.extend(others.map(|to| (from, to)));
            }
        }
        // An "only" may leave nothing to forbid, where there is but one way on.
        if turns.is_empty() && (!restriction.only || froms.is_empty() || tos.is_empty()) {
            return Err(Unmet::NoTurn);
        }
        Ok(turns)
    }
}

/// Why a restriction has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unmet {
    NoRoad,
    NoTurn,
    Ambiguous,
}

/// Where on its chain somebody meets a sign or a light.
struct Situation {
    with_way: bool,
    to_junction_m: f64,
    from_junction_m: f64,
}

impl Situation {
    /// Whether a sign speaks to who comes this way.
    fn sign_counts(&self, facing: Facing) -> bool {
        match facing {
            Facing::Forward => self.with_way,
            Facing::Backward => !self.with_way,
            Facing::Both => true,
            Facing::Unsaid => self.to_junction_m <= self.from_junction_m,
        }
    }

    /// How long a light holds one up: the wait of a junction before one, that of a crossing elsewhere.
    fn light_ms(&self, facing: Facing, profile: &Profile) -> Weight {
        let near = self.to_junction_m.min(self.from_junction_m) < APPROACH_M;
        let counts = if facing == Facing::Unsaid && !near { true } else { self.sign_counts(facing) };
        match (counts, self.to_junction_m < APPROACH_M) {
            (false, _) => 0,
            (true, true) => profile.turns.signal_ms,
            (true, false) => profile.delays.pedestrian_signal_ms,
        }
    }
}
