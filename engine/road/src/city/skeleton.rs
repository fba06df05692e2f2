use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::cells::{Cells, distance, gabriel};
use super::draft::{Draft, Link};
use super::random::{Random, direction};
use super::terrain::{MOTORWAY_MARGIN_M, Terrain};
use crate::geo::Xy;
use crate::network::{EdgeFlags, RoadClass};

/// How far apart the middles of districts are, in metres.
pub(super) const DISTRICT_M: f64 = 820.0;

/// The middles of the districts, and the through roads that join them.
#[derive(Debug)]
pub(super) struct Skeleton {
    pub(super) sites: Vec<Xy>,
    roads: Vec<Road>,
    /// For each site, the sites next to it and the roads there.
    next: Vec<Vec<(u32, u32)>>,
}

/// A road between two sites.
#[derive(Debug)]
struct Road {
    ends: [u32; 2],
    class: RoadClass,
    /// Whether it crosses the river.
    wet: bool,
}

impl Skeleton {
    pub(super) fn new(terrain: &Terrain, seed: u64) -> Self {
        let mut random = Random::new(seed, 2);
        let sites = sites(terrain, &mut random);
        let mut roads = Vec::new();
        let mut bridges = Vec::new();
        for (a, b) in gabriel(&sites, DISTRICT_M, |_| 3.0 * DISTRICT_M) {
            let [from, to] = [a, b].map(|site| sites[site as usize]);
            let middle = Xy { x: (from.x + to.x) / 2.0, y: (from.y + to.y) / 2.0 };
            if terrain.river.is_crossed(from, to) {
                bridges.push((middle, [a, b]));
            } else {
                let class = if terrain.density(middle) > 0.2 { RoadClass::Tertiary } else { RoadClass::Unclassified };
                roads.push(Road { ends: [a, b], class, wet: false });
            }
        }
        roads.extend(choose_bridges(bridges));
        let mut next = vec![Vec::new(); sites.len()];
        for (number, road) in (0..).zip(&roads) {
            next[road.ends[0] as usize].push((road.ends[1], number));
            next[road.ends[1] as usize].push((road.ends[0], number));
        }
        let mut skeleton = Self { sites, roads, next };
        skeleton.promote_radials(terrain, &mut random);
        skeleton.promote_rings(terrain);
        skeleton.straighten(terrain);
        skeleton
    }

    /// The roads as junctions wherever a side street could meet them, and the links between.
    pub(super) fn draft(&self, terrain: &Terrain, seed: u64) -> Draft {
        let mut random = Random::new(seed, 3);
        let mut draft = Draft { at: self.sites.clone(), links: Vec::new() };
        for (number, road) in (0..).zip(&self.roads) {
            let important = road.class <= RoadClass::Secondary || road.wet;
            let [from, to] = road.ends.map(|site| self.sites[site as usize]);
            if !important && terrain.motorway.is_crossed(from, to) && random.chance(0.4) {
                continue;
            }
            let curve = self.curve(number);
            let middle = bezier(&curve, 0.5);
            let pieces = (distance(from, to) / terrain.spacing_at(middle)).clamp(1.0, 60.0) as u32 + 1;
            let mut last = road.ends[0];
            for piece in 1..=pieces {
                let here = bezier(&curve, f64::from(piece) / f64::from(pieces));
                let next = if piece == pieces {
                    road.ends[1]
                } else if terrain.is_wet(here, 15.0) || terrain.motorway.is_near(here, MOTORWAY_MARGIN_M) {
                    continue;
                } else {
                    draft.at.push(here);
                    draft.at.len() as u32 - 1
                };
                let ends = [last, next].map(|end| draft.at[end as usize]);
                let mut link = Link::new(last, next, road.class);
                link.organic = true;
                let wet = terrain.river.is_crossed(ends[0], ends[1]);
                if wet && !road.wet {
                    // A road along the river whose curve cuts a bend of it.
                    last = next;
                    continue;
                }
                if wet || terrain.motorway.is_crossed(ends[0], ends[1]) {
                    link.flags = EdgeFlags::BRIDGE;
                }
                draft.links.push(link);
                last = next;
            }
        }
        draft
    }

    /// Primary roads from the middle to the edge of the city, and secondary ones to its towns.
    fn promote_radials(&mut self, terrain: &Terrain, random: &mut Random) {
        let Some(middle) = self.closest(Xy::default()) else { return };
        let count = 6 + (terrain.radius / 9_000.0) as u32;
        let start = random.unit();
        let mut goals = Vec::new();
        for each in 0..count {
            let towards = direction(start + (f64::from(each) + random.between(-0.25, 0.25)) / f64::from(count));
            let away = terrain.radius * 0.93;
            goals.push((Xy { x: towards.x * away, y: towards.y * away }, RoadClass::Primary));
        }
        goals.extend(terrain.towns.iter().map(|&(town, _)| (town, RoadClass::Secondary)));
        for (goal, class) in goals {
            if let Some(goal) = self.closest(goal) {
                self.promote(middle, goal, class, |_| 1.0);
            }
        }
    }

    /// Ring roads, each about twice as far out as the one before.
    fn promote_rings(&mut self, terrain: &Terrain) {
        let mut away = 1_350.0_f64.min(terrain.radius * 0.3);
        let mut class = RoadClass::Primary;
        while away < terrain.radius * 0.85 {
            let count = ((6.3 * away / 1_900.0) as u32).max(6);
            let stops: Vec<u32> = (0..count)
                .filter_map(|stop| {
                    let towards = direction(f64::from(stop) / f64::from(count));
                    self.closest(Xy { x: towards.x * away, y: towards.y * away })
                })
                .collect();
            for (each, &stop) in stops.iter().enumerate() {
                let off_course = |at: Xy| {
                    let off = ((at.x * at.x + at.y * at.y).sqrt() - away).abs() / away;
                    1.0 + 4.0 * off
                };
                self.promote(stop, stops[(each + 1) % stops.len()], class, off_course);
            }
            away *= 2.0;
            class = RoadClass::Secondary;
        }
    }

    /// Makes the best way between two sites at least as important as `class`. Dijkstra, over sites; what is already
    /// important is preferred, so that ways to neighbouring goals share their roads.
    fn promote(&mut self, from: u32, to: u32, class: RoadClass, penalty: impl Fn(Xy) -> f64) {
        let mut best = rustc_hash::FxHashMap::from_iter([(from, (0_u64, u32::MAX))]);
        let mut queue = BinaryHeap::from([Reverse((0_u64, from))]);
        while let Some(Reverse((cost, site))) = queue.pop() {
            if site == to {
                break;
            }
            if best[&site].0 < cost {
                continue;
            }
            for &(next, road) in &self.next[site as usize] {
                let ends = [site, next].map(|site| self.sites[site as usize]);
                let known = if self.roads[road as usize].class <= RoadClass::Secondary { 0.8 } else { 1.0 };
                let length = distance(ends[0], ends[1]) * known * penalty(ends[1]);
                let cost = cost + (length * 100.0) as u64;
                if best.get(&next).is_none_or(|&(known, _)| cost < known) {
                    best.insert(next, (cost, road));
                    queue.push(Reverse((cost, next)));
                }
            }
        }
        let mut site = to;
        while let Some(&(_, road)) = best.get(&site)
            && road != u32::MAX
        {
            let road = &mut self.roads[road as usize];
            road.class = road.class.min(class);
            site = if road.ends[0] == site { road.ends[1] } else { road.ends[0] };
        }
    }

    /// Moves sites on important roads so that those bend less.
    fn straighten(&mut self, terrain: &Terrain) {
        let original = self.sites.clone();
        for _ in 0..6 {
            for (site, &origin) in original.iter().enumerate() {
                let important = |&&(_, road): &&(u32, u32)| self.roads[road as usize].class <= RoadClass::Secondary;
                let ends: Vec<Xy> =
                    self.next[site].iter().filter(important).map(|&(next, _)| self.sites[next as usize]).collect();
                if ends.len() != 2 {
                    continue;
                }
                let here = self.sites[site];
                let x = here.x * 0.5 + (ends[0].x + ends[1].x) * 0.25;
                let y = here.y * 0.5 + (ends[0].y + ends[1].y) * 0.25;
                let moved = Xy { x, y };
                let far = distance(moved, origin) > 0.45 * DISTRICT_M;
                if !far && !terrain.is_wet(moved, 60.0) && !terrain.motorway.is_near(moved, 90.0) {
                    self.sites[site] = moved;
                }
            }
        }
    }

    /// The control points of a road's curve: it leaves each end in the direction of the road that it continues.
    fn curve(&self, number: u32) -> [Xy; 4] {
        let [a, b] = self.roads[number as usize].ends;
        let (from, to) = (self.sites[a as usize], self.sites[b as usize]);
        let length = distance(from, to);
        let handle = |at: u32, here: Xy, there: Xy| {
            let ahead = Xy { x: (there.x - here.x) / length, y: (there.y - here.y) / length };
            let class = self.roads[number as usize].class;
            let mut best = (0.6, ahead);
            for &(next, road) in &self.next[at as usize] {
                let before = self.sites[next as usize];
                let away = distance(before, here).max(1.0);
                let back = Xy { x: (here.x - before.x) / away, y: (here.y - before.y) / away };
                let straightness = back.x * ahead.x + back.y * ahead.y;
                if road != number && self.roads[road as usize].class == class && straightness > best.0 {
                    best = (straightness, Xy { x: ahead.x + back.x, y: ahead.y + back.y });
                }
            }
            let size = (best.1.x * best.1.x + best.1.y * best.1.y).sqrt().max(1e-9);
            Xy { x: here.x + best.1.x / size * length / 3.0, y: here.y + best.1.y / size * length / 3.0 }
        };
        [from, handle(a, from, to), handle(b, to, from), to]
    }

    fn closest(&self, to: Xy) -> Option<u32> {
        let by_distance =
            |&a: &u32, &b: &u32| distance(self.sites[a as usize], to).total_cmp(&distance(self.sites[b as usize], to));
        (0..self.sites.len() as u32).filter(|&site| !self.next[site as usize].is_empty()).min_by(by_distance)
    }
}

/// Which site is the closest within reach.
pub(super) fn closest_site(sites: &[Xy], cells: &Cells, at: Xy) -> Option<u32> {
    let near = cells.around(at, 1.7 * DISTRICT_M);
    near.min_by(|&a, &b| distance(sites[a as usize], at).total_cmp(&distance(sites[b as usize], at)))
}

/// A jittered triangular lattice, thinned where few people live.
fn sites(terrain: &Terrain, random: &mut Random) -> Vec<Xy> {
    let rows = (terrain.radius / (DISTRICT_M * 0.87)) as i32 + 1;
    let columns = (terrain.radius / DISTRICT_M) as i32 + 1;
    let mut sites = Vec::new();
    for row in -rows..=rows {
        for column in -columns..=columns {
            let shift = if row % 2 == 0 { 0.0 } else { 0.5 };
            let x = (f64::from(column) + shift + random.between(-0.34, 0.34)) * DISTRICT_M;
            let y = (f64::from(row) * 0.87 + random.between(-0.34, 0.34)) * DISTRICT_M;
            let at = Xy { x, y };
            let lived_in = random.chance(0.2 + 2.4 * terrain.density(at));
            if terrain.is_inside(at) && lived_in && !terrain.is_wet(at, 110.0) && !terrain.motorway.is_near(at, 130.0) {
                sites.push(at);
            }
        }
    }
    sites
}

/// Few of the roads that could cross the river: close together in the middle of the city, further apart outside.
fn choose_bridges(mut possible: Vec<(Xy, [u32; 2])>) -> Vec<Road> {
    let away = |at: Xy| distance(at, Xy::default());
    possible.sort_by(|a, b| away(a.0).total_cmp(&away(b.0)).then(a.1.cmp(&b.1)));
    let mut chosen: Vec<(Xy, [u32; 2])> = Vec::new();
    for (at, ends) in possible {
        let apart = 1_150.0 + 0.35 * away(at);
        if chosen.iter().all(|&(other, _)| distance(at, other) > apart) {
            chosen.push((at, ends));
        }
    }
    chosen.into_iter().map(|(_, ends)| Road { ends, class: RoadClass::Tertiary, wet: true }).collect()
}

fn bezier(curve: &[Xy; 4], at: f64) -> Xy {
    let back = 1.0 - at;
    let shares = [back * back * back, 3.0 * back * back * at, 3.0 * back * at * at, at * at * at];
    let sum =
        |coordinate: fn(&Xy) -> f64| shares.iter().zip(curve).map(|(share, point)| share * coordinate(point)).sum();
    Xy { x: sum(|point| point.x), y: sum(|point| point.y) }
}
