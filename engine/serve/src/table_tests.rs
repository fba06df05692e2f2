use std::sync::Arc;

use etaflow_road::{Metres, Network, NetworkBuilder, NewEdge, RoadClass, SyntheticCity, TurnModel};
use proptest::prelude::*;

use super::*;
use crate::route::{RouteAnswer, route};

fn place(lon: f64, lat: f64) -> Coord {
    Coord::from_degrees(lat, lon).expect("in range")
}

/// A street, a parking lot beside it that no edge connects, a street that can only be left (towards the first), and
/// another place far away.
fn pieces() -> Network {
    let mut builder = NetworkBuilder::new();
    let mut key = 0;
    let mut node = |lon, lat| {
        key += 1;
        builder.node(key, place(lon, lat))
    };
    let street = [0.0, 0.01, 0.02, 0.03].map(|lon| node(lon, 0.0));
    let lot = [0.002, 0.003, 0.004].map(|lon| node(lon, 0.001));
    let exit = node(0.01, 0.002);
    let far = [0.5, 0.51].map(|lon| node(lon, 0.0));
    let straight = |from, to| NewEdge::straight(from, to, RoadClass::Residential, 10.0);
    for pieces in [&street[..], &lot[..], &far[..]] {
        for pair in pieces.windows(2) {
            builder.street(straight(pair[0], pair[1]), "");
        }
    }
    builder.edge(straight(exit, street[1]), "");
    builder.build(&TurnModel::default()).expect("has edges")
}

/// That every cell is the duration of the route.
fn check(router: &mut Router, from: &[Coord], to: &[Coord]) -> TableAnswer {
    let answer = table(router, from, to).expect("is small");
    assert_eq!((answer.from.len(), answer.to.len()), (from.len(), to.len()));
    for (row, &from) in answer.durations_s.iter().zip(from) {
        assert_eq!(row.len(), to.len());
        for (&cell, &to) in row.iter().zip(to) {
            let expected = match route(router, from, to) {
                RouteAnswer::Found(way) => Some(way.duration_s),
                _ => None,
            };
            assert_eq!(cell, expected, "{from:?} to {to:?}");
        }
    }
    answer
}

#[test]
fn places_off_the_main_network_are_reached_as_by_a_route() {
    let network = Arc::new(pieces());
    let on_main = [(0.001, 0.0), (0.025, 0.0)];
    // Two on one edge of the lot, one on the other; two on the street that can only be left, one behind the other.
    let beside =
        [(0.0025, 0.001), (0.0035, 0.001), (0.01, 0.0015), (0.505, 0.0), (0.2, 0.0), (0.0022, 0.001), (0.01, 0.0012)];
    let places: Vec<Coord> = on_main.into_iter().chain(beside).map(|(lon, lat)| place(lon, lat)).collect();
    for radius in [50.0, 500.0] {
        let mut router = Router::new(Arc::clone(&network), Metres(radius));
        let answer = check(&mut router, &places, &places);
        // From one end of the lot to the other without leaving it.
        assert!(answer.durations_s[2][3].is_some_and(|seconds| seconds < 20.0), "{answer}");
        // Down the street that can only be left; up again it is another road, if one is near.
        assert!(answer.durations_s[4][8].is_some_and(|seconds| seconds < 4.0), "{answer}");
        // Nothing but the lot is within 50 m of it.
        assert_eq!(answer.durations_s[0][2].is_some(), radius > 111.0, "{answer}");
        assert!(answer.durations_s[5][5] == Some(0.0) && answer.durations_s[5][0].is_none());
        assert_eq!((answer.to[6].snapped, answer.durations_s[6][6]), (None, None));
    }
}

#[test]
fn a_table_is_said_in_words_and_as_json() {
    let mut router = Router::new(Arc::new(pieces()), Metres(500.0));
    let answer = table(&mut router, &[place(0.0, 0.0), place(0.2, 0.0)], &[place(0.01, 0.0)]).expect("is small");
    let said = [
        "travel times in seconds, from each row's place to each column's",
        "       1",
        "1  111.2",
        "2      -",
        "from 1  0,0: 0 m from (no name), at 0,0",
        "from 2  0.2,0: no road near",
        "to 1  0.01,0: 0 m from (no name), at 0.01,0",
    ];
    assert_eq!(answer.to_string(), said.join("\n"));
    let json = serde_json::to_value(&answer).expect("is JSON");
    assert_eq!((&json["code"], &json["durations_s"]), (&"Ok".into(), &serde_json::json!([[111.195], [null]])));
    assert_eq!(
        json["from"][1],
        serde_json::json!({"asked": [0.2, 0.0], "snapped": null, "distance_m": null, "name": null})
    );
}

#[test]
fn a_table_that_is_too_large_names_the_bound() {
    let mut router = Router::new(Arc::new(pieces()), Metres(500.0));
    let error = table(&mut router, &vec![place(0.0, 0.0); 2_001], &vec![place(0.0, 0.0); 2_000]).expect_err("is large");
    let says = "a table from 2001 places to 2000 has 4002000 travel times, at most 4000000";
    assert_eq!(error.to_string(), says);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn each_travel_time_is_that_of_the_route(
        from in prop::collection::vec((-0.05..1.05, -0.05..1.05), 0..6),
        to in prop::collection::vec((-0.05..1.05, -0.05..1.05), 0..6),
    ) {
        let city = Arc::new(SyntheticCity { nodes: 300, ..SyntheticCity::default() }.build());
        let (low, high) = city.bounds().expect("has roads");
        let at = |(east, north): &(f64, f64)| {
            place(low.lon() + east * (high.lon() - low.lon()), low.lat() + north * (high.lat() - low.lat()))
        };
        let (from, to): (Vec<Coord>, Vec<Coord>) = (from.iter().map(at).collect(), to.iter().map(at).collect());
        check(&mut Router::new(city, Metres(300.0)), &from, &to);
    }
}
