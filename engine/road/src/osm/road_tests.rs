use super::*;

/// The speeds in km/h in both directions, `None` where closed, and the road.
fn judge(tags: &[(&str, &str)]) -> (Option<f64>, Option<f64>, Option<Road>) {
    let road = Road::of(&Tags::new(tags), &Profile::car(), &mut InvalidTags::default()).ok();
    let kmh = |lane: Option<Lane>| lane.map(|lane| f64::from(lane.speed_mmps) * 3.6 / 1e3);
    (road.and_then(|road| kmh(road.forward)), road.and_then(|road| kmh(road.backward)), road)
}

const BOTH: (bool, bool) = (true, true);
const AHEAD: (bool, bool) = (true, false);
const BACK: (bool, bool) = (false, true);
const CLOSED: (bool, bool) = (false, false);

/// Which directions are open.
fn check(tags: &[(&str, &str)], expected: (bool, bool)) {
    let (forward, backward, _) = judge(tags);
    assert_eq!((forward.is_some(), backward.is_some()), expected, "{tags:?}");
}

#[test]
fn ways_that_are_roads_for_cars() {
    for highway in [
        "trunk",
        "trunk_link",
        "primary",
        "primary_link",
        "secondary",
        "secondary_link",
        "tertiary",
        "tertiary_link",
        "unclassified",
        "residential",
        "living_street",
        "service",
        "road",
    ] {
        check(&[("highway", highway)], BOTH);
    }
    for highway in [
        "footway",
        "cycleway",
        "path",
        "steps",
        "bridleway",
        "pedestrian",
        "track",
        "construction",
        "proposed",
        "platform",
        "raceway",
        "bus_guideway",
        "corridor",
        "razed",
        "service_link",
        "",
    ] {
        check(&[("highway", highway)], CLOSED);
    }
    check(&[("highway", "track"), ("motor_vehicle", "yes")], BOTH);
    check(&[("highway", "track"), ("tracktype", "grade1")], CLOSED);
    check(&[("highway", "pedestrian"), ("motor_vehicle", "destination")], BOTH);
    check(&[("building", "yes")], CLOSED);
    check(&[("highway", "residential"), ("area", "yes")], CLOSED);
    check(&[("highway", "residential"), ("construction", "yes")], CLOSED);
    check(&[("highway", "residential"), ("construction", "minor")], BOTH);
    check(&[("highway", "service"), ("service", "emergency_access")], CLOSED);
    check(&[("highway", "residential"), ("smoothness", "impassable")], CLOSED);
}

#[test]
fn oneway_in_all_spellings() {
    let check_oneway = |value: &str, expected| check(&[("highway", "residential"), ("oneway", value)], expected);
    for value in ["yes", "true", "1"] {
        check_oneway(value, AHEAD);
    }
    for value in ["-1", "reverse"] {
        check_oneway(value, BACK);
    }
    for value in ["no", "false", "0", "alternating", "perhaps"] {
        check_oneway(value, BOTH);
    }
    check_oneway("reversible", CLOSED);
    check(&[("highway", "motorway")], AHEAD);
    check(&[("highway", "motorway_link")], AHEAD);
    check(&[("highway", "motorway_link"), ("oneway", "no")], BOTH);
    check(&[("highway", "trunk")], BOTH);
    check(&[("highway", "primary"), ("junction", "roundabout")], AHEAD);
    check(&[("highway", "primary"), ("junction", "circular")], AHEAD);
    check(&[("highway", "primary"), ("junction", "roundabout"), ("oneway", "-1")], BACK);
    check(&[("highway", "primary"), ("oneway", "yes"), ("oneway:motorcar", "no")], BOTH);
    check(&[("highway", "primary"), ("oneway:motor_vehicle", "yes")], AHEAD);
    check(&[("highway", "primary"), ("oneway:bicycle", "yes")], BOTH);
    check(&[("highway", "primary"), ("motor_vehicle:backward", "no")], AHEAD);
    check(&[("highway", "primary"), ("oneway", "-1"), ("vehicle:backward", "no")], CLOSED);
}

#[test]
fn access_closes_or_restricts() {
    check(&[("highway", "residential"), ("access", "no")], CLOSED);
    check(&[("highway", "residential"), ("access", "no"), ("motorcar", "yes")], BOTH);
    check(&[("highway", "residential"), ("motor_vehicle", "agricultural")], CLOSED);
    for value in ["destination", "customers", "delivery", "private"] {
        let (_, _, road) = judge(&[("highway", "residential"), ("access", value)]);
        let lane = road.and_then(|road| road.forward).expect("open");
        assert!(lane.flags.contains(EdgeFlags::DESTINATION_ONLY), "{value}");
    }
    let (_, _, road) = judge(&[("highway", "residential"), ("access", "permissive")]);
    assert!(!road.and_then(|road| road.forward).expect("open").flags.contains(EdgeFlags::DESTINATION_ONLY));
}

#[test]
fn ferries_take_as_long_as_they_say() {
    check(&[("route", "ferry")], BOTH);
    check(&[("route", "ferry"), ("foot", "yes")], CLOSED);
    check(&[("route", "ferry"), ("foot", "yes"), ("motor_vehicle", "yes")], BOTH);
    check(&[("route", "ferry"), ("motor_vehicle", "no")], CLOSED);
    let (_, _, road) = judge(&[("route", "ferry"), ("duration", "00:20")]);
    assert_eq!(road.map(|road| (road.class, road.duration_s)), Some((RoadClass::Ferry, Some(1200))));
    let mut invalid = InvalidTags::default();
    let tags = [("route", "ferry"), ("duration", "long")];
    assert!(Road::of(&Tags::new(&tags), &Profile::car(), &mut invalid).is_ok());
    assert_eq!(invalid.duration, 1);
}

#[test]
fn speeds_follow_limit_class_and_surface() {
    let kmh = |tags: &[(&str, &str)]| judge(tags).0.expect("open");
    let residential = kmh(&[("highway", "residential")]);
    assert!((25.0..30.0).contains(&residential));
    assert!(kmh(&[("highway", "residential"), ("maxspeed", "20")]) < residential);
    assert!(
        kmh(&[("highway", "primary"), ("maxspeed", "50")]) > kmh(&[("highway", "residential"), ("maxspeed", "50")])
    );
    assert!(kmh(&[("highway", "motorway"), ("maxspeed", "120")]) > 100.0);
    assert!(kmh(&[("highway", "motorway"), ("maxspeed", "none")]) <= 140.0);
    assert!(kmh(&[("highway", "primary_link")]) < kmh(&[("highway", "primary")]));
    assert!(kmh(&[("highway", "service"), ("service", "parking_aisle")]) < kmh(&[("highway", "service")]));
    assert!(kmh(&[("highway", "service"), ("maxspeed", "50")]) <= 25.0);
    let (forward, backward, _) =
        judge(&[("highway", "primary"), ("maxspeed:forward", "30"), ("maxspeed:backward", "70")]);
    assert!(forward < backward);
    let mut invalid = InvalidTags::default();
    let tags = [("highway", "primary"), ("maxspeed", "fast"), ("oneway", "yes")];
    assert!(Road::of(&Tags::new(&tags), &Profile::car(), &mut invalid).is_ok());
    assert_eq!(invalid.maxspeed, 1);
}

#[test]
fn flags_and_names() {
    let flags = |tags: &[(&str, &str)]| judge(tags).2.and_then(|road| road.forward).expect("open").flags;
    for (tag, flag) in [
        (("tunnel", "yes"), EdgeFlags::TUNNEL),
        (("tunnel", "building_passage"), EdgeFlags::TUNNEL),
        (("bridge", "viaduct"), EdgeFlags::BRIDGE),
        (("toll", "yes"), EdgeFlags::TOLL),
        (("junction", "roundabout"), EdgeFlags::ROUNDABOUT),
    ] {
        assert_eq!(flags(&[("highway", "primary"), tag]), flag, "{tag:?}");
        assert_eq!(flags(&[("highway", "primary"), (tag.0, "no")]), EdgeFlags::default(), "{tag:?}");
    }
    assert_eq!(flags(&[("highway", "trunk_link")]), EdgeFlags::LINK);
    assert_eq!(name(&Tags::new(&[("name", "Rua"), ("ref", "A 1")])), "Rua");
    assert_eq!(name(&Tags::new(&[("ref", "A 1")])), "A 1");
    assert_eq!(name(&Tags::new(&[])), "");
}

#[test]
fn conditions_are_seen() {
    let profile = Profile::car();
    for (key, expected) in [
        ("motor_vehicle:conditional", true),
        ("maxspeed:conditional", true),
        ("maxspeed:forward:conditional", true),
        ("oneway:conditional", true),
        ("bicycle:conditional", false),
        ("maxspeed", false),
    ] {
        assert_eq!(is_conditional(&Tags::new(&[(key, "no @ (Mo-Fr)")]), &profile), expected, "{key}");
    }
}
