use super::cells::{Cells, Segments, distance, gabriel};
use super::draft::{Draft, Link, Sets};
use super::random::{Random, direction};
use super::skeleton::{DISTRICT_M, closest_site};
use super::terrain::Terrain;
use crate::geo::Xy;
use crate::network::RoadClass;

/// How the streets of a district are laid out.
#[derive(Debug, Clone, Copy)]
struct District {
    pattern: Pattern,
    /// The directions of its streets.
    along: Xy,
    /// The distance between streets in that direction, in metres, and how many times that across.
    spacing: f64,
    aspect: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pattern {
    /// Rectangular blocks.
    Blocks,
    /// Grown over centuries.
    Organic,
    /// Planned as a garden suburb: many ways end.
    Closes,
    /// Villages and farms.
    Rural,
}

impl Pattern {
    /// How far a junction is from where a ruler would put it, in distances between streets.
    fn jitter(self) -> f64 {
        match self {
            Self::Blocks => 0.07,
            Self::Organic => 0.36,
            Self::Closes => 0.30,
            Self::Rural => 0.45,
        }
    }

    /// How likely a street is that is not needed to get anywhere.
    fn connectivity(self) -> f64 {
        match self {
            Self::Blocks => 0.62,
            Self::Organic => 0.32,
            Self::Closes => 0.07,
            Self::Rural => 0.06,
        }
    }
}

/// Fills the districts between the through roads with streets.
pub(super) fn fill(draft: &mut Draft, sites: &[Xy], terrain: &Terrain, seed: u64) {
    let mut random = Random::new(seed, 4);
    let roads = draft.at.len() as u32;
    let ends = |link: &Link| (draft.at[link.tail as usize], draft.at[link.head as usize]);
    let segments = Segments::new(draft.links.iter().map(ends).collect(), 200.0);
    let mut spacing: Vec<f64> = draft.at.iter().map(|&at| terrain.spacing_at(at)).collect();
    let mut pattern = vec![Pattern::Organic; draft.at.len()];
    let cells = Cells::of_points(sites, DISTRICT_M);
    for site in 0..sites.len() as u32 {
        let district = district(sites[site as usize], terrain, &mut random);
        // Woods and moors.
        if district.pattern == Pattern::Rural && random.chance(0.4) {
            continue;
        }
        for at in junctions(sites, &cells, site, &district, &mut random) {
            if terrain.is_inside(at) && terrain.is_buildable(at) && !segments.is_near(at, 0.45 * district.spacing) {
                draft.at.push(at);
                spacing.push(district.spacing);
                pattern.push(district.pattern);
            }
        }
    }
    let is_road = |junction: u32| junction < roads;
    let mut possible = Vec::new();
    for (a, b) in gabriel(&draft.at, 180.0, |junction| 2.4 * spacing[junction as usize]) {
        let (from, to) = (draft.at[a as usize], draft.at[b as usize]);
        let blocked = || segments.is_crossed(from, to) || terrain.river.is_crossed(from, to);
        if (is_road(a) && is_road(b)) || blocked() || terrain.motorway.is_crossed(from, to) {
            continue;
        }
        // Junctions on through roads are few: of the streets that could meet them, most end before.
        let meets_road = is_road(a) || is_road(b);
        let rank = random.unit() + if meets_road { 0.8 } else { 0.0 };
        possible.push(((rank * 1e9) as u64, a, b, meets_road));
    }
    possible.sort_unstable();
    let mut sets = Sets::new(draft.at.len());
    for link in &draft.links {
        sets.join(link.tail, link.head);
    }
    for (_, a, b, meets_road) in possible {
        let pattern = pattern[a.max(b) as usize];
        let likely = pattern.connectivity() * if meets_road { 0.6 } else { 1.0 };
        // Either way a random number is drawn, so that what is needed does not decide what else there is.
        let wanted = random.chance(likely);
        if sets.join(a, b) || wanted {
            let mut link = Link::new(a, b, RoadClass::Residential);
            link.organic = pattern != Pattern::Blocks;
            draft.links.push(link);
        }
    }
}

fn district(at: Xy, terrain: &Terrain, random: &mut Random) -> District {
    let density = terrain.density(at);
    let old = distance(at, Xy::default()) < 0.09 * terrain.radius;
    let roll = random.unit();
    let pattern = match () {
        () if old => Pattern::Organic,
        () if density < 0.05 + 0.09 * roll => Pattern::Rural,
        () if roll < 0.2 + 0.5 * density => Pattern::Blocks,
        () if roll < 0.55 + 0.3 * density => Pattern::Organic,
        () => Pattern::Closes,
    };
    let along = direction(random.unit());
    let aspect = if pattern == Pattern::Blocks { random.between(1.0, 1.9) } else { random.between(0.85, 1.2) };
    // Long blocks are narrow, so that there are as many junctions as in square ones.
    let spacing = terrain.spacing_at(at) * random.between(0.85, 1.15) / aspect.sqrt();
    District { pattern, along, spacing, aspect }
}

/// Where the streets of a district could meet.
fn junctions(sites: &[Xy], cells: &Cells, site: u32, district: &District, random: &mut Random) -> Vec<Xy> {
    let District { pattern, along, spacing, aspect } = *district;
    let middle = sites[site as usize];
    let reach = 1.1 * DISTRICT_M;
    let (columns, rows) = ((reach / spacing) as i32, (reach / (spacing * aspect)) as i32);
    let mut found = Vec::new();
    for row in -rows..=rows {
        // Blocks are staggered now and then, as where two builders met.
        let shift = if pattern == Pattern::Blocks && random.chance(0.2) { 0.5 } else { 0.0 };
        for column in -columns..=columns {
            let (jitter, aside) = (pattern.jitter(), pattern.jitter());
            let x = (f64::from(column) + shift + random.between(-jitter, jitter)) * spacing;
            let y = (f64::from(row) + random.between(-aside, aside)) * spacing * aspect;
            let at = Xy { x: middle.x + along.x * x - along.y * y, y: middle.y + along.y * x + along.x * y };
            if closest_site(sites, cells, at) == Some(site) {
                found.push(at);
            }
        }
    }
    found
}
