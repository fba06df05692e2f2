use super::trace::State;
use crate::geo::LocalFrame;
use crate::index::Candidate;

/// In place of the cost of a way, where there is none.
pub(super) const UNREACHED: u32 = u32::MAX;

/// A step from one fix to the next. Likelihoods are lengths here: what a way that is so much longer than the crow's costs.
pub(super) struct Step<'a> {
    pub(super) states: &'a [State],
    pub(super) candidates: &'a [Candidate],
    /// What each candidate costs by itself.
    pub(super) emission_mm: &'a [u32],
    /// How much nearer each candidate is to the fix before than this fix is: the vehicle has come farther than that, by
    /// whatever street.
    pub(super) short_mm: &'a [u32],
    /// The plane at the fix.
    pub(super) frame: LocalFrame,
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

/// The edges of the candidates.
#[derive(Debug, Default)]
pub(super) struct Targets {
    edges: Vec<u32>,
    /// A bit for each, by its lowest bits: most edges are told from all of them by a glance.
    bits: u64,
}

impl Step<'_> {
    pub(super) fn handicap_mm(&self, state: &State) -> u32 {
        (f64::from(-state.nats) * self.mm_per_nat) as u32
    }

    /// What a way costs that does not leave the street: one that is shorter than the crow's is as wrong as a longer one.
    pub(super) fn street_cost_mm(&self, handicap_mm: u32, way_mm: u32) -> u32 {
        handicap_mm.saturating_add(way_mm.abs_diff(self.crow_mm))
    }

    /// What a way costs that leaves the street, and is so long.
    #[inline]
    pub(super) fn way_cost_mm(&self, handicap_mm: u32, way_mm: u32) -> u32 {
        handicap_mm.saturating_add(way_mm.saturating_sub(self.crow_mm))
    }

    /// What a way must cost less than to be of any use: to be the best to some candidate, and within the beam.
    pub(super) fn limit_mm(&self, arrivals: &[Arrival]) -> u32 {
        let all = || arrivals.iter().zip(self.emission_mm);
        let best_mm = all().map(|(arrival, &own_mm)| arrival.cost_mm.saturating_add(own_mm)).min().unwrap_or(UNREACHED);
        let worst_mm = best_mm.saturating_add(self.beam_mm);
        let useful = |(arrival, &own_mm): (&Arrival, &u32)| arrival.cost_mm.min(worst_mm.saturating_sub(own_mm));
        all().map(useful).max().unwrap_or(0).min(self.beam_mm.saturating_add(1))
    }
}

impl Arrival {
    /// Takes another way, if it is better, and says whether it is.
    #[inline]
    pub(super) fn offer(&mut self, cost_mm: u32, state: u8) -> bool {
        let is_better = cost_mm < self.cost_mm;
        if is_better {
            *self = Self { cost_mm, state };
        }
        is_better
    }
}

impl Targets {
    pub(super) fn set(&mut self, candidates: &[Candidate]) {
        self.edges.clear();
        self.edges.extend(candidates.iter().map(|candidate| candidate.position.edge.0));
        self.bits = self.edges.iter().fold(0, |bits, edge| bits | 1 << (edge & 63));
    }

    #[inline]
    pub(super) fn find(&self, edge: u32) -> Option<usize> {
        if self.bits >> (edge & 63) & 1 == 0 {
            return None;
        }
        self.edges.iter().position(|&target| target == edge)
    }
}
