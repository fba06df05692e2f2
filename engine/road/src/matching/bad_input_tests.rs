//! Bad fixes and bad maps, one by one: each is answered, or refused for a reason.

use std::sync::Arc;

use super::fixture::{Checked, Random, matcher, origin, town};
use super::*;
use crate::geo::{Coord, LocalFrame, Xy};
use crate::id::EdgeId;
use crate::index::EdgeIndex;
use crate::network::{Network, NetworkBuilder, NewEdge, RoadClass, ShapePoint, TurnModel};
use crate::routing::Position;
use crate::unit::Timestamp;

/// Streets from each place to the next, open both ways.
fn road(places: &[Coord]) -> Network {
    let mut builder = NetworkBuilder::new();
    let nodes: Vec<_> = places.iter().zip(0..).map(|(&place, key)| builder.node(key, place)).collect();
    for pair in nodes.windows(2) {
        builder.street(NewEdge::straight(pair[0], pair[1], RoadClass::Primary, 20.0), "");
    }
    builder.build(&TurnModel::default()).expect("it has an edge")
}

/// What became of fixes one second apart.
#[derive(Debug, Default, PartialEq)]
struct Counted {
    matched: usize,
    broke: Vec<BreakReason>,
    held: Vec<HoldReason>,
    rejected: Vec<RejectReason>,
    /// How far the vehicle drove for certain, in whole metres.
    driven_m: u32,
}

fn count(network: Network, config: MatcherConfig, fixes: impl IntoIterator<Item = Fix>) -> Counted {
    let mut matcher = matcher(network, config);
    let network = matcher.network().clone();
    let (mut trace, mut checked, mut counted) = (Trace::default(), Checked::default(), Counted::default());
    let mut driven_m = 0.0;
    let mut drive = |committed: Committed<'_>| {
        for step in committed.steps() {
            let passed = step.path.len() - 1;
            let before: f64 = step.path[..passed].iter().map(|&edge| network.length(edge).0).sum();
            driven_m += before + (f64::from(step.to.offset_mm) - f64::from(step.from.offset_mm)) / 1e3;
        }
    };
    for fix in fixes {
        let outcome = matcher.on_fix(&mut trace, &fix);
        checked.on_outcome(&network, &outcome);
        match outcome {
            Outcome::Matched(matched) => {
                counted.matched += 1;
                counted.broke.extend(matched.broke);
                drive(matched.committed);
            }
            Outcome::Held(reason) => counted.held.push(reason),
            Outcome::Rejected(reason) => counted.rejected.push(reason),
        }
    }
    let committed = matcher.end(&mut trace);
    checked.take(&network, committed);
    drive(committed);
    assert_eq!((trace.position(), matcher.end(&mut trace).is_empty()), (None, true), "it has ended");
    counted.driven_m = driven_m.round() as u32;
    counted
}

fn fixes(coords: impl IntoIterator<Item = Coord>) -> impl Iterator<Item = Fix> {
    coords.into_iter().zip(0..).map(|(coord, second)| Fix::new(Timestamp::from_secs(second), coord))
}

/// A counted result without anything odd about it.
fn smooth(matched: usize, driven_m: u32) -> Counted {
    Counted { matched, broke: vec![BreakReason::First], driven_m, ..Counted::default() }
}

#[test]
fn a_road_over_the_date_line_goes_on() {
    let frame = LocalFrame::at(origin(-17.0, 180.0));
    let at = |x: f64| frame.to_coord(Xy { x, y: 0.0 });
    let road = road(&[at(-1_000.0), at(-300.0), at(300.0), at(1_000.0)]);
    let drive = (-9..10).map(|nth| at(20.0 * f64::from(nth)));
    assert_eq!(count(road, MatcherConfig::default(), fixes(drive)), smooth(19, 360));
}

#[test]
fn a_road_that_ends_at_the_pole_is_driven_to_its_end() {
    for pole in [90.0_f64, -90.0] {
        let at = |metres: f64| origin(pole - pole.signum() * metres / 111_195.0, 25.0);
        let road = road(&[at(3_000.0), at(1_000.0), at(0.0)]);
        let drive = (0..19).map(|nth| at(1_800.0 - 100.0 * f64::from(nth)));
        let config = MatcherConfig { speed_max_mps: 150.0, ..MatcherConfig::default() };
        let counted = count(road, config, fixes(drive));
        assert_eq!((counted.matched, counted.driven_m), (19, 1_800), "{counted:?}");
    }
}

#[test]
fn edges_without_length_are_passed_however_many_there_are() {
    let east = |x: f64| LocalFrame::at(origin(41.15, -8.61)).to_coord(Xy { x, y: 0.0 });
    let mut places = vec![east(0.0)];
    places.extend([east(200.0); 30]);
    places.push(east(400.0));
    let drive: Vec<Coord> = (0..21).map(|nth| east(20.0 * f64::from(nth))).collect();
    for lag_fixes in [0, 3, 32] {
        let config = MatcherConfig { lag_fixes, ..MatcherConfig::default() };
        assert_eq!(count(road(&places), config, fixes(drive.clone())), smooth(21, 400), "lag {lag_fixes}");
    }
}

#[test]
fn where_nothing_has_a_length_a_vehicle_stands() {
    let here = origin(41.15, -8.61);
    let near = LocalFrame::at(here).to_coord(Xy { x: 9.0, y: 5.0 });
    let fixes = fixes((0..50).map(|nth| [here, near][nth % 2]));
    let counted = count(road(&[here; 6]), MatcherConfig::default(), fixes);
    assert_eq!((counted.matched, counted.driven_m), (50, 0), "{counted:?}");
}

#[test]
fn one_fix_is_answered_and_none_is_no_trace() {
    let (here, there) = (origin(0.0, 0.0), origin(0.0, 0.01));
    assert_eq!(count(road(&[here, there]), MatcherConfig::default(), fixes([here])), smooth(1, 0));
    assert_eq!(count(road(&[here, there]), MatcherConfig::default(), []), Counted::default());
}

#[test]
fn a_trace_wholly_off_the_map_is_refused_fix_by_fix() {
    let road = road(&[origin(0.0, 0.0), origin(0.0, 0.01)]);
    let away = [origin(90.0, 0.0), origin(-90.0, 7.0), origin(0.0, 180.0), origin(0.0, -180.0), origin(0.001, 0.0)];
    let counted = count(road, MatcherConfig::default(), fixes(away));
    assert_eq!(counted, Counted { rejected: vec![RejectReason::OffMap; 5], ..Counted::default() });
}

#[test]
fn time_that_runs_backwards_and_the_ends_of_time_are_refused_or_begin_anew() {
    let (here, there) = (origin(0.0, 0.0), origin(0.0, 0.01));
    let times = [i64::MIN, i64::MIN + 1, -1, 0, -1, 0, i64::MAX - 1, i64::MAX, i64::MAX, i64::MIN];
    let fixes = times.map(|micros| Fix::new(Timestamp::from_micros(micros), here));
    let counted = count(road(&[here, there]), MatcherConfig::default(), fixes);
    let (stale, twice) = (RejectReason::Stale, RejectReason::DuplicateTime);
    assert_eq!(counted.rejected, [stale, twice, twice, stale]);
    assert_eq!(counted.broke, [BreakReason::First, BreakReason::Gap, BreakReason::Gap]);
    assert_eq!((counted.matched, counted.driven_m), (6, 0));
}

#[test]
fn an_accuracy_of_nothing_is_an_answer_and_one_of_10_km_a_reason() {
    let here = origin(41.15, -8.61);
    let odd = [0.0, f32::MIN_POSITIVE, -3.0, f32::NAN, f32::INFINITY, 10_000.0, f32::MAX];
    let fixes = fixes([here; 7]).zip(odd).map(|(fix, accuracy)| Fix { accuracy_m: Some(accuracy), ..fix });
    let counted = count(town(here, 6), MatcherConfig::default(), fixes);
    assert_eq!((counted.matched, counted.rejected), (5, vec![RejectReason::Inaccurate; 2]));
}

#[test]
fn a_hundred_thousand_fixes_in_one_cell_leave_the_trace_as_small_as_it_was() {
    let mut matcher = matcher(town(origin(41.15, -8.61), 6), MatcherConfig::default());
    let frame = LocalFrame::at(matcher.network().coord_at(EdgeId(9), 0));
    let (mut trace, mut random, mut most) = (Trace::default(), Random(5), 0);
    let mut fixes = CommittedFixes::new(50);
    let mut settled = Vec::new();
    for nth in 0..100_000_u64 {
        let coord = frame.to_coord(Xy { x: 40.0 * random.unit(), y: 40.0 * random.unit() });
        let fix = Fix::new(Timestamp::from_secs(nth as i64), coord);
        let network = matcher.network().clone();
        let outcome = matcher.on_fix(&mut trace, &fix);
        fixes.on_outcome(&network, nth, &fix, &outcome, &mut settled);
        assert!(fixes.pending() <= 50);
        most = most.max(trace.bytes());
        if nth == 1_000 {
            most = 0;
        }
    }
    assert!(most < 5_200, "{most} bytes");
    assert!(settled.len() >= 100_000 - 50);
}

#[test]
fn fixes_between_the_steps_of_a_long_bent_road_are_where_they_were() {
    // 15 km north and as far east, as one edge; the vehicle passes the bend.
    let frame = LocalFrame::at(origin(60.0, 10.0));
    let at = |x: f64, y: f64| frame.to_coord(Xy { x, y });
    let mut builder = NetworkBuilder::new();
    let (start, end) = (builder.node(0, at(0.0, 0.0)), builder.node(1, at(15e3, 15e3)));
    let via = vec![ShapePoint { key: 2, coord: at(0.0, 15e3) }];
    builder.street(NewEdge { via, ..NewEdge::straight(start, end, RoadClass::Motorway, 30.0) }, "");
    let network = Arc::new(builder.build(&TurnModel::default()).expect("builds"));
    let index = Arc::new(EdgeIndex::new(&network));
    // Fixes 25 m apart, of which every fourth is kept.
    let config = MatcherConfig { thin_sigmas: 10.0, ..MatcherConfig::default() };
    let mut matcher = Matcher::new(network.clone(), index, config).expect("valid");
    let (mut trace, mut committed, mut settled) = (Trace::default(), CommittedFixes::new(100), Vec::new());
    let truth: Vec<Position> =
        (0..60).map(|nth| Position { edge: EdgeId(0), offset_mm: 20_000_000 + 25_000 * nth }).collect();
    for (nth, place) in truth.iter().enumerate() {
        let coord = network.coord_at(place.edge, place.offset_mm);
        let fix = Fix::new(Timestamp::from_secs(nth as i64), coord);
        let outcome = matcher.on_fix(&mut trace, &fix);
        committed.on_outcome(&network, nth as u64, &fix, &outcome, &mut settled);
    }
    committed.on_end(&network, matcher.end(&mut trace), &mut settled);
    // At first it may have been going the other way.
    for (settled, truth) in settled.iter().zip(&truth).skip(1) {
        let place = settled.position.expect("it is on the road");
        assert_eq!(place.edge, truth.edge);
        let off_mm = place.offset_mm.abs_diff(truth.offset_mm);
        assert!(off_mm <= 100, "fix {} is {off_mm} mm from where it was", settled.number);
    }
}

#[test]
#[ignore = "a time is believed however far ahead it is, and all that come after it are stale"]
fn one_fix_from_the_far_future_does_not_silence_a_driver_for_good() {
    let (here, there) = (origin(0.0, 0.0), origin(0.0, 0.01));
    let times = [0, 1, 2, 8_000_000_000, 3, 4, 5, 60, 120, 180, 240, 300];
    let fixes = times.map(|second| Fix::new(Timestamp::from_secs(second), here));
    let counted = count(road(&[here, there]), MatcherConfig::default(), fixes);
    assert!(counted.matched > 4, "{counted:?}");
}

#[test]
#[ignore = "the likelihood of a jump is not held to the beam, but to what fits the fix as well"]
fn above_the_beam_no_vehicle_jumps_while_a_road_can_be_reached() {
    // A road that goes on, and beside it one that no way leads to and that fits a little better.
    let east = |x: f64, y: f64| LocalFrame::at(origin(41.15, -8.61)).to_coord(Xy { x, y });
    let mut builder = NetworkBuilder::new();
    for y in [0.0, 40.0] {
        let (start, end) = (builder.node(0, east(0.0, y)), builder.node(1, east(900.0, y)));
        builder.edge(NewEdge::straight(start, end, RoadClass::Primary, 20.0), "");
    }
    let network = builder.build(&TurnModel::default()).expect("builds");
    let config = MatcherConfig { jump_nats: 10.0, beam_nats: 9.0, jump_gain_nats: 0.0, ..MatcherConfig::default() };
    let mut matcher = matcher(network, config);
    let (mut trace, mut checked) = (Trace::default(), Checked::default());
    let network = matcher.network().clone();
    for nth in 0..20 {
        let y = if nth < 3 { 0.0 } else { 38.0 };
        let fix = Fix::new(Timestamp::from_secs(nth), east(20.0 + 20.0 * nth as f64, y));
        let outcome = matcher.on_fix(&mut trace, &fix);
        checked.on_outcome(&network, &outcome);
        let Outcome::Matched(matched) = outcome else { panic!("{outcome:?}") };
        assert_eq!(matched.position.edge, EdgeId(0), "fix {nth}");
    }
}
