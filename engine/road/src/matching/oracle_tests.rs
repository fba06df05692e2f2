//! The matcher held to the oracle, with all that is not the model out of the way: no beam, no lag, every fix kept.

use std::sync::Arc;

use proptest::prelude::*;

use super::fixture::{Random, drive, origin};
use super::odd_network::{Oddity, odd_network};
use super::oracle::{Known, Oracle};
use super::*;
use crate::geo::{Coord, LocalFrame, Xy};
use crate::id::EdgeId;
use crate::index::EdgeIndex;
use crate::network::Network;
use crate::routing::Position;
use crate::unit::{Span, Timestamp};

const BEAM_NATS: f64 = 100.0;

/// States are kept as numbers of 32 bits.
const ERROR_NATS: f64 = 2e-3;

fn exact(beta_m: f64, jitter_m: f64, u_turn_m: f64, candidates_max: usize) -> MatcherConfig {
    let day = Span::from_secs(86_400);
    MatcherConfig {
        beta_m,
        jitter_m,
        u_turn_m,
        candidates_max,
        beam_nats: BEAM_NATS,
        jump_nats: 100.0,
        jump_gain_nats: 100.0,
        course_nats: 0.0,
        still_m: 0.0,
        thin_sigmas: 0.0,
        speed_max_mps: 1_000.0,
        gap_max: day,
        hold_max: 0,
        lag_fixes: 32,
        lag_span: day,
        search_edges_max: 100_000,
        ..MatcherConfig::default()
    }
}

/// A fix as it was answered at once.
struct Answer {
    fix: Fix,
    position: Position,
    confidence: f64,
    direction_confidence: f64,
}

/// A step that was committed.
struct Driven {
    from: Position,
    to: Position,
    to_time: Timestamp,
    joint: Joint,
    path: Vec<EdgeId>,
}

/// One trace from its first fix to its end, as the matcher has it.
#[derive(Default)]
struct Told {
    answers: Vec<Answer>,
    places: Vec<Position>,
    steps: Vec<Driven>,
    /// The fix that it ended before, if one was matched after it.
    next: Option<Fix>,
}

impl Told {
    fn finish(&mut self, committed: Committed<'_>) {
        self.places = self.answers.iter().map(|answer| answer.position).collect();
        for revision in committed.revisions() {
            let nth = self.answers.iter().position(|answer| answer.fix.time == revision.time).expect("it was a fix");
            assert_eq!(self.answers[nth].position.edge, revision.said);
            self.places[nth] = revision.position;
        }
        self.steps.extend(committed.steps().map(|step| Driven {
            from: step.from,
            to: step.to,
            to_time: step.to_time,
            joint: step.joint,
            path: step.path.to_vec(),
        }));
    }
}

fn told(matcher: &mut Matcher, fixes: &[Fix]) -> Vec<Told> {
    let (mut trace, mut all) = (Trace::default(), Vec::new());
    let mut now = Told::default();
    for fix in fixes {
        match matcher.on_fix(&mut trace, fix) {
            Outcome::Matched(Match { position, confidence, direction_confidence, broke, committed, .. }) => {
                if broke.is_some_and(|reason| reason != BreakReason::First) {
                    assert_eq!(broke, Some(BreakReason::NoRoute));
                    now.finish(committed);
                    now.next = Some(*fix);
                    all.push(std::mem::take(&mut now));
                } else {
                    assert!(committed.is_empty(), "all is within the lag");
                }
                let (confidence, direction_confidence) = (confidence.into(), direction_confidence.into());
                now.answers.push(Answer { fix: *fix, position, confidence, direction_confidence });
            }
            Outcome::Rejected(RejectReason::OffMap) => {}
            other => panic!("{other:?}"),
        }
    }
    now.finish(matcher.end(&mut trace));
    all.push(now);
    all
}

/// Drives with errors, or fixes anywhere; never two in one place.
fn fixes(network: &Network, random: &mut Random, center: Coord, spread_m: f64) -> Vec<Fix> {
    let count = 2 + random.below(14);
    let every_m = 20.0 + 60.0 * random.unit();
    let drive = drive(network, random, count as f64 * every_m, every_m);
    let noise_m = [0.1, 5.0, 12.0][random.below(3)];
    let wild = random.below(4) == 0;
    let coords = drive.iter().map(|place| {
        if wild {
            let (x, y) = (random.unit() - 0.5, random.unit() - 0.5);
            return LocalFrame::at(center).to_coord(Xy { x: spread_m * x, y: spread_m * y });
        }
        let (x, y) = (noise_m * random.normal(), noise_m * random.normal());
        LocalFrame::at(network.coord_at(place.edge, place.offset_mm)).to_coord(Xy { x, y })
    });
    let mut coords: Vec<Coord> = coords.collect();
    coords.dedup();
    coords.iter().zip(0..).map(|(&coord, nth)| Fix::new(Timestamp::from_secs(5 * nth), coord)).collect()
}

/// Whether the likeliest way needs a step that the beam does not let through. What is likeliest then is not the
/// model's to say.
fn is_beyond_the_beam(known: &[Known]) -> bool {
    known.windows(2).any(|pair| pair[1].best() < pair[0].best() - 0.7 * BEAM_NATS)
}

/// Every answer is the likeliest place by all that was seen until then, and as sure as the model has it.
fn check_answers(network: &Network, told: &Told, known: &[Known]) {
    for (answer, known) in told.answers.iter().zip(known) {
        let best = known.best();
        let nats_on = |edge: EdgeId| {
            let candidate = known.candidates.iter().position(|candidate| candidate.position.edge == edge);
            candidate.map_or(f64::NEG_INFINITY, |candidate| known.nats[candidate])
        };
        assert!(known.candidates.iter().any(|candidate| candidate.position == answer.position));
        let said = nats_on(answer.position.edge);
        assert!(said >= best - ERROR_NATS, "{:?} is said at {said}, the best is at {best}", answer.position);
        let all: f64 = known.nats.iter().map(|nats| (nats - best).exp()).sum();
        assert!((answer.confidence - 1.0 / all).abs() < ERROR_NATS, "{} for {}", answer.confidence, 1.0 / all);
        let back = network.twin(answer.position.edge).map_or(0.0, |back| (nats_on(back) - best).exp());
        let (direction, sure) = (answer.direction_confidence, 1.0 / (1.0 + back));
        assert!((direction - sure).abs() < ERROR_NATS, "{direction} for {sure}");
    }
}

/// How long the steps are that end with a fix, with what turning back costs, in metres.
fn driven_m(network: &Network, steps: &[Driven], u_turn_m: f64) -> f64 {
    let mut all_m = 0.0;
    for step in steps {
        let ahead: f64 = step.path[..step.path.len() - 1].iter().map(|&edge| network.length(edge).0).sum();
        all_m += ahead + f64::from(step.to.offset_mm) / 1e3 - f64::from(step.from.offset_mm) / 1e3;
        let turns = step.path.windows(2).filter(|pair| network.twin(pair[0]) == Some(pair[1])).count();
        all_m += u_turn_m * (turns + usize::from(step.joint == Joint::TurnsBack)) as f64;
    }
    all_m
}

/// Every step is as long as the shortest way between the places that were found likeliest.
fn check_steps(network: &Network, told: &Told, oracle: &Oracle<'_>, u_turn_m: f64) {
    let mut steps = &told.steps[..];
    for (nth, pair) in told.places.windows(2).enumerate() {
        let time = told.answers[nth + 1].fix.time;
        let count = 1 + steps.iter().position(|step| step.to_time == time).expect("a step ends with each fix");
        let (leg, rest) = steps.split_at(count);
        steps = rest;
        assert_eq!(leg[count - 1].to.edge, pair[1].edge);
        let mut way_m = driven_m(network, leg, u_turn_m);
        // Nothing is before the first step that it could turn back from.
        if nth == 0 && leg[0].from.edge != pair[0].edge {
            assert_eq!(Some(leg[0].from), pair[0].opposite(network));
            way_m += u_turn_m;
        }
        // The steps before may have come a little farther: places never go back, whatever a turn or an error says.
        if leg[0].from.edge == pair[0].edge {
            way_m += (f64::from(leg[0].from.offset_mm) - f64::from(pair[0].offset_mm)) / 1e3;
        }
        let least_m = oracle.way_m(pair[0], pair[1]);
        // Where one way is longer than the other, what is driven before a turn counts as long as it is on the way back.
        let length_m = |place: Position| network.length(place.edge).0;
        let turns = leg.iter().any(|step| step.joint == Joint::TurnsBack);
        let other_m = pair[0].opposite(network).map_or(length_m(pair[0]), length_m);
        let error_m = if turns { (length_m(pair[0]) - other_m).abs() } else { 0.0 };
        assert!(
            (way_m - least_m).abs() < 0.01 + error_m,
            "{way_m} m are driven from {pair:?}, and {least_m} m are enough"
        );
    }
    assert!(steps.is_empty(), "{} steps end with no fix", steps.len());
}

fn check(network: Network, config: MatcherConfig, fixes: &[Fix]) {
    let network = Arc::new(network);
    let index = Arc::new(EdgeIndex::new(&network));
    let oracle = Oracle::new(&network, &index, config);
    let mut matcher = Matcher::new(network.clone(), index.clone(), config).expect("valid");
    for told in told(&mut matcher, fixes) {
        let seen: Vec<Fix> = told.answers.iter().map(|answer| answer.fix).collect();
        let mut longer = seen.clone();
        longer.extend(told.next);
        let mut known = oracle.known(&longer);
        assert!(known.len() >= seen.len(), "a fix was matched that nothing leads to");
        let beyond = (known.len() > seen.len()).then(|| known.remove(seen.len()));
        if is_beyond_the_beam(&known) {
            continue;
        }
        check_answers(&network, &told, &known);
        let Some(last) = known.last() else { continue };
        if let Some(beyond) = beyond {
            let (there, before) = (beyond.reached, last.best());
            assert!(there < before - BEAM_NATS + ERROR_NATS, "there is a way, at {there} after {before}");
        }
        let (nats, best) = (oracle.nats(&seen, &known, &told.places), last.best());
        assert!((nats - best).abs() < ERROR_NATS * seen.len() as f64, "the way is at {nats}, the likeliest at {best}");
        // A little way back is no way, and then what is driven is not what was weighed.
        if config.jitter_m == 0.0 {
            check_steps(&network, &told, &oracle, config.u_turn_m);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_committed_way_is_the_likeliest_of_all(
        seed in any::<u64>(), side in 1..5_usize, spacing_m in 15.0..110.0, beta_m in 3.0..40.0,
        jitter_m in prop_oneof![Just(0.0), Just(12.0)], u_turn_m in prop_oneof![Just(0.0), Just(60.0)],
        candidates_max in prop_oneof![Just(2_usize), Just(12), Just(32)],
    ) {
        let center = origin(41.15, -8.61);
        let network = odd_network(seed, center, Oddity { side, spacing_m, huge: false });
        let fixes = fixes(&network, &mut Random(!seed), center, 1.2 * side as f64 * spacing_m);
        check(network, exact(beta_m, jitter_m, u_turn_m, candidates_max), &fixes);
    }
}
