use proptest::prelude::*;

use super::*;
use crate::geo::{Coord, LocalFrame, Xy};
use crate::id::EdgeId;
use crate::network::{Network, NetworkBuilder, NewEdge, RoadClass, ShapePoint, TurnModel};
use crate::unit::Metres;

/// The closest point of each edge within the radius: every segment of every edge is looked at.
fn brute_force(network: &Network, at: Coord, radius: f64) -> Vec<(EdgeId, f64, f64)> {
    let frame = LocalFrame::at(at);
    let mut found = Vec::new();
    for edge in network.edges() {
        let shape = network.shape(edge);
        let own = LocalFrame::at(shape[0]);
        let lengths: Vec<f64> = shape.windows(2).map(|pair| own.to_xy(pair[0]).distance(own.to_xy(pair[1]))).collect();
        let total: f64 = lengths.iter().sum();
        let mut so_far = 0.0;
        let mut best = (f64::INFINITY, 0.0);
        for (pair, length) in shape.windows(2).zip(&lengths) {
            let start = frame.to_xy(pair[0]);
            let step = {
                let mut east = i64::from(pair[1].lon_e7()) - i64::from(pair[0].lon_e7());
                if east.abs() > 1_800_000_000 {
                    east -= 3_600_000_000 * east.signum();
                }
                let north = i64::from(pair[1].lat_e7()) - i64::from(pair[0].lat_e7());
                let scale = frame.metres_per_e7();
                Xy { x: east as f64 * scale.x, y: north as f64 * scale.y }
            };
            let on = Xy::default().project(start, Xy { x: start.x + step.x, y: start.y + step.y });
            if on.distance_sq < best.0 {
                let share = if total > 0.0 { (so_far + on.fraction * length) / total } else { on.fraction };
                best = (on.distance_sq, share * f64::from(network.length_mm(edge)));
            }
            so_far += length;
        }
        if best.0.sqrt() <= radius {
            found.push((edge, best.0.sqrt(), best.1));
        }
    }
    found
}

fn coord(lat: f64, lon: f64) -> Coord {
    let lon = (lon + 540.0).rem_euclid(360.0) - 180.0;
    Coord::from_degrees(lat.clamp(-90.0, 90.0), lon).expect("in range")
}

/// Streets around an origin, each from one point by others to a last; steps in metres.
fn network(origin: Coord, streets: &[(Vec<(f64, f64)>, bool)]) -> Network {
    let frame = LocalFrame::at(origin);
    let mut builder = NetworkBuilder::new();
    for (points, two_way) in streets {
        let at: Vec<Coord> = points.iter().map(|&(x, y)| frame.to_coord(Xy { x, y })).collect();
        let (tail, head) = (builder.node(0, at[0]), builder.node(1, at[at.len() - 1]));
        let via = at[1..at.len() - 1].iter().map(|&coord| ShapePoint { key: 2, coord }).collect();
        let edge = NewEdge { via, ..NewEdge::straight(tail, head, RoadClass::Residential, 10.0) };
        if *two_way {
            builder.street(edge, "");
        } else {
            builder.edge(edge, "");
        }
    }
    builder.build(&TurnModel::default()).expect("builds")
}

/// Not so near a pole that a street goes around it: a plane cannot show that.
fn origins() -> impl Strategy<Value = Coord> {
    prop_oneof![
        (-85.0..85.0, -180.0..180.0).prop_map(|(lat, lon)| coord(lat, lon)),
        (-87.0..87.0, 179.999..180.001).prop_map(|(lat, lon)| coord(lat, lon)),
        (3..177_i32, -180.0..180.0).prop_map(|(degree, lon)| coord(f64::from(degree - 90) + 1e-4, lon)),
    ]
}

fn streets() -> impl Strategy<Value = Vec<(Vec<(f64, f64)>, bool)>> {
    let near = (-300.0..300.0, -300.0..300.0);
    let far = (-9e4..9e4, -9e4..9e4);
    let very_far = (-3e5..3e5, -3e5..3e5);
    let point = prop_oneof![20 => near, 2 => far, 1 => very_far];
    prop::collection::vec((prop::collection::vec(point, 2..5), any::<bool>()), 1..12)
}

/// Whether one candidate is to be told before another: closer, or as close and of a lower edge.
fn closer(one: &Candidate, other: &Candidate) -> bool {
    let by_distance = one.distance_m.total_cmp(&other.distance_m);
    by_distance.then(one.position.edge.cmp(&other.position.edge)).is_lt()
}

fn check(network: &Network, index: &EdgeIndex, at: Coord, radius: f64) -> Result<(), TestCaseError> {
    let expected = brute_force(network, at, radius);
    let mut found = Vec::new();
    index.within(network, at, Metres(radius), usize::MAX, &mut found);
    for candidate in &found {
        let edge = candidate.position.edge;
        let known = expected.iter().find(|known| known.0 == edge);
        let Some(&(_, distance, offset)) = known else {
            return Err(TestCaseError::fail(format!("{edge:?} is not within {radius} m: {candidate:?}")));
        };
        prop_assert!((f64::from(candidate.distance_m) - distance).abs() <= 1e-6 * distance + 1e-6);
        prop_assert!(candidate.position.offset_mm <= network.length_mm(edge));
        // The closest point can be ambiguous where a shape doubles back; then the distances agree all the same.
        let frame = LocalFrame::at(at);
        let there = frame.to_xy(candidate.point);
        let tolerance = 0.05 + distance * 1e-3 + 0.02 * frame.metres_per_e7().y / frame.metres_per_e7().x.max(1e-9);
        prop_assert!((there.x.hypot(there.y) - distance).abs() < tolerance, "{candidate:?} {there:?}");
        let unique = network.shape(edge).len() == 2;
        let slack = 2.0 + f64::from(network.length_mm(edge)) * 1e-6;
        prop_assert!(!unique || (f64::from(candidate.position.offset_mm) - offset).abs() <= slack);
    }
    prop_assert_eq!(found.len(), expected.len());
    prop_assert!(found.windows(2).all(|pair| closer(&pair[0], &pair[1])));
    let mut first = Vec::new();
    index.within(network, at, Metres(radius), 3, &mut first);
    prop_assert_eq!(&first[..], &found[..found.len().min(3)]);
    let odd = |edge: EdgeId| edge.0 % 2 == 1;
    let nearest = index.nearest(network, at, Metres(radius), odd);
    // At a bend either segment's heading will do.
    let place = |candidate: &Candidate| (candidate.position, candidate.distance_m);
    let expected = found.iter().find(|candidate| odd(candidate.position.edge));
    prop_assert_eq!(nearest.as_ref().map(place), expected.map(place));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn finds_what_looking_at_every_edge_finds(
        origin in origins(), streets in streets(), dx in -400.0..400.0, dy in -400.0..400.0,
        radius in prop_oneof![0.0..50.0, 50.0..400.0, 400.0..3e5],
    ) {
        let network = network(origin, &streets);
        let index = EdgeIndex::new(&network);
        let at = LocalFrame::at(origin).to_coord(Xy { x: dx, y: dy });
        check(&network, &index, at, radius)?;
    }
}

#[test]
fn a_long_ferry_does_not_fill_the_memory() {
    let streets = vec![(vec![(0.0, 0.0), (95e3, 10e3)], true), (vec![(0.0, 0.0), (4e5, 1e5)], true)];
    let network = network(coord(54.0, 179.5), &streets);
    let index = EdgeIndex::new(&network);
    assert!(index.bytes() < 2_000_000, "{} bytes", index.bytes());
    check(&network, &index, coord(54.05, -179.6), 5e3).expect("same as brute force");
}

#[test]
fn a_place_on_a_long_bent_street_is_the_same_one_from_both_of_its_ends() {
    // 20 km north, then as far east: in a plane that touches the globe at one end, the other half is out of scale.
    let network = network(coord(60.0, 10.0), &[(vec![(0.0, 0.0), (0.0, 20e3), (20e3, 20e3)], true)]);
    let index = EdgeIndex::new(&network);
    let mut found = Vec::new();
    for km in 0..40 {
        let at = network.coord_at(EdgeId(0), km * network.length_mm(EdgeId(0)) / 40);
        index.within(&network, at, Metres(5.0), 9, &mut found);
        assert_eq!(found.len(), 2);
        for candidate in &found {
            let on_road = network.coord_at(candidate.position.edge, candidate.position.offset_mm);
            let off_m = candidate.point.distance(on_road).0;
            assert!(off_m < 0.03, "{off_m} m off at km {km}, from {:?}", candidate.position);
        }
    }
}

#[test]
fn the_pole_and_places_without_roads_and_odd_radii_are_answered() {
    let network = network(coord(89.9999, 0.0), &[(vec![(0.0, 0.0), (5.0, -300.0)], true)]);
    let index = EdgeIndex::new(&network);
    let mut out = Vec::new();
    for at in [coord(90.0, 77.0), coord(-90.0, 0.0), coord(0.0, 0.0), coord(89.9999, 180.0)] {
        for radius in [f64::NAN, -1.0, 0.0, 10.0, 1e3, 1e7, f64::INFINITY] {
            index.within(&network, at, Metres(radius), 8, &mut out);
            assert!(out.iter().all(|candidate| f64::from(candidate.distance_m) <= radius));
            let nearest = index.nearest(&network, at, Metres(radius), |_| true);
            assert_eq!(nearest.is_some(), !out.is_empty(), "{at:?} {radius}");
        }
    }
}

/// A ring main, and far from it a street that nothing leads to.
fn two_components() -> Network {
    let mut builder = NetworkBuilder::new();
    let main: Vec<_> = (0..4).map(|n| builder.node(n, coord(41.0 + 0.001 * n as f64, -8.0))).collect();
    for pair in main.windows(2) {
        builder.street(NewEdge::straight(pair[0], pair[1], RoadClass::Primary, 10.0), "");
    }
    let (a, b) = (builder.node(8, coord(41.0, -7.999)), builder.node(9, coord(41.003, -7.999)));
    builder.street(NewEdge::straight(a, b, RoadClass::Service, 5.0), "");
    builder.build(&TurnModel::default()).expect("builds")
}

#[test]
fn a_small_component_is_used_only_where_both_ends_lie_in_it() {
    let network = two_components();
    let index = EdgeIndex::new(&network);
    let (inside, also_inside, main) = (coord(41.0005, -7.999), coord(41.002, -7.999), coord(41.001, -8.0));
    let component = |snap: &Snap| network.component(snap.positions()[0].edge);
    let radius = Metres(500.0);
    let snap = index.snap(&network, inside, radius).expect("near");
    assert_eq!((component(&snap), snap.positions().len()), (0, 2));
    assert!((snap.distance().0 - 83.9).abs() < 0.5, "{}", snap.distance());
    let total: u32 = snap.positions().iter().map(|position| position.offset_mm).sum();
    assert_eq!(total, network.length_mm(snap.positions()[0].edge));
    let (from, to) = index.snap_pair(&network, inside, also_inside, radius).expect("near");
    assert_eq!((component(&from), component(&to)), (1, 1));
    let (from, to) = index.snap_pair(&network, inside, main, radius).expect("near");
    assert_eq!((component(&from), component(&to)), (0, 0));
    assert_eq!(index.snap(&network, inside, Metres(50.0)), None);
}

#[test]
fn a_one_way_stub_is_used_only_in_its_direction() {
    let mut builder = NetworkBuilder::new();
    let (a, b, c) = (builder.node(0, coord(41.0, -8.0)), builder.node(1, coord(41.002, -8.0)), coord(41.002, -7.999));
    builder.street(NewEdge::straight(a, b, RoadClass::Primary, 10.0), "");
    let c = builder.node(2, c);
    builder.edge(NewEdge::straight(b, c, RoadClass::Service, 5.0), "");
    let network = builder.build(&TurnModel::default()).expect("builds");
    let index = EdgeIndex::new(&network);
    let (early, late) = (coord(41.002, -7.9996), coord(41.002, -7.9992));
    let stub = network.edges().find(|&edge| network.component(edge) != 0).expect("a stub");
    let edges = |from, to| {
        let (from, to) = index.snap_pair(&network, from, to, Metres(200.0)).expect("near");
        (from.positions()[0].edge, to.positions()[0].edge)
    };
    assert_eq!(edges(early, late), (stub, stub));
    let (from, to) = edges(late, early);
    assert!(from != stub && to != stub);
}
