use etaflow_road::{Coord, Metres, Route, Snap};

use super::answer::{RouteAnswer, Street, Way};
use crate::place::LonLat;
use crate::roads::{Router, Stretch, Waypoint};

/// The fastest way from one place to another.
pub fn route(router: &mut Router, from: Coord, to: Coord) -> RouteAnswer {
    let (from_snap, to_snap) = router.snap_pair(from, to);
    let (Some(from_snap), Some(to_snap)) = (from_snap, to_snap) else {
        let (from, to) = (waypoint(router, from, from_snap), waypoint(router, to, to_snap));
        let message = no_road(router.radius(), &from, &to);
        return RouteAnswer::NoSegment { message, from, to };
    };
    match router.way(&from_snap, &to_snap) {
        Some(route) => RouteAnswer::Found(way(router, &route, (from, &from_snap), (to, &to_snap))),
        None => {
            let (from, to) = (waypoint(router, from, Some(from_snap)), waypoint(router, to, Some(to_snap)));
            let message = format!("no way leads from {} to {}", from.asked, to.asked);
            RouteAnswer::NoRoute { message, from, to }
        }
    }
}

fn waypoint(router: &Router, asked: Coord, snap: Option<Snap>) -> Waypoint {
    Waypoint::new(router.network(), asked, snap.as_ref())
}

fn no_road(radius: Metres, from: &Waypoint, to: &Waypoint) -> String {
    let ends = [("from", from), ("to", to)];
    let off: Vec<String> = ends
        .iter()
        .filter(|(_, end)| end.snapped.is_none())
        .map(|(side, end)| format!("{side} {}", end.asked))
        .collect();
    format!("no road within {} m of {}", radius.0, off.join(" and of "))
}

fn way(router: &Router, route: &Route, from: (Coord, &Snap), to: (Coord, &Snap)) -> Way {
    let network = router.network();
    let stretches = Stretch::all(network, router.ids(), &route.edges, route.source.offset_mm, route.target.offset_mm);
    let from = Waypoint::at(network, from.0, from.1, route.source);
    let to = Waypoint::at(network, to.0, to.1, route.target);
    let streets = streets(&stretches);
    let mut names: Vec<String> =
        streets.iter().filter(|street| !street.name.is_empty()).map(|street| street.name.clone()).collect();
    names.dedup();
    let mut nodes: Vec<i64> = stretches.iter().flat_map(Stretch::nodes).map(|node| node.id).collect();
    nodes.dedup();
    let points = stretches.iter().flat_map(Stretch::points).map(LonLat);
    let mut geometry: Vec<LonLat> = from.snapped.into_iter().chain(points).chain(to.snapped).collect();
    geometry.dedup();
    // Of a way without length one point is left, and a line has two.
    if let [only] = geometry[..] {
        geometry.push(only);
    }
    let (duration_s, distance_m) = (f64::from(route.duration) / 1e3, route.length_mm as f64 / 1e3);
    Way { duration_s, distance_m, from, to, names, streets, nodes, geometry }
}

/// The streets of a way in order. Where nothing is driven of an edge, one is not on its street.
fn streets(stretches: &[Stretch<'_>]) -> Vec<Street> {
    let mut streets: Vec<(&str, u64)> = Vec::new();
    for stretch in stretches.iter().filter(|stretch| stretch.length_mm() > 0) {
        match streets.last_mut() {
            Some((name, length_mm)) if *name == stretch.name() => *length_mm += stretch.length_mm(),
            _ => streets.push((stretch.name(), stretch.length_mm())),
        }
    }
    let street = |(name, length_mm): (&str, u64)| Street { name: name.to_owned(), distance_m: length_mm as f64 / 1e3 };
    streets.into_iter().map(street).collect()
}
