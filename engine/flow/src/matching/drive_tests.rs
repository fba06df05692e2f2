//! What is driven is told, no more and no less.

use std::sync::LazyLock;

use etaflow_road::{Position, SyntheticCity, TurnModel};
use proptest::prelude::*;

use super::*;

/// A city where turns take their time, and one where they take none.
static CITIES: LazyLock<[Network; 2]> = LazyLock::new(|| {
    let free = TurnModel { sharp_ms: 0, u_turn_ms: 0, dead_end_ms: 0, signal_ms: 0, ..TurnModel::default() };
    [TurnModel::default(), free].map(|turns| SyntheticCity { nodes: 1_000, turns, ..SyntheticCity::default() }.build())
});

const START: Timestamp = Timestamp::from_secs(1_000);

/// One step of a drive: how many edges on, how far along the last one in percent (or how much farther, if it is the
/// same), how long in milliseconds, and what decides which way is taken.
type Move = (usize, u64, i64, usize);

/// What was driven on one visit to an edge, by the steps and by what was told of it.
#[derive(Debug, Default, Clone, Copy)]
struct Visit {
    driven_mm: u64,
    told_mm: u64,
}

struct Drove {
    visits: Vec<Visit>,
    told: Vec<Traversal>,
    elapsed: Span,
    open: Drive,
}

fn drive(network: &Network, first: usize, moves: &[Move]) -> Drove {
    let edge = network.edges().nth(first % network.edge_count()).expect("within");
    let mut at = Position { edge, offset_mm: network.length_mm(edge) / 4 };
    let mut now = START;
    let mut open = Drive::on(edge);
    let mut drove = Drove { visits: vec![Visit::default()], told: Vec::new(), elapsed: Span::ZERO, open };
    for &(edges, share, millis, way) in moves {
        let mut path = vec![at.edge];
        for _ in 0..edges {
            let last = path[path.len() - 1];
            let ways: Vec<_> = network.successors(last).filter(|&(_, turn)| turn < etaflow_road::INFINITY).collect();
            let Some(&(next, _)) = ways.get(way % ways.len().max(1)) else { break };
            path.push(next);
        }
        let last = path[path.len() - 1];
        let length_mm = u64::from(network.length_mm(last));
        let behind = if path.len() == 1 { u64::from(at.offset_mm) } else { 0 };
        let to = Position { edge: last, offset_mm: (behind + (length_mm - behind) * share / 100) as u32 };
        let to_time = now + Span::from_millis(millis);
        let step = Step { from: at, from_time: now, to, to_time, path: &path };
        let before = drove.told.len();
        open.step(network, &step, |traversal| drove.told.push(traversal));
        let mut told = drove.told[before..].iter().peekable();
        for (nth, &edge) in path.iter().enumerate() {
            if nth > 0 {
                drove.visits.push(Visit::default());
            }
            let visit = drove.visits.last_mut().expect("there is one");
            let from = if nth == 0 { u64::from(at.offset_mm) } else { 0 };
            let end = if nth + 1 == path.len() { u64::from(to.offset_mm) } else { u64::from(network.length_mm(edge)) };
            visit.driven_mm += end - from;
            if let Some(traversal) = told.next_if(|traversal| traversal.edge == edge) {
                assert!(traversal.left_at > now - Span::from_millis(1) && traversal.left_at <= to_time);
                visit.told_mm += u64::from(traversal.length_mm);
            }
        }
        assert!(told.next().is_none(), "something was told of an edge that is not on the way");
        (at, now) = (to, to_time);
    }
    drove.elapsed = now.since(START);
    drove.open = open;
    drove
}

fn moves(stands: bool) -> impl Strategy<Value = Vec<Move>> {
    let share = if stands { 0_u64..=100 } else { 20_u64..=90 };
    prop::collection::vec((0_usize..4, share, 200_i64..30_000, 0_usize..4), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_metre_is_told_but_for_scraps(first in 0_usize..10_000, moves in moves(true), city in 0_usize..2) {
        let drove = drive(&CITIES[city], first, &moves);
        let (current, left) = drove.visits.split_last().expect("there is one");
        prop_assert_eq!(current.driven_mm - current.told_mm, u64::from(drove.open.covered_mm));
        for visit in left {
            prop_assert!(visit.told_mm <= visit.driven_mm, "{:?}", visit);
            prop_assert!(visit.driven_mm - visit.told_mm < u64::from(LENGTH_MIN_MM), "{:?}", visit);
        }
        prop_assert!(drove.told.windows(2).all(|pair| pair[0].left_at <= pair[1].left_at));
        let told_ms: i64 = drove.told.iter().map(|traversal| i64::from(traversal.duration_ms)).sum();
        // What takes less than a millisecond counts as one.
        prop_assert!(told_ms <= drove.elapsed.millis() + drove.told.len() as i64);
    }

    #[test]
    fn where_turns_take_no_time_all_of_it_is_told(first in 0_usize..10_000, moves in moves(false)) {
        let drove = drive(&CITIES[1], first, &moves);
        let told_mm: u64 = drove.visits.iter().map(|visit| visit.told_mm).sum();
        let driven_mm: u64 = drove.visits.iter().map(|visit| visit.driven_mm).sum();
        // Only where nothing was too short to be told can all the time be.
        prop_assume!(told_mm + u64::from(drove.open.covered_mm) == driven_mm);
        let told_ms: i64 = drove.told.iter().map(|traversal| i64::from(traversal.duration_ms)).sum();
        let all_ms = told_ms + drove.open.driven.millis();
        let off = drove.elapsed.millis() - all_ms;
        prop_assert!(off.abs() <= 1 + 2 * drove.visits.len() as i64, "{off} ms of {} ms", drove.elapsed.millis());
    }
}

#[test]
fn a_stop_says_nothing_about_the_road_and_a_red_light_does() {
    let network = &CITIES[1];
    let edge = network.edges().max_by_key(|&edge| network.length_mm(edge)).expect("there is one");
    let told_after = |seconds: i64| {
        let mut open = Drive::on(edge);
        let from = Position { edge, offset_mm: 0 };
        let to = Position { edge, offset_mm: 20_000 };
        let step = Step { from, from_time: START, to, to_time: START + Span::from_secs(seconds), path: &[edge] };
        open.step(network, &step, |_| ());
        (open.covered_mm, open.driven)
    };
    assert_eq!(told_after(55), (20_000, Span::from_secs(55)));
    assert_eq!(told_after(300), (0, Span::ZERO));
}
