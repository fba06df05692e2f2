//! The likeliest way, found the slow way: all ways between all edges, no beam, no lag, nothing left out. For small
//! networks and short traces of fixes that say no more than where and when, and for a configuration without course.

use super::config::MatcherConfig;
use super::fix::Fix;
use crate::geo::LocalFrame;
use crate::index::{Candidate, EdgeIndex};
use crate::network::Network;
use crate::routing::Position;
use crate::unit::{INFINITY, Metres};

/// In place of a way where there is none.
const NO_WAY: f64 = f64::INFINITY;

pub(super) struct Oracle<'a> {
    network: &'a Network,
    index: &'a EdgeIndex,
    config: MatcherConfig,
    /// From the end of each edge to the beginning of each other, in metres, row by row.
    between: Vec<Vec<f64>>,
}

/// What is known of a fix: how likely the likeliest way to each of its candidates is, from the first fix on.
pub(super) struct Known {
    pub(super) candidates: Vec<Candidate>,
    pub(super) nats: Vec<f64>,
    /// The most likely that any of them is before the fix itself is looked at.
    pub(super) reached: f64,
}

impl<'a> Oracle<'a> {
    pub(super) fn new(network: &'a Network, index: &'a EdgeIndex, config: MatcherConfig) -> Self {
        assert_eq!((config.course_nats, config.thin_sigmas, config.still_m), (0.0, 0.0, 0.0), "not part of the model");
        Self { network, index, config, between: between(network, config.u_turn_m) }
    }

    fn candidates(&self, fix: &Fix) -> Vec<Candidate> {
        let radius_m = (4.0 * self.config.sigma_m).clamp(self.config.radius_m, self.config.radius_max_m);
        let mut found = Vec::new();
        self.index.within(self.network, fix.coord, Metres(radius_m), self.config.candidates_max, &mut found);
        found
    }

    fn emission(&self, candidate: &Candidate) -> f64 {
        -0.5 * (f64::from(candidate.distance_m) / self.config.sigma_m).powi(2)
    }

    /// How long the ways from one place to another are that count, in metres, with what turning back costs: without
    /// leaving the edge, with a turn on the road, and the shortest of those that leave the street.
    fn ways_m(&self, from: Position, to: Position) -> [f64; 3] {
        let (network, u_turn_m) = (self.network, self.config.u_turn_m);
        let metres = |mm: u32| f64::from(mm) / 1e3;
        let mut ways = [NO_WAY; 3];
        if from.edge == to.edge {
            let ahead_m = metres(to.offset_mm) - metres(from.offset_mm);
            if ahead_m >= -self.config.jitter_m {
                ways[0] = ahead_m.max(0.0);
            }
        }
        let back = from.opposite(network);
        if let Some(back) = back.filter(|back| back.edge == to.edge) {
            ways[1] = (metres(back.offset_mm) - metres(to.offset_mm)).abs() + u_turn_m;
        }
        let by_end = |from: Position| {
            let left_m = metres(network.length_mm(from.edge)) - metres(from.offset_mm);
            left_m + self.between[from.edge.index()][to.edge.index()] + metres(to.offset_mm)
        };
        ways[2] = by_end(from).min(back.map_or(NO_WAY, |back| by_end(back) + u_turn_m));
        ways
    }

    /// How long the way is that is told: on the edge, if there is one, else the shorter one of the others.
    pub(super) fn way_m(&self, from: Position, to: Position) -> f64 {
        let [along, turned, shortest] = self.ways_m(from, to);
        if along < NO_WAY { along } else { turned.min(shortest) }
    }

    /// How likely a step is. On the street a way is as wrong if it is shorter than the crow's as if it is longer. One that
    /// leaves the street may be shorter, but not its end nearer to the fix before than this one is.
    fn step_nats(&self, from: Position, to: Position, fixes: [&Fix; 2]) -> f64 {
        let crow_m = crow_m(fixes[0], fixes[1]);
        let beta_m = self.config.beta_m.max(self.config.beta_share * crow_m);
        let [along, turned, shortest] = self.ways_m(from, to);
        let on_street = along.min(turned);
        let frame = LocalFrame::at(fixes[1].coord);
        let [before, there] =
            [fixes[0].coord, self.network.coord_at(to.edge, to.offset_mm)].map(|coord| frame.to_xy(coord));
        let short_m = (crow_m - before.distance(there)).max(0.0);
        -(on_street - crow_m).abs().min((shortest - crow_m).max(0.0) + short_m) / beta_m
    }

    /// Of each fix what is known once it has been seen, the fixes being one trace. It ends before a fix that nothing
    /// leads to.
    pub(super) fn known(&self, fixes: &[Fix]) -> Vec<Known> {
        let mut known: Vec<Known> = Vec::new();
        for (nth, fix) in fixes.iter().enumerate() {
            let candidates = self.candidates(fix);
            let reached: Vec<f64> = match known.last() {
                None => vec![0.0; candidates.len()],
                Some(before) => {
                    let pair = [&fixes[nth - 1], fix];
                    candidates.iter().map(|to| self.reach(before, to, pair)).collect()
                }
            };
            let most = reached.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            if most == f64::NEG_INFINITY {
                break;
            }
            let nats = reached.iter().zip(&candidates).map(|(reached, to)| reached + self.emission(to)).collect();
            known.push(Known { candidates, nats, reached: most });
        }
        known
    }

    fn reach(&self, before: &Known, to: &Candidate, fixes: [&Fix; 2]) -> f64 {
        let steps = before.candidates.iter().map(|from| self.step_nats(from.position, to.position, fixes));
        let nats = steps.zip(&before.nats).map(|(step, nats)| nats + step);
        nats.fold(f64::NEG_INFINITY, f64::max)
    }

    /// How likely it is that the vehicle was at these places, one for each fix.
    pub(super) fn nats(&self, fixes: &[Fix], known: &[Known], places: &[Position]) -> f64 {
        let emission = known.iter().zip(places).map(|(known, place)| {
            let at = known.candidates.iter().find(|candidate| candidate.position == *place);
            self.emission(at.expect("a place that was found for the fix"))
        });
        let steps = places.windows(2).zip(fixes.windows(2));
        let transition = steps.map(|(places, fixes)| self.step_nats(places[0], places[1], [&fixes[0], &fixes[1]]));
        emission.sum::<f64>() + transition.sum::<f64>()
    }
}

impl Known {
    pub(super) fn best(&self) -> f64 {
        self.nats.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }
}

fn crow_m(from: &Fix, to: &Fix) -> f64 {
    let there = LocalFrame::at(to.coord).to_xy(from.coord);
    there.x.hypot(there.y)
}

/// All ways by way of every edge in turn (Floyd and Warshall).
fn between(network: &Network, u_turn_m: f64) -> Vec<Vec<f64>> {
    let turn = |from, to| match network.turn_cost(from, to) {
        INFINITY => NO_WAY,
        _ if network.twin(from) == Some(to) => u_turn_m,
        _ => 0.0,
    };
    let mut between: Vec<Vec<f64>> =
        network.edges().map(|from| network.edges().map(|to| turn(from, to)).collect()).collect();
    for via in network.edges() {
        let onward: Vec<f64> = between[via.index()].iter().map(|onward| onward + network.length(via).0).collect();
        for row in &mut between {
            let before = row[via.index()];
            for (way, onward) in row.iter_mut().zip(&onward) {
                *way = way.min(before + onward);
            }
        }
    }
    between
}
