use std::sync::{Arc, LazyLock};

use proptest::prelude::*;

use super::*;
use crate::city::SyntheticCity;
use crate::id::EdgeId;
use crate::index::EdgeIndex;
use crate::matching::{Matcher, MatcherConfig, Trace};
use crate::unit::Span;

static CITY: LazyLock<(Arc<Network>, Arc<EdgeIndex>)> = LazyLock::new(|| {
    let network = Arc::new(SyntheticCity { nodes: 300, ..SyntheticCity::default() }.build());
    let index = Arc::new(EdgeIndex::new(&network));
    (network, index)
});

fn matcher(config: MatcherConfig) -> Matcher {
    let (network, index) = &*CITY;
    Matcher::new(Arc::clone(network), Arc::clone(index), config).expect("valid")
}

/// A step that was committed, with the trace that it is of.
struct Driven {
    trace: usize,
    from: Position,
    from_time: Timestamp,
    to: Position,
    to_time: Timestamp,
    path: Vec<EdgeId>,
}

/// What became of a trace's fixes, and what must be true of it.
struct Watched {
    fixes: Vec<(Fix, Option<(usize, Position)>)>,
    steps: Vec<Driven>,
    settled: Vec<CommittedFix>,
    pending_most: usize,
}

fn watch(config: MatcherConfig, pending_max: usize, fixes: &[Fix]) -> Watched {
    let mut matcher = matcher(config);
    let network = Arc::clone(&CITY.0);
    let (mut trace, mut committed) = (Trace::default(), CommittedFixes::new(pending_max));
    let mut watched = Watched { fixes: Vec::new(), steps: Vec::new(), settled: Vec::new(), pending_most: 0 };
    let mut traces = 0;
    let drove = |steps: &mut Vec<Driven>, trace: usize, committed: Committed<'_>| {
        steps.extend(committed.steps().map(|step| {
            let Step { from, from_time, to, to_time, .. } = step;
            Driven { trace, from, from_time, to, to_time, path: step.path.to_vec() }
        }));
    };
    for (number, fix) in fixes.iter().enumerate() {
        let outcome = matcher.on_fix(&mut trace, fix);
        committed.on_outcome(&network, number as u64, fix, &outcome, &mut watched.settled);
        let mut at_once = None;
        if let Outcome::Matched(matched) = outcome {
            drove(&mut watched.steps, traces, matched.committed);
            traces += usize::from(matched.broke.is_some());
            at_once = Some((traces, matched.position));
        }
        watched.fixes.push((*fix, at_once));
        watched.pending_most = watched.pending_most.max(committed.pending());
    }
    let end = matcher.end(&mut trace);
    committed.on_end(&network, end, &mut watched.settled);
    drove(&mut watched.steps, traces, end);
    watched
}

impl Watched {
    /// Each fix once and in order, and somewhere if and only if it was matched.
    fn check_all_settled(&self) {
        let numbers: Vec<u64> = self.settled.iter().map(|settled| settled.number).collect();
        assert_eq!(numbers, (0..self.fixes.len() as u64).collect::<Vec<_>>());
        for (settled, (fix, at_once)) in self.settled.iter().zip(&self.fixes) {
            assert_eq!(settled.position.is_some(), at_once.is_some(), "{fix:?}");
        }
    }

    /// Positions lie on what was driven, each not before the one before it.
    fn check_on_path(&self) {
        let lengths = |path: &[EdgeId]| path.iter().map(|&edge| u64::from(CITY.0.length_mm(edge))).collect::<Vec<_>>();
        let mut before: Option<(usize, usize, u64)> = None;
        for (settled, (fix, at_once)) in self.settled.iter().zip(&self.fixes) {
            let (Some(position), Some((trace, at_once))) = (settled.position, *at_once) else { continue };
            let steps = || self.steps.iter().enumerate().filter(|(_, step)| step.trace == trace);
            let is_passed = steps().any(|(_, step)| step.from_time <= fix.time && fix.time <= step.to_time);
            if !is_passed && position == at_once {
                continue;
            }
            // Every way to say where that is: the step and how far along it.
            let places = steps().flat_map(|(nth, step)| {
                let lengths = lengths(&step.path);
                let last = step.path.len() - 1;
                let on = step.path.iter().enumerate().filter(move |&(at, &edge)| {
                    edge == position.edge
                        && (at > 0 || step.from.offset_mm <= position.offset_mm)
                        && (at < last || position.offset_mm <= step.to.offset_mm)
                });
                on.map(move |(at, _)| (trace, nth, lengths[..at].iter().sum::<u64>() + u64::from(position.offset_mm)))
                    .collect::<Vec<_>>()
            });
            let ahead = places.filter(|place| before.is_none_or(|before| before <= *place)).min();
            let ahead = ahead.unwrap_or_else(|| panic!("{position:?} of {fix:?} is not on the path after {before:?}"));
            for (_, step) in steps() {
                assert!(fix.time != step.to_time || position == step.to, "a step's end is where its fix is");
                assert!(
                    fix.time <= step.from_time || fix.time >= step.to_time || step.path.contains(&position.edge),
                    "a fix within a step is on its path"
                );
            }
            before = Some(ahead);
        }
    }
}

/// Fixes that wander, stand, jump, come late and are off the map.
fn traces() -> impl Strategy<Value = Vec<Fix>> {
    let wait = prop_oneof![20 => 1..15_000_000_i64, 1 => -5_000_000..1_i64, 1 => 100_000_000..900_000_000_i64];
    let to = prop_oneof![
        10 => (-60.0..60.0, -60.0..60.0), 10 => (-12.0..12.0, -12.0..12.0), 6 => (-2.0..2.0, -2.0..2.0),
        1 => (-3e3..3e3, -3e3..3e3), 1 => (3e5..3e6, -3e6..3e6)
    ];
    let moves = prop::collection::vec((wait, to), 1..120);
    (moves, 0..CITY.0.edge_count()).prop_map(|(moves, edge)| {
        let home = CITY.0.coord_at(EdgeId(edge as u32), 5_000);
        let (mut time, mut coord) = (Timestamp::from_secs(1_000), home);
        let mut fixes = Vec::new();
        for (wait, (x, y)) in moves {
            time = Timestamp::from_micros(time.micros() + wait);
            let there = LocalFrame::at(coord).to_coord(Xy { x, y });
            fixes.push(Fix::new(time, there));
            // A jump is mostly an error, and the next fix is where it was.
            if x.abs() < 100.0 || wait % 2 == 0 {
                coord = there;
            }
            if home.distance(coord).0 > 2_000.0 {
                coord = home;
            }
        }
        fixes
    })
}

#[test]
fn who_stands_for_hours_is_settled_at_the_cap_and_where_he_stands() {
    let edge = EdgeId(0);
    let place = |mm: u32| CITY.0.coord_at(edge, mm.min(CITY.0.length_mm(edge)));
    let drive = (0..5).map(|second| Fix::new(Timestamp::from_secs(second), place(10_000 * second as u32)));
    let stand = (5..10_000).map(|second| Fix::new(Timestamp::from_secs(second), place(40_000)));
    let watched = watch(MatcherConfig::default(), 50, &drive.chain(stand).collect::<Vec<_>>());
    watched.check_all_settled();
    watched.check_on_path();
    assert_eq!(watched.pending_most, 50);
    let last = watched.settled[9_999].position.expect("matched");
    assert!(watched.settled[10..].iter().all(|settled| settled.position == Some(last)));
}

#[test]
fn a_trace_that_never_moves_is_where_it_was_matched() {
    let at = CITY.0.coord_at(EdgeId(7), 9_000);
    let watched = watch(MatcherConfig::default(), 100, &[Fix::new(Timestamp::from_secs(1), at)]);
    watched.check_all_settled();
    assert_eq!(watched.settled[0].position, watched.fixes[0].1.map(|(_, position)| position));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_fix_is_settled_once_and_in_order_and_on_the_path(
        fixes in traces(), lag_fixes in 0..9_usize, lag_s in 0..60_i64,
    ) {
        let config = MatcherConfig { lag_fixes, lag_span: Span::from_secs(lag_s), ..MatcherConfig::default() };
        let watched = watch(config, fixes.len(), &fixes);
        watched.check_all_settled();
        watched.check_on_path();
    }

    #[test]
    fn no_more_wait_than_may(fixes in traces(), pending_max in 0..12_usize) {
        let watched = watch(MatcherConfig::default(), pending_max, &fixes);
        watched.check_all_settled();
        prop_assert!(watched.pending_most <= pending_max);
    }
}
