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
/// same), how long in milliseconds (`None` for so long that it was a stop), what decides which way is taken, and how it
/// follows the one before.
type Move = (usize, u64, Option<i64>, usize, Joint);

/// What was driven on one visit to an edge, by the steps and by what was told of it.
#[derive(Debug, Default, Clone, Copy)]
struct Visit {
    driven_mm: u64,
    told_mm: u64,
    /// The rest of it went with a stop, a turn or a break.
    lost: bool,
}

struct Drove {
    visits: Vec<Visit>,
    told: Vec<Traversal>,
    elapsed: Span,
    open: Drive,
}

fn nth_edge(network: &Network, nth: usize) -> EdgeId {
    network.edges().nth(nth % network.edge_count()).expect("within")
}

fn drive(network: &Network, first: usize, moves: &[Move]) -> Drove {
    let edge = nth_edge(network, first);
    let mut at = Position { edge, offset_mm: network.length_mm(edge) / 4 };
    let mut now = START;
    let mut open = Drive::on(edge);
    let mut drove = Drove { visits: vec![Visit::default()], told: Vec::new(), elapsed: Span::ZERO, open };
    for &(edges, share, millis, way, joint) in moves {
        let joint = match (joint, at.opposite(network)) {
            (Joint::TurnsBack, Some(opposite)) => {
                at = opposite;
                joint
            }
            (Joint::TurnsBack, None) => Joint::Continues,
            (Joint::Jumps | Joint::Breaks(_), _) => {
                // Somewhere else on the same edge, or anywhere.
                let edge = if way % 2 == 0 { at.edge } else { nth_edge(network, first + drove.visits.len()) };
                at = Position { edge, offset_mm: network.length_mm(edge) / 2 };
                joint
            }
            (Joint::Continues, _) => joint,
        };
        if joint != Joint::Continues {
            drove.visits.last_mut().expect("there is one").lost = true;
            drove.visits.push(Visit::default());
        }
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
        let step = Step { from: at, from_time: now, to, to_time, joint, path: &path };
        let before = drove.told.len();
        open.step(network, &step, |traversal| drove.told.push(traversal));
        let mut told = drove.told[before..].iter().peekable();
        if millis.is_none() || joint == Joint::TurnsBack {
            assert!(told.next().is_none(), "neither a stop nor a turn on the road says anything");
            drove.visits.last_mut().expect("there is one").lost = true;
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
    let joint = prop_oneof![
        8 => Just(Joint::Continues),
        1 => Just(Joint::TurnsBack),
        1 => Just(Joint::Jumps),
    ];
    prop::collection::vec((0_usize..4, share, millis, 0_usize..4, joint), 1..40)
}

/// Moves that get on.
fn steady_moves() -> impl Strategy<Value = Vec<Move>> {
    let millis = (200_i64..30_000).prop_map(Some);
    prop::collection::vec((0_usize..4, 20_u64..=90, millis, 0_usize..4, Just(Joint::Continues)), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_metre_is_told_but_for_scraps(first in 0_usize..10_000, moves in moves(), city in 0_usize..2) {
        let drove = drive(&CITIES[city], first, &moves);
        let (current, left) = drove.visits.split_last().expect("there is one");
        prop_assert_eq!(current.driven_mm - current.told_mm, u64::from(drove.open.covered_mm));
        for visit in left.iter().filter(|visit| !visit.lost) {
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
        let step =
            Step { from, from_time, to, to_time: from_time + Span::from_secs(10), joint: Joint::Continues, path };
        open.step(network, &step, |traversal| told.push(traversal));
    };
    step(whole, end, 0, &[first]);
    step(end, begin, 10, &[first, second]);
    assert_eq!((told.len(), told[0].edge, told[0].duration_ms), (1, first, 20_000));
    assert_eq!(open.driven, Span::ZERO);
}

/// A street that is longer than most and open both ways.
fn long_street(network: &Network) -> EdgeId {
    let both_ways = network.edges().filter(|&edge| network.twin(edge).is_some());
    both_ways.max_by_key(|&edge| network.length_mm(edge)).expect("streets are")
}

#[test]
fn nothing_is_added_up_over_a_break_on_one_edge() {
    let network = &CITIES[0];
    let edge = long_street(network);
    let at = |share: u32| Position { edge, offset_mm: network.length_mm(edge) / 10 * share };
    let after = |second: i64| START + Span::from_secs(second);
    let mut open = Drive::on(edge);
    for (joint, from, to, from_second) in
        [(Joint::Continues, 1, 5, 0), (Joint::Jumps, 8, 9, 10), (Joint::Continues, 9, 10, 20)]
    {
        let (from_time, to_time) = (after(from_second), after(from_second + 10));
        let step = Step { from: at(from), from_time, to: at(to), to_time, joint, path: &[edge] };
        open.step(network, &step, |traversal| panic!("{traversal:?} before its end"));
    }
    assert_eq!((open.covered_mm, open.driven), (at(10).offset_mm - at(8).offset_mm, Span::from_secs(20)));
}

#[test]
fn who_turns_on_the_road_says_nothing_of_it() {
    let network = &CITIES[0];
    let edge = long_street(network);
    let there = Position { edge, offset_mm: network.length_mm(edge) / 2 };
    let back = there.opposite(network).expect("it is open both ways");
    let (next, _) = network.successors(back.edge).next().expect("streets lead on");
    let begin = Position { edge, offset_mm: 0 };
    let on = Position { edge: next, offset_mm: network.length_mm(next) / 2 };
    let end = Position { edge: next, offset_mm: network.length_mm(next) };
    let path = [back.edge, next];
    let mut open = Drive::on(edge);
    let steps = [
        (begin, there, Joint::Continues, &[edge][..]),
        (back, on, Joint::TurnsBack, &path),
        (on, end, Joint::Continues, &[next]),
    ];
    for (nth, (from, to, joint, path)) in (0..).zip(steps) {
        let from_time = START + Span::from_secs(10 * nth);
        let step = Step { from, from_time, to, to_time: from_time + Span::from_secs(10), joint, path };
        open.step(network, &step, |traversal| panic!("{traversal:?} of a turn"));
    }
    let expected = Drive { edge: next, covered_mm: end.offset_mm - on.offset_mm, driven: Span::from_secs(10) };
    assert_eq!(open, expected);
}
