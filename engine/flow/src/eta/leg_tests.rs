//! A way's times beside those of a search, and of a sum worked out anew.

use std::sync::{Arc, LazyLock};

use etaflow_road::{EdgeId, Query, SyntheticCity};
use proptest::prelude::*;

use super::*;

static CITY: LazyLock<Arc<Network>> =
    LazyLock::new(|| Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build()));

/// Travel times that a seed decides: 0.4 to 6 times free flow, and one edge in fifty closed if some may be.
fn metric(seed: u64, with_closures: bool) -> Metric {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let weights = CITY.edges().map(|edge| {
        let (factor, closes) = (400 + next() % 5_600, next() % 50 == 0);
        let weight = (u64::from(CITY.free_flow(edge)) * factor / 1_000).max(1) as Weight;
        if closes && with_closures { INFINITY } else { weight }
    });
    Metric::new(&CITY, weights.collect()).expect("all are weights")
}

fn position(nth: usize, share: u32) -> Position {
    let edge = CITY.edges().filter(|&edge| CITY.component(edge) == 0).nth(nth % 1_500).expect("within");
    Position { edge, offset_mm: (u64::from(CITY.length_mm(edge)) * u64::from(share) / 100) as u32 }
}

fn leg(query: &mut Query, metric: &Metric, from: Position, to: Position) -> Option<Leg> {
    let route = query.route(metric, &[from], &[to])?;
    assert_eq!(Some(route.duration), query.duration(metric, &[from], &[to]));
    Some(Leg::new(&CITY, metric, route, from, to))
}

/// The time from a place on the `nth` edge of a way to its end, added up.
fn sum(leg: &Leg, metric: &Metric, nth: usize, place: Position) -> Weight {
    let last = leg.edges.len() - 1;
    let add = |sum: Weight, more: Weight| sum.saturating_add(more).min(INFINITY);
    if nth == last {
        let closed = metric.weight(place.edge) >= INFINITY;
        let (there, here) = (metric.elapsed(&CITY, leg.end), metric.elapsed(&CITY, place));
        return if closed { INFINITY } else { there.saturating_sub(here) };
    }
    let mut time = metric.remaining(&CITY, place);
    for at in nth + 1..=last {
        time = add(time, CITY.turn_cost(leg.edges[at - 1], leg.edges[at]));
        let end = at == last;
        time = add(time, if end { metric.elapsed(&CITY, leg.end) } else { metric.weight(leg.edges[at]) });
    }
    time
}

fn place_on(leg: &Leg, nth: usize, share: u32) -> Position {
    let edge: EdgeId = leg.edges[nth];
    let length_mm = u64::from(CITY.length_mm(edge));
    let (low, high) = (
        if nth == 0 { u64::from(leg.start.offset_mm) } else { 0 },
        if nth + 1 == leg.edges.len() { u64::from(leg.end.offset_mm) } else { length_mm },
    );
    Position { edge, offset_mm: (low + high.saturating_sub(low) * u64::from(share) / 100) as u32 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_left_of_the_fastest_way_is_the_fastest_way_from_there(
        (from, to) in ((0_usize..1_500, 0_u32..=100), (0_usize..1_500, 0_u32..=100)),
        seed in any::<u64>(),
        places in prop::collection::vec((0_usize..40, 0_u32..=100), 1..12),
    ) {
        let metric = metric(seed, true);
        let mut query = Query::new(Arc::clone(&CITY));
        let (from, to) = (position(from.0, from.1), position(to.0, to.1));
        let leg = leg(&mut query, &metric, from, to);
        prop_assume!(leg.is_some());
        let mut leg = leg.expect("just looked");
        prop_assert_eq!(Some(leg.whole(&CITY, &metric)), query.duration(&metric, &[from], &[to]));
        let mut nth = 0;
        for (ahead, share) in places {
            nth = (nth + ahead).min(leg.edges.len() - 1);
            let place = place_on(&leg, nth, share);
            // A way round the block ends on the edge where it began: who is there again has not moved, to all appearances.
            if leg.edges[leg.at..nth].contains(&place.edge) {
                continue;
            }
            let left = leg.follow(&CITY, &metric, place);
            prop_assert_eq!(left, query.duration(&metric, &[place], &[to]), "on edge {} of {}", nth, leg.edges.len());
        }
    }

    #[test]
    fn what_is_left_is_timed_by_the_travel_times_in_force(
        (from, to) in ((0_usize..1_500, 0_u32..=100), (0_usize..1_500, 0_u32..=100)),
        seed in any::<u64>(),
        moves in prop::collection::vec((-3_i64..8, 0_u32..=100, any::<bool>()), 1..60),
    ) {
        let mut query = Query::new(Arc::clone(&CITY));
        let mut metric_now = metric(seed, false);
        let leg = leg(&mut query, &metric_now, position(from.0, from.1), position(to.0, to.1));
        prop_assume!(leg.is_some());
        let mut leg = leg.expect("just looked");
        for (turn, (by, share, refreshes)) in moves.into_iter().enumerate() {
            if refreshes {
                metric_now = metric(seed.wrapping_add(turn as u64), true);
                leg.refresh(&CITY, &metric_now);
            }
            let nth = (leg.at as i64 + by).clamp(0, leg.edges.len() as i64 - 1) as usize;
            let place = place_on(&leg, nth, share);
            let Some(left) = leg.follow(&CITY, &metric_now, place) else {
                prop_assert!(by < 0, "the way ahead was not found");
                continue;
            };
            prop_assert_eq!(left, sum(&leg, &metric_now, leg.at, place), "on edge {} of {}", leg.at, leg.edges.len());
            let fastest = query.duration(&metric_now, &[place], &[leg.end]);
            prop_assert!(left >= fastest.unwrap_or(INFINITY) || leg.at + 1 == leg.edges.len());
        }
    }
}

#[test]
fn who_goes_back_step_by_step_is_not_timed_by_old_travel_times() {
    let (old, new) = (metric(1, false), metric(2, false));
    let mut query = Query::new(Arc::clone(&CITY));
    let far = (0..1_500).filter_map(|nth| leg(&mut query, &old, position(0, 50), position(nth, 50)));
    let mut leg = far.max_by_key(|leg| leg.edges.len()).expect("there is a way");
    let place = |leg: &Leg, nth| place_on(leg, nth, 50);
    let there = place(&leg, 5);
    assert!(leg.follow(&CITY, &old, there).is_some());
    leg.refresh(&CITY, &new);
    let (one_back, two_back) = (place(&leg, 4), place(&leg, 3));
    assert_eq!(leg.follow(&CITY, &new, one_back), Some(sum(&leg, &new, 4, one_back)));
    assert_eq!(leg.follow(&CITY, &new, two_back), None);
}

#[test]
fn how_far_the_driver_has_come_is_part_of_the_state() {
    let (metric, mut query) = (metric(3, false), Query::new(Arc::clone(&CITY)));
    let ways = (1..).filter_map(|nth| leg(&mut query, &metric, position(0, 50), position(nth * 131, 50)));
    let mut leg = ways.take(50).find(|leg| leg.parts().0.len() > 5).expect("it is a city");
    let encoded = |leg: &Leg| {
        let mut bytes = Vec::new();
        leg.encode(&mut bytes);
        bytes
    };
    let before = encoded(&leg);
    let place = place_on(&leg, 3, 50);
    leg.follow(&CITY, &metric, place).expect("it is on the way");
    assert_ne!(encoded(&leg), before);
}

#[test]
fn who_is_before_the_end_on_the_edge_where_the_way_began_does_not_go_round_the_block() {
    let (metric, mut query) = (metric(4, false), Query::new(Arc::clone(&CITY)));
    let rounds = (0..1_500).map(|nth| leg(&mut query, &metric, position(nth, 80), position(nth, 40)));
    let mut leg = rounds.flatten().find(|leg| leg.parts().0.len() > 1).expect("a block can be gone round");
    let end = leg.end;
    let before = Position { edge: end.edge, offset_mm: end.offset_mm / 2 };
    let straight = query.duration(&metric, &[before], &[end]);
    assert_eq!(leg.follow(&CITY, &metric, before), straight);
    assert!(straight < Some(metric.weight(end.edge)));
}
