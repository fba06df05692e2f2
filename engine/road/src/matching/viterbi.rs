use super::config::MatcherConfig;
use super::emission::Emission;
use super::outcome::StepDraft;
use super::trace::{Column, MAX_COLUMNS, State, Trace};
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
    pub(super) direction_sure: bool,
}

/// A fix, seen from the roads around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Observation<'a> {
    pub(super) emission: &'a Emission,
    pub(super) candidates: &'a [Candidate],
}

/// The working memory of the Viterbi step.
#[derive(Debug, Default)]
pub(super) struct Viterbi {
    /// The edges of the candidates.
    targets: Vec<EdgeId>,
    /// For each candidate the likeliest way to it: nats (the emission left out) and the state before.
    reached: Vec<(f64, u8)>,
    /// The new column, and the candidate of each of its states.
    column: Vec<State>,
    candidate: Vec<u8>,
    /// For each state of a trace, whether it is still on some way.
    alive: Vec<bool>,
}

impl Viterbi {
    /// Makes the first column of a trace.
    pub(super) fn begin(&mut self, config: &MatcherConfig, seen: Observation<'_>) {
        self.reached.clear();
        self.reached.resize(seen.candidates.len(), (0.0, 0));
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
        self.reached.resize(candidates.len(), (f64::NEG_INFINITY, 0));
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
                if nats > reached[slot].0 {
                    reached[slot] = (nats, nth as u8);
                }
            };
            for (slot, candidate) in candidates.iter().enumerate() {
                if let Some(way_mm) = search.along(state.position, candidate.position) {
                    reach(slot, way_mm);
                    // The way around a block and back to the same place is longer.
                    self.targets[slot] = NO_TARGET;
                }
            }
            search.run(network, state.position, bound_mm, &self.targets, |slot, way_mm| {
                reach(slot, way_mm.saturating_add(candidates[slot].position.offset_mm));
            });
        }
        self.prune(config, seen);
        !self.column.is_empty()
    }

    /// Adds the emission and keeps what is within the beam of the best.
    fn prune(&mut self, config: &MatcherConfig, seen: Observation<'_>) {
        let mut best = f64::NEG_INFINITY;
        for (reached, candidate) in self.reached.iter_mut().zip(seen.candidates) {
            reached.0 += seen.emission.nats(candidate);
            best = best.max(reached.0);
        }
        self.column.clear();
        self.candidate.clear();
        for (slot, &(nats, before)) in self.reached.iter().enumerate() {
            if nats > f64::NEG_INFINITY && nats >= best - config.beam_nats {
                let position = seen.candidates[slot].position;
                self.column.push(State { position, nats: (nats - best) as f32, before });
                self.candidate.push(slot as u8);
            }
        }
    }

    /// Appends the new column to a trace. It must not be empty.
    pub(super) fn push(&self, network: &Network, trace: &mut Trace, time: Timestamp) -> Best {
        let column = &self.column;
        let state = column.iter().position(|state| state.nats == 0.0).unwrap_or(0);
        let total: f32 = column.iter().map(|state| state.nats.exp()).sum();
        let twin = network.twin(column[state].position.edge);
        let back = column.iter().find(|other| Some(other.position.edge) == twin);
        trace.columns.push(Column { time, count: column.len() as u8 });
        trace.states.extend_from_slice(column);
        Best {
            state: state as u8,
            candidate: usize::from(self.candidate[state]),
            confidence: 1.0 / total.max(1.0),
            direction_sure: back.is_none_or(|back| back.nats < -3.0),
        }
    }

    /// Commits a trace's columns up to `last`, as the best state has it, and gives up every state that does not come
    /// from there. `best` is moved with the state it stands for.
    pub(super) fn commit(
        &mut self,
        network: &Network,
        search: &mut WaySearch,
        trace: &mut Trace,
        last: usize,
        steps: &mut Vec<StepDraft>,
        path: &mut Vec<EdgeId>,
    ) {
        let Trace { open: Some(open), states, columns, .. } = trace else { return };
        // From the best state back to each column's: where it is among all states.
        let mut chain = [0_usize; MAX_COLUMNS];
        let mut first = states.len();
        let mut state = usize::from(open.best);
        for nth in (0..columns.len()).rev() {
            first -= usize::from(columns[nth].count);
            chain[nth] = first + state;
            state = usize::from(states[first + state].before);
        }
        let mut from = open.committed.unwrap_or(states[chain[0]].position);
        for nth in 1..=last {
            let (raw_from, raw_to) = (states[chain[nth - 1]].position, states[chain[nth]].position);
            let begin = path.len();
            if !search.path(network, raw_from, raw_to, path) {
                // Not in a trace of this matcher's making; one that was read from elsewhere has a gap here.
                path.truncate(begin);
                from = raw_to;
                continue;
            }
            let mut to = raw_to;
            if path.len() - begin == 1 {
                to.offset_mm = to.offset_mm.max(from.offset_mm);
            }
            let (from_time, to_time) = (columns[nth - 1].time, columns[nth].time);
            steps.push(StepDraft { from, from_time, to, to_time, path: begin..path.len() });
            from = to;
        }
        open.committed = Some(from);
        self.alive.clear();
        self.alive.resize(states.len(), false);
        self.alive[chain[last]] = true;
        self.give_up_dead_ends(trace, last);
    }

    /// Keeps the columns from `first` on, and in them the states that come from those marked alive in it and lead to
    /// the last column.
    fn give_up_dead_ends(&mut self, trace: &mut Trace, first: usize) {
        let Trace { open: Some(open), states, columns, .. } = trace else { return };
        let skipped: usize = columns[..first].iter().map(|column| usize::from(column.count)).sum();
        let counts = |column: &Column| usize::from(column.count);
        let mut begin = skipped;
        for (before, count) in columns[first..].iter().map(counts).zip(columns[first + 1..].iter().map(counts)) {
            let (known, rest) = self.alive[begin..].split_at_mut(before);
            begin += before;
            for (alive, state) in rest[..count].iter_mut().zip(&states[begin..]) {
                *alive = known[usize::from(state.before)];
            }
        }
        // Now back: in all but the last column, only what something alive comes from.
        for (before, count) in columns[first..].iter().map(counts).zip(columns[first + 1..].iter().map(counts)).rev() {
            let later = self.alive[begin..begin + count].iter().zip(&states[begin..]);
            let needed = later.fold(0_u64, |needed, (&alive, state)| needed | u64::from(alive) << state.before);
            begin -= before;
            for (nth, alive) in self.alive[begin..begin + before].iter_mut().enumerate() {
                *alive &= needed >> nth & 1 == 1;
            }
        }
        let (mut read, mut write) = (skipped, 0);
        let mut number = [0_u8; 64];
        for column in &mut columns[first..] {
            let before = number;
            let mut kept = 0;
            for number in number.iter_mut().take(usize::from(column.count)) {
                *number = kept;
                if self.alive[read] {
                    let moved = states[read];
                    // Only in the first column is nothing written but its own.
                    let from = if write == usize::from(kept) { 0 } else { before[usize::from(moved.before)] };
                    states[write] = State { before: from, ..moved };
                    write += 1;
                    kept += 1;
                }
                read += 1;
            }
            column.count = kept;
        }
        open.best = number[usize::from(open.best)];
        states.truncate(write);
        columns.drain(..first);
    }
}
