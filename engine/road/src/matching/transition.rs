use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::config::MatcherConfig;
use super::hops::Hops;
use super::labels::{Label, Labels};
use super::trace::State;
use crate::geo::{Coord, LocalFrame};
use crate::id::EdgeId;
use crate::index::Candidate;
use crate::network::Network;
use crate::routing::Position;

/// In place of the label before, where a way begins at the end of the edge that it starts on,
const ROOT: u32 = u32::MAX;

/// and where it begins by turning back on that edge.
const TURNED: u32 = u32::MAX - 1;

/// In place of the cost of a way, where there is none.
pub(super) const UNREACHED: u32 = u32::MAX;

/// From this far on the search for all ways of a step is led by where they lead to: nearer by, it would be so in vain.
const LED_FROM_MM: u32 = 40_000;

/// What is farther away counts as so far: no plane fits the globe much farther.
const LED_TO_M: f64 = 20_000.0;

/// Where no way is found after looking at so many times as many edges as are looked at for a step, there is none.
const PATH_FACTOR: usize = 16;

/// Ways along the roads between the states of one fix and the candidates of the next: a search over edges, so that
/// forbidden turns are kept to, by the least that a way can cost (Dijkstra's, and where it is led, A*).
///
/// Lengths count, not times: a vehicle that is known to have moved 80 m in 5 s took the way that is about 80 m long.
#[derive(Debug)]
pub(super) struct WaySearch {
    hops: Hops,
    front: Front,
    targets: Targets,
    jitter_mm: u32,
    u_turn_mm: u32,
    edges_max: usize,
}

/// A step from one fix to the next. Likelihoods are lengths here: what a way that is so much longer than the crow's costs.
pub(super) struct Step<'a> {
    pub(super) states: &'a [State],
    pub(super) candidates: &'a [Candidate],
    /// What each candidate costs by itself.
    pub(super) emission_mm: &'a [u32],
    /// How much nearer each candidate is to the fix before than this fix is: the vehicle has come farther than that, by
    /// whatever street.
    pub(super) short_mm: &'a [u32],
    /// Where the fix is.
    pub(super) to: Coord,
    /// How far it is from the one before.
    pub(super) crow_mm: u32,
    /// How long a way costs one nat.
    pub(super) mm_per_nat: f64,
    /// What costs so much more than the best is given up.
    pub(super) beam_mm: u32,
}

/// The best way to a candidate: what it costs, the candidate itself left out, and the state that it comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    pub(super) cost_mm: u32,
    pub(super) state: u8,
}

/// Where a way turns in the middle of a street.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Nowhere,
    AtStart,
    AtEnd,
}

/// A direction in which a search is led: what is still to go at least.
struct Lead {
    frame: Option<LocalFrame>,
    /// So much nearer to there is the end.
    slack_m: f64,
    /// How many metres there are to go at least for each of the crow's.
    metres_per_crow: f64,
}

/// The labels of a search, and those that are still to be looked at.
#[derive(Debug)]
struct Front {
    labels: Labels,
    /// The least that a way with a label can cost, its length, and the label.
    queue: BinaryHeap<Reverse<(u32, u32, u32)>>,
}

/// The edges of the candidates.
#[derive(Debug, Default)]
struct Targets {
    edges: Vec<u32>,
    /// A bit for each, by its lowest bits: most edges are told from all of them by a glance.
    bits: u64,
}

impl WaySearch {
    pub(super) fn new(network: &Network, config: &MatcherConfig) -> Self {
        Self {
            hops: Hops::new(network),
            front: Front { labels: Labels::new(), queue: BinaryHeap::new() },
            targets: Targets::default(),
            jitter_mm: (config.jitter_m * 1e3) as u32,
            u_turn_mm: (config.u_turn_m * 1e3) as u32,
            edges_max: config.search_edges_max,
        }
    }

    /// Finds the best way to each candidate from any of the states; `arrivals` gets one for each candidate.
    ///
    /// One search for all states: a label is given up where another state's way to the same edge is better whatever
    /// follows. It ends when no candidate can be reached better, or within the beam.
    pub(super) fn reach(&mut self, network: &Network, step: &Step<'_>, arrivals: &mut Vec<Arrival>) {
        arrivals.clear();
        arrivals.resize(step.candidates.len(), Arrival { cost_mm: UNREACHED, state: 0 });
        self.targets.set(step.candidates);
        self.front.clear();
        for (state, source) in step.states.iter().zip(0..) {
            self.stay(network, step, source, state, arrivals);
        }
        let mut limit_mm = limit_mm(step, arrivals);
        let lead = Lead::to_fix(&self.hops, step);
        for (state, source) in step.states.iter().zip(0..) {
            let handicap_mm = step.handicap_mm(state);
            let least_mm = |distance_mm| step.least_mm(handicap_mm, distance_mm, 0);
            self.start(network, state.position, (source, handicap_mm), least_mm, limit_mm);
        }
        let mut settled = 0;
        while let Some(Reverse((least_mm, _, number))) = self.front.queue.pop() {
            if least_mm >= limit_mm || settled >= self.edges_max {
                break;
            }
            if self.front.labels.is_replaced(number) {
                continue;
            }
            settled += 1;
            let label = *self.front.labels.get(number);
            if !label.is_start
                && let Some(slot) = self.targets.find(label.edge)
            {
                let way_mm = label.distance_mm.saturating_add(step.candidates[slot].position.offset_mm);
                let over_mm = way_mm.saturating_sub(step.crow_mm);
                let cost_mm = label.handicap_mm.saturating_add(over_mm).saturating_add(step.short_mm[slot]);
                if arrivals[slot].offer(cost_mm, label.source) {
                    limit_mm = self::limit_mm(step, arrivals);
                }
            }
            let end = self.end(number, label);
            let ahead_mm = lead.ahead_mm(&self.hops, end.edge);
            let least_mm = |distance_mm| step.least_mm(end.handicap_mm, distance_mm, ahead_mm);
            self.front.expand(&self.hops, end, self.u_turn_mm, step.crow_mm, least_mm, limit_mm);
        }
    }

    /// The ways that do not leave the street: on the edge itself, and with a turn on the road.
    fn stay(&self, network: &Network, step: &Step<'_>, source: u8, state: &State, arrivals: &mut [Arrival]) {
        let (from, handicap_mm) = (state.position, step.handicap_mm(state));
        if let Some(slot) = self.targets.find(from.edge.0)
            && let Some(way_mm) = self.along(from, step.candidates[slot].position)
        {
            arrivals[slot].offer(step.street_cost_mm(handicap_mm, way_mm), source);
        }
        if let Some(back) = from.opposite(network)
            && let Some(slot) = self.targets.find(back.edge.0)
        {
            let way_mm = back.offset_mm.abs_diff(step.candidates[slot].position.offset_mm);
            let way_mm = way_mm.saturating_add(self.u_turn_mm);
            if step.least_mm(handicap_mm, way_mm, 0) <= step.beam_mm {
                arrivals[slot].offer(step.street_cost_mm(handicap_mm, way_mm), source);
            }
        }
    }

    /// The beginnings of all ways from a place that leave its street: one at the end of its edge, and one at the end of
    /// the twin after a turn on the road. What cannot cost less than the limit is left out.
    fn start(
        &mut self,
        network: &Network,
        from: Position,
        (source, handicap_mm): (u8, u32),
        least_mm: impl Fn(u32) -> u32,
        limit_mm: u32,
    ) {
        let back = from.opposite(network).map(|back| (back, self.u_turn_mm, TURNED));
        for (place, extra_mm, before) in [(from, 0, ROOT)].into_iter().chain(back) {
            let left_mm = self.hops.length_mm(place.edge.0).saturating_sub(place.offset_mm);
            let distance_mm = left_mm.saturating_add(extra_mm);
            let least_mm = least_mm(distance_mm);
            if least_mm < limit_mm {
                let start = Label { edge: place.edge.0, distance_mm, handicap_mm, before, source, is_start: true };
                let number = self.front.labels.push_start(start);
                self.front.queue.push(Reverse((least_mm, distance_mm, number)));
            }
        }
    }

    /// The label at the end of the edge that a label is at the beginning of.
    #[inline]
    fn end(&self, number: u32, label: Label) -> Label {
        if label.is_start {
            return Label { is_start: false, ..label };
        }
        let distance_mm = label.distance_mm.saturating_add(self.hops.length_mm(label.edge));
        Label { distance_mm, before: number, ..label }
    }

    /// How far it is from one place on an edge to another without leaving it, in millimetres. A little way back is no
    /// way at all, but error.
    #[inline]
    fn along(&self, from: Position, to: Position) -> Option<u32> {
        if from.edge != to.edge {
            return None;
        }
        match to.offset_mm.checked_sub(from.offset_mm) {
            Some(ahead) => Some(ahead),
            None => (from.offset_mm - to.offset_mm <= self.jitter_mm).then_some(0),
        }
    }

    /// Appends the edges from that of `from` to that of `to`, both included, and says where it turns on the road, or
    /// `None` if there is no way. Where it turns at once, the edges begin with the twin.
    ///
    /// It is a shortest way, as [`reach`](Self::reach) measures them.
    pub(super) fn path(
        &mut self,
        network: &Network,
        from: Position,
        to: Position,
        path: &mut Vec<EdgeId>,
    ) -> Option<Turn> {
        if self.along(from, to).is_some() {
            path.push(from.edge);
            return Some(Turn::Nowhere);
        }
        let back = from.opposite(network).filter(|back| back.edge == to.edge);
        let turned_mm = back.map(|back| back.offset_mm.abs_diff(to.offset_mm).saturating_add(self.u_turn_mm));
        let limit_mm = turned_mm.map_or(u32::MAX, |turned_mm| turned_mm.saturating_sub(to.offset_mm));
        let mut last = match (self.find(network, from, to.edge, limit_mm), back) {
            (Some(last), _) => last,
            (None, Some(back)) => {
                let is_behind = back.offset_mm <= to.offset_mm;
                path.push(if is_behind { to.edge } else { from.edge });
                return Some(if is_behind { Turn::AtStart } else { Turn::AtEnd });
            }
            (None, None) => return None,
        };
        let first = path.len();
        while last < TURNED {
            let label = self.front.labels.get(last);
            path.push(EdgeId(label.edge));
            last = label.before;
        }
        let (start, turn) = match last {
            TURNED => (network.twin(from.edge)?, Turn::AtStart),
            _ => (from.edge, Turn::Nowhere),
        };
        path.push(start);
        path[first..].reverse();
        Some(turn)
    }

    /// The label of the shortest way to an edge that leaves the street, if it is shorter than the limit.
    fn find(&mut self, network: &Network, from: Position, to: EdgeId, limit_mm: u32) -> Option<u32> {
        self.front.clear();
        let lead = Lead::new(&self.hops, Some(network.coord(network.tail(to))), 0.0);
        self.start(network, from, (0, 0), |distance_mm| distance_mm, limit_mm);
        for _ in 0..self.edges_max.saturating_mul(PATH_FACTOR) {
            let Reverse((.., number)) = self.front.queue.pop()?;
            if self.front.labels.is_replaced(number) {
                continue;
            }
            let label = *self.front.labels.get(number);
            if label.edge == to.0 && !label.is_start {
                return Some(number);
            }
            let end = self.end(number, label);
            let ahead_mm = lead.ahead_mm(&self.hops, end.edge);
            let least_mm = |distance_mm: u32| distance_mm.saturating_add(ahead_mm);
            self.front.expand(&self.hops, end, self.u_turn_mm, 0, least_mm, limit_mm);
        }
        None
    }
}

/// What a label must cost less than to be of any use.
fn limit_mm(step: &Step<'_>, arrivals: &[Arrival]) -> u32 {
    let all = || arrivals.iter().zip(step.emission_mm);
    let best_mm = all().map(|(arrival, &own_mm)| arrival.cost_mm.saturating_add(own_mm)).min().unwrap_or(UNREACHED);
    let worst_mm = best_mm.saturating_add(step.beam_mm);
    let useful = |(arrival, &own_mm): (&Arrival, &u32)| arrival.cost_mm.min(worst_mm.saturating_sub(own_mm));
    all().map(useful).max().unwrap_or(0).min(step.beam_mm.saturating_add(1))
}

impl Step<'_> {
    fn handicap_mm(&self, state: &State) -> u32 {
        (f64::from(-state.nats) * self.mm_per_nat) as u32
    }

    /// What a way costs that does not leave the street: one that is shorter than the crow's is as wrong as a longer one.
    fn street_cost_mm(&self, handicap_mm: u32, way_mm: u32) -> u32 {
        handicap_mm.saturating_add(way_mm.abs_diff(self.crow_mm))
    }

    /// What a way costs at least that is so long, and leads on.
    #[inline]
    fn least_mm(&self, handicap_mm: u32, distance_mm: u32, ahead_mm: u32) -> u32 {
        handicap_mm.saturating_add(distance_mm.saturating_add(ahead_mm).saturating_sub(self.crow_mm))
    }
}

impl Arrival {
    /// Takes another way, if it is better, and says whether it is.
    #[inline]
    fn offer(&mut self, cost_mm: u32, state: u8) -> bool {
        let is_better = cost_mm < self.cost_mm;
        if is_better {
            *self = Self { cost_mm, state };
        }
        is_better
    }
}

impl Lead {
    fn to_fix(hops: &Hops, step: &Step<'_>) -> Self {
        let farthest_m = step.candidates.iter().map(|candidate| candidate.distance_m).fold(0.0, f32::max);
        Self::new(hops, (step.crow_mm >= LED_FROM_MM).then_some(step.to), f64::from(farthest_m))
    }

    fn new(hops: &Hops, to: Option<Coord>, slack_m: f64) -> Self {
        // A plane is no globe, and lengths were rounded.
        Self { frame: to.map(LocalFrame::at), slack_m, metres_per_crow: 0.99 * hops.metres_per_crow() }
    }

    /// How far it is from the end of an edge at least.
    #[inline]
    fn ahead_mm(&self, hops: &Hops, edge: u32) -> u32 {
        let Some(frame) = self.frame else { return 0 };
        let there = frame.to_xy(hops.head(edge));
        let crow_m = (there.x * there.x + there.y * there.y).sqrt();
        ((crow_m.min(LED_TO_M) - self.slack_m) * self.metres_per_crow * 1e3).max(0.0) as u32
    }
}

impl Front {
    fn clear(&mut self) {
        self.labels.clear();
        self.queue.clear();
    }

    /// Labels what follows the end of an edge. `least_mm` says what a way from there costs at least that is so long.
    #[inline]
    fn expand(
        &mut self,
        hops: &Hops,
        end: Label,
        u_turn_mm: u32,
        crow_mm: u32,
        least_mm: impl Fn(u32) -> u32,
        limit_mm: u32,
    ) {
        let straight_mm = least_mm(end.distance_mm);
        if straight_mm >= limit_mm {
            return;
        }
        for (edge, is_back) in hops.next(end.edge) {
            let mut label = Label { edge, ..end };
            let mut at_least_mm = straight_mm;
            if is_back {
                label.distance_mm = end.distance_mm.saturating_add(u_turn_mm);
                at_least_mm = least_mm(label.distance_mm);
                if at_least_mm >= limit_mm {
                    continue;
                }
            }
            if let Some(number) = self.labels.push(label, crow_mm) {
                self.queue.push(Reverse((at_least_mm, label.distance_mm, number)));
            }
        }
    }
}

impl Targets {
    fn set(&mut self, candidates: &[Candidate]) {
        self.edges.clear();
        self.edges.extend(candidates.iter().map(|candidate| candidate.position.edge.0));
        self.bits = self.edges.iter().fold(0, |bits, edge| bits | 1 << (edge & 63));
    }

    #[inline]
    fn find(&self, edge: u32) -> Option<usize> {
        if self.bits >> (edge & 63) & 1 == 0 {
            return None;
        }
        self.edges.iter().position(|&target| target == edge)
    }
}
