use std::collections::BTreeMap;
use std::path::PathBuf;

use proptest::prelude::*;

use super::*;
use crate::id::EdgeId;
use crate::network::{EdgeFlags, TurnModel};
use crate::osm::fixture::{Map, Message, import_bytes};
use crate::unit::{INFINITY, Weight};

const STREET: &[(&str, &str)] = &[("highway", "residential")];

/// The one edge from one id to another next to it.
fn edge(network: &Network, from: i64, to: i64) -> EdgeId {
    let edges = network.edges_between(from, to);
    assert_eq!(edges.len(), 1, "edges from {from} to {to}");
    edges[0]
}

fn turn(import: &Import, from: (i64, i64), to: (i64, i64)) -> Weight {
    let network = &import.network;
    network.turn_cost(edge(network, from.0, from.1), edge(network, to.0, to.1))
}

/// A cross: 1 in the west, 2 north, 3 east, 4 south, each a street of its own to 5 in the middle.
fn cross() -> Map {
    Map::default()
        .nodes(&[(1, 0.0, -100.0), (2, 100.0, 0.0), (3, 0.0, 100.0), (4, -100.0, 0.0), (5, 0.0, 0.0)])
        .way(11, &[1, 5], STREET)
        .way(12, &[2, 5], STREET)
        .way(13, &[3, 5], STREET)
        .way(14, &[5, 4], STREET)
}

/// A street from 1 to 4 by way of 2 and 3, 100 m apart, with these tags at 2.
fn street(at_2: &[(&str, &str)]) -> Map {
    let map = Map::default().nodes(&[(1, 0.0, 0.0), (3, 0.0, 200.0), (4, 0.0, 300.0)]);
    map.node_at(2, 0.0, 100.0, at_2).way(7, &[1, 2, 3, 4], STREET)
}

#[test]
fn nodes_that_only_bend_a_road_become_its_shape() {
    let import = street(&[]).import();
    let network = &import.network;
    assert_eq!((network.node_count(), network.edge_count()), (2, 2));
    let there = edge(network, 1, 2);
    assert_eq!(network.shape_keys(there), [1, 2, 3, 4]);
    assert_eq!(network.twin(there), Some(edge(network, 4, 3)));
    assert!((network.length(there).0 - 300.0).abs() < 0.5);
    assert_eq!((import.report.car_ways, import.report.car_nodes), (1, 4));
}

#[test]
fn ways_that_go_on_unchanged_are_one_edge_whichever_way_they_run() {
    let nodes = [(1, 0.0, 0.0), (2, 0.0, 100.0), (3, 0.0, 200.0), (4, 0.0, 300.0)];
    let map = Map::default().nodes(&nodes).way(7, &[2, 1], STREET).way(8, &[2, 3], STREET).way(9, &[4, 3], STREET);
    let network = map.import().network;
    assert_eq!(network.edge_count(), 2);
    let one = [("highway", "residential"), ("oneway", "yes")];
    let back = [("highway", "residential"), ("oneway", "-1")];
    let network = Map::default().nodes(&nodes).way(7, &[2, 1], &back).way(8, &[2, 3, 4], &one).import().network;
    assert_eq!(network.edge_count(), 1);
    assert_eq!(network.shape_keys(EdgeId(0)), [1, 2, 3, 4]);
    for other in [
        &[("highway", "tertiary")][..],
        &[("highway", "residential"), ("name", "B")],
        &[("highway", "residential"), ("maxspeed", "20")],
        &[("highway", "residential"), ("bridge", "yes")],
        &[("highway", "residential"), ("access", "private")],
    ] {
        let network = Map::default().nodes(&nodes).way(7, &[1, 2], STREET).way(8, &[2, 3, 4], other).import().network;
        assert_eq!((network.node_count(), network.edge_count()), (3, 4), "{other:?}");
    }
}

#[test]
fn a_ring_without_a_junction_and_a_loop_at_one_are_two_edges_each() {
    let nodes = [(1, 0.0, 0.0), (2, 0.0, 100.0), (3, 100.0, 100.0), (4, 100.0, 0.0), (5, -100.0, 0.0)];
    let ring = [("highway", "residential"), ("oneway", "yes")];
    let network = Map::default().nodes(&nodes).way(7, &[1, 2, 3, 4, 1], &ring).import().network;
    assert_eq!((network.node_count(), network.edge_count()), (2, 2));
    assert!(network.edges().all(|edge| network.component(edge) == 0 && network.tail(edge) != network.head(edge)));
    // The same ring of two ways.
    let two = Map::default().nodes(&nodes).way(7, &[1, 2, 3], &ring).way(8, &[3, 4, 1], &ring);
    assert_eq!(two.import().network.edge_count(), 2);
    let network =
        Map::default().nodes(&nodes).way(7, &[1, 2, 3, 4, 1], STREET).way(8, &[5, 1], STREET).import().network;
    assert_eq!((network.node_count(), network.edge_count()), (3, 6));
    assert!(network.edges().all(|edge| network.tail(edge) != network.head(edge)));
}

#[test]
fn barriers_close_a_road_but_not_its_two_parts() {
    let import = street(&[("barrier", "bollard")]).import();
    assert_eq!((import.report.barriers, import.network.edge_count()), (1, 4));
    assert_eq!(turn(&import, (1, 2), (2, 3)), INFINITY);
    assert_eq!(turn(&import, (3, 2), (2, 1)), INFINITY);
    assert!(turn(&import, (1, 2), (2, 1)) < INFINITY);
    let import = street(&[("barrier", "gate")]).import();
    assert_eq!((import.report.barriers, import.network.edge_count()), (0, 2));
}

#[test]
fn what_stands_on_the_way_delays_who_passes_it() {
    let delays = Profile::car().delays;
    let plain = street(&[]).import().network.free_flow(EdgeId(0));
    let check = |at_2: &[(&str, &str)], there_ms: Weight, back_ms: Weight| {
        let network = street(at_2).import().network;
        let found = (network.free_flow(edge(&network, 1, 2)) - plain, network.free_flow(edge(&network, 2, 1)) - plain);
        assert_eq!(found, (there_ms, back_ms), "{at_2:?}");
    };
    check(&[("barrier", "toll_booth")], delays.toll_booth_ms, delays.toll_booth_ms);
    check(&[("traffic_calming", "hump")], delays.calming_ms, delays.calming_ms);
    check(&[("highway", "stop"), ("direction", "forward")], delays.stop_ms, 0);
    check(&[("highway", "give_way"), ("direction", "backward")], 0, delays.give_way_ms);
    check(&[("highway", "traffic_signals")], delays.pedestrian_signal_ms, delays.pedestrian_signal_ms);
    check(&[("highway", "traffic_signals"), ("direction", "forward")], delays.pedestrian_signal_ms, 0);
}

#[test]
fn lights_before_a_junction_stop_who_comes_to_it() {
    let with = |at_6: &[(&str, &str)], at_5: &[(&str, &str)]| {
        let nodes = [(1, 0.0, -100.0), (2, 100.0, 0.0), (3, 0.0, 100.0)];
        let map = Map::default().nodes(&nodes).node_at(5, 0.0, 0.0, at_5).node_at(6, 0.0, -10.0, at_6);
        let map = map.way(11, &[1, 6, 5], STREET).way(12, &[2, 5], STREET).way(13, &[3, 5], STREET);
        let network = map.import().network;
        let cost = network.turn_cost(edge(&network, 6, 5), edge(&network, 5, 3));
        (network.free_flow(edge(&network, 1, 6)), network.free_flow(edge(&network, 6, 1)), cost)
    };
    let (there, back, cost) = with(&[], &[]);
    let light = [("highway", "traffic_signals")];
    let wait = TurnModel::default().signal_ms;
    assert_eq!(with(&light, &[]), (there + wait, back, cost));
    assert_eq!(with(&[], &light), (there, back, cost + wait));
    assert_eq!(with(&light, &light), (there, back, cost + wait));
    let stop = Profile::car().delays.stop_ms;
    assert_eq!(with(&[("highway", "stop")], &[]), (there + stop, back, cost));
}

#[test]
fn a_no_forbids_its_turn_and_an_only_all_others() {
    let import = cross().restriction("no_left_turn", 11, 5, 12).import();
    assert_eq!(import.report.restrictions.applied, 1);
    assert_eq!(turn(&import, (1, 5), (5, 2)), INFINITY);
    for to in [1, 3, 4] {
        assert!(turn(&import, (1, 5), (5, to)) < INFINITY);
        assert!(turn(&import, (3, 5), (5, to)) < INFINITY);
    }
    let import = cross().restriction("only_straight_on", 11, 5, 13).import();
    for (to, open) in [(1, false), (2, false), (3, true), (4, false)] {
        assert_eq!(turn(&import, (1, 5), (5, to)) < INFINITY, open, "to {to}");
        assert!(turn(&import, (2, 5), (5, to)) < INFINITY);
    }
    let import = cross().restriction("no_u_turn", 11, 5, 11).import();
    assert_eq!(turn(&import, (1, 5), (5, 1)), INFINITY);
    assert!(turn(&import, (1, 5), (5, 2)) < INFINITY);
}

#[test]
fn restrictions_that_say_nothing_are_counted() {
    let oneway = [("highway", "residential"), ("oneway", "yes")];
    let map = cross()
        .nodes(&[(6, 0.0, 300.0)])
        .way(15, &[3, 6], &oneway)
        .way(16, &[6, 1], &[("highway", "footway")])
        .restriction("no_left_turn", 16, 6, 99)
        .restriction("no_left_turn", 11, 77, 12)
        .restriction("no_left_turn", 15, 3, 13)
        .restriction("only_left_turn", 11, 5, 99);
    let import = map.import();
    let restrictions = import.report.restrictions;
    assert_eq!((restrictions.found, restrictions.applied), (4, 0));
    assert_eq!((restrictions.no_road, restrictions.no_turn), (2, 2));
    assert_eq!(restrictions.ignored(), 4);
    assert!(turn(&import, (1, 5), (5, 2)) < INFINITY);
    // 12 and 14 as one way: the restriction does not say to which side.
    let nodes = [(1, 0.0, -100.0), (2, 100.0, 0.0), (4, -100.0, 0.0), (5, 0.0, 0.0)];
    let map = Map::default().nodes(&nodes).way(11, &[1, 5], STREET).way(12, &[2, 5, 4], STREET);
    let import = map.restriction("no_left_turn", 11, 5, 12).import();
    assert_eq!(import.report.restrictions.ambiguous, 1);
}

#[test]
fn private_ground_is_no_shortcut() {
    let private = [("highway", "residential"), ("access", "private")];
    let nodes = [(1, 0.0, 0.0), (2, 0.0, 100.0), (3, 0.0, 200.0), (4, 0.0, 300.0), (5, 50.0, 100.0)];
    let map = Map::default().nodes(&nodes).way(7, &[1, 2], STREET).way(8, &[2, 3], &private).way(9, &[3, 4], STREET);
    let import = map.way(10, &[2, 5], STREET).import();
    let half = Profile::car().delays.through_private_ms / 2;
    assert!(turn(&import, (1, 2), (2, 3)) >= half && turn(&import, (2, 3), (3, 4)) >= half);
    assert!(turn(&import, (1, 2), (2, 5)) < half);
    let network = &import.network;
    assert!(network.flags(edge(network, 2, 3)).contains(EdgeFlags::DESTINATION_ONLY));
    assert!(!network.flags(edge(network, 1, 2)).contains(EdgeFlags::DESTINATION_ONLY));
}

#[test]
fn a_ferry_takes_its_time() {
    let ferry = [("route", "ferry"), ("duration", "10")];
    let nodes = [(1, 0.0, 0.0), (2, 0.0, 1000.0), (3, 0.0, 3000.0)];
    let network = Map::default().nodes(&nodes).way(7, &[1, 2, 3], &ferry).import().network;
    assert!((network.free_flow_time(EdgeId(0)).0 - 600.0).abs() < 1.0);
}

#[test]
fn missing_nodes_cut_a_way_and_are_counted() {
    let map = street(&[]).way(8, &[4, 90, 91, 3], STREET).way(9, &[92], STREET).way(10, &[1, 2, 93, 3, 4], STREET);
    let report = map.import().report;
    assert_eq!((report.dangling_refs, report.cut_ways, report.empty_ways), (4, 3, 2));
    let map = Map::default().node(1, 95.0, 0.0, &[]).node(2, 1.0, 0.0, &[]).node(3, 1.0, 1.0, &[]);
    let report = map.way(1, &[1, 2, 3], STREET).import().report;
    assert_eq!((report.bad_places, report.dangling_refs, report.car_nodes), (1, 1, 2));
}

#[test]
fn a_map_without_roads_is_an_error() {
    let map = Map::default().nodes(&[(1, 0.0, 0.0), (2, 0.0, 9.0)]).way(7, &[1, 2], &[("highway", "footway")]);
    assert!(matches!(map.try_import(), Err(OsmError::Network(_))));
}

#[test]
fn a_way_that_is_there_twice_counts_once() {
    let map = street(&[]).way(7, &[1, 2, 3, 4], STREET);
    let import = map.import();
    assert_eq!((import.report.duplicate_ways, import.report.car_ways, import.network.edge_count()), (1, 1, 2));
}

#[test]
fn blobs_of_other_kinds_are_passed_over_and_needs_that_we_cannot_meet_are_named() {
    let map = street(&[]).pbf(100, true);
    let other = Message::default().bytes(1, b"?").blob("Extra", false);
    let import = import_bytes(&[map.clone(), other].concat(), 1).expect("imports");
    assert_eq!(import.report.unknown_blobs, 1);
    let check = |bytes: &[u8], message: &str| {
        let error = import_bytes(bytes, 1).expect_err(message).to_string();
        assert!(error.contains(message), "{error:?} does not say {message:?}");
    };
    let history = Message::default().bytes(4, b"HistoricalInformation").blob("OSMHeader", true);
    check(&history, "required feature \"HistoricalInformation\"");
    check(&[&map[..], b"\0"].concat(), "cut off");
    check(&[&map[..], b"\x7f\0\0\0"].concat(), "blob header of 2130706432 bytes, at most 65536");
    check(b"", "does not begin with an OSMHeader");
    check(&Message::default().blob("OSMData", false), "does not begin with an OSMHeader");
    let lz4 = b"\0\0\0\x0b\x0a\x07OSMData\x18\x03\x32\x01x";
    check(&[&map[..], lz4].concat(), "lz4 compression");
    let no_strings = Message::default().bytes(2, b"\x1a\x04\x12\x01\x05\x1a").blob("OSMData", true);
    check(&[&map[..], &no_strings].concat(), "blob at byte");
}

/// Tags that the random maps use.
const KINDS: [&[(&str, &str)]; 6] = [
    STREET,
    &[("highway", "primary"), ("name", "A")],
    &[("highway", "residential"), ("oneway", "yes")],
    &[("highway", "residential"), ("oneway", "-1"), ("name", "A")],
    &[("highway", "residential"), ("access", "private")],
    &[("highway", "footway")],
];

fn maps() -> impl Strategy<Value = (Map, Vec<(Vec<i64>, usize)>)> {
    let places = prop::collection::vec((-5000.0..5000.0, -5000.0..5000.0, 0..12_u8), 10);
    let ways = prop::collection::vec((prop::collection::vec(1..=12_i64, 0..7), 0..KINDS.len()), 1..9);
    let restrictions = prop::collection::vec((0..9_i64, 1..=12_i64, 0..9_i64, any::<bool>()), 0..4);
    (places, ways, restrictions).prop_map(|(places, ways, restrictions)| {
        let mut map = Map::default();
        for (at, (north, east, kind)) in places.into_iter().enumerate() {
            let tags: &[(&str, &str)] = match kind {
                0 => &[("barrier", "bollard")],
                1 => &[("highway", "traffic_signals")],
                _ => &[],
            };
            map = map.node_at(at as i64 + 1, north, east, tags);
        }
        for (id, (refs, kind)) in ways.iter().enumerate() {
            map = map.way(id as i64, refs, KINDS[*kind]);
        }
        for (from, via, to, only) in restrictions {
            map = map.restriction(if only { "only_left_turn" } else { "no_left_turn" }, from, via, to);
        }
        (map, ways)
    })
}

/// How often each stretch between two neighbouring ids may be driven, by the ways: nodes 11 and 12 are missing.
fn stretches_of_ways(ways: &[(Vec<i64>, usize)]) -> BTreeMap<(i64, i64, bool), usize> {
    let mut stretches = BTreeMap::new();
    for (refs, kind) in ways.iter().filter(|(_, kind)| *kind != 5) {
        for pair in refs.windows(2).filter(|pair| pair[0] != pair[1] && pair[0].max(pair[1]) <= 10) {
            let named = *kind == 1 || *kind == 3;
            if *kind != 3 {
                *stretches.entry((pair[0], pair[1], named)).or_default() += 1;
            }
            if *kind != 2 {
                *stretches.entry((pair[1], pair[0], named)).or_default() += 1;
            }
        }
    }
    stretches
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn folding_keeps_every_stretch_and_no_node_without_need((map, ways) in maps()) {
        let expected = stretches_of_ways(&ways);
        let import = match map.try_import() {
            Ok(import) => import,
            Err(error) => {
                prop_assert!(expected.is_empty(), "{}", error);
                return Ok(());
            }
        };
        let network = &import.network;
        let mut found = BTreeMap::new();
        for edge in network.edges() {
            prop_assert_ne!(network.tail(edge), network.head(edge));
            for pair in network.shape_keys(edge).windows(2) {
                *found.entry((pair[0], pair[1], network.name(edge) == "A")).or_default() += 1;
            }
        }
        prop_assert_eq!(found, expected);
        let report = &import.report.restrictions;
        let ignored = report.malformed + report.no_road + report.no_turn + report.ambiguous;
        prop_assert_eq!(report.found, report.applied + ignored);
    }

    #[test]
    fn blobs_and_threads_do_not_matter((map, _) in maps(), per_blob in 1..5_usize) {
        let Ok(whole) = map.try_import() else { return Ok(()) };
        for (threads, dense) in [(1, false), (2, true), (4, false)] {
            let parts = import_bytes(&map.pbf(per_blob, dense), threads).expect("imports as well");
            prop_assert_eq!(parts.network.parts(), whole.network.parts());
            prop_assert_eq!(&parts.report, &whole.report);
        }
    }

    #[test]
    fn a_map_cut_off_is_an_error_or_ends_between_blobs((map, _) in maps(), share in 0.0..1.0_f64) {
        let bytes = map.pbf(2, true);
        let end = (bytes.len() as f64 * share) as usize;
        // Whole blobs that are missing leave references that dangle.
        if let Ok(import) = import_bytes(&bytes[..end], 2) {
            prop_assert!(import.report.nodes <= 10);
        }
    }

    #[test]
    fn a_damaged_map_does_no_harm((map, _) in maps(), flips in prop::collection::vec((0.0..1.0_f64, 0..8_u32), 1..4)) {
        let mut bytes = map.pbf(3, true);
        for (share, bit) in flips {
            let at = (bytes.len() as f64 * share) as usize;
            bytes[at] ^= 1_u8 << bit;
        }
        // Content that is not packed has no checksum, so a flip may go unseen; it must not be worse than that.
        if let Ok(import) = import_bytes(&bytes, 2) {
            prop_assert!(import.network.edge_count() > 0);
        }
    }
}

/// A real extract; `None` where there is no data.
fn extract(name: &str) -> Option<Vec<u8>> {
    let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data"));
    let data = std::env::var_os("ETAFLOW_DATA").map_or(beside, PathBuf::from);
    let bytes = std::fs::read(data.join("osm").join(name)).ok();
    if bytes.is_none() {
        println!("skipped: no data");
    }
    bytes
}

#[test]
fn real_extracts_are_imported_whole() {
    for (name, edges, main_share) in
        [("porto.osm.pbf", 140_000, 0.99), ("monaco.osm.pbf", 1_600, 0.85), ("liechtenstein.osm.pbf", 5_500, 0.98)]
    {
        let Some(bytes) = extract(name) else { continue };
        let import = import_bytes(&bytes, 2).expect("imports");
        let network = &import.network;
        assert!(network.edge_count() > edges, "{name}: {} edges", network.edge_count());
        let main = network.edges().filter(|&edge| network.component(edge) == 0).count();
        let share = main as f64 / network.edge_count() as f64;
        assert!(share > main_share, "{name}: {share}");
        let restrictions = import.report.restrictions;
        assert!(restrictions.applied * 10 >= restrictions.found * 5, "{name}: {restrictions:?}");
    }
}

#[test]
fn a_real_extract_cut_off_or_damaged_is_an_error_or_counted() {
    let Some(whole) = extract("monaco.osm.pbf") else { return };
    let import = import_bytes(&whole, 2).expect("imports");
    for step in 0..60 {
        let end = whole.len() * step / 60;
        if let Ok(cut) = import_bytes(&whole[..end], 2) {
            assert!(
                cut.report.car_ways < import.report.car_ways || cut.report.restrictions != import.report.restrictions
            );
        }
    }
    for step in 0..60 {
        let mut damaged = whole.clone();
        damaged[whole.len() * step / 60 + 17] ^= 0x10;
        if let Ok(import) = import_bytes(&damaged, 2) {
            assert!(import.report.unknown_blobs > 0, "flip in {step}/60 goes unseen");
        }
    }
}
