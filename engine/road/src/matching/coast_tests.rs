//! A tunnel: a long way without a choice, and a fork at its end.

use std::sync::Arc;

use super::{Fix, Matcher, MatcherConfig, Outcome, Trace};
use crate::geo::{Coord, LocalFrame, Xy};
use crate::id::EdgeId;
use crate::index::EdgeIndex;
use crate::network::{Network, NetworkBuilder, NewEdge, RoadClass, TurnModel};
use crate::routing::Position;
use crate::unit::{Span, Timestamp};

/// Its pieces, and how long each is, in metres.
const PIECES: usize = 8;
const PIECE_M: f64 = 250.0;

/// How fast the vehicle comes to its mouth, in metres per second, and how long it is seen there, in seconds.
const SPEED: f64 = 16.0;
const SEEN_S: i64 = 12;

fn mouth() -> Coord {
    Coord::from_degrees(41.15, -8.61).expect("in range")
}

/// So far to the east of the mouth, and to the north.
fn at(east: f64, north: f64) -> Coord {
    LocalFrame::at(mouth()).to_coord(Xy { x: east, y: north })
}

/// To the east, and open both ways.
fn tunnel() -> Matcher {
    let mut builder = NetworkBuilder::new();
    let nodes: Vec<_> = (0..=PIECES).map(|nth| builder.node(nth as i64, at(nth as f64 * PIECE_M, 0.0))).collect();
    let end = PIECES as f64 * PIECE_M;
    let forks = [400.0, -400.0].map(|north| builder.node(100 + north as i64, at(end + 400.0, north)));
    let pairs = nodes.windows(2).map(|pair| (pair[0], pair[1])).chain(forks.map(|fork| (nodes[PIECES], fork)));
    for (tail, head) in pairs {
        builder.street(NewEdge::straight(tail, head, RoadClass::Primary, 20.0), "");
    }
    let network = Arc::new(builder.build(&TurnModel::default()).expect("builds"));
    let index = Arc::new(EdgeIndex::new(&network));
    Matcher::new(network, index, MatcherConfig::default()).expect("valid")
}

/// What there is of a vehicle after it has been seen `east_m` of the mouth and on, once a second.
fn seen(matcher: &mut Matcher, east_m: impl Fn(f64) -> f64, speed_mps: Option<f32>) -> Trace {
    let mut trace = Trace::default();
    for second in 0..=SEEN_S {
        let coord = at(east_m(second as f64), 0.0);
        let fix = Fix { speed_mps, ..Fix::new(Timestamp::from_secs(second), coord) };
        assert!(matches!(matcher.on_fix(&mut trace, &fix), Outcome::Matched(_)), "second {second}");
    }
    trace
}

/// How far to the east of the mouth.
fn east_m(network: &Network, place: Position) -> f64 {
    LocalFrame::at(mouth()).to_xy(network.coord_at(place.edge, place.offset_mm)).x
}

fn after(seconds: i64) -> Timestamp {
    Timestamp::from_secs(SEEN_S + seconds)
}

#[test]
fn it_goes_on_to_the_fork_and_no_farther() {
    // What it says of its speed, or what its fixes come to.
    for speed_mps in [Some(SPEED as f32), None] {
        let mut matcher = tunnel();
        let trace = seen(&mut matcher, |second| SPEED * second, speed_mps);
        let last = SPEED * SEEN_S as f64;
        assert_eq!(matcher.coast(&trace, after(0)), None);
        for seconds in (1..=140).step_by(3) {
            let place = matcher.coast(&trace, after(seconds)).expect("it moves");
            let expected = (last + SPEED * seconds as f64).min(last + SPEED * 120.0).min(PIECE_M * PIECES as f64);
            let found = east_m(matcher.network(), place);
            assert!((found - expected).abs() < 0.02 * expected, "{found} m after {seconds} s, not {expected}");
        }
        let end = matcher.coast(&trace, after(120)).expect("it moves");
        let network = matcher.network();
        assert_eq!(end.offset_mm, network.length_mm(end.edge), "at the fork");
        assert_eq!(network.successors(end.edge).filter(|&(next, _)| Some(next) != network.twin(end.edge)).count(), 2);
    }
}

#[test]
fn it_goes_on_for_two_minutes_and_no_longer() {
    let mut matcher = tunnel();
    let trace = seen(&mut matcher, |second| 4.0 * second, Some(4.0));
    let place = |seconds| matcher.coast(&trace, after(seconds)).expect("it moves");
    let driven = |seconds| east_m(matcher.network(), place(seconds)) - 4.0 * SEEN_S as f64;
    assert!((driven(119) - 476.0).abs() < 8.0, "{}", driven(119));
    assert!(place(119) != place(120) && place(120) == place(121) && place(120) == place(100_000));
    let out = Matcher::new(
        matcher.network().clone(),
        Arc::new(EdgeIndex::new(matcher.network())),
        MatcherConfig { coast_max: Span::ZERO, ..MatcherConfig::default() },
    );
    assert_eq!(out.expect("valid").coast(&trace, after(60)), None, "coasting is off");
}

#[test]
fn it_stops_where_the_road_ends() {
    let mut matcher = tunnel();
    // To the west, out of the mouth, where there is nothing.
    let trace = seen(&mut matcher, |second| 400.0 - SPEED * second, None);
    let end = matcher.coast(&trace, after(100)).expect("it moves");
    assert!(east_m(matcher.network(), end).abs() < 0.1);
    assert_eq!(end.offset_mm, matcher.network().length_mm(end.edge));
}

#[test]
fn one_that_stands_or_may_head_either_way_stays() {
    let mut matcher = tunnel();
    let standing = seen(&mut matcher, |second| 300.0 + second % 2.0, None);
    assert_eq!(matcher.coast(&standing, after(30)), None);
    // It came along and stopped at once, which is a fix that has not moved.
    let mut stopped = seen(&mut matcher, |second| SPEED * second, None);
    assert!(matcher.coast(&stopped, after(30)).is_some());
    let last = Fix::new(after(1), at(SPEED * SEEN_S as f64 + 1.0, 0.0));
    assert!(matches!(matcher.on_fix(&mut stopped, &last), Outcome::Matched(_)));
    assert_eq!(matcher.coast(&stopped, after(30)), None);
    // Its first fix says how fast it is, but not where to.
    let mut first = Trace::default();
    let fix = Fix { speed_mps: Some(10.0), ..Fix::new(Timestamp::from_secs(0), at(300.0, 0.0)) };
    assert!(matches!(matcher.on_fix(&mut first, &fix), Outcome::Matched(matched) if !matched.direction_sure()));
    assert_eq!(matcher.coast(&first, Timestamp::from_secs(20)), None);
    assert_eq!(matcher.coast(&Trace::default(), Timestamp::from_secs(20)), None);
}

#[test]
fn a_trace_that_was_written_down_goes_on_as_well() {
    let mut matcher = tunnel();
    let trace = seen(&mut matcher, |second| SPEED * second, None);
    let mut bytes = Vec::new();
    trace.encode(&mut bytes);
    let (read, _) = Trace::decode(&bytes, matcher.network()).expect("what was written");
    let place = matcher.coast(&read, after(30));
    assert!(place.is_some_and(|place| place.edge != EdgeId(0)) && place == matcher.coast(&trace, after(30)));
}

#[test]
fn a_trace_that_says_it_is_faster_than_anything_is_refused() {
    let mut matcher = tunnel();
    let mut trace = seen(&mut matcher, |second| SPEED * second, None);
    for (speed_mps, is_one) in [(1_000.0, true), (1_001.0, false), (f32::MAX, false)] {
        trace.open.as_mut().expect("it was seen").speed_mps = speed_mps;
        let mut bytes = Vec::new();
        trace.encode(&mut bytes);
        assert_eq!(Trace::decode(&bytes, matcher.network()).is_ok(), is_one, "{speed_mps} m/s");
    }
}
