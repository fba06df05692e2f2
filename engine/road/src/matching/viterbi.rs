use super::config::MatcherConfig;
use super::emission::Emission;
use super::trace::{Column, State, Trace};
use super::transition::{NO_TARGET, WaySearch};
use crate::id::EdgeId;
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
    pub(super) emission: &'a Emission,
    pub(super) candidates: &'a [Candidate],
}

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
    /// The edges of the candidates.
    targets: Vec<EdgeId>,
    /// For each candidate the likeliest way to it: nats (the emission left out) and the state before.
    reached: Vec<Reached>,
    /// The new column, and the candidate of each of its states.
    column: Vec<State>,
    candidate: Vec<u8>,
}

impl Viterbi {
    /// Makes the first column of a trace.
    pub(super) fn begin(&mut self, config: &MatcherConfig, seen: Observation<'_>) {
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
        crow_m: f64,
    ) -> bool {
        let candidates = seen.candidates;
        let beta = config.beta_m.max(config.beta_share * crow_m);
        self.reached.clear();
        self.reached.resize(candidates.len(), Reached { nats: f64::NEG_INFINITY, before: 0, jumped: false });
        for (nth, state) in before.iter().enumerate() {
            self.targets.clear();
            self.targets.extend(candidates.iter().map(|candidate| candidate.position.edge));
            let nats = f64::from(state.nats);
            // A longer way costs more than is left of the beam.
            let bound_m = crow_m + (config.beam_nats + nats) * beta;
            let bound_mm = (bound_m * 1e3).min(f64::from(u32::MAX)) as u32;
            let reached = &mut self.reached;
            let mut reach = |slot: usize, way_mm: u32| {
                let nats = nats - (f64::from(way_mm) * 1e-3 - crow_m).abs() / beta;
                if nats > reached[slot].nats {
                    reached[slot] = Reached { nats, before: nth as u8, jumped: false };
                }
            };
            for (slot, candidate) in candidates.iter().enumerate() {
                if let Some(way_mm) = search.along(state.position, candidate.position) {
                    reach(slot, way_mm);
                    // The way around a block and back to the same place is longer.
                    self.targets[slot] = NO_TARGET;
                } else if let Some(way_mm) = search.turned(network, state.position, candidate.position) {
                    if way_mm <= bound_mm {
                        reach(slot, way_mm);
                    }
                    self.targets[slot] = NO_TARGET;
                }
            }
            search.run(network, state.position, bound_mm, &self.targets, |slot, way_mm| {
                reach(slot, way_mm.saturating_add(candidates[slot].position.offset_mm));
            });
        }
        self.jump(config, before, seen);
        self.prune(config, seen);
        !self.column.is_empty()
    }

    /// Where no candidate that can be reached is near, lets the vehicle be at one that cannot: the map lacks a road, or a
    /// turn. Else it would be held to the wrong road for as long as that one leads on.
    fn jump(&mut self, config: &MatcherConfig, before: &[State], seen: Observation<'_>) {
        let is_reached = |reached: &Reached| reached.nats > f64::NEG_INFINITY;
        let emission = |candidate: &Candidate| seen.emission.nats(candidate);
        let all = self.reached.iter().zip(seen.candidates);
        let best_reached = all.filter(|(reached, _)| is_reached(reached)).map(|(_, candidate)| emission(candidate));
        let best_reached = best_reached.fold(f64::NEG_INFINITY, f64::max);
        if best_reached == f64::NEG_INFINITY {
            return;
        }
        let enough = best_reached + config.jump_gain_nats;
        let likeliest = before.iter().position(|state| state.nats == 0.0).unwrap_or(0) as u8;
        for (reached, candidate) in self.reached.iter_mut().zip(seen.candidates) {
            if !is_reached(reached) && emission(candidate) >= enough {
                *reached = Reached { nats: -config.jump_nats, before: likeliest, jumped: true };
            }
        }
    }

    /// Adds the emission and keeps what is within the beam of the best.
    fn prune(&mut self, config: &MatcherConfig, seen: Observation<'_>) {
        let mut best = f64::NEG_INFINITY;
        for (reached, candidate) in self.reached.iter_mut().zip(seen.candidates) {
            reached.nats += seen.emission.nats(candidate);
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
