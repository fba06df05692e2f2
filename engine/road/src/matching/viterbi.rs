use super::config::MatcherConfig;
use super::emission::Emission;
use super::step::{Arrival, Step, UNREACHED};
use super::trace::{Column, State, Trace};
use super::transition::WaySearch;
use crate::geo::{Coord, LocalFrame};
use crate::index::Candidate;
use crate::network::Network;
use crate::unit::Timestamp;

/// The likeliest state of a fix, and how sure that is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Best {
    /// Which state it is, in its column.
    pub(super) state: u8,
    /// Which candidate.
    pub(super) candidate: usize,
    pub(super) confidence: f32,
    pub(super) direction_confidence: f32,
}

/// A fix, seen from the roads around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observation<'a> {
    /// The plane at the fix.
    pub(super) frame: LocalFrame,
    pub(super) emission: &'a Emission,
    pub(super) candidates: &'a [Candidate],
}

/// How far a vehicle has come from one fix to the next.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moved {
    /// From where.
    pub(super) from: Coord,
    /// As the crow flies.
    pub(super) crow_m: f64,
    /// Along the roads at most, where it is looked for a way that is much longer; else 0.
    pub(super) way_max_m: f64,
}

/// How many times as much longer than the crow's a way may be where no other is found.
const WIDER: u32 = 4;

/// The likeliest way to a candidate.
#[derive(Debug, Clone, Copy)]
struct Reached {
    /// How likely, the candidate's own emission left out.
    nats: f64,
    /// From which state of the column before.
    before: u8,
    jumped: bool,
}

/// The working memory of the Viterbi step.
#[derive(Debug, Default)]
pub(super) struct Viterbi {
    /// What each candidate's distance and heading say of it, in nats, and as a length.
    emission: Vec<f64>,
    emission_mm: Vec<u32>,
    short_mm: Vec<u32>,
    arrivals: Vec<Arrival>,
    /// For each candidate the likeliest way to it: nats (the emission left out) and the state before.
    reached: Vec<Reached>,
    /// The new column, and the candidate of each of its states.
    column: Vec<State>,
    candidate: Vec<u8>,
}

impl Viterbi {
    /// Makes the first column of a trace.
    pub(super) fn begin(&mut self, config: &MatcherConfig, seen: Observation<'_>) {
        self.look(seen);
        self.reached.clear();
        self.reached.resize(seen.candidates.len(), Reached { nats: 0.0, before: 0, jumped: false });
        self.prune(config, seen);
    }

    /// Makes the next column from a trace's last one, and says whether any candidate can be reached.
    pub(super) fn step(
        &mut self,
        config: &MatcherConfig,
        network: &Network,
        search: &mut WaySearch,
        before: &[State],
        seen: Observation<'_>,
        Moved { from, crow_m, way_max_m }: Moved,
    ) -> bool {
        self.look(seen);
        let mm_per_nat = config.beta_m.max(config.beta_share * crow_m) * 1e3;
        self.emission_mm.clear();
        self.emission_mm.extend(self.emission.iter().map(|nats| (-nats * mm_per_nat) as u32));
        let crow_mm = (crow_m * 1e3) as u32;
        let from = seen.frame.to_xy(from);
        self.short_mm.clear();
        self.short_mm.extend(seen.candidates.iter().map(|candidate| {
            let there = seen.frame.to_xy(candidate.point);
            let (x, y) = (there.x - from.x, there.y - from.y);
            ((crow_m - (x * x + y * y).sqrt()) * 1e3).max(0.0) as u32
        }));
        let mut step = Step {
            states: before,
            candidates: seen.candidates,
            emission_mm: &self.emission_mm,
            short_mm: &self.short_mm,
            frame: seen.frame,
            crow_mm,
            mm_per_nat,
            beam_mm: (config.beam_nats * mm_per_nat) as u32,
        };
        search.reach(network, &step, &mut self.arrivals);
        let widest_mm = ((way_max_m * 1e3) as u32).saturating_sub(crow_mm).min(step.beam_mm.saturating_mul(WIDER));
        if widest_mm > step.beam_mm && self.arrivals.iter().all(|arrival| arrival.cost_mm == UNREACHED) {
            // Roads wind, and there was time to follow them.
            step.beam_mm = widest_mm;
            search.reach(network, &step, &mut self.arrivals);
        }
        self.reached.clear();
        self.reached.extend(self.arrivals.iter().map(|arrival| {
            let is_reached = arrival.cost_mm != UNREACHED;
            let nats = if is_reached { -f64::from(arrival.cost_mm) / mm_per_nat } else { f64::NEG_INFINITY };
            Reached { nats, before: arrival.state, jumped: false }
        }));
        self.jump(config, before);
        self.prune(config, seen);
        !self.column.is_empty()
    }

    /// Where no candidate that can be reached is near, lets the vehicle be at one that cannot: the map lacks a road, or a
    /// turn. Else it would be held to the wrong road for as long as that one leads on.
    fn jump(&mut self, config: &MatcherConfig, before: &[State]) {
        let is_reached = |reached: &Reached| reached.nats > f64::NEG_INFINITY;
        let all = self.reached.iter().zip(&self.emission);
        let best_reached = all.filter(|(reached, _)| is_reached(reached)).map(|(_, &emission)| emission);
        let best_reached = best_reached.fold(f64::NEG_INFINITY, f64::max);
        if best_reached == f64::NEG_INFINITY {
            return;
        }
        let enough = best_reached + config.jump_gain_nats;
        let likelier = |a: &usize, b: &usize| before[*a].nats.total_cmp(&before[*b].nats);
        let likeliest = (0..before.len()).max_by(likelier).unwrap_or(0) as u8;
        for (reached, &emission) in self.reached.iter_mut().zip(&self.emission) {
            if !is_reached(reached) && emission >= enough {
                *reached = Reached { nats: -config.jump_nats, before: likeliest, jumped: true };
            }
        }
    }

    /// Asks what each candidate's distance and heading say of it.
    fn look(&mut self, seen: Observation<'_>) {
        self.emission.clear();
        self.emission.extend(seen.candidates.iter().map(|candidate| seen.emission.nats(candidate)));
    }

    /// Adds the emission and keeps what is within the beam of the best.
    fn prune(&mut self, config: &MatcherConfig, seen: Observation<'_>) {
        let mut best = f64::NEG_INFINITY;
        for (reached, &emission) in self.reached.iter_mut().zip(&self.emission) {
            reached.nats += emission;
            best = best.max(reached.nats);
        }
        self.column.clear();
        self.candidate.clear();
        for (slot, &Reached { nats, before, jumped }) in self.reached.iter().enumerate() {
            if nats > f64::NEG_INFINITY && nats >= best - config.beam_nats {
                let position = seen.candidates[slot].position;
                self.column.push(State { position, nats: (nats - best) as f32, before, jumped });
                self.candidate.push(slot as u8);
            }
        }
    }

    /// Appends the new column to a trace. It must not be empty.
    pub(super) fn push(&self, network: &Network, trace: &mut Trace, time: Timestamp, number: u32) -> Best {
        let column = &self.column;
        let state = column.iter().position(|state| state.nats == 0.0).unwrap_or(0);
        let said = column[state].position.edge;
        let total: f32 = column.iter().map(|state| state.nats.exp()).sum();
        let twin = network.twin(said);
        let back = column.iter().find(|other| Some(other.position.edge) == twin).map_or(0.0, |back| back.nats.exp());
        trace.columns.push(Column { time, number, said, count: column.len() as u8 });
        trace.states.extend_from_slice(column);
        Best {
            state: state as u8,
            candidate: usize::from(self.candidate[state]),
            confidence: 1.0 / total.max(1.0),
            direction_confidence: 1.0 / (1.0 + back),
        }
    }
}
