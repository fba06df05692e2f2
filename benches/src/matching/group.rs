use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;

use etaflow_road::{EdgeIndex, MatcherConfig, Network};

use super::fleet::Fleet;
use super::near::{NEAREST, RADIUS, Tree, check_near};
use super::replay::{Replay, clock_nanos};
use super::source::Source;
use crate::{Comparison, GroupError, Request, Row, Unit, measure};

const GROUP: &str = "matching";

/// A way to set up the matcher.
type Setting = (&'static str, fn() -> MatcherConfig);

/// The ways the matcher is set up: as it comes, without the shortcut for fixes of a vehicle that stands, and without that
/// for fixes which are near the one before, too.
pub const SETTINGS: [Setting; 3] = [
    ("defaults", MatcherConfig::default),
    ("no standstill", || MatcherConfig { still_m: 0.0, ..MatcherConfig::default() }),
    ("no shortcuts", || MatcherConfig { still_m: 0.0, thin_sigmas: 0.0, ..MatcherConfig::default() }),
];

/// What is told of an operation, and in what unit. "At best" is of each fix's fastest round.
const RATE: Told = ("", "M fixes/s");
const RATE_BEST: Told = ("at best, ", "M fixes/s");
const LATENCIES: [Told; 4] = [("p50, ", "us"), ("p99, ", "us"), ("p99.9, ", "us"), ("max, ", "us")];
const LATENCIES_BEST: [Told; 2] = [("p99.9 at best, ", "us"), ("max at best, ", "us")];
const SHARES: [Told; 2] = [("matched, ", "%"), ("on the true edge, ", "%")];
const BYTES: [Told; 2] = [("trace, mean, ", "bytes"), ("trace, max, ", "bytes")];

/// How it is called, before the operation, and in what unit it is.
type Told = (&'static str, &'static str);

/// The index and the tree, checked and then measured, and the matcher with all settings and fleets.
pub fn rows(request: &Request) -> Result<Vec<Row>, GroupError> {
    let source = Source::open(request)?;
    let network = &source.network;
    let index = Arc::new(EdgeIndex::new(network));
    let (nodes, edges) = (network.node_count(), network.edge_count());
    request.tell(format_args!("{nodes} nodes, {edges} edges, index of {} bytes", index.bytes()));
    let told = [&[RATE, RATE_BEST][..], &LATENCIES, &LATENCIES_BEST, &SHARES, &BYTES].concat();
    let wanted = |operation: &str| told.iter().any(|(what, _)| request.wants(&format!("{what}{operation}")));
    let mut rows = Vec::new();
    for plan in source.fleets() {
        let of = plan.name();
        let near = format!("roads near a fix, {of}");
        let settings = SETTINGS.map(|(setting, config)| (format!("{of}, {setting}"), config));
        let settings: Vec<_> = settings.into_iter().filter(|(operation, _)| wanted(operation)).collect();
        if settings.is_empty() && !request.wants(&near) {
            continue;
        }
        let fleet = Rc::new(plan.fleet());
        let standing = 100.0 * fleet.standing as f64 / fleet.fixes.len() as f64;
        request.tell(format_args!("{of}: {} fixes, {standing:.0} % of them standing", fleet.fixes.len()));
        if request.wants(&near) {
            rows.extend(measure(GROUP, search(near, network, &index, &fleet), request.rounds));
        }
        for (operation, config) in settings {
            request.tell(format_args!("{operation}"));
            let replay = Replay::new(network, &index, config(), &fleet);
            rows.extend(replayed(replay, &fleet, &operation, request.rounds));
        }
    }
    rows.push(row("", ("to read the clock once", "us"), f64::from(clock_nanos()) / 1e3));
    rows.retain(|row| request.wants(&row.operation));
    Ok(rows)
}

fn row(operation: &str, (what, unit): Told, figure: f64) -> Row {
    let operation = format!("{what}{operation}");
    Row { group: GROUP, operation, peer: "", unit, ours: Some(figure), theirs: None, speedup: None }
}

/// Ours and theirs on the places of a fleet's fixes.
fn search(operation: String, network: &Arc<Network>, index: &Arc<EdgeIndex>, fleet: &Rc<Fleet>) -> Comparison {
    let mut tree = Tree::new(network);
    let places = || fleet.fixes.iter().map(|(_, fix)| fix.coord);
    check_near(network, index, &mut tree, places());
    let (network, index) = (Arc::clone(network), Arc::clone(index));
    let (our_fleet, their_fleet) = (Rc::clone(fleet), Rc::clone(fleet));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    Comparison {
        operation,
        unit: Unit::MicrosecondsPerOperation,
        count: fleet.fixes.len() as u64,
        before: None,
        ours: Some(Box::new(move || {
            for (_, fix) in &our_fleet.fixes {
                index.within(&network, fix.coord, RADIUS, NEAREST, &mut ours);
                black_box(&ours);
            }
        })),
        peers: vec![(
            "rstar",
            Box::new(move || {
                for (_, fix) in &their_fleet.fixes {
                    tree.within(fix.coord, RADIUS, NEAREST, &mut theirs);
                    black_box(&theirs);
                }
            }),
        )],
    }
}

/// Fixes a second, how long single ones take, how good the matches are, and what is remembered of a vehicle.
fn replayed(replay: Replay, fleet: &Fleet, operation: &str, rounds: usize) -> Vec<Row> {
    let replay = Rc::new(RefCell::new(replay));
    let again = Rc::clone(&replay);
    let comparison = Comparison {
        operation: operation.into(),
        unit: Unit::MillionFixesPerSecond,
        count: fleet.fixes.len() as u64,
        before: None,
        ours: Some(Box::new(move || {
            black_box(again.borrow_mut().run());
        })),
        peers: Vec::new(),
    };
    let mut rows = measure(GROUP, comparison, rounds);
    let mut replay = replay.borrow_mut();
    rows.extend(latencies(&mut replay, operation, rounds));
    let shares = replay.shares();
    rows.push(row(operation, SHARES[0], 100.0 * shares.matched));
    rows.extend(shares.right.map(|right| row(operation, SHARES[1], 100.0 * right)));
    let (mean, max) = replay.trace_bytes();
    rows.push(row(operation, BYTES[0], mean));
    rows.push(row(operation, BYTES[1], max as f64));
    rows
}

/// How long single fixes take: the quantiles of each round, of which the median over the rounds counts. "At best" is of
/// each fix's fastest round, which leaves out most of what else the machine does: as a rate, the sum of these times.
fn latencies(replay: &mut Replay, operation: &str, rounds: usize) -> Vec<Row> {
    const SHARES: [f64; 4] = [0.5, 0.99, 0.999, 1.0];
    let mut of_rounds = vec![Vec::with_capacity(rounds); SHARES.len()];
    let (mut nanos, mut least) = (Vec::new(), Vec::new());
    replay.time_each(&mut least);
    for _ in 0..rounds {
        replay.time_each(&mut nanos);
        least.iter_mut().zip(&nanos).for_each(|(least, &nanos)| *least = nanos.min(*least));
        nanos.sort_unstable();
        for (of_rounds, share) in of_rounds.iter_mut().zip(SHARES) {
            of_rounds.push(quantile(&nanos, share));
        }
    }
    let total_us: f64 = least.iter().map(|&nanos| f64::from(nanos) / 1e3).sum();
    let mut rows = vec![row(operation, RATE_BEST, least.len() as f64 / total_us)];
    for (mut of_rounds, told) in of_rounds.into_iter().zip(LATENCIES) {
        of_rounds.sort_by(f64::total_cmp);
        rows.push(row(operation, told, of_rounds[of_rounds.len() / 2]));
    }
    least.sort_unstable();
    let best = SHARES[2..].iter().zip(LATENCIES_BEST);
    rows.extend(best.map(|(&share, told)| row(operation, told, quantile(&least, share))));
    rows
}

/// In microseconds: so large a share of the nanoseconds, which are in order, is not above it.
fn quantile(nanos: &[u32], share: f64) -> f64 {
    let rank = (share * nanos.len() as f64).ceil() as usize;
    f64::from(nanos[rank.clamp(1, nanos.len()) - 1]) / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_ranks() {
        let nanos: Vec<u32> = (1..=1_000).collect();
        assert_eq!([0.0, 0.5, 0.99, 0.999, 1.0].map(|share| quantile(&nanos, share)), [0.001, 0.5, 0.99, 0.999, 1.0]);
        assert_eq!(quantile(&[7], 0.5), 0.007);
    }

    fn operations(only: &str) -> Vec<(String, &'static str)> {
        let request = Request { rounds: 1, only: Some(only.into()), nodes: Some(1_000), ..Request::default() };
        let rows = rows(&request).expect("a city needs no file");
        assert!(rows.iter().all(|row| row.group == GROUP && row.ours.is_some_and(|figure| figure >= 0.0)), "{rows:?}");
        rows.into_iter().map(|row| (row.operation, row.unit)).collect()
    }

    #[test]
    fn a_fleet_has_its_rate_its_latencies_and_its_bytes() {
        let of = "drives, 10 s, no shortcuts";
        let expected = [
            ("", "M fixes/s"),
            ("at best, ", "M fixes/s"),
            ("p50, ", "us"),
            ("p99, ", "us"),
            ("p99.9, ", "us"),
            ("max, ", "us"),
            ("p99.9 at best, ", "us"),
            ("max at best, ", "us"),
            ("matched, ", "%"),
            ("on the true edge, ", "%"),
            ("trace, mean, ", "bytes"),
            ("trace, max, ", "bytes"),
        ];
        assert_eq!(operations(of), expected.map(|(what, unit)| (format!("{what}{of}"), unit)));
    }

    #[test]
    fn only_what_is_asked_for_is_told() {
        assert_eq!(operations("near a fix, drives, 5 s"), [("roads near a fix, drives, 5 s".into(), "us/op")]);
        assert_eq!(operations("p99, drives, 5 s, d"), [("p99, drives, 5 s, defaults".into(), "us")]);
        assert_eq!(operations("clock"), [("to read the clock once".into(), "us")]);
    }
}
