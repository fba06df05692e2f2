//! What is told of drivers, beside what was told before and where they drove.

use std::collections::BTreeMap;

use etaflow_road::{Coord, LocalFrame, NetworkBuilder, NewEdge, RoadClass, SyntheticCity, TurnModel, Xy};

use super::*;
use crate::event::{GpsFix, Offset, SourceId};

const DRIVER: DriverId = DriverId(0);

fn matching(network: Network) -> Matching {
    let network = Arc::new(network);
    let index = Arc::new(EdgeIndex::new(&network));
    Matching::new(network, index, MatcherConfig::default(), (0, 1)).expect("within bounds")
}

fn seconds(second: i64) -> Timestamp {
    Timestamp::from_secs(second)
}

fn fix(matching: &mut Matching, second: i64, coord: Coord) -> Vec<Movement> {
    let payload = Payload::Location { driver: DRIVER, fix: GpsFix::at(coord) };
    let (time, id) = (seconds(second), second as u64);
    let record = Record { offset: Offset(id), time, ingest_time: time, waited_us: 0, source: SourceId(0), id, payload };
    let mut out = Vec::new();
    matching.on_event(&record, &mut out);
    out
}

/// A tick, with the watermark so many seconds behind it.
fn tick(matching: &mut Matching, second: i64, behind: i64) -> Vec<Movement> {
    let mut out = Vec::new();
    matching.on_tick(&Tick { number: 0, time: seconds(second), watermark: seconds(second - behind) }, &mut out);
    out
}

/// Every second and in order, with errors that are the same each time: over some edges of a city.
fn noisy_drive(network: &Network) -> Vec<Coord> {
    let mut edge = network.edges().find(|&edge| network.component(edge) == 0).expect("a city has roads");
    let mut coords = Vec::new();
    for nth in 0..60_usize {
        for share in 0..4 {
            let at = network.coord_at(edge, network.length_mm(edge) / 4 * share);
            let turn = (coords.len() as f64 * 2.4).sin_cos();
            let error_m = 14.0 * ((coords.len() * 7) as f64).sin();
            coords.push(LocalFrame::at(at).to_coord(Xy { x: error_m * turn.0, y: error_m * turn.1 }));
        }
        let ways: Vec<_> = network.successors(edge).map(|(next, _)| next).collect();
        let Some(&next) = ways.get(nth * 5 % ways.len().max(1)) else { break };
        edge = next;
    }
    coords
}

#[test]
fn what_is_revised_had_been_said_and_is_followed_by_what_is_so_now() {
    let mut matching = matching(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
    let coords = noisy_drive(&matching.network.clone());
    let (mut said_at, mut revised) = (BTreeMap::new(), 0);
    for (second, coord) in (0..).zip(coords) {
        let movements = fix(&mut matching, second, coord);
        for movement in &movements {
            match *movement {
                Movement::Seen { at, position, .. } => _ = said_at.insert(at, position.edge),
                Movement::Revised { driver, at, said, position } => {
                    revised += 1;
                    assert_eq!((driver, said_at.get(&at)), (DRIVER, Some(&said)), "it was never said");
                    assert_ne!(position.edge, said, "it is still so");
                    assert!(matches!(movements.last(), Some(Movement::Seen { .. })), "{movements:?}");
                }
                _ => {}
            }
        }
    }
    assert!(revised >= 5, "only {revised} answers were wrong");
}

/// One way of 1,500 m to the east, with a fork at its end.
fn tunnel() -> (Network, impl Fn(f64) -> Coord) {
    let mouth = Coord::from_degrees(41.15, -8.61).expect("in range");
    let at = move |east: f64, north: f64| LocalFrame::at(mouth).to_coord(Xy { x: east, y: north });
    let mut builder = NetworkBuilder::new();
    let (begin, end) = (builder.node(0, at(0.0, 0.0)), builder.node(1, at(1_500.0, 0.0)));
    let forks = [300.0, -300.0].map(|north| builder.node(north as i64, at(1_800.0, north)));
    for (tail, head) in [(begin, end), (end, forks[0]), (end, forks[1])] {
        builder.street(NewEdge::straight(tail, head, RoadClass::Primary, 20.0), "");
    }
    (builder.build(&TurnModel::default()).expect("builds"), move |east| at(east, 0.0))
}

#[test]
fn one_who_falls_silent_on_the_move_is_taken_along_at_ticks() {
    let (network, at) = tunnel();
    let mut matching = matching(network);
    for second in 0..=10 {
        fix(&mut matching, second, at(20.0 * second as f64));
    }
    assert_eq!(tick(&mut matching, 19, 5), [], "his next fix may still be on the way");
    let coasted = |movements: &[Movement]| match *movements {
        [Movement::Coasted { driver: DRIVER, position }] => position.offset_mm / 1_000,
        _ => panic!("{movements:?}"),
    };
    let after_10 = coasted(&tick(&mut matching, 20, 5));
    assert!((390..=410).contains(&after_10), "{after_10} m");
    assert_eq!(coasted(&tick(&mut matching, 20, 5)), after_10, "a tick changes nothing");
    assert_eq!(coasted(&tick(&mut matching, 130, 5)), 1_500, "where the ways part");
    assert_eq!(tick(&mut matching, 131, 5), [], "two minutes are over");
    fix(&mut matching, 132, at(1_500.0));
    assert_eq!(tick(&mut matching, 133, 5), [], "he was heard of");
}
