use etaflow_road::MatcherConfig;
use proptest::prelude::*;

use super::super::configuration::Plan;
use super::super::figures::Figures;
use super::super::made_up::{drive, track};
use super::*;

fn every_second(track: &Track, lag_fixes: usize) -> Run {
    run(track, MatcherConfig { lag_fixes, ..MatcherConfig::default() }, Plan::DEFAULT.sampling()).unwrap()
}

/// What would come of a track if exactly this was driven.
fn driven(track: &Track, way: &[usize]) -> Run {
    let arcs = way.windows(2).map(|pair| track.arcs.get([pair[0] as i64, pair[1] as i64]).unwrap());
    finish(track, Tally::default(), arcs.collect())
}

#[track_caller]
fn check(route: &[usize], way: &[usize], missing: usize, extra: usize) {
    let track = track(route, &drive(route));
    let tally = driven(&track, way).tally;
    // An arc is 200 m long, to the decimals of the file.
    let arcs = |metres: f64| metres / 200.0;
    let close = |metres: f64, count: usize| (arcs(metres) - count as f64).abs() < 1e-3;
    assert!(close(tally.true_m, route.len() - 1), "{tally:?}");
    assert!(close(tally.missing_m, missing) && close(tally.extra_m, extra), "{tally:?}");
    let figures = Figures::of(&tally);
    let share = (missing + extra) as f64 / (route.len() - 1) as f64;
    assert!((figures.route_mismatch - share).abs() < 1e-4, "{figures:?}");
    let correct = 1.0 - missing as f64 / (route.len() - 1) as f64;
    assert!((figures.correct - correct).abs() < 1e-4, "{figures:?}");
}

#[test]
fn what_is_missing_and_what_is_extra_is_measured() {
    check(&[0, 1, 2, 3], &[0, 1, 2, 3], 0, 0);
    check(&[0, 1, 2, 3], &[0, 1, 2], 1, 0);
    check(&[0, 1, 2], &[0, 1, 2, 3], 0, 1);
    check(&[0, 1, 2, 3], &[0, 1, 5, 6, 2, 3], 1, 3);
    check(&[0, 1, 2, 3], &[], 3, 0);
}

#[test]
fn against_the_direction_is_missing_and_extra() {
    check(&[0, 1], &[1, 0], 1, 1);
    check(&[0, 1, 0], &[0, 1], 1, 0);
}

#[test]
fn a_loop_that_is_driven_twice_counts_twice() {
    let once = [0, 1, 5, 4, 0];
    let twice = [0, 1, 5, 4, 0, 1, 5, 4, 0];
    check(&twice, &twice, 0, 0);
    check(&twice, &once, 4, 0);
    check(&once, &twice, 0, 4);
}

#[test]
fn who_drives_exactly_is_matched_exactly() {
    for (route, lag) in [(vec![0, 1, 2, 6, 10], 4), (vec![0, 1, 5, 4, 0, 1, 5, 4, 0, 1], 4), (vec![12, 8, 4, 5, 6], 10)]
    {
        let track = track(&route, &drive(&route));
        let Run { tally, mismatch, .. } = every_second(&track, lag);
        assert_eq!(mismatch, Mismatch::default(), "{route:?}");
        assert_eq!((tally.fixes, tally.matched, tally.far), (20 * (route.len() as u64 - 1) + 1, tally.fixes, 0));
        // At the corners the roads to all sides are as near, and before it moves nobody knows where to.
        assert!(tally.right * 10 >= tally.fixes * 9, "{tally:?}");
        assert!(tally.moving > 0 && tally.moving_right * 20 >= tally.moving * 19, "{tally:?}");
        assert!(tally.committed > 0 && tally.committed_right * 20 >= tally.committed * 19, "{tally:?}");
    }
}

#[test]
fn who_drives_elsewhere_is_wrong_throughout() {
    // Along the street that is 200 m north of the true one.
    let track = track(&[0, 1, 2], &drive(&[4, 5, 6]));
    let tally = every_second(&track, 4).tally;
    assert_eq!((tally.fixes, tally.far, tally.right, tally.moving), (41, 41, 0, 0));
    let figures = Figures::of(&tally);
    assert!((figures.route_mismatch - 2.0).abs() < 1e-3, "{figures:?}");
    assert_eq!((figures.at_once, figures.at_once_with_far, figures.at_once_moving), (None, Some(0.0), None));
}

#[test]
fn what_is_off_the_map_is_counted_by_its_reason() {
    let mut fixes = drive(&[0, 1, 2]);
    // 70 m into a block.
    for fix in &mut fixes[10..13] {
        fix[1] += 0.35;
    }
    let tally = every_second(&track(&[0, 1, 2], &fixes), 4).tally;
    assert_eq!((tally.rejected.off_map, tally.rejected.total(), tally.far), (3, 3, 3));
    assert_eq!(tally.matched + tally.held.total() + tally.rejected.total(), tally.fixes);
}

#[test]
fn who_comes_to_a_road_that_no_way_leads_to_has_jumped() {
    // Two streets of 2.2 km side by side, 44 m apart, and no way from one to the other.
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("two");
    std::fs::create_dir(&folder).unwrap();
    let jumped = |changes: usize| {
        let lat = |nth: usize| if nth < changes { 0.0 } else { 0.0004 };
        let fix = |nth: usize| format!("{:.7} {} {}\n", 0.002 + 0.001 * nth as f64, lat(nth), 1_000_000_000 + 10 * nth);
        let texts = [
            ("nodes", "0 0\n0.02 0\n0 0.0004\n0.02 0.0004\n".to_owned()),
            ("arcs", "0 1\n2 3\n".to_owned()),
            ("route", "0\n".to_owned()),
            ("track", (0..12).map(fix).collect()),
        ];
        for (end, text) in texts {
            std::fs::write(folder.join(format!("two.{end}")), text).unwrap();
        }
        let tally = every_second(&Track::read(&folder).unwrap(), 4).tally;
        assert_eq!((tally.breaks.total(), tally.rejected.total()), (tally.breaks.jumped, 0), "{tally:?}");
        tally.breaks.jumped
    };
    assert_eq!([jumped(0), jumped(6), jumped(12)], [0, 1, 0]);
}

/// A way over the grid: each step is to one of the neighbours.
fn way() -> impl Strategy<Value = Vec<usize>> {
    let step = |at: usize, turn: usize| {
        let side = super::super::made_up::SIDE;
        let (east, north) = (at % side, at / side);
        let mut next = Vec::new();
        next.extend((east + 1 < side).then_some(at + 1));
        next.extend((east > 0).then(|| at - 1));
        next.extend((north + 1 < side).then_some(at + side));
        next.extend((north > 0).then(|| at - side));
        next[turn % next.len()]
    };
    (0..16_usize, prop::collection::vec(0..12_usize, 1..12)).prop_map(move |(start, turns)| {
        turns.into_iter().fold(vec![start], |mut way, turn| {
            way.push(step(way[way.len() - 1], turn));
            way
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_truth_scores_nothing_wrong_and_each_slip_its_length(route in way(), other in way()) {
        let track = track(&route, &drive(&route));
        let right = driven(&track, &route);
        prop_assert_eq!(&right.mismatch, &Mismatch::default());
        prop_assert_eq!((right.tally.missing_m, right.tally.extra_m), (0.0, 0.0));
        // Whatever is driven: true + extra = driven + missing.
        let run = driven(&track, &other);
        let driven_m: f64 = run.driven.iter().map(|&arc| track.arcs.length_m(arc)).sum();
        let tally = run.tally;
        prop_assert!((tally.true_m + tally.extra_m - driven_m - tally.missing_m).abs() < 1e-6, "{:?}", tally);
        prop_assert!(tally.missing_m <= tally.true_m + 1e-6 && tally.extra_m <= driven_m + 1e-6, "{:?}", tally);
    }
}
