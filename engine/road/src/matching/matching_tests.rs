use std::sync::Arc;

use proptest::prelude::*;

use super::fixture::{Checked, Random, drive, matcher, origin, town};
use super::*;
use crate::geo::{Coord, LocalFrame, Xy};
use crate::id::EdgeId;
use crate::index::EdgeIndex;
use crate::routing::Position;
use crate::unit::{Span, Timestamp};

/// Drives through a town and says which share of the fixes were matched to the right edge at once, and of the edges
/// driven were committed.
fn shares(config: MatcherConfig, seconds: i64, noise_m: f64, seed: u64) -> (f64, f64) {
    let mut matcher = matcher(town(origin(41.15, -8.61), 12), config);
    let network = matcher.network().clone();
    let mut random = Random(seed);
    let (mut right, mut fixes, mut found, mut driven) = (0, 0, 0, 0);
    for _ in 0..10 {
        let positions = drive(&network, &mut random, 3_000.0, 11.0 * seconds as f64);
        let (mut trace, mut checked) = (Trace::default(), Checked::default());
        for (nth, &truth) in positions.iter().enumerate() {
            let point = network.coord_at(truth.edge, truth.offset_mm);
            let (x, y) = (noise_m * random.normal(), noise_m * random.normal());
            let coord = LocalFrame::at(point).to_coord(Xy { x, y });
            let outcome = matcher.on_fix(&mut trace, &Fix::new(Timestamp::from_secs(seconds * nth as i64), coord));
            checked.on_outcome(&network, &outcome);
            if nth >= 3 {
                fixes += 1;
                right += usize::from(matches!(outcome, Outcome::Matched(m) if m.position.edge == truth.edge));
            }
        }
        checked.take(&network, matcher.end(&mut trace));
        let mut edges: Vec<EdgeId> = positions.iter().map(|position| position.edge).collect();
        edges.dedup();
        driven += edges.len();
        found += edges.iter().filter(|edge| checked.edges.contains(edge)).count();
    }
    (right as f64 / fixes as f64, found as f64 / driven as f64)
}

#[test]
fn a_drive_is_followed_at_any_lag() {
    for lag_fixes in [0, 1, 4, 32] {
        for seconds in [1, 5, 20] {
            let config = MatcherConfig { lag_fixes, lag_span: Span::from_secs(600), ..MatcherConfig::default() };
            let (at_once, committed) = shares(config, seconds, 4.0, 7);
            println!("lag {lag_fixes}, every {seconds} s: {at_once:.3} at once, {committed:.3} committed");
            // Without lag the first guess at the direction is final.
            assert!(at_once > 0.85 || lag_fixes == 0, "lag {lag_fixes}, every {seconds} s: {at_once}");
            assert!(committed > 0.9 || lag_fixes == 0, "lag {lag_fixes}, every {seconds} s: {committed}");
        }
    }
}

#[test]
fn without_noise_nothing_is_wrong_but_which_end_of_a_crossing() {
    let (at_once, committed) = shares(MatcherConfig::default(), 1, 0.0, 3);
    assert!(at_once > 0.93 && committed > 0.985, "{at_once} {committed}");
}

#[test]
fn drivers_do_not_disturb_each_other_and_a_trace_can_be_taken_up_elsewhere() {
    let network = Arc::new(town(origin(41.15, -8.61), 10));
    let index = Arc::new(EdgeIndex::new(&network));
    let new = || Matcher::new(network.clone(), index.clone(), MatcherConfig::default()).expect("valid");
    let mut random = Random(11);
    let drives: Vec<Vec<Position>> = (0..6).map(|_| drive(&network, &mut random, 1_500.0, 9.0)).collect();
    let fix = |driver: usize, nth: usize| {
        let place = drives[driver].get(nth)?;
        let noise = Xy { x: 5.0 * ((nth * 7 + driver) as f64).sin(), y: 5.0 * ((nth * 5) as f64).cos() };
        let coord = LocalFrame::at(network.coord_at(place.edge, place.offset_mm)).to_coord(noise);
        Some(Fix::new(Timestamp::from_secs(nth as i64), coord))
    };
    let mut together = new();
    let mut traces = vec![Trace::default(); drives.len()];
    let mut said: Vec<Vec<String>> = vec![Vec::new(); drives.len()];
    for nth in 0..200 {
        for driver in 0..drives.len() {
            if let Some(fix) = fix(driver, nth) {
                said[driver].push(format!("{:?}", together.on_fix(&mut traces[driver], &fix)));
            }
        }
    }
    for (driver, said) in said.iter().enumerate() {
        let mut trace = Trace::default();
        for (nth, said) in said.iter().enumerate() {
            // A new matcher each time, and the trace by way of its bytes.
            let mut bytes = Vec::new();
            trace.encode(&mut bytes);
            let mut restored = Trace::decode(&bytes, &network).expect("what was written").0;
            let fix = fix(driver, nth).expect("as long as the drive");
            assert_eq!(&format!("{:?}", new().on_fix(&mut restored, &fix)), said);
            trace = restored;
        }
        assert_eq!(trace, traces[driver]);
    }
}

#[test]
fn a_standing_vehicle_keeps_its_place_and_adds_nothing() {
    let mut matcher = matcher(town(origin(41.15, -8.61), 6), MatcherConfig::default());
    let network = matcher.network().clone();
    let mut trace = Trace::default();
    let mut checked = Checked::default();
    let place = network.coord_at(EdgeId(9), 30_000);
    let mut bytes = None;
    for second in 0..600 {
        let coord = LocalFrame::at(place).to_coord(Xy { x: (second % 3) as f64, y: (second % 2) as f64 });
        let outcome = matcher.on_fix(&mut trace, &Fix::new(Timestamp::from_secs(second), coord));
        checked.on_outcome(&network, &outcome);
        let Outcome::Matched(matched) = outcome else { panic!("{second}: {outcome:?}") };
        assert_eq!(matched.broke.is_some(), second == 0);
        assert!(!matched.direction_sure(), "it has not moved, and the street is open both ways");
        assert_eq!(*bytes.get_or_insert(trace.bytes()), trace.bytes());
    }
    assert_eq!(checked.steps, 0);
}

#[test]
fn an_outlier_is_held_and_a_new_place_is_believed_in_the_end() {
    let config = MatcherConfig::default();
    let mut matcher = matcher(town(origin(41.15, -8.61), 12), config);
    let network = matcher.network().clone();
    let (here, there) = (network.coord_at(EdgeId(0), 10_000), network.coord_at(EdgeId(470), 10_000));
    assert!(here.distance(there).0 > 700.0);
    let mut trace = Trace::default();
    let mut at = |second: i64, coord: Coord| {
        let outcome = matcher.on_fix(&mut trace, &Fix::new(Timestamp::from_secs(second), coord));
        match outcome {
            Outcome::Matched(matched) => Ok(matched.broke),
            Outcome::Held(reason) => Err(reason),
            Outcome::Rejected(reason) => panic!("{reason:?}"),
        }
    };
    assert_eq!(at(0, here), Ok(Some(BreakReason::First)));
    assert_eq!(at(1, there), Err(HoldReason::Jump));
    assert_eq!(at(2, here), Ok(None));
    for second in 3..6 {
        assert_eq!(at(second, there), Err(HoldReason::Jump));
    }
    assert_eq!(at(6, there), Ok(Some(BreakReason::Jump)));
    assert_eq!(at(7, there), Ok(None));
    assert_eq!(at(500, there), Ok(Some(BreakReason::Gap)));
}

#[test]
fn useless_fixes_are_rejected_with_their_reason() {
    let mut matcher = matcher(town(origin(41.15, -8.61), 6), MatcherConfig::default());
    let here = matcher.network().coord_at(EdgeId(0), 10_000);
    let mut trace = Trace::default();
    let mut at = |second: i64, coord: Coord, accuracy_m: Option<f32>| {
        let fix = Fix { accuracy_m, ..Fix::new(Timestamp::from_secs(second), coord) };
        match matcher.on_fix(&mut trace, &fix) {
            Outcome::Rejected(reason) => Some(reason),
            _ => None,
        }
    };
    assert_eq!(at(10, origin(90.0, 0.0), None), Some(RejectReason::OffMap));
    assert_eq!(at(11, here, Some(0.0)), None);
    assert_eq!(at(11, here, None), Some(RejectReason::DuplicateTime));
    assert_eq!(at(9, here, None), Some(RejectReason::Stale));
    assert_eq!(at(12, here, Some(10_000.0)), Some(RejectReason::Inaccurate));
    assert_eq!(at(13, here, Some(f32::NAN)), None);
}

#[derive(Debug, Clone)]
struct Ping {
    wait_micros: i64,
    to: (f64, f64),
    accuracy_m: Option<f32>,
    speed_mps: Option<f32>,
    heading_deg: Option<f32>,
}

/// A little while, mostly; a little way, mostly.
fn pings() -> impl Strategy<Value = Vec<Ping>> {
    let wait = prop_oneof![20 => 1..20_000_000_i64, 1 => -5_000_000..1_i64, 1 => any::<i64>()];
    let to = prop_oneof![20 => (-60.0..60.0, -60.0..60.0), 1 => (-3e3..3e3, -3e3..3e3), 1 => (-3e7..3e7, -3e7..3e7)];
    let number = || prop::option::of(prop_oneof![8 => 0.0..60.0_f32, 1 => any::<f32>()]);
    let ping =
        (wait, to, number(), number(), number()).prop_map(|(wait_micros, to, accuracy_m, speed_mps, heading_deg)| {
            Ping { wait_micros, to, accuracy_m, speed_mps, heading_deg }
        });
    prop::collection::vec(ping, 1..80)
}

fn towns() -> impl Strategy<Value = Coord> {
    prop_oneof![
        Just(origin(41.15, -8.61)),
        Just(origin(-17.0, 180.0)),
        Just(origin(66.0, -179.9995)),
        Just(origin(89.9999, 20.0)),
        Just(origin(-90.0, 0.0)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_trace_at_all_is_answered_and_what_is_committed_is_connected(
        town_at in towns(), pings in pings(), lag_fixes in 0..6_usize, lag_s in 0..40_i64, edges_max in 1..50_usize,
    ) {
        let config = MatcherConfig {
            lag_fixes, lag_span: Span::from_secs(lag_s), search_edges_max: edges_max, ..MatcherConfig::default()
        };
        let mut matcher = matcher(town(town_at, 5), config);
        let network = matcher.network().clone();
        let (mut trace, mut checked) = (Trace::default(), Checked::default());
        let (mut time, mut coord) = (Timestamp::from_secs(1_000_000), town_at);
        for ping in pings {
            time = Timestamp::from_micros(time.micros().saturating_add(ping.wait_micros));
            // Now and then back to town, so that not all is off the map.
            let from = if ping.wait_micros % 3 == 0 { town_at } else { coord };
            coord = LocalFrame::at(from).to_coord(Xy { x: ping.to.0, y: ping.to.1 });
            let Ping { accuracy_m, speed_mps, heading_deg, .. } = ping;
            let fix = Fix { time, coord, accuracy_m, speed_mps, heading_deg };
            let seen = trace.last_time();
            let before = trace.clone();
            let outcome = matcher.on_fix(&mut trace, &fix);
            checked.on_outcome(&network, &outcome);
            match outcome {
                Outcome::Matched(matched) => {
                    prop_assert!(f64::from(matched.distance_m) <= config.radius_max_m);
                    prop_assert!((0.0..=1.0).contains(&matched.confidence));
                    prop_assert!(matched.position.offset_mm <= network.length_mm(matched.position.edge));
                    prop_assert_eq!(trace.position(), Some((matched.position, time)));
                    prop_assert_eq!(matched.broke == Some(BreakReason::First), before.position().is_none());
                }
                Outcome::Held(_) => prop_assert_eq!(trace.position(), before.position()),
                Outcome::Rejected(RejectReason::Stale) => prop_assert!(seen.is_some_and(|seen| time < seen)),
                Outcome::Rejected(RejectReason::DuplicateTime) => prop_assert_eq!(seen, Some(time)),
                Outcome::Rejected(_) => prop_assert_eq!(trace.position(), before.position()),
            }
            prop_assert!(trace.bytes() < 4_000);
            let mut bytes = Vec::new();
            trace.encode(&mut bytes);
            let (read, length) = Trace::decode(&bytes, &network).expect("what was written");
            prop_assert_eq!(length, bytes.len());
            prop_assert_eq!(&read, &trace);
            for cut in 0..bytes.len() {
                prop_assert_eq!(Trace::decode(&bytes[..cut], &network).err(), Some(TraceError::Truncated));
            }
        }
        checked.take(&network, matcher.end(&mut trace));
        prop_assert_eq!(trace.position(), None);
    }

    #[test]
    fn foreign_bytes_are_refused_or_harmless(
        pings in pings(), at in 0..400_usize, byte in any::<u8>(),
    ) {
        let mut matcher = matcher(town(origin(41.15, -8.61), 5), MatcherConfig::default());
        let network = matcher.network().clone();
        let mut trace = Trace::default();
        let fix = |nth: usize, ping: &Ping| {
            let coord = LocalFrame::at(origin(41.15, -8.61)).to_coord(Xy { x: ping.to.0, y: ping.to.1 });
            Fix::new(Timestamp::from_secs(nth as i64), coord)
        };
        for (nth, ping) in pings.iter().enumerate() {
            matcher.on_fix(&mut trace, &fix(nth, ping));
        }
        let mut bytes = Vec::new();
        trace.encode(&mut bytes);
        let length = bytes.len();
        bytes[at % length] = byte;
        if let Ok((mut forged, _)) = Trace::decode(&bytes, &network) {
            for (nth, ping) in pings.iter().enumerate() {
                matcher.on_fix(&mut forged, &fix(nth + pings.len(), ping));
            }
            matcher.end(&mut forged);
        }
    }
}
