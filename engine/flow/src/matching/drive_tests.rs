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
/// same), how long in milliseconds (`None` for so long that it was a stop), and what decides which way is taken.
type Move = (usize, u64, Option<i64>, usize);

/// What was driven on one visit to an edge, by the steps and by what was told of it.
#[derive(Debug, Default, Clone, Copy)]
struct Visit {
    driven_mm: u64,
    told_mm: u64,
    /// The rest of it went with a stop.
    stopped: bool,
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
        let stop = || 61_000 + 5 * slow_ms(network, &path);
        let to_time = now + Span::from_millis(millis.unwrap_or_else(stop));
        let step = Step { from: at, from_time: now, to, to_time, joint: etaflow_road::Joint::Continues, path: &path };
        let before = drove.told.len();
        open.step(network, &step, |traversal| drove.told.push(traversal));
        let mut told = drove.told[before..].iter().peekable();
        if millis.is_none() {
            assert!(told.next().is_none(), "a stop says nothing");
            drove.visits.last_mut().expect("there is one").stopped = true;
            drove.visits.push(Visit::default());
            (at, now) = (to, to_time);
            continue;
        }
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

/// At least what the map says that some edges take in all.
fn slow_ms(network: &Network, path: &[EdgeId]) -> i64 {
    let edges: i64 = path.iter().map(|&edge| i64::from(network.free_flow(edge))).sum();
    edges + path.windows(2).map(|pair| i64::from(network.turn_cost(pair[0], pair[1]))).sum::<i64>()
}

/// Moves of all kinds: stands and stops too, from one end of an edge to the other.
fn moves() -> impl Strategy<Value = Vec<Move>> {
    let share = prop_oneof![4 => 0_u64..=100, 1 => Just(0), 1 => Just(100)];
    let millis = (200_i64..30_000, 0_u32..20).prop_map(|(millis, nth)| (nth > 0).then_some(millis));
    prop::collection::vec((0_usize..4, share, millis, 0_usize..4), 1..40)
}

/// Moves that get on.
fn steady_moves() -> impl Strategy<Value = Vec<Move>> {
    prop::collection::vec((0_usize..4, 20_u64..=90, (200_i64..30_000).prop_map(Some), 0_usize..4), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_metre_is_told_but_for_scraps(first in 0_usize..10_000, moves in moves(), city in 0_usize..2) {
        let drove = drive(&CITIES[city], first, &moves);
        let (current, left) = drove.visits.split_last().expect("there is one");
        prop_assert_eq!(current.driven_mm - current.told_mm, u64::from(drove.open.covered_mm));
        for visit in left.iter().filter(|visit| !visit.stopped) {
            prop_assert!(visit.told_mm <= visit.driven_mm, "{:?}", visit);
            prop_assert!(visit.driven_mm - visit.told_mm < u64::from(LENGTH_MIN_MM), "{:?}", visit);
        }
        prop_assert!(drove.told.windows(2).all(|pair| pair[0].left_at <= pair[1].left_at));
        let told_ms: i64 = drove.told.iter().map(|traversal| i64::from(traversal.duration_ms)).sum();
        // What takes less than a millisecond counts as one.
        prop_assert!(told_ms <= drove.elapsed.millis() + drove.told.len() as i64);
    }

    #[test]
    fn where_turns_take_no_time_all_of_it_is_told(first in 0_usize..10_000, moves in steady_moves()) {
        let drove = drive(&CITIES[1], first, &moves);
        let told_mm: u64 = drove.visits.iter().map(|visit| visit.told_mm).sum();
        let driven_mm: u64 = drove.visits.iter().map(|visit| visit.driven_mm).sum();
        // What was too short to be told may have taken long.
        prop_assume!(told_mm + u64::from(drove.open.covered_mm) == driven_mm);
        let told_ms: i64 = drove.told.iter().map(|traversal| i64::from(traversal.duration_ms)).sum();
        let all_ms = told_ms + drove.open.driven.millis();
        let off = drove.elapsed.millis() - all_ms;
        prop_assert!(off.abs() <= 1 + 2 * drove.visits.len() as i64, "{off} ms of {} ms", drove.elapsed.millis());
    }
}

#[test]
fn who_stood_where_two_edges_meet_stood_there_once() {
    let network = &CITIES[1];
    let first = network.edges().find(|&edge| network.successors(edge).next().is_some()).expect("roads lead on");
    let (second, _) = network.successors(first).next().expect("just seen");
    let end = Position { edge: first, offset_mm: network.length_mm(first) };
    let begin = Position { edge: second, offset_mm: 0 };
    let mut open = Drive::on(first);
    let mut told = Vec::new();
    let whole = Position { edge: first, offset_mm: 0 };
    let mut step = |from, to, second_at, path: &[EdgeId]| {
        let from_time = START + Span::from_secs(second_at);
        let step = Step {
            from,
            from_time,
            to,
            to_time: from_time + Span::from_secs(10),
            joint: etaflow_road::Joint::Continues,
            path,
        };
        open.step(network, &step, |traversal| told.push(traversal));
    };
    step(whole, end, 0, &[first]);
    step(end, begin, 10, &[first, second]);
    assert_eq!((told.len(), told[0].edge, told[0].duration_ms), (1, first, 20_000));
    assert_eq!(open.driven, Span::ZERO);
}
