//! What the matcher promises of every answer, on networks and from traces that are as bad as they can be.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::fixture::{Checked, Random, origin};
use super::odd_network::{Oddity, odd_network};
use super::*;
use crate::geo::{Coord, LocalFrame, Xy};
use crate::id::EdgeId;
use crate::index::EdgeIndex;
use crate::network::{Network, NetworkBuilder, NewEdge, RoadClass, TurnModel};
use crate::unit::{Span, Timestamp};

/// A driver's matcher, trace and all that was said, held to every promise.
struct Judge {
    matcher: Matcher,
    trace: Trace,
    checked: Checked,
    said: BTreeMap<Timestamp, EdgeId>,
    fixes: CommittedFixes,
    settled: Vec<CommittedFix>,
    /// Of each fix whether it was matched.
    matched: Vec<bool>,
    bytes_max: usize,
}

impl Judge {
    fn new(network: Network, config: MatcherConfig, pending_max: usize) -> Self {
        let network = Arc::new(network);
        let index = Arc::new(EdgeIndex::new(&network));
        let matcher = Matcher::new(network, index, config).expect("valid");
        Self {
            matcher,
            trace: Trace::default(),
            checked: Checked::default(),
            said: BTreeMap::new(),
            fixes: CommittedFixes::new(pending_max),
            settled: Vec::new(),
            matched: Vec::new(),
            bytes_max: bytes_max(&config),
        }
    }

    fn on_fix(&mut self, fix: &Fix) {
        let network = self.matcher.network().clone();
        let config = *self.matcher.config();
        let before = self.trace.position();
        // By way of its bytes: nothing may change.
        let mut bytes = Vec::new();
        self.trace.encode(&mut bytes);
        let (mut twin, length) = Trace::decode(&bytes, &network).expect("what was written");
        assert_eq!((length, &twin), (bytes.len(), &self.trace));
        let once = format!("{:?}", self.matcher.on_fix(&mut twin, fix));
        let outcome = self.matcher.on_fix(&mut self.trace, fix);
        assert_eq!(format!("{outcome:?}"), once);
        assert_eq!(twin, self.trace);
        let number = self.matched.len() as u64;
        self.matched.push(matches!(outcome, Outcome::Matched(_)));
        self.fixes.on_outcome(&network, number, fix, &outcome, &mut self.settled);
        self.checked.on_outcome(&network, &outcome);
        match outcome {
            Outcome::Matched(matched) => {
                check_answer(&network, &config, fix, &matched);
                check_revisions(&self.said, matched.committed);
                self.said.insert(fix.time, matched.position.edge);
                assert_eq!(self.trace.position(), Some((matched.position, fix.time)));
            }
            Outcome::Held(_) | Outcome::Rejected(_) => assert_eq!(self.trace.position(), before),
        }
        let bytes = self.trace.bytes();
        assert!(bytes <= self.bytes_max, "{bytes} bytes, and {} are the most", self.bytes_max);
        if let Some(there) = self.matcher.coast(&self.trace, fix.time + Span::from_secs(30)) {
            assert!(there.offset_mm <= network.length_mm(there.edge));
        }
    }

    fn end(&mut self) {
        let network = self.matcher.network().clone();
        let committed = self.matcher.end(&mut self.trace);
        self.checked.take(&network, committed);
        check_revisions(&self.said, committed);
        self.fixes.on_end(&network, committed, &mut self.settled);
        assert_eq!(self.settled.len(), self.matched.len());
        for (nth, settled) in self.settled.iter().enumerate() {
            assert_eq!(settled.number, nth as u64);
            assert_eq!(settled.position.is_some(), self.matched[nth]);
            assert!(settled.position.is_none_or(|place| place.offset_mm <= network.length_mm(place.edge)));
        }
    }
}

/// As the documentation of [`Trace`] has it.
fn bytes_max(config: &MatcherConfig) -> usize {
    (config.lag_fixes + 1) * (32 * config.candidates_max + 48) + 400
}

/// As the documentation of [`MatcherConfig`] has it.
fn radius_m(config: &MatcherConfig, fix: &Fix) -> f64 {
    let accuracy_m = fix.accuracy_m.filter(|accuracy_m| accuracy_m.is_finite() && *accuracy_m > 0.0);
    let sigma_m = accuracy_m.map_or(config.sigma_m, |accuracy| (f64::from(accuracy) / 1.5).hypot(config.sigma_map_m));
    (4.0 * sigma_m).max(config.radius_m).min(config.radius_max_m)
}

fn check_answer(network: &Network, config: &MatcherConfig, fix: &Fix, matched: &Match<'_>) {
    let Match { position, point, distance_m, confidence, direction_confidence, .. } = *matched;
    let (length_mm, radius_m) = (network.length_mm(position.edge), radius_m(config, fix));
    assert!(position.offset_mm <= length_mm);
    assert!(f64::from(distance_m) <= radius_m * (1.0 + 1e-6), "{distance_m} m away, looked for within {radius_m} m");
    let there = LocalFrame::at(fix.coord).to_xy(point);
    let apart_m = there.x.hypot(there.y);
    // Some metres from a pole, a street may lead half around the globe, and past the meridian that is opposite.
    let error_m = if fix.coord.lat().abs() > 89.99 { f64::INFINITY } else { 0.02 };
    let farther_m = f64::from(distance_m) - apart_m;
    assert!(farther_m > -0.02 && farther_m < error_m, "{distance_m} m, and the point is {apart_m} m away");
    // An offset is in whole millimetres of the edge's length, which need not be its shape's.
    let shape_m: f64 = network.shape(position.edge).windows(2).map(|pair| pair[0].distance(pair[1]).0).sum();
    let on_road = network.coord_at(position.edge, position.offset_mm);
    let off_m = point.distance(on_road).0;
    assert!(
        off_m < 0.03 + 2.0 * shape_m / f64::from(length_mm),
        "{point:?} is {off_m} m from {position:?} at {on_road:?}"
    );
    assert!((0.0..=1.0).contains(&confidence), "{confidence}");
    assert!((0.5..=1.0).contains(&direction_confidence), "{direction_confidence}");
}

fn check_revisions(said: &BTreeMap<Timestamp, EdgeId>, committed: Committed<'_>) {
    for revision in committed.revisions() {
        assert_eq!(said.get(&revision.time), Some(&revision.said), "{revision:?}");
        assert_ne!(revision.said, revision.position.edge);
    }
    assert!(committed.revisions().is_sorted_by_key(|revision| revision.time));
}

fn configs() -> impl Strategy<Value = MatcherConfig> {
    let share = |few: f64, many: f64| prop_oneof![Just(few), few..many];
    let counts = (0..33_usize, 1..33_usize, 0..5_u8, prop_oneof![1..20_usize, Just(4_096)]);
    let metres = (share(0.0, 30.0), share(0.0, 80.0), share(0.0, 20.0), share(1.0, 400.0), share(0.1, 40.0));
    let nats = (share(1.0, 100.0), share(1.0, 30.0), share(0.0, 10.0), share(0.0, 10.0));
    let rest = (share(0.0, 4.0), share(1.0, 90.0), 0..100_i64, 1..200_i64);
    (counts, metres, nats, rest).prop_map(|(counts, metres, nats, rest)| {
        let (lag_fixes, candidates_max, hold_max, search_edges_max) = counts;
        let (jitter_m, u_turn_m, still_m, radius_m, beta_m) = metres;
        let (beam_nats, jump_nats, jump_gain_nats, course_nats) = nats;
        let (thin_sigmas, speed_max_mps, lag_s, gap_s) = rest;
        MatcherConfig {
            lag_fixes,
            candidates_max,
            hold_max,
            search_edges_max,
            jitter_m,
            u_turn_m,
            still_m,
            radius_m,
            radius_max_m: 400.0,
            beta_m,
            beam_nats,
            jump_nats,
            jump_gain_nats,
            course_nats,
            thin_sigmas,
            speed_max_mps,
            lag_span: Span::from_secs(lag_s),
            gap_max: Span::from_secs(gap_s),
            ..MatcherConfig::default()
        }
    })
}

fn centers() -> impl Strategy<Value = Coord> {
    prop_oneof![
        6 => Just(origin(41.15, -8.61)),
        1 => Just(origin(-17.0, 180.0)),
        1 => Just(origin(66.0, -179.9995)),
        1 => Just(origin(0.0, 0.0)),
        1 => Just(origin(89.9999, 20.0)),
        1 => Just(origin(90.0, -120.0)),
        1 => Just(origin(-90.0, 0.0)),
    ]
}

/// Fixes of a vehicle that mostly drives along, and now and then is anywhere at any time.
fn fixes(network: &Network, random: &mut Random, center: Coord, count: usize) -> Vec<Fix> {
    let (mut time, mut fixes) = (Timestamp::from_secs(1_000_000), Vec::<Fix>::new());
    let pace = [1_000, 4_000, 20_000][random.below(3)];
    let mut place = 0_u32;
    let mut edge = EdgeId(random.below(network.edge_count()) as u32);
    for _ in 0..count {
        time = match random.below(60) {
            0 => time,
            1 => time + Span::from_secs(-40),
            2 => time + Span::from_secs(500),
            _ => time + Span::from_millis(1 + random.below(2 * pace) as i64),
        };
        place = place.saturating_add(random.below(15 * pace) as u32);
        while place > network.length_mm(edge) {
            place -= network.length_mm(edge);
            let on: Vec<EdgeId> = network.successors(edge).map(|(next, _)| next).collect();
            edge = if on.is_empty() {
                EdgeId(random.below(network.edge_count()) as u32)
            } else {
                on[random.below(on.len())]
            };
        }
        let frame = LocalFrame::at(network.coord_at(edge, place));
        let by = [0.0, 4.0, 15.0, 60.0][random.below(4)];
        let mut coord = frame.to_coord(Xy { x: by * random.normal(), y: by * random.normal() });
        match (random.below(30), fixes.last()) {
            (0, _) => {
                coord = LocalFrame::at(center).to_coord(Xy { x: 400.0 * random.normal(), y: 400.0 * random.normal() })
            }
            (1, _) => coord = origin([90.0, -90.0, 0.0][random.below(3)], [180.0, -180.0, 0.0][random.below(3)]),
            (2..6, Some(last)) => coord = last.coord,
            _ => {}
        }
        let odd = [0.0, 1e-30, 10_000.0, f32::NAN, f32::INFINITY, f32::MAX, -1.0];
        let mut number = |most: f64| match random.below(12) {
            0 => Some(odd[random.below(odd.len())]),
            1..5 => Some((most * random.unit()) as f32),
            _ => None,
        };
        let (accuracy_m, speed_mps, heading_deg) = (number(300.0), number(30.0), number(360.0));
        fixes.push(Fix { time, coord, accuracy_m, speed_mps, heading_deg });
    }
    fixes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_answer_keeps_its_promises(
        seed in any::<u64>(), side in 1..5_usize, spacing_m in prop_oneof![Just(0.0), 5.0..150.0, Just(2_000.0)],
        center in centers(), config in configs(), pending_max in prop_oneof![0..20_usize, Just(1_000)],
    ) {
        let network = odd_network(seed, center, Oddity { side, spacing_m, huge: true });
        let mut random = Random(!seed);
        let count = 1 + random.below(80);
        let fixes = fixes(&network, &mut random, center, count);
        let mut judge = Judge::new(network, config, pending_max);
        for fix in &fixes {
            judge.on_fix(fix);
        }
        judge.end();
    }
}

#[test]
fn a_trace_takes_no_more_than_it_says_where_every_road_is_as_likely() {
    let mut builder = NetworkBuilder::new();
    let (here, there) = (builder.node(0, origin(0.0, 0.0)), builder.node(1, origin(0.0, 0.1)));
    for _ in 0..20 {
        builder.street(NewEdge::straight(here, there, RoadClass::Primary, 20.0), "");
    }
    let network = Arc::new(builder.build(&TurnModel::default()).expect("builds"));
    let index = Arc::new(EdgeIndex::new(&network));
    let default = MatcherConfig::default();
    let most = MatcherConfig { lag_fixes: 32, candidates_max: 32, lag_span: Span::from_secs(600), ..default };
    for config in [default, most] {
        let mut matcher = Matcher::new(network.clone(), index.clone(), config).expect("valid");
        let (mut trace, mut bytes) = (Trace::default(), 0);
        for second in 0..100 {
            let coord = origin(0.0, 2e-4 * second as f64);
            matcher.on_fix(&mut trace, &Fix::new(Timestamp::from_secs(second), coord));
            bytes = bytes.max(trace.bytes());
        }
        let bound = bytes_max(&config);
        println!("{bytes} bytes, {bound} at most");
        assert!(bytes <= bound, "{bytes} bytes, and {bound} are the most");
    }
}
