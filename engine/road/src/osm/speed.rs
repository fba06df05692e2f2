use super::profile::Profile;
use super::report::InvalidTags;
use super::tags::{Direction, Tags};
use crate::network::RoadClass;

/// What a limit of "none" is driven at, in km/h.
const UNLIMITED_KMH: f64 = 140.0;
const KMH_PER_MPH: f64 = 1.609_344;
const KMH_PER_KNOT: f64 = 1.852;

/// What the value of a `maxspeed` says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Limit {
    Kmh(f64),
    /// Valid, but no number: it depends on signs.
    Unstated,
    Invalid,
}

/// The posted limit in one direction, in km/h.
pub(super) fn limit_kmh(tags: &Tags<'_>, direction: Direction, invalid: &mut InvalidTags) -> Option<f64> {
    let posted = ["maxspeed:motorcar", "maxspeed", "maxspeed:lanes"].iter().find_map(|key| {
        match parse_list(tags.get_directed(key, direction)?) {
            Limit::Kmh(kmh) => Some(kmh),
            Limit::Unstated => None,
            Limit::Invalid => {
                invalid.maxspeed += 1;
                None
            }
        }
    });
    // Where the number is missing, what it was derived from may be there; free text is common and no error.
    let source = || {
        ["maxspeed:type", "zone:maxspeed", "source:maxspeed", "zone:traffic"].iter().find_map(|key| {
            match parse_one(tags.get(key)?) {
                Limit::Kmh(kmh) => Some(kmh),
                Limit::Unstated | Limit::Invalid => None,
            }
        })
    };
    let advised = match tags.get_directed("maxspeed:advisory", direction).map(parse_list) {
        Some(Limit::Kmh(kmh)) => kmh,
        _ => f64::INFINITY,
    };
    let limit = posted.or_else(source).unwrap_or(f64::INFINITY).min(advised);
    limit.is_finite().then_some(limit)
}

/// The mean of what is true of several lanes, "50;70" or "50|70".
fn parse_list(value: &str) -> Limit {
    let (mut sum, mut count) = (0.0, 0);
    for part in value.split([';', '|']).filter(|part| !part.trim().is_empty()) {
        match parse_one(part) {
            Limit::Kmh(kmh) => {
                sum += kmh;
                count += 1;
            }
            Limit::Unstated => {}
            Limit::Invalid => return Limit::Invalid,
        }
    }
    match count {
        0 if value.trim().is_empty() => Limit::Invalid,
        0 => Limit::Unstated,
        _ => Limit::Kmh(sum / f64::from(count)),
    }
}

fn parse_one(value: &str) -> Limit {
    let value = value.trim().to_ascii_lowercase();
    match value.as_str() {
        "none" | "unlimited" => return Limit::Kmh(UNLIMITED_KMH),
        "walk" | "walking" | "living_street" => return Limit::Kmh(7.0),
        "signals" | "signal" | "variable" | "sign" | "unknown" | "unposted" | "default" | "implicit" => {
            return Limit::Unstated;
        }
        _ => {}
    }
    let digits = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    if digits > 0 {
        let (number, unit) = value.split_at(digits);
        let factor = match unit.trim() {
            "" | "km/h" | "kmh" | "kph" | "kmph" => 1.0,
            "mph" | "mi/h" => KMH_PER_MPH,
            "knots" | "knot" | "kn" => KMH_PER_KNOT,
            _ => return Limit::Invalid,
        };
        return match number.parse::<f64>().map(|number| number * factor) {
            Ok(kmh) if (1.0..=300.0).contains(&kmh) => Limit::Kmh(kmh),
            _ => Limit::Invalid,
        };
    }
    match value.split_once(':') {
        Some((country, zone)) => zone_kmh(country, zone).map_or(Limit::Invalid, Limit::Kmh),
        None => zone_kmh("", &value).map_or(Limit::Invalid, Limit::Kmh),
    }
}

/// What the law of a country says for a kind of place.
fn zone_kmh(country: &str, zone: &str) -> Option<f64> {
    let zone = zone.trim();
    let number = zone.strip_prefix("zone").unwrap_or(zone).trim_start_matches([':', '_', ' ']);
    if let Ok(kmh) = number.parse::<f64>() {
        return (1.0..=300.0).contains(&kmh).then_some(kmh);
    }
    // Country codes may name a region: "be-vlg".
    let country = country.trim();
    let nation = country.split('-').next().unwrap_or(country);
    Some(match zone {
        "urban" | "city" | "town" | "residential" => match nation {
            "gb" | "uk" => 30.0 * KMH_PER_MPH,
            "us" => 25.0 * KMH_PER_MPH,
            "ru" | "ua" | "by" | "kz" => 60.0,
            _ => 50.0,
        },
        "rural" => match (nation, country) {
            ("de" | "at" | "ro", _) => {
                if nation == "ro" {
                    90.0
                } else {
                    100.0
                }
            }
            ("ch" | "li" | "nl" | "se" | "no" | "dk" | "fr", _) => 80.0,
            (_, "be-vlg") => 70.0,
            ("gb" | "uk", _) => 60.0 * KMH_PER_MPH,
            ("us", _) => 55.0 * KMH_PER_MPH,
            _ => 90.0,
        },
        "trunk" | "expressway" => match nation {
            "it" | "hu" | "fr" => 110.0,
            "de" => UNLIMITED_KMH,
            _ => 100.0,
        },
        "motorway" => match nation {
            "de" => UNLIMITED_KMH,
            "pl" | "bg" => 140.0,
            "ch" | "li" | "pt" | "es" | "be" | "ie" | "fi" => 120.0,
            "gb" | "uk" => 70.0 * KMH_PER_MPH,
            "nl" => 100.0,
            "se" | "no" | "ru" | "ua" => 110.0,
            _ => 130.0,
        },
        "nsl_single" => 60.0 * KMH_PER_MPH,
        "nsl_dual" => 70.0 * KMH_PER_MPH,
        "nsl_restricted" => 30.0 * KMH_PER_MPH,
        "living_street" | "walk" | "pedestrian_zone" => 10.0,
        "bicycle_road" | "school" => 30.0,
        _ => return None,
    })
}

/// How fast one drives when nothing is in the way, in km/h.
pub(super) fn driven_kmh(profile: &Profile, class: RoadClass, link: bool, tags: &Tags<'_>, limit: Option<f64>) -> f64 {
    let speeds = profile.speed(class);
    let plain = service_kmh(class, tags).unwrap_or(if link { speeds.link_kmh } else { speeds.plain_kmh });
    let driven = match limit {
        None => plain,
        Some(limit) => {
            let by_limit = (limit * speeds.limit_share).max(limit.min(30.0) * 0.85);
            // A limit says how fast one may drive, not that one can: on ramps, yards and in play streets it is the
            // upper bound only.
            let held = link || class >= RoadClass::LivingStreet;
            if held { by_limit.min(plain.max(limit * 0.5)).min(limit) } else { by_limit }
        }
    };
    driven.min(surface_kmh(tags)).clamp(1.0, profile.speed_max_kmh)
}

fn service_kmh(class: RoadClass, tags: &Tags<'_>) -> Option<f64> {
    if class != RoadClass::Service {
        return None;
    }
    match tags.get("service")? {
        "parking_aisle" | "parking" => Some(8.0),
        "driveway" | "alley" | "yard" => Some(10.0),
        "drive-through" | "drive_through" => Some(6.0),
        _ => None,
    }
}

/// The most that the surface bears, in km/h.
fn surface_kmh(tags: &Tags<'_>) -> f64 {
    let surface = match tags.get("surface").unwrap_or("") {
        "compacted" | "fine_gravel" | "cement" => 80.0,
        "paving_stones" | "bricks" | "metal" => 60.0,
        "sett" | "gravel" | "unpaved" | "ground" | "dirt" | "grass" | "grass_paver" | "wood" | "pebblestone" => 40.0,
        "cobblestone" | "unhewn_cobblestone" | "clay" => 30.0,
        "earth" | "stone" | "rocky" | "sand" => 20.0,
        "mud" => 10.0,
        _ => f64::INFINITY,
    };
    let smoothness = match tags.get("smoothness").unwrap_or("") {
        "intermediate" => 80.0,
        "bad" => 40.0,
        "very_bad" => 20.0,
        "horrible" => 10.0,
        "very_horrible" => 5.0,
        _ => f64::INFINITY,
    };
    let tracktype = match tags.get("tracktype").unwrap_or("") {
        "grade1" => 60.0,
        "grade2" => 40.0,
        "grade3" => 30.0,
        "grade4" => 25.0,
        "grade5" => 20.0,
        _ => f64::INFINITY,
    };
    f64::min(surface, f64::min(smoothness, tracktype))
}

/// How long a ferry takes, in seconds: "MM", "HH:MM", "HH:MM:SS" or ISO 8601 ("PT1H30M").
pub(super) fn duration_s(value: &str) -> Option<f64> {
    let value = value.trim();
    let seconds = if let Some(iso) = value.strip_prefix("PT") {
        let (mut seconds, mut rest) = (0.0, iso);
        while let Some(unit) = rest.find(['H', 'M', 'S']) {
            let number: f64 = rest[..unit].parse().ok()?;
            seconds += number * [3600.0, 60.0, 1.0]["HMS".find(&rest[unit..=unit])?];
            rest = &rest[unit + 1..];
        }
        if !rest.is_empty() {
            return None;
        }
        seconds
    } else {
        let parts: Option<Vec<f64>> = value.split(':').map(|part| part.parse::<u32>().ok().map(f64::from)).collect();
        match parts?.as_slice() {
            [minutes] => minutes * 60.0,
            [hours, minutes] => hours * 3600.0 + minutes * 60.0,
            [hours, minutes, seconds] => hours * 3600.0 + minutes * 60.0 + seconds,
            _ => return None,
        }
    };
    (1.0..=7.0 * 86_400.0).contains(&seconds).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Limit) {
        let found = parse_list(value);
        let same = match (found, expected) {
            (Limit::Kmh(found), Limit::Kmh(expected)) => (found - expected).abs() < 1e-6,
            (found, expected) => found == expected,
        };
        assert!(same, "{value:?}: {found:?} instead of {expected:?}");
    }

    #[test]
    fn limits_in_all_spellings() {
        for (value, kmh) in [
            ("50", 50.0),
            (" 50 ", 50.0),
            ("50 km/h", 50.0),
            ("50kmh", 50.0),
            ("30 mph", 48.280_32),
            ("30mph", 48.280_32),
            ("10 knots", 18.52),
            ("walk", 7.0),
            ("none", 140.0),
            ("PT:urban", 50.0),
            ("DE:zone30", 30.0),
            ("DE:zone:30", 30.0),
            ("DE:30", 30.0),
            ("IT:rural", 90.0),
            ("DE:rural", 100.0),
            ("RO:rural", 90.0),
            ("BE-VLG:rural", 70.0),
            ("PT:motorway", 120.0),
            ("GB:nsl_single", 96.560_64),
            ("50;70", 60.0),
            ("100|120|120|none", 120.0),
        ] {
            check(value, Limit::Kmh(kmh));
        }
        for value in ["signals", "variable"] {
            check(value, Limit::Unstated);
        }
        for value in ["", "fast", "0", "-5", "1e3", "5000", "50 furlongs", "PT:moon", "50;fast", "NaN", "inf"] {
            check(value, Limit::Invalid);
        }
    }

    #[test]
    fn a_limit_for_one_direction_wins_over_that_for_both() {
        let tags = Tags::new(&[("maxspeed", "50"), ("maxspeed:forward", "30")]);
        let mut invalid = InvalidTags::default();
        assert_eq!(limit_kmh(&tags, Direction::Forward, &mut invalid), Some(30.0));
        assert_eq!(limit_kmh(&tags, Direction::Backward, &mut invalid), Some(50.0));
        let tags = Tags::new(&[("source:maxspeed", "PT:urban"), ("maxspeed", "signals")]);
        assert_eq!(limit_kmh(&tags, Direction::Forward, &mut invalid), Some(50.0));
        assert_eq!(invalid.maxspeed, 0);
    }

    #[test]
    fn more_is_driven_where_more_is_allowed_and_never_more_than_that() {
        let profile = Profile::car();
        for class in RoadClass::ALL {
            for link in [false, true] {
                let mut last = 0.0;
                for limit in (5..=140).map(f64::from) {
                    let driven = driven_kmh(&profile, class, link, &Tags::new(&[]), Some(limit));
                    assert!(driven >= last && driven <= limit, "{class:?} {link} {limit}: {driven} after {last}");
                    last = driven;
                }
            }
        }
    }

    #[test]
    fn the_surface_bounds_the_speed() {
        let profile = Profile::car();
        for (tag, most) in
            [(("surface", "mud"), 10.0), (("smoothness", "horrible"), 10.0), (("tracktype", "grade5"), 20.0)]
        {
            let tags = [tag];
            let driven = driven_kmh(&profile, RoadClass::Primary, false, &Tags::new(&tags), Some(90.0));
            assert!(driven <= most, "{tag:?}: {driven}");
        }
    }

    #[test]
    fn durations_in_all_spellings() {
        for (value, seconds) in
            [("15", 900.0), ("1:30", 5400.0), ("00:05:30", 330.0), ("PT1H30M", 5400.0), ("PT20M", 1200.0)]
        {
            assert_eq!(duration_s(value), Some(seconds), "{value}");
        }
        for value in ["", "soon", "0", "1:2:3:4", "PT", "PT5", "-3", "PTxM", "99999999"] {
            assert_eq!(duration_s(value), None, "{value}");
        }
    }
}
