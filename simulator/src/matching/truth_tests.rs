use super::super::made_up::{drive, track};
use super::super::track::Track;
use super::*;

fn arc(track: &Track, from: i64, to: i64) -> ArcId {
    track.arcs.get([from, to]).unwrap()
}

#[test]
fn a_fix_is_right_on_the_route_near_it_and_in_its_direction() {
    let track = track(&[0, 1, 5], &drive(&[0, 1, 5]));
    let truth = &track.truth;
    let is_right = |fix: usize, from, to| truth.is_right(truth.place(fix), arc(&track, from, to));
    assert!(is_right(10, 0, 1));
    assert!(!is_right(10, 1, 0), "against the direction");
    assert!(!is_right(10, 1, 5), "of the route, and 100 m ahead");
    assert!(!is_right(10, 4, 5), "beside it");
    // 10 m before the corner and 10 m behind it, both are right; 20 m are too far.
    assert!(is_right(19, 0, 1) && is_right(19, 1, 5) && is_right(21, 0, 1) && is_right(21, 1, 5));
    assert!(!is_right(18, 1, 5) && !is_right(22, 0, 1));
}

#[test]
fn a_street_that_is_driven_back_is_right_in_the_direction_of_the_moment() {
    let track = track(&[0, 1, 0], &drive(&[0, 1, 0]));
    let truth = &track.truth;
    let is_right = |fix: usize, from, to| truth.is_right(truth.place(fix), arc(&track, from, to));
    assert!(is_right(5, 0, 1) && !is_right(5, 1, 0));
    assert!(is_right(35, 1, 0) && !is_right(35, 0, 1));
    assert!(is_right(20, 1, 0) && is_right(20, 0, 1), "where it turns");
}

#[test]
fn what_moves_past_the_first_minute_is_told() {
    let mut fixes = drive(&[0, 1, 2, 3, 7]);
    let last = *fixes.last().unwrap();
    fixes.extend([last; 20]);
    // 60 m east of the corner: on no road.
    fixes.push([last[0] + 0.3, last[1]]);
    let track = track(&[0, 1, 2, 3, 7], &fixes);
    let moving: Vec<usize> = (0..fixes.len()).filter(|&fix| track.truth.place(fix).is_moving).collect();
    // 10 m in the last 5 s are not more than 2 m/s.
    assert_eq!(moving, (61..84).collect::<Vec<_>>());
    let far: Vec<usize> = (0..fixes.len()).filter(|&fix| track.truth.place(fix).is_far).collect();
    assert_eq!(far, [101]);
    let place = track.truth.place(101);
    assert!(!place.is_moving && (place.along_m - 800.0).abs() < 1.0, "{place:?}");
}
