use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use etaflow_road::{
    BreakCounts, BreakReason, Coord, EdgeId, Fix, Joint, LocalFrame, MatcherConfigError, Network, Position, Span, Step,
    SyntheticCity, Timestamp, TurnModel, Xy,
};
use proptest::prelude::*;
use serde_json::Value;

use super::way::Way;
use super::*;
use crate::roads::InputIds;

/// A street along the equator with nodes 1, 2 and 3, 0.01 degrees apart, and 10 half way from 1 to 2; and one far from it.
fn street() -> Arc<Network> {
    let nodes = "id,lat,lon\n1,0,0\n2,0,0.01\n3,0,0.02\n8,0,0.1\n9,0,0.11\n";
    let edges = "from,to,speed_kmh,via\n1,2,60,10:0:0.005\n2,3,60,\n8,9,60,\n";
    Arc::new(Network::from_csv(nodes.as_bytes(), edges.as_bytes(), &TurnModel::default()).expect("is a network"))
}

fn at(second: i64, lon: f64) -> Fix {
    Fix::new(Timestamp::from_secs(second), Coord::from_degrees(0.00001, lon).expect("in range"))
}

/// The lines of a trace as JSON, and the last one's content.
fn lines(network: &Arc<Network>, fixes: &[Fix], settings: MatchSettings) -> (Vec<Value>, RouteLine) {
    let mut lines = Vec::new();
    let keep = |line: MatchLine<'_>| {
        lines.push(serde_json::to_value(line).expect("is JSON"));
        Ok::<(), MatcherConfigError>(())
    };
    let route = match_trace(network, fixes, &settings, keep).expect("is valid");
    (lines, route)
}

/// Metres along the equator.
fn metres(degrees: f64) -> f64 {
    Coord::default().distance(Coord::from_degrees(0.0, degrees).expect("in range")).0
}

fn near(value: &Value, expected: f64) -> bool {
    value.as_f64().is_some_and(|value| (value - expected).abs() < 0.02)
}

#[test]
fn a_place_is_named_by_its_neighbours_and_by_the_ends_of_its_road() {
    let fixes: Vec<Fix> = (0..10).map(|nth| at(10 * nth, 0.002 + 0.0015 * nth as f64)).collect();
    let (lines, route) = lines(&street(), &fixes, MatchSettings::default());
    let third = &lines[3];
    assert_eq!((&third["type"], &third["number"], &third["row"]), (&"fix".into(), &3.into(), &3.into()));
    assert_eq!((&third["outcome"], &third["reason"], &third["break"]), (&"matched".into(), &Value::Null, &Value::Null));
    for answer in [&third["lag0"], &third["committed"]] {
        let (edge, road) = (&answer["edge"], &answer["road"]);
        assert_eq!(
            (&edge["from"], &edge["to"], &road["from"], &road["to"]),
            (&10.into(), &2.into(), &1.into(), &2.into())
        );
        assert!(near(&edge["offset_m"], metres(0.0015)) && near(&edge["length_m"], metres(0.005)), "{answer}");
        assert!(near(&road["offset_m"], metres(0.0065)) && near(&road["length_m"], metres(0.01)), "{answer}");
        assert!(near(&answer["distance_m"], 1.11) && answer["point"] == serde_json::json!([0.0065, 0.0]), "{answer}");
    }
    assert!(third["lag0"]["confidence"].as_f64() > Some(0.9) && third["revised"] == false, "{third}");
    assert_eq!((route.fixes, route.matched, route.breaks.total(), route.parts.len()), (10, 10, 0, 1));
    let part = &route.parts[0];
    assert_eq!(
        (&part.nodes, part.begins, part.begin_unix_s, part.end_unix_s),
        (&vec![1, 10, 2, 3], "first", 0.0, 90.0)
    );
    let json = &lines[10];
    assert_eq!((&json["type"], &json["nodes"]), (&"route".into(), &serde_json::json!([1, 10, 2, 3])));
    assert!(near(&json["start_offset_m"], metres(0.002)) && near(&json["end_offset_m"], metres(0.0055)), "{json}");
    assert!(near(&json["end_left_m"], metres(0.0045)) && near(&json["length_m"], metres(0.0135)), "{json}");
    let driven = json["parts"][0]["driven_m"].as_array().expect("a list");
    for (driven, degrees) in driven.iter().zip([0.003, 0.005, 0.0055]) {
        assert!(near(driven, metres(degrees)), "{json}");
    }
    assert_eq!(route.to_string(), "10 fixes, 100.0 % matched\n1.50 km in 1 part, 0 breaks, 0 revisions");
}

#[test]
fn what_is_not_matched_says_why_and_a_break_begins_a_part() {
    let first = (0..5).map(|nth| at(10 * nth, 0.002 + 0.001 * nth as f64));
    let odd = [at(41, 0.105), at(50, 50.0), at(50, 0.006), at(45, 0.006)];
    let second = (0..5).map(|nth| at(500 + 10 * nth, 0.101 + 0.001 * nth as f64));
    let fixes: Vec<Fix> = first.chain(odd).chain(second).collect();
    let (lines, route) = lines(&street(), &fixes, MatchSettings { lag: Some(3), ..MatchSettings::default() });
    let said: Vec<_> = lines[5..10].iter().map(|line| (line["outcome"].as_str(), line["reason"].as_str())).collect();
    let expected = [
        (Some("held"), Some("jump")),
        (Some("rejected"), Some("off_map")),
        (Some("rejected"), Some("duplicate_time")),
        (Some("rejected"), Some("stale")),
        (Some("matched"), None),
    ];
    assert_eq!(said, expected);
    assert!(lines[5]["lag0"].is_null() && lines[5]["committed"].is_null() && lines[5]["committed_with"].is_null());
    assert_eq!((lines[9]["break"].as_str(), lines[0]["break"].as_str()), (Some("gap"), None));
    assert_eq!((lines[1]["committed_with"].as_u64(), lines[13]["committed_with"].as_u64()), (Some(4), None));
    assert_eq!((route.matched, route.held.jump, route.rejected.total(), route.breaks.gap), (10, 1, 3, 1));
    let nodes: Vec<&[i64]> = route.parts.iter().map(|part| &part.nodes[..]).collect();
    assert_eq!(nodes, [&[1, 10, 2][..], &[8, 9]]);
    assert_eq!((route.parts[1].begins, &route.nodes, route.start_offset_m), ("gap", &None, None));
    let (start, end) = (route.parts[1].start_offset_m, route.parts[1].end_offset_m);
    assert!((start - metres(0.001)).abs() < 0.02 && (end - metres(0.005)).abs() < 0.02, "{start} {end}");
    let says = "14 fixes, 71.4 % matched, 1 held, for a jump, 1 older than one before, 1 of the same time as one before, \
                1 off the map\n890 m in 2 parts, 1 break, 0 revisions";
    assert_eq!(route.to_string(), says);
}

/// Two streets of 2.2 km side by side, 44 m apart, and no way from one to the other.
fn side_by_side() -> Arc<Network> {
    let nodes = "id,lat,lon\n1,0,0\n2,0,0.02\n8,0.0004,0\n9,0.0004,0.02\n";
    let edges = "from,to,speed_kmh,via\n1,2,60,\n8,9,60,\n";
    Arc::new(Network::from_csv(nodes.as_bytes(), edges.as_bytes(), &TurnModel::default()).expect("is a network"))
}

#[test]
fn who_comes_to_a_road_that_no_way_leads_to_has_jumped() {
    let at = |nth: i64, lat| {
        let coord = Coord::from_degrees(lat, 0.002 + 0.001 * nth as f64).expect("in range");
        Fix::new(Timestamp::from_secs(10 * nth), coord)
    };
    let drive = |changes: i64| (0..12).map(move |nth| at(nth, if nth < changes { 0.0 } else { 0.0004 }));
    let driven = |changes: i64| lines(&side_by_side(), &drive(changes).collect::<Vec<_>>(), MatchSettings::default());
    let (lines, route) = driven(6);
    assert!(lines.iter().all(|line| line["outcome"] != "rejected" && line["break"].is_null()), "{lines:?}");
    assert_eq!(route.breaks, BreakCounts { jumped: 1, ..BreakCounts::default() });
    let said: Vec<_> = route.parts.iter().map(|part| (part.begins, &part.nodes[..])).collect();
    assert_eq!(said, [("first", &[1, 2][..]), ("jumped", &[8, 9])]);
    assert_eq!(lines[12]["breaks"], serde_json::json!({ "gap": 0, "jump": 0, "no_route": 0, "jumped": 1 }));
    assert!(route.to_string().ends_with(" in 2 parts, 1 break, 0 revisions"), "{route}");
    assert_eq!((driven(0).1.breaks.total(), driven(12).1.breaks.total()), (0, 0));
}

#[test]
fn who_does_not_move_has_a_place_and_no_route() {
    let (lines, route) = lines(&street(), &[at(1, 0.002)], MatchSettings::default());
    assert_eq!(lines[0]["committed"]["edge"], lines[0]["lag0"]["edge"]);
    assert_eq!((route.matched, route.parts.len(), route.length_m, route.nodes), (1, 0, 0.0, None));
    let (lines, route) = self::lines(&street(), &[at(1, 20.0)], MatchSettings::default());
    assert_eq!((lines.len(), route.matched, route.rejected.off_map), (2, 0, 1));
}

#[test]
fn sampling_leaves_fixes_out_and_says_which_are_left() {
    let fixes: Vec<Fix> = (0..31).map(|nth| at(nth, 0.002 + 0.0002 * nth as f64)).collect();
    let settings = MatchSettings { sampling: Span::from_secs(10), ..MatchSettings::default() };
    let (lines, route) = lines(&street(), &fixes, settings);
    let said: Vec<_> = lines[..4].iter().map(|line| (line["number"].as_u64(), line["row"].as_u64())).collect();
    assert_eq!(said, [(0, 0), (1, 10), (2, 20), (3, 30)].map(|(number, row)| (Some(number), Some(row))));
    assert_eq!((route.fixes_in_trace, route.fixes, lines[4]["sampling_s"].as_f64()), (31, 4, Some(10.0)));
}

#[test]
fn a_lag_decides_alone() {
    let config = |lag| MatchSettings { lag, ..MatchSettings::default() }.config();
    assert_eq!((config(Some(LAG_MAX)).lag_fixes, config(Some(LAG_MAX)).validate()), (LAG_MAX, Ok(())));
    assert!(config(Some(0)).lag_span > config(None).lag_span && config(None) == Default::default());
    let settings = MatchSettings { lag: Some(LAG_MAX + 1), ..MatchSettings::default() };
    let error = match_trace(&street(), &[], &settings, |_| Ok::<(), MatcherConfigError>(())).expect_err("is too long");
    assert_eq!((error.name, error.max), ("lag_fixes", LAG_MAX as f64));
}

#[test]
fn where_it_turns_back_between_two_nodes_a_part_ends() {
    let network = street();
    let ids = InputIds::of(&network);
    let there = network.edges_between(1, 10)[0];
    let back = network.edges_between(10, 1)[0];
    let length_mm = network.length_mm(there);
    let on = |edge: EdgeId, offset_mm: u32| Position { edge, offset_mm };
    let time = Timestamp::from_secs;
    let mut way = Way::default();
    way.on_break(&network, ids, BreakReason::First);
    let mut go = |joint, from: Position, to, (from_s, to_s)| {
        let path: &[EdgeId] = &[from.edge];
        way.on_step(&network, ids, &Step { from, from_time: time(from_s), to, to_time: time(to_s), joint, path });
    };
    // It stands first, and what is of no length is no part.
    go(Joint::Breaks(BreakReason::First), on(back, length_mm - 100_000), on(back, length_mm - 100_000), (0, 1));
    go(Joint::TurnsBack, on(there, 100_000), on(there, 700_000), (1, 9));
    go(Joint::TurnsBack, on(back, length_mm - 700_000), on(back, length_mm - 40_000), (9, 20));
    let (parts, length_m) = way.finish(&network, ids);
    assert_eq!(length_m, 600.0 + 660.0);
    let said: Vec<_> = parts.iter().map(|part| (part.begins, &part.nodes[..], part.length_m)).collect();
    assert_eq!(said, [("first", &[1, 10, 2][..], 600.0), ("turn_back", &[2, 10, 1], 660.0)]);
    let half_m = metres(0.005);
    assert!((parts[0].driven_m[0] - (half_m - 100.0)).abs() < 0.02, "{parts:?}");
    assert!((parts[1].driven_m[0] - (700.0 - half_m)).abs() < 0.02 && parts[1].end_left_m == 40.0, "{parts:?}");
}

static CITY: LazyLock<Arc<Network>> =
    LazyLock::new(|| Arc::new(SyntheticCity { nodes: 400, ..SyntheticCity::default() }.build()));

/// The stretches between neighbouring ids, with the length of each.
static ARCS: LazyLock<BTreeMap<(i64, i64), f64>> = LazyLock::new(|| {
    let mut arcs = BTreeMap::new();
    for edge in CITY.edges() {
        let pairs = CITY.shape_keys(edge).windows(2).zip(CITY.shape(edge).windows(2));
        arcs.extend(pairs.map(|(keys, points)| ((keys[0], keys[1]), points[0].distance(points[1]).0)));
    }
    arcs
});

/// A drive with noise, stops, gaps and fixes that are elsewhere.
fn drives() -> impl Strategy<Value = Vec<Fix>> {
    let noise = prop_oneof![20 => (-6.0..6.0, -6.0..6.0), 1 => (-900.0..900.0, -900.0..900.0)];
    let wait = prop_oneof![20 => 1..20_i64, 1 => -3..1_i64, 1 => 200..900_i64];
    let step = (wait, noise, 0..5_usize, 0..3_usize);
    (prop::collection::vec(step, 1..60), 0..CITY.edge_count()).prop_map(|(steps, edge)| {
        let (mut edge, mut offset_mm, mut second) = (EdgeId(edge as u32), 0, 1_000);
        let mut fixes = Vec::new();
        for (wait, (x, y), turn, speed) in steps {
            second += wait;
            offset_mm += wait.clamp(0, 20) as u32 * speed as u32 * 5_000;
            while offset_mm > CITY.length_mm(edge) {
                offset_mm -= CITY.length_mm(edge);
                let on: Vec<EdgeId> = CITY.successors(edge).map(|(next, _)| next).collect();
                edge = on.get(turn % on.len().max(1)).copied().unwrap_or(EdgeId(0));
            }
            let coord = LocalFrame::at(CITY.coord_at(edge, offset_mm)).to_coord(Xy { x, y });
            fixes.push(Fix::new(Timestamp::from_secs(second), coord));
        }
        fixes
    })
}

fn check_parts(route: &RouteLine) {
    let mut total = 0.0;
    for part in &route.parts {
        assert_eq!(part.driven_m.len() + 1, part.nodes.len());
        let sum: f64 = part.driven_m.iter().sum();
        assert!(part.length_m > 0.0 && (sum - part.length_m).abs() < 1e-6, "{part:?}");
        assert!(part.start_offset_m >= 0.0 && part.end_offset_m >= 0.0 && part.end_left_m >= 0.0, "{part:?}");
        assert!(part.begin_unix_s <= part.end_unix_s);
        total += part.length_m;
        let last = part.driven_m.len() - 1;
        for (nth, (pair, driven)) in part.nodes.windows(2).zip(&part.driven_m).enumerate() {
            let length = ARCS.get(&(pair[0], pair[1])).unwrap_or_else(|| panic!("{pair:?} is no stretch: {part:?}"));
            let before = if nth == 0 { part.start_offset_m } else { 0.0 };
            let after = if nth == last { part.end_left_m } else { 0.0 };
            assert!((length - before - after - driven).abs() < 0.02 + length * 2e-3, "{nth}th of {part:?}");
        }
        let before = if last == 0 { part.start_offset_m } else { 0.0 };
        assert!((part.end_offset_m - before - part.driven_m[last]).abs() < 1e-6, "{part:?}");
    }
    assert!((total - route.length_m).abs() < 1e-6);
}

fn check_place(fix: &Value, place: &Value) {
    let (edge, road) = (&place["edge"], &place["road"]);
    let number = |value: &Value| value.as_f64().expect("is a number");
    let id = |value: &Value| value.as_i64().expect("is an id");
    let length = ARCS[&(id(&edge["from"]), id(&edge["to"]))];
    assert!((number(&edge["length_m"]) - length).abs() < 0.02 + length * 2e-3, "{place}");
    for within in [edge, road] {
        assert!((0.0..=number(&within["length_m"])).contains(&number(&within["offset_m"])), "{place}");
    }
    let coord = |lon: &Value, lat: &Value| Coord::from_degrees(number(lat), number(lon)).expect("in range");
    let (here, there) = (coord(&fix["lon"], &fix["lat"]), coord(&place["point"][0], &place["point"][1]));
    let away = number(&place["distance_m"]);
    assert!((here.distance(there).0 - away).abs() < 0.1 + away * 2e-3, "{fix}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_fix_has_its_line_and_the_route_adds_up(
        fixes in drives(), lag in prop::option::of(0..10_usize), sampling_s in 0..30_i64,
    ) {
        let settings = MatchSettings { lag, sampling: Span::from_secs(sampling_s) };
        let (lines, route) = lines(&CITY, &fixes, settings);
        let (last, lines) = lines.split_last().expect("has the route");
        prop_assert_eq!(&last["type"], "route");
        prop_assert_eq!(lines.len() as u64, route.fixes);
        prop_assert_eq!(route.fixes, route.matched + route.held.total() + route.rejected.total());
        let count = |is: &dyn Fn(&Value) -> bool| lines.iter().filter(|line| is(line)).count() as u64;
        prop_assert_eq!(count(&|line| line["outcome"] == "matched"), route.matched);
        prop_assert_eq!(count(&|line| line["outcome"] == "held"), route.held.total());
        prop_assert_eq!(count(&|line| !line["break"].is_null()) + route.breaks.jumped, route.breaks.total());
        prop_assert_eq!(count(&|line| line["revised"] == true), route.revisions);
        for (nth, line) in lines.iter().enumerate() {
            prop_assert_eq!(line["number"].as_u64(), Some(nth as u64));
            let is_matched = line["outcome"] == "matched";
            prop_assert_eq!((is_matched, is_matched), (line["reason"].is_null(), !line["lag0"].is_null()));
            prop_assert_eq!(is_matched, !line["committed"].is_null());
            if is_matched {
                check_place(line, &line["lag0"]);
                check_place(line, &line["committed"]);
            }
        }
        check_parts(&route);
        let no_way = route.parts.iter().filter(|part| part.begins == "no_route").count() as u64;
        prop_assert!(no_way <= route.breaks.no_route + route.breaks.jumped, "{:?}", route);
    }
}
