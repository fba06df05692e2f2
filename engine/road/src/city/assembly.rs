use super::cells::distance;
use super::draft::{Draft, Link};
use super::name::Names;
use super::random::{Random, direction};
use super::terrain::Terrain;
use crate::geo::{Coord, Xy};
use crate::network::{BuilderEdge, BuilderNode, EdgeFlags, NetworkBuilder, NewEdge, RoadClass, ShapePoint};

/// Metres per 1e-7 degree of latitude.
const METRES_PER_E7: f64 = 6_371_008.8 * std::f64::consts::PI / 180.0 / 1e7;

/// Puts a plane on the globe, by arithmetic that is the same on every platform.
#[derive(Debug, Clone, Copy)]
pub(super) struct Globe {
    anchor: Coord,
    shrink: f64,
}

impl Globe {
    pub(super) fn at(anchor: Coord) -> Self {
        Self { anchor, shrink: direction(anchor.lat() / 360.0).x.max(0.01) }
    }

    fn coord(&self, at: Xy) -> Coord {
        let lat = i64::from(self.anchor.lat_e7()) + (at.y / METRES_PER_E7).round() as i64;
        let lon = i64::from(self.anchor.lon_e7()) + (at.x / (METRES_PER_E7 * self.shrink)).round() as i64;
        let lat = lat.clamp(-900_000_000, 900_000_000) as i32;
        let lon = ((lon + 1_800_000_000).rem_euclid(3_600_000_000) - 1_800_000_000) as i32;
        Coord::from_e7(lat, lon).expect("clamped and wrapped into range")
    }

    /// The length of a line on the globe: the plane is true along its meridians, and along the anchor's parallel.
    fn length(&self, line: &[Xy]) -> f64 {
        let lat = self.anchor.lat() + line[0].y / METRES_PER_E7 / 1e7;
        let wide = direction(lat / 360.0).x / self.shrink;
        line.windows(2)
            .map(|pair| distance(Xy { x: pair[0].x * wide, ..pair[0] }, Xy { x: pair[1].x * wide, ..pair[1] }))
            .sum()
    }
}

/// A link's edges: along it, and against it unless it is one-way.
type Edges = (BuilderEdge, Option<BuilderEdge>);

/// Hands a draft to a builder, with curves, lights and forbidden turns.
pub(super) fn assemble(draft: &Draft, names: &Names, terrain: &Terrain, globe: &Globe, seed: u64) -> NetworkBuilder {
    let mut random = Random::new(seed, 8);
    let mut builder = NetworkBuilder::new();
    let nodes: Vec<BuilderNode> = (1..).zip(&draft.at).map(|(key, &at)| builder.node(key, globe.coord(at))).collect();
    let mut key = nodes.len() as i64;
    let mut edges: Vec<Edges> = Vec::with_capacity(draft.links.len());
    for link in &draft.links {
        let is_wet = |line: &[Xy]| line.windows(2).any(|pair| terrain.river.is_crossed(pair[0], pair[1]));
        let mut line = shape(draft, link, &mut random);
        if is_wet(&line) {
            // A street along the river does not swing out over it.
            line = draft.line(link);
        }
        let bridge = if is_wet(&line) { EdgeFlags::BRIDGE } else { EdgeFlags::default() };
        let via = line[1..line.len() - 1].iter().map(|&at| {
            key += 1;
            ShapePoint { key, coord: globe.coord(at) }
        });
        let edge = NewEdge {
            tail: nodes[link.tail as usize],
            head: nodes[link.head as usize],
            via: via.collect(),
            class: link.class,
            flags: link.flags.union(bridge),
            speed_mps: speed_kmh(link, terrain.density(line[0])) / 3.6,
            delay_ms: 0,
            length_m: Some(globe.length(&line)),
        };
        let name = names.of(link.street, link.class, link.flags);
        edges.push(if link.one_way {
            (builder.edge(edge, &name), None)
        } else {
            let (there, back) = builder.street(edge, &name);
            (there, Some(back))
        });
    }
    regulate(draft, &mut builder, &nodes, &edges, terrain, &mut random);
    builder
}

fn speed_kmh(link: &Link, density: f64) -> f64 {
    if link.flags.contains(EdgeFlags::ROUNDABOUT) {
        return 25.0;
    }
    if link.flags.contains(EdgeFlags::LINK) {
        return 50.0;
    }
    let rural = density < 0.15;
    match link.class {
        RoadClass::Motorway => 100.0,
        RoadClass::Trunk => 80.0,
        RoadClass::Primary => {
            if rural {
                70.0
            } else {
                50.0
            }
        }
        RoadClass::Secondary => {
            if rural {
                60.0
            } else {
                48.0
            }
        }
        RoadClass::Tertiary => 42.0,
        RoadClass::Unclassified => {
            if rural {
                50.0
            } else {
                38.0
            }
        }
        RoadClass::LivingStreet | RoadClass::Service => 15.0,
        _ => 30.0,
    }
}

/// The points of a link, with its corners rounded and, where nobody ruled it, bent a little.
fn shape(draft: &Draft, link: &Link, random: &mut Random) -> Vec<Xy> {
    let line = draft.line(link);
    let bend = random.between(-0.07, 0.07);
    let is_ruled = link.flags != EdgeFlags::default() || link.class == RoadClass::Motorway;
    if is_ruled {
        return line;
    }
    let (start, end) = (line[0], line[line.len() - 1]);
    if line.len() == 2 {
        if !link.organic || distance(start, end) < 70.0 {
            return line;
        }
        let beside = |share: f64, bend: f64| Xy {
            x: start.x + share * (end.x - start.x) - bend * (end.y - start.y),
            y: start.y + share * (end.y - start.y) + bend * (end.x - start.x),
        };
        return vec![start, beside(0.33, bend * 0.89), beside(0.67, bend * 0.89), end];
    }
    // Corners are cut at a quarter of their sides (Chaikin 1974), once.
    let mut rounded = vec![start];
    for corner in line.windows(3) {
        let part = |share: f64, a: Xy, b: Xy| Xy { x: a.x + share * (b.x - a.x), y: a.y + share * (b.y - a.y) };
        rounded.push(part(0.25, corner[1], corner[0]));
        rounded.push(part(0.25, corner[1], corner[2]));
    }
    rounded.push(end);
    rounded
}

/// Puts up traffic lights where important roads meet, and forbids some turns there.
fn regulate(
    draft: &Draft,
    builder: &mut NetworkBuilder,
    nodes: &[BuilderNode],
    edges: &[Edges],
    terrain: &Terrain,
    random: &mut Random,
) {
    for (junction, links) in (0..).zip(draft.incident()) {
        let class = |&link: &u32| draft.links[link as usize].class;
        let on_ring = links.iter().any(|&link| draft.links[link as usize].flags.contains(EdgeFlags::ROUNDABOUT));
        let on_motorway = links.iter().filter(|&link| class(link) == RoadClass::Motorway).count() == links.len();
        if links.len() < 3 || on_ring || on_motorway {
            continue;
        }
        let count = |limit| links.iter().filter(|&link| class(link) <= limit).count();
        let density = terrain.density(draft.at[junction as usize]);
        let likely = match (count(RoadClass::Secondary), count(RoadClass::Tertiary)) {
            (3.., _) => 0.95,
            (2, 3..) => 0.8,
            (2, 2) => 0.1 + 0.25 * density,
            (_, 3..) => 0.4 * density,
            _ => 0.0,
        };
        if !random.chance(likely) {
            continue;
        }
        builder.signal(nodes[junction as usize]);
        let into = |number: u32| {
            let (there, back) = edges[number as usize];
            if draft.links[number as usize].head == junction { Some(there) } else { back }
        };
        let out_of = |number: u32| {
            let (there, back) = edges[number as usize];
            if draft.links[number as usize].tail == junction { Some(there) } else { back }
        };
        for &from in &links {
            if let (Some(into), Some(out)) = (into(from), out_of(from))
                && random.chance(0.4)
            {
                builder.forbid(into, out);
            }
            for &to in &links {
                if from != to
                    && is_left(draft, junction, from, to)
                    && links.len() >= 4
                    && random.chance(0.12)
                    && let (Some(into), Some(out)) = (into(from), out_of(to))
                {
                    builder.forbid(into, out);
                }
            }
        }
    }
}

/// Whether the turn from one link into another is to the left.
fn is_left(draft: &Draft, junction: u32, from: u32, to: u32) -> bool {
    let here = draft.at[junction as usize];
    let before = draft.next_point(&draft.links[from as usize], junction);
    let after = draft.next_point(&draft.links[to as usize], junction);
    let (inward, outward) = ((here.x - before.x, here.y - before.y), (after.x - here.x, after.y - here.y));
    let cross = inward.0 * outward.1 - inward.1 * outward.0;
    let dot = inward.0 * outward.0 + inward.1 * outward.1;
    cross > 0.0 && dot.abs() < cross
}
