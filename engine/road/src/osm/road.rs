use super::access::{Access, access};
use super::profile::Profile;
use super::report::InvalidTags;
use super::speed::{driven_kmh, duration_s, limit_kmh};
use super::tags::{Direction, Tags};
use crate::network::{EdgeFlags, RoadClass};
use crate::unit::Weight;

/// What the profile makes of a way's tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Road {
    pub(super) class: RoadClass,
    /// In the way's direction, if it is open.
    pub(super) forward: Option<Lane>,
    /// Against it, if it is open.
    pub(super) backward: Option<Lane>,
    /// How long the whole way takes, where the tags say so (a ferry), in seconds.
    pub(super) duration_s: Option<u32>,
}

/// One direction of a road.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lane {
    pub(super) speed_mmps: u32,
    pub(super) flags: EdgeFlags,
    pub(super) delay_ms: Weight,
}

/// Why a way is no road, where that is worth counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoRoad {
    NotForCars,
    Reversible,
}

/// What `highway` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    class: RoadClass,
    link: bool,
    /// Whether cars may only go there if a tag says so.
    needs_permission: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Oneway {
    No,
    Forward,
    Backward,
    Alternating,
    Reversible,
}

impl Road {
    /// The same road as one sees it coming from its other end.
    pub(super) fn reversed(self) -> Self {
        Self { forward: self.backward, backward: self.forward, ..self }
    }

    pub(super) fn of(tags: &Tags<'_>, profile: &Profile, invalid: &mut InvalidTags) -> Result<Self, NoRoad> {
        let kind = kind(tags).ok_or(NoRoad::NotForCars)?;
        if is_unfit(tags) {
            return Err(NoRoad::NotForCars);
        }
        let oneway = oneway(tags, profile, kind.class, invalid);
        if oneway == Oneway::Reversible {
            return Err(NoRoad::Reversible);
        }
        let mut lane = |direction| {
            let closed = if direction == Direction::Forward { Oneway::Backward } else { Oneway::Forward };
            if oneway == closed { None } else { open_lane(tags, profile, kind, direction, oneway, invalid) }
        };
        let (forward, backward) = (lane(Direction::Forward), lane(Direction::Backward));
        if forward.is_none() && backward.is_none() {
            return Err(NoRoad::NotForCars);
        }
        let ferry = (kind.class == RoadClass::Ferry).then(|| tags.get("duration")).flatten();
        let duration = ferry.map(duration_s);
        invalid.duration += usize::from(duration == Some(None));
        let duration_s = duration.flatten().map(|seconds| seconds.round() as u32);
        Ok(Self { class: kind.class, forward, backward, duration_s })
    }
}

/// One direction of a road that `oneway` does not close.
fn open_lane(
    tags: &Tags<'_>,
    profile: &Profile,
    kind: Kind,
    direction: Direction,
    oneway: Oneway,
    invalid: &mut InvalidTags,
) -> Option<Lane> {
    let access = match access(tags, &profile.access_keys, Some(direction), invalid) {
        None if kind.needs_permission => Access::No,
        None => Access::Yes,
        Some(access) => access,
    };
    if access == Access::No {
        return None;
    }
    let limit = limit_kmh(tags, direction, invalid);
    let kmh = driven_kmh(profile, kind.class, kind.link, tags, limit);
    let mut flags = flags(tags, kind);
    if access == Access::Destination {
        flags = flags.union(EdgeFlags::DESTINATION_ONLY);
    }
    let delay_ms = if oneway == Oneway::Alternating { profile.delays.alternating_ms } else { 0 };
    Some(Lane { speed_mmps: (kmh / 3.6 * 1e3).round() as u32, flags, delay_ms })
}

fn kind(tags: &Tags<'_>) -> Option<Kind> {
    let Some(highway) = tags.get("highway") else {
        return (tags.is("route", "ferry") || tags.is("ferry", "yes")).then(|| Kind {
            class: RoadClass::Ferry,
            link: false,
            // Ferries with no word on who may board carry cars; those that name walkers or cyclists only do not.
            needs_permission: ["foot", "bicycle", "access"].iter().any(|key| tags.get(key).is_some()),
        });
    };
    let (name, link) = highway.strip_suffix("_link").map_or((highway, false), |name| (name, true));
    let (class, needs_permission) = match name {
        "motorway" => (RoadClass::Motorway, false),
        "trunk" => (RoadClass::Trunk, false),
        "primary" => (RoadClass::Primary, false),
        "secondary" => (RoadClass::Secondary, false),
        "tertiary" => (RoadClass::Tertiary, false),
        _ if link => return None,
        "unclassified" | "road" => (RoadClass::Unclassified, false),
        "residential" => (RoadClass::Residential, false),
        "living_street" => (RoadClass::LivingStreet, false),
        "service" => (RoadClass::Service, false),
        "track" => (RoadClass::Track, true),
        "pedestrian" => (RoadClass::LivingStreet, true),
        "busway" | "bus_guideway" => (RoadClass::Service, true),
        _ => return None,
    };
    Some(Kind { class, link, needs_permission })
}

/// Whether something other than access keeps cars off.
fn is_unfit(tags: &Tags<'_>) -> bool {
    let building = tags.get("construction").is_some_and(|what| !matches!(what, "no" | "minor" | "widening"));
    tags.is("area", "yes")
        || building
        || tags.has("proposed")
        || tags.is("impassable", "yes")
        || tags.is("status", "impassable")
        || tags.is("smoothness", "impassable")
        || tags.is("service", "emergency_access")
}

fn oneway(tags: &Tags<'_>, profile: &Profile, class: RoadClass, invalid: &mut InvalidTags) -> Oneway {
    let own = profile.access_keys.iter().filter(|key| *key != "access");
    let values = own.filter_map(|key| tags.get_joined("oneway", key)).chain(tags.get("oneway"));
    for value in values {
        match value.trim() {
            "yes" | "true" | "1" => return Oneway::Forward,
            "-1" | "reverse" => return Oneway::Backward,
            "no" | "false" | "0" => return Oneway::No,
            "reversible" => return Oneway::Reversible,
            "alternating" => return Oneway::Alternating,
            _ => invalid.oneway += 1,
        }
    }
    let motorway = class == RoadClass::Motorway;
    if motorway || is_roundabout(tags) { Oneway::Forward } else { Oneway::No }
}

fn is_roundabout(tags: &Tags<'_>) -> bool {
    matches!(tags.get("junction"), Some("roundabout" | "circular"))
}

fn flags(tags: &Tags<'_>, kind: Kind) -> EdgeFlags {
    let tunnel = tags.has("tunnel") && !tags.is("tunnel", "culvert");
    [
        (is_roundabout(tags), EdgeFlags::ROUNDABOUT),
        (tunnel || tags.is("covered", "yes"), EdgeFlags::TUNNEL),
        (kind.link, EdgeFlags::LINK),
        (tags.has("toll") || tags.has("toll:motorcar"), EdgeFlags::TOLL),
        (tags.has("bridge"), EdgeFlags::BRIDGE),
    ]
    .into_iter()
    .filter(|&(holds, _)| holds)
    .fold(EdgeFlags::default(), |flags, (_, flag)| flags.union(flag))
}

/// What a road is called: its name, else its number, else "".
pub(super) fn name<'a>(tags: &Tags<'a>) -> &'a str {
    tags.get("name").or_else(|| tags.get("ref")).unwrap_or("")
}

/// Whether what may be done there depends on the time of day or on the vehicle's load.
pub(super) fn is_conditional(tags: &Tags<'_>, profile: &Profile) -> bool {
    let concerns = |key: &str| key == "maxspeed" || key == "oneway" || profile.access_keys.iter().any(|own| own == key);
    tags.iter().any(|(key, _)| {
        let key = key.strip_suffix(":conditional");
        key.is_some_and(|key| concerns(key.trim_end_matches(":forward").trim_end_matches(":backward")))
    })
}

#[cfg(test)]
#[path = "road_tests.rs"]
mod tests;
