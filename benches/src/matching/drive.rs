use std::sync::Arc;

use etaflow_road::{Coord, EdgeId, LocalFrame, Metric, Network, Position, Query, Xy};

use crate::Random;

/// How fast a vehicle gains speed, in metres per second each second.
const GAIN_MPS2: f64 = 1.5;
/// And how fast it brakes.
const BRAKE_MPS2: f64 = 2.0;
/// How far it is on average from one stop to the first junction that may be the next one, in metres.
const STOP_EVERY_M: f64 = 500.0;
/// How far before a junction it stands at most, in metres: who was there before is in front of it.
const QUEUE_M: f64 = 25.0;
/// How long a stop is, in seconds: at least so long, and up to so much longer.
const STOP_S: (usize, usize) = (3, 20);
/// Of so many random places the nearest is driven to: most trips are short.
const CHOICES: usize = 16;
/// How far off a receiver is east and north, in metres (one standard deviation),
const NOISE_M: f64 = 4.0;
/// and how much of that error is left after a second.
const NOISE_KEPT: f64 = 0.95;

/// Where one can drive to, and how.
pub(super) struct Roads {
    network: Arc<Network>,
    metric: Metric,
    query: Query,
    /// From each of these there is a way to each other one.
    edges: Vec<EdgeId>,
}

impl Roads {
    /// Of a network, which must have an edge.
    pub(super) fn new(network: &Arc<Network>) -> Self {
        let edges = network.edges().filter(|&edge| network.component(edge) == 0).collect();
        Self {
            network: Arc::clone(network),
            metric: Metric::free_flow(network),
            query: Query::new(Arc::clone(network)),
            edges,
        }
    }

    fn random_edge(&self, random: &mut Random) -> EdgeId {
        self.edges[random.below(self.edges.len())]
    }

    /// The fastest way from the end of an edge to the end of another one that is not far: the edges after the first.
    fn trip(&mut self, from: EdgeId, random: &mut Random) -> Option<Vec<EdgeId>> {
        let network = &self.network;
        let end = |edge| Position { edge, offset_mm: network.length_mm(edge) };
        let here = network.coord(network.head(from));
        let far_mm = |edge: &EdgeId| (here.distance(network.coord(network.head(*edge))).0 * 1e3) as u64;
        let choices: Vec<EdgeId> = (0..CHOICES).map(|_| self.random_edge(random)).collect();
        let target = choices.into_iter().filter(|&edge| edge != from).min_by_key(far_mm)?;
        let route = self.query.route(&self.metric, &[end(from)], &[end(target)])?;
        Some(route.edges[1..].to_vec())
    }
}

/// A vehicle that drives from one place to another, and to another, second by second.
///
/// It keeps to a share of the free-flow speed that changes from edge to edge, gains speed and brakes as cars do, and
/// stands at some junctions.
pub(super) struct Drive {
    random: Random,
    edge: EdgeId,
    offset_m: f64,
    /// What comes after the edge, last first.
    ahead: Vec<EdgeId>,
    speed_mps: f64,
    pace: f64,
    /// How far it still goes before it stops at the next junction.
    stop_in_m: f64,
    /// How far before that.
    queue_m: f64,
    standing_s: usize,
    noise: Xy,
}

impl Drive {
    /// On a random edge, already under way.
    pub(super) fn new(roads: &Roads, seed: u64) -> Self {
        let mut random = Random(seed);
        let edge = roads.random_edge(&mut random);
        let offset_m = random.unit() * roads.network.length(edge).0;
        let noise = Xy { x: NOISE_M * random.normal(), y: NOISE_M * random.normal() };
        let stop_in_m = random.unit() * STOP_EVERY_M;
        Self {
            random,
            edge,
            offset_m,
            ahead: Vec::new(),
            speed_mps: 8.0,
            pace: 0.8,
            stop_in_m,
            queue_m: QUEUE_M / 2.0,
            standing_s: 0,
            noise,
        }
    }

    /// The edge that it is on.
    pub(super) fn edge(&self) -> EdgeId {
        self.edge
    }

    /// Whether it stands.
    pub(super) fn stands(&self) -> bool {
        self.standing_s > 0
    }

    /// Where its receiver says that it is.
    pub(super) fn seen(&self, network: &Network) -> Coord {
        let offset_mm = ((self.offset_m * 1e3) as u32).min(network.length_mm(self.edge));
        LocalFrame::at(network.coord_at(self.edge, offset_mm)).to_coord(self.noise)
    }

    /// Drives on for a second.
    pub(super) fn second(&mut self, roads: &mut Roads) {
        let new = NOISE_M * (1.0 - NOISE_KEPT * NOISE_KEPT).sqrt();
        self.noise.x = NOISE_KEPT * self.noise.x + new * self.random.normal();
        self.noise.y = NOISE_KEPT * self.noise.y + new * self.random.normal();
        if self.standing_s > 0 {
            self.standing_s -= 1;
            return;
        }
        let left_m = (roads.network.length(self.edge).0 - self.queue_m - self.offset_m).max(0.0);
        let stops = self.stop_in_m <= 0.0;
        let brake_mps = if stops { (2.0 * BRAKE_MPS2 * left_m).sqrt() } else { f64::INFINITY };
        let free_mps = roads.network.free_flow_speed(self.edge).0 * self.pace;
        self.speed_mps = (self.speed_mps + GAIN_MPS2).min(free_mps).min(brake_mps);
        if stops && left_m <= self.speed_mps {
            self.offset_m += left_m;
            self.speed_mps = 0.0;
            self.standing_s = STOP_S.0 + self.random.below(STOP_S.1);
            self.queue_m = QUEUE_M * self.random.unit();
            self.stop_in_m = -STOP_EVERY_M * (1.0 - self.random.unit()).ln();
            return;
        }
        self.offset_m += self.speed_mps;
        self.stop_in_m -= self.speed_mps;
        self.cross_junctions(roads);
    }

    fn cross_junctions(&mut self, roads: &mut Roads) {
        while self.offset_m > roads.network.length(self.edge).0 {
            if self.ahead.is_empty() {
                self.ahead = roads.trip(self.edge, &mut self.random).unwrap_or_default();
                self.ahead.reverse();
            }
            let length_m = roads.network.length(self.edge).0;
            let Some(next) = self.ahead.pop() else {
                // No way on this time; it tries again in a second.
                self.offset_m = length_m;
                return;
            };
            self.offset_m -= length_m;
            self.edge = next;
            self.pace = 0.6 + 0.5 * self.random.unit();
        }
    }
}
