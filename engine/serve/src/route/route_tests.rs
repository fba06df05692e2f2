use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use etaflow_road::{
    BuilderNode, Coord, EdgeIndex, Metres, Metric, Network, NetworkBuilder, NewEdge, Query, RoadClass, ShapePoint,
    SyntheticCity, TurnModel,
};
use proptest::prelude::*;

use super::*;
use crate::place::LonLat;
use crate::roads::Router;

fn place(lon: f64, lat: f64) -> Coord {
    Coord::from_degrees(lat, lon).expect("in range")
}

/// A street along the equator: nodes 1, 2 and 3 are 0.01 degrees (1,112 m) apart, and 10 is half way from 1 to 2. From
/// 1 to 2 it is called Rua A and is open both ways; from 2 to 3 it has no name.
fn street() -> NetworkBuilder {
    let mut builder = NetworkBuilder::new();
    let [a, b, c] = [(1, 0.0), (2, 0.01), (3, 0.02)].map(|(key, lon)| builder.node(key, place(lon, 0.0)));
    let via = vec![ShapePoint { key: 10, coord: place(0.005, 0.0) }];
    builder.street(NewEdge { via, ..straight(a, b) }, "Rua A");
    builder.street(straight(b, c), "");
    builder
}

fn straight(from: BuilderNode, to: BuilderNode) -> NewEdge {
    NewEdge::straight(from, to, RoadClass::Residential, 10.0)
}

fn router(builder: NetworkBuilder) -> Router {
    Router::new(Arc::new(builder.build(&TurnModel::default()).expect("has edges")), Metres(500.0))
}

/// The way between two longitudes on the equator.
fn along(router: &mut Router, from: f64, to: f64) -> Way {
    match route(router, place(from, 0.0), place(to, 0.0)) {
        RouteAnswer::Found(way) => way,
        other => panic!("{other}"),
    }
}

fn lons(way: &Way) -> Vec<f64> {
    way.geometry.iter().map(|point| point.0.lon()).collect()
}

/// Metres along the equator.
fn metres(degrees: f64) -> f64 {
    place(0.0, 0.0).distance(place(degrees, 0.0)).0
}

#[test]
fn a_way_within_an_edge_goes_forwards_on_the_direction_that_leads_there() {
    let mut router = router(street());
    let there = along(&mut router, 0.001, 0.003);
    assert_eq!((there.nodes.clone(), lons(&there)), (vec![1, 10], vec![0.001, 0.003]));
    let back = along(&mut router, 0.003, 0.001);
    assert_eq!((back.nodes.clone(), lons(&back)), (vec![10, 1], vec![0.003, 0.001]));
    let past_a_point = along(&mut router, 0.008, 0.001);
    assert_eq!((past_a_point.nodes.clone(), lons(&past_a_point)), (vec![2, 10, 1], vec![0.008, 0.005, 0.001]));
    assert!((there.distance_m - metres(0.002)).abs() < 0.02 && there.duration_s - there.distance_m / 10.0 < 0.01);
    assert_eq!((there.distance_m, there.names), (back.distance_m, vec!["Rua A".to_owned()]));
}

#[test]
fn a_way_over_several_edges_names_the_streets_and_their_lengths() {
    let way = along(&mut router(street()), 0.002, 0.018);
    assert_eq!(way.nodes, [1, 10, 2, 3]);
    assert_eq!(lons(&way), [0.002, 0.005, 0.01, 0.018]);
    assert_eq!(way.names, ["Rua A"]);
    let streets: Vec<&str> = way.streets.iter().map(|street| street.name.as_str()).collect();
    assert_eq!(streets, ["Rua A", ""]);
    assert!((way.streets[1].distance_m - metres(0.008)).abs() < 0.02, "{way}");
    let said = way.to_string();
    assert!(said.starts_with("2 min 58 s, 1.78 km\nfrom  0.002,0: 0 m from Rua A, at 0.002,0\n"), "{said}");
    assert!(said.contains("\n     890 m  Rua A\n     890 m  (no name)\n4 nodes from 1 to 3, 4 points"), "{said}");
}

#[test]
fn who_starts_at_a_node_is_not_on_the_street_behind_it() {
    let mut router = router(street());
    for (from, to, nodes, names) in [
        (0.01, 0.015, vec![2, 3], vec![]),
        (0.01, 0.005, vec![2, 10], vec!["Rua A"]),
        (0.005, 0.01, vec![10, 2], vec!["Rua A"]),
    ] {
        let way = along(&mut router, from, to);
        let driven: Vec<&str> = way.names.iter().map(String::as_str).collect();
        assert_eq!((&way.nodes, &driven[..]), (&nodes, &names[..]), "{from} to {to}");
        assert_eq!(lons(&way), [from, to]);
    }
    let none = along(&mut router, 0.005, 0.005);
    assert_eq!((none.nodes.clone(), none.distance_m, none.duration_s), (vec![10], 0.0, 0.0));
    assert_eq!(lons(&none), [0.005, 0.005]);
    assert!(none.streets.is_empty() && none.to_string().contains("\nat node 10, 2 points"), "{none}");
}

#[test]
fn on_a_one_way_street_who_has_passed_must_come_around() {
    let mut builder = NetworkBuilder::new();
    let [a, b, c] =
        [(1, 0.0, 0.0), (2, 0.01, 0.0), (3, 0.005, 0.02)].map(|(key, lon, lat)| builder.node(key, place(lon, lat)));
    for (from, to, name) in [(a, b, "Rua A"), (b, c, "Rua B"), (c, a, "Rua C")] {
        builder.edge(straight(from, to), name);
    }
    let mut router = router(builder);
    let around = along(&mut router, 0.006, 0.004);
    assert_eq!(around.nodes, [1, 2, 3, 1, 2]);
    assert_eq!(lons(&around), [0.006, 0.01, 0.005, 0.0, 0.004]);
    assert_eq!(around.names, ["Rua A", "Rua B", "Rua C", "Rua A"]);
    assert_eq!(along(&mut router, 0.004, 0.006).nodes, [1, 2]);
}

#[test]
fn points_that_have_no_ids_are_driven_through_and_not_named() {
    let mut builder = NetworkBuilder::new();
    let [a, b] = [(1, 0.0), (2, 0.01)].map(|(key, lon)| builder.node(key, place(lon, 0.0)));
    let via = [0.004, 0.005, 0.006].map(|lon| ShapePoint { key: 0, coord: place(lon, 0.0) }).to_vec();
    builder.street(NewEdge { via, ..straight(a, b) }, "");
    let way = along(&mut router(builder), 0.0045, 0.0055);
    assert_eq!((way.nodes.clone(), lons(&way)), (vec![1, 2], vec![0.0045, 0.005, 0.0055]));
    assert!(way.names.is_empty() && way.from.name.is_none());
}

#[test]
fn a_twin_of_another_shape_is_driven_where_it_is() {
    let mut builder = NetworkBuilder::new();
    let [a, b] = [(1, 0.0), (2, 0.01)].map(|(key, lon)| builder.node(key, place(lon, 0.0)));
    let there = builder.edge(straight(a, b), "");
    let via = vec![ShapePoint { key: 7, coord: place(0.005, 0.001) }];
    let back = builder.edge(NewEdge { via, ..straight(b, a) }, "");
    builder.twins(there, back);
    let way = along(&mut router(builder), 0.007, 0.003);
    assert_eq!(way.nodes, [2, 7, 1]);
    let (from, to) = (way.from.snapped.expect("near"), way.to.snapped.expect("near"));
    assert_eq!((from, to), (way.geometry[0], way.geometry[2]));
    assert!(from.0.lat() > 0.0005 && to.0.lat() > 0.0005, "{way}");
    assert_eq!(way.from.distance_m.map(f64::round), Some(place(0.007, 0.0).distance(from.0).0.round()));
}

#[test]
fn where_there_is_no_way_the_answer_says_why() {
    let mut builder = street();
    let [far, farther] = [(8, 0.1), (9, 0.11)].map(|(key, lon)| builder.node(key, place(lon, 0.0)));
    builder.street(straight(far, farther), "Rua Longe");
    let mut router = router(builder);
    let answer = route(&mut router, place(0.001, 0.0), place(0.1, 0.001));
    let RouteAnswer::NoRoute { message, to, .. } = &answer else { panic!("{answer}") };
    assert_eq!(message, "no way leads from 0.001,0 to 0.1,0.001");
    assert_eq!((to.snapped, to.name.as_deref()), (Some(LonLat(place(0.1, 0.0))), Some("Rua Longe")));
    assert!(serde_json::to_string(&answer).expect("is JSON").starts_with(r#"{"code":"NoRoute","message":"no way"#));
    // On the small piece itself there is one.
    assert_eq!(along(&mut router, 0.101, 0.109).nodes, [8, 9]);
    let answer = route(&mut router, place(0.001, 0.01), place(0.005, 0.0));
    let RouteAnswer::NoSegment { message, from, to } = &answer else { panic!("{answer}") };
    assert_eq!(message, "no road within 500 m of from 0.001,0.01");
    assert_eq!((from.snapped, from.distance_m, to.distance_m), (None, None, Some(0.0)));
    assert!(answer.to_string().contains("from  0.001,0.01: no road near\n"), "{answer}");
    let both = route(&mut router, place(1.0, 1.0), place(2.0, 2.0)).to_string();
    assert!(both.starts_with("no road within 500 m of from 1,1 and of to 2,2\n"), "{both}");
}

/// A city, and what must be true of every way in it.
struct City {
    network: Arc<Network>,
    /// Where each id is.
    place: BTreeMap<i64, Coord>,
    /// The stretches of road that can be driven, by the ids of their ends.
    driven: BTreeSet<(i64, i64)>,
}

static CITY: LazyLock<City> = LazyLock::new(|| {
    let network = Arc::new(SyntheticCity { nodes: 600, ..SyntheticCity::default() }.build());
    let (mut place, mut driven) = (BTreeMap::new(), BTreeSet::new());
    for edge in network.edges() {
        let keys = network.shape_keys(edge);
        place.extend(keys.iter().copied().zip(network.shape(edge).iter().copied()));
        driven.extend(keys.windows(2).map(|pair| (pair[0], pair[1])));
    }
    City { network, place, driven }
});

impl City {
    fn at(&self, (east, north): (f64, f64)) -> Coord {
        let (low, high) = self.network.bounds().expect("has roads");
        let (lon, lat) = (low.lon() + east * (high.lon() - low.lon()), low.lat() + north * (high.lat() - low.lat()));
        place(lon, lat)
    }

    fn check(&self, way: &Way) {
        let line: Vec<Coord> = way.geometry.iter().map(|point| point.0).collect();
        let drawn: f64 = line.windows(2).map(|pair| pair[0].distance(pair[1]).0).sum();
        assert!((drawn - way.distance_m).abs() < 0.05 + way.distance_m * 1e-4, "{drawn} m are drawn: {way}");
        assert!(line.len() >= 2 && (line.len() == 2 || line.windows(2).all(|pair| pair[0] != pair[1])));
        assert_eq!((way.from.snapped, way.to.snapped), (way.geometry.first().copied(), way.geometry.last().copied()));
        for (end, on_line) in [(&way.from, line[0]), (&way.to, line[line.len() - 1])] {
            let away = end.asked.0.distance(on_line).0;
            assert!((away - end.distance_m.expect("is on a road")).abs() < 0.05 + away * 2e-3, "{away} m away: {way}");
        }
        let streets: f64 = way.streets.iter().map(|street| street.distance_m).sum();
        assert!((streets - way.distance_m).abs() < 1e-6, "{streets}: {way}");
        assert!(way.streets.windows(2).all(|pair| pair[0].name != pair[1].name));
        let mut names: Vec<&str> = way.streets.iter().map(|street| street.name.as_str()).collect();
        names.retain(|name| !name.is_empty());
        names.dedup();
        assert_eq!(way.names, names);
        self.check_nodes(way, &line);
    }

    fn check_nodes(&self, way: &Way, line: &[Coord]) {
        assert!(way.nodes.windows(2).all(|pair| self.driven.contains(&(pair[0], pair[1]))), "{:?}", way.nodes);
        let nodes: Vec<Coord> = way.nodes.iter().map(|node| self.place[node]).collect();
        let [.., last] = nodes[..] else { panic!("{way}") };
        if nodes.len() == 1 {
            assert!(way.distance_m < 0.01, "{way}");
            return;
        };
        // What is drawn between the ends are the nodes, but for the first and the last of them, and such as an end is on.
        let (inner, ends) = (&line[1..line.len() - 1], [line[0], line[line.len() - 1]]);
        let is_left_out =
            |at: usize| at == 0 || at == nodes.len() - 1 || ends.iter().any(|end| end.distance(nodes[at]).0 < 0.05);
        let starts_at = |from: usize| {
            nodes[from..].starts_with(inner)
                && (0..nodes.len()).all(|at| (from..from + inner.len()).contains(&at) || is_left_out(at))
        };
        assert!((0..nodes.len()).any(starts_at), "{line:?} is not {nodes:?}: {way}");
        let on = |from: Coord, to: Coord, at: Coord| from.distance(at).0 + at.distance(to).0 - from.distance(to).0;
        assert!(
            on(nodes[0], nodes[1], line[0]) < 0.05 && on(nodes[nodes.len() - 2], last, line[line.len() - 1]) < 0.05
        );
    }
}

fn anywhere() -> impl Strategy<Value = (f64, f64)> {
    (-0.05..1.05, -0.05..1.05)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn ways_add_up(places in prop::collection::vec((anywhere(), anywhere()), 1..8), close in 0.0..0.01) {
        let city = &*CITY;
        let radius = Metres(300.0);
        let (mut router, index) = (Router::new(Arc::clone(&city.network), radius), EdgeIndex::new(&city.network));
        let (metric, mut query) = (Metric::free_flow(&city.network), Query::new(Arc::clone(&city.network)));
        for (from, to) in places {
            for to in [to, (from.0 + close, from.1)] {
                let (from, to) = (city.at(from), city.at(to));
                let answer = route(&mut router, from, to);
                let json: serde_json::Value =
                    serde_json::from_str(&serde_json::to_string(&answer).expect("writes")).expect("reads");
                let snaps = index.snap_pair(&city.network, from, to, radius);
                let duration = snaps.and_then(|(a, b)| query.duration(&metric, a.positions(), b.positions()));
                match answer {
                    RouteAnswer::Found(way) => {
                        prop_assert_eq!(Some(way.duration_s), duration.map(|duration| f64::from(duration) / 1e3));
                        prop_assert_eq!(&json["code"], "Ok");
                        prop_assert_eq!(json["geometry"].as_array().map(Vec::len), Some(way.geometry.len()));
                        city.check(&way);
                    }
                    RouteAnswer::NoSegment { .. } => {
                        prop_assert_eq!(&json["code"], "NoSegment");
                        prop_assert!(snaps.is_none());
                    }
                    other => prop_assert!(false, "{}", other),
                }
            }
        }
    }
}
