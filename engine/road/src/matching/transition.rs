use super::config::MatcherConfig;
use super::front::{Front, Lead, TURNED};
use super::step::{Arrival, Step, Targets, UNREACHED};
use crate::geo::LocalFrame;
use crate::id::EdgeId;
use crate::network::Network;
use crate::routing::Position;

/// From this far on the search for all ways of a step is led by where they lead to: nearer by, it would be so in vain.
const LED_FROM_MM: u32 = 40_000;

/// Where no way is found after looking at so many times as many edges as are looked at for a step, there is none.
const PATH_FACTOR: usize = 16;

/// Ways along the roads between the states of one fix and the candidates of the next: a search over edges, so that
/// forbidden turns are kept to, by the least that a way can cost (Dijkstra's, and where it is led, A*).
///
/// Lengths count, not times: a vehicle that is known to have moved 80 m in 5 s took the way that is about 80 m long.
#[derive(Debug)]
pub(super) struct WaySearch {
    front: Front,
    targets: Targets,
    jitter_mm: u32,
    u_turn_mm: u32,
    edges_max: usize,
}

/// Where a way turns in the middle of a street.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Nowhere,
    AtStart,
    AtEnd,
}

impl WaySearch {
    pub(super) fn new(network: &Network, config: &MatcherConfig) -> Self {
        let [jitter_mm, u_turn_mm] = [config.jitter_m, config.u_turn_m].map(|metres| (metres * 1e3) as u32);
        let front = Front::new(network, u_turn_mm);
        Self { front, targets: Targets::default(), jitter_mm, u_turn_mm, edges_max: config.search_edges_max }
    }

    /// Finds the best way to each candidate from any of the states; `arrivals` gets one for each candidate.
    ///
    /// One search for all states: a label is given up where another state's way to the same edge is better whatever
    /// follows. It ends when no candidate can be reached better, or within the beam.
    pub(super) fn reach(&mut self, network: &Network, step: &Step<'_>, arrivals: &mut Vec<Arrival>) {
        arrivals.clear();
        arrivals.resize(step.candidates.len(), Arrival { cost_mm: UNREACHED, state: 0 });
        self.targets.set(step.candidates);
        self.front.clear(step.crow_mm);
        for (state, source) in step.states.iter().zip(0..) {
            let (from, back) = (state.position, state.position.opposite(network));
            let handicap_mm = step.handicap_mm(state);
            self.stay([Some(from), back], step, (source, handicap_mm), arrivals);
            let least_mm = |distance_mm| step.way_cost_mm(handicap_mm, distance_mm);
            self.front.start([Some(from), back], (source, handicap_mm), least_mm);
        }
        let farthest_m = step.candidates.iter().map(|candidate| candidate.distance_m).fold(0.0, f32::max);
        let lead = Lead::new((step.crow_mm >= LED_FROM_MM).then_some(step.frame), f64::from(farthest_m));
        let mut limit_mm = step.limit_mm(arrivals);
        for _ in 0..self.edges_max {
            let Some((number, label)) = self.front.pop(limit_mm) else { return };
            if !label.is_start
                && let Some(slot) = self.targets.find(label.edge)
            {
                let way_mm = label.distance_mm.saturating_add(step.candidates[slot].position.offset_mm);
                let cost_mm = step.way_cost_mm(label.handicap_mm, way_mm).saturating_add(step.short_mm[slot]);
                if arrivals[slot].offer(cost_mm, label.source) {
                    limit_mm = step.limit_mm(arrivals);
                }
            }
            let least_mm = |distance_mm| step.way_cost_mm(label.handicap_mm, distance_mm);
            self.front.expand((number, label), &lead, least_mm, limit_mm);
        }
    }

    /// The ways that do not leave the street: on the edge itself, and with a turn on the road.
    fn stay(
        &self,
        [from, back]: [Option<Position>; 2],
        step: &Step<'_>,
        (source, handicap_mm): (u8, u32),
        arrivals: &mut [Arrival],
    ) {
        let target = |place: Option<Position>| {
            let place = place?;
            let slot = self.targets.find(place.edge.0)?;
            Some((place, slot, step.candidates[slot].position))
        };
        if let Some((from, slot, to)) = target(from)
            && let Some(way_mm) = self.along(from, to)
        {
            arrivals[slot].offer(step.street_cost_mm(handicap_mm, way_mm), source);
        }
        if let Some((back, slot, to)) = target(back) {
            let way_mm = self.turned_mm(back, to);
            if step.way_cost_mm(handicap_mm, way_mm) <= step.beam_mm {
                arrivals[slot].offer(step.street_cost_mm(handicap_mm, way_mm), source);
            }
        }
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

    /// How far it is to a place on the same street with a turn on the road, from one whose opposite is `back`.
    fn turned_mm(&self, back: Position, to: Position) -> u32 {
        back.offset_mm.abs_diff(to.offset_mm).saturating_add(self.u_turn_mm)
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
        let limit_mm = back.map_or(u32::MAX, |back| self.turned_mm(back, to).saturating_sub(to.offset_mm));
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
            let label = self.front.label(last);
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
        self.front.clear(0);
        let lead = Lead::new(Some(LocalFrame::at(network.coord(network.tail(to)))), 0.0);
        self.front.start([Some(from), from.opposite(network)], (0, 0), |distance_mm| distance_mm);
        for _ in 0..self.edges_max.saturating_mul(PATH_FACTOR) {
            let (number, label) = self.front.pop(limit_mm)?;
            if label.edge == to.0 && !label.is_start {
                return Some(number);
            }
            self.front.expand((number, label), &lead, |distance_mm| distance_mm, limit_mm);
        }
        None
    }
}
