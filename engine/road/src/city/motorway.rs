use super::cells::{distance, side};
use super::draft::{Draft, Link};
use super::terrain::Terrain;
use crate::geo::Xy;
use crate::network::{EdgeFlags, RoadClass};

/// How far each carriageway is from the course, in metres.
const CARRIAGEWAY_M: f64 = 9.0;
/// How far before and after a crossing road its ramps leave and join.
const RAMP_M: f64 = 230.0;
/// The same where a motorway meets another.
const FORK_M: f64 = 320.0;
/// How far interchanges are apart at least.
const APART_M: f64 = 1_200.0;

/// The line that both carriageways of a motorway follow, in the direction in which distances along it are counted.
struct Course<'a> {
    line: &'a [Xy],
    /// How far along each point is.
    along: Vec<f64>,
    closed: bool,
}

/// Where one can leave or join a motorway.
#[derive(Debug, Clone, Copy)]
enum Interchange {
    /// With a road over it, whose nearest junctions are these.
    Road { at: f64, right: u32, left: u32 },
    /// With a motorway that leads off to the right: the junctions where its carriageways begin and end.
    Fork { at: f64, out: u32, back: u32 },
}

/// Adds the motorways: two carriageways each, and ramps to the roads that cross over them.
pub(super) fn build(draft: &mut Draft, terrain: &Terrain) {
    let streets = draft.at.len();
    if streets == 0 {
        return;
    }
    let orbital = Course::new(&terrain.orbital, true);
    let mut first = terrain.orbital.len() - 1;
    let mut forks = Vec::new();
    let roads = crossings(draft, terrain);
    for line in &terrain.spurs {
        let course = Course::new(line, false);
        let segments = first..first + line.len() - 1;
        first = segments.end;
        let end = course.length();
        let meets = |&at: &f64| at > 700.0 && at < end - 600.0;
        let interchanges = choose(draft, &course, &roads, segments, Vec::new(), meets);
        let ends = carriageways(draft, &course, &interchanges);
        let Some([(out, back), (last, again)]) = ends else { continue };
        // It ends in the nearest street.
        let far = line[line.len() - 1];
        let by_distance =
            |&a: &u32, &b: &u32| distance(draft.at[a as usize], far).total_cmp(&distance(draft.at[b as usize], far));
        if let Some(street) = (0..streets as u32).min_by(by_distance) {
            ramp(draft, last, street, RoadClass::Trunk, Vec::new());
            ramp(draft, street, again, RoadClass::Trunk, Vec::new());
        }
        forks.push(Interchange::Fork { at: orbital.nearest(line[0]), out, back });
    }
    let segments = 0..terrain.orbital.len() - 1;
    let interchanges = choose(draft, &orbital, &roads, segments, forks, |_| true);
    carriageways(draft, &orbital, &interchanges);
}

/// The roads that cross a motorway once: the segment of its course, the road's importance and its link.
fn crossings(draft: &Draft, terrain: &Terrain) -> Vec<(u32, RoadClass, u32)> {
    let mut found = Vec::new();
    for (number, link) in (0..).zip(&draft.links) {
        if link.flags.contains(EdgeFlags::BRIDGE) && link.class <= RoadClass::Tertiary && link.via.is_empty() {
            let [from, to] = [link.tail, link.head].map(|end| draft.at[end as usize]);
            if let [segment] = terrain.motorway.crossings(from, to)[..] {
                found.push((segment, link.class, number));
            }
        }
    }
    found.sort_unstable_by_key(|&(segment, class, number)| (class, segment, number));
    found
}

/// The interchanges of a course in order: the given ones, and those with the most important roads that there is room
/// for.
fn choose(
    draft: &Draft,
    course: &Course<'_>,
    roads: &[(u32, RoadClass, u32)],
    segments: std::ops::Range<usize>,
    given: Vec<Interchange>,
    meets: impl Fn(&f64) -> bool,
) -> Vec<Interchange> {
    let mut chosen = given;
    for &(segment, _, number) in roads {
        if !segments.contains(&(segment as usize)) {
            continue;
        }
        let link = &draft.links[number as usize];
        let nth = segment as usize - segments.start;
        let (start, end) = (course.line[nth], course.line[nth + 1]);
        let [tail, head] = [link.tail, link.head].map(|end| draft.at[end as usize]);
        let (before, after) = (side(tail, head, start), side(tail, head, end));
        let share = before / (before - after);
        let at = course.along[nth] + share * (course.along[nth + 1] - course.along[nth]);
        let (right, left) = if side(start, end, tail) < 0.0 { (link.tail, link.head) } else { (link.head, link.tail) };
        if meets(&at) && chosen.iter().all(|other| course.apart(other.at(), at) > APART_M) {
            chosen.push(Interchange::Road { at, right, left });
        }
    }
    chosen.sort_by(|a, b| a.at().total_cmp(&b.at()));
    chosen
}

/// Builds both carriageways and the ramps. Of an open course it returns the junctions at its start and at its end, each
/// those of the carriageway along and of the one against.
fn carriageways(draft: &mut Draft, course: &Course<'_>, interchanges: &[Interchange]) -> Option<[(u32, u32); 2]> {
    let mut stops: Vec<f64> = if course.closed { Vec::new() } else { vec![0.0, course.length()] };
    for interchange in interchanges {
        let reach = interchange.reach();
        stops.extend([course.wrap(interchange.at() - reach), course.wrap(interchange.at() + reach)]);
    }
    stops.sort_by(f64::total_cmp);
    if stops.len() < 2 {
        return None;
    }
    let junctions: Vec<(u32, u32)> = stops
        .iter()
        .map(|&stop| {
            let first = draft.at.len() as u32;
            draft.at.extend([course.beside(stop, CARRIAGEWAY_M), course.beside(stop, -CARRIAGEWAY_M)]);
            (first, first + 1)
        })
        .collect();
    let pieces = if course.closed { stops.len() } else { stops.len() - 1 };
    for piece in 0..pieces {
        let next = (piece + 1) % stops.len();
        let length = course.wrap(stops[next] - stops[piece]);
        let steps = ((length / 110.0) as u32).max(1);
        for offset in [CARRIAGEWAY_M, -CARRIAGEWAY_M] {
            let point = |step| course.beside(stops[piece] + length * f64::from(step) / f64::from(steps), offset);
            let (here, there) = (junctions[piece], junctions[next]);
            let mut link = Link::new(here.0, there.0, RoadClass::Motorway);
            link.via = (1..steps).map(point).collect();
            if offset < 0.0 {
                (link.tail, link.head) = (there.1, here.1);
                link.via.reverse();
            }
            link.one_way = true;
            draft.links.push(link);
        }
    }
    let stop_at = |at: f64| {
        let at = course.wrap(at);
        let nearest = (0..stops.len()).min_by(|&a, &b| (stops[a] - at).abs().total_cmp(&(stops[b] - at).abs()));
        nearest.map(|stop| junctions[stop])
    };
    for &interchange in interchanges {
        let (at, reach) = (interchange.at(), interchange.reach());
        if let (Some(before), Some(after)) = (stop_at(at - reach), stop_at(at + reach)) {
            connect(draft, course, interchange, before, after);
        }
    }
    Some([junctions[0], junctions[junctions.len() - 1]])
}

/// The four ramps of an interchange, between the carriageways' junctions before and after it.
fn connect(draft: &mut Draft, course: &Course<'_>, interchange: Interchange, before: (u32, u32), after: (u32, u32)) {
    let along = |points: [(f64, f64); 2]| points.map(|(at, offset)| course.beside(at, offset)).to_vec();
    match interchange {
        Interchange::Road { at, right, left } => {
            let class = RoadClass::Motorway;
            ramp(draft, before.0, right, class, along([(at - 130.0, 19.0), (at - 50.0, 30.0)]));
            ramp(draft, right, after.0, class, along([(at + 50.0, 30.0), (at + 130.0, 19.0)]));
            ramp(draft, after.1, left, class, along([(at + 130.0, -19.0), (at + 50.0, -30.0)]));
            ramp(draft, left, before.1, class, along([(at - 50.0, -30.0), (at - 130.0, -19.0)]));
        }
        Interchange::Fork { at, out, back } => {
            let class = RoadClass::Motorway;
            ramp(draft, before.0, out, class, along([(at - 200.0, 24.0), (at - 90.0, 70.0)]));
            ramp(draft, back, after.0, class, along([(at + 90.0, 70.0), (at + 200.0, 24.0)]));
            ramp(draft, after.1, out, class, along([(at + 180.0, -24.0), (at + 40.0, 40.0)]));
            ramp(draft, back, before.1, class, along([(at - 40.0, 40.0), (at - 180.0, -24.0)]));
        }
    }
}

fn ramp(draft: &mut Draft, from: u32, to: u32, class: RoadClass, via: Vec<Xy>) {
    let mut link = Link::new(from, to, class);
    link.via = via;
    link.flags = EdgeFlags::LINK;
    link.one_way = true;
    draft.links.push(link);
}

impl Interchange {
    fn at(&self) -> f64 {
        match *self {
            Self::Road { at, .. } | Self::Fork { at, .. } => at,
        }
    }

    /// How far before and after it the ramps leave and join.
    fn reach(&self) -> f64 {
        match self {
            Self::Road { .. } => RAMP_M,
            Self::Fork { .. } => FORK_M,
        }
    }
}

impl<'a> Course<'a> {
    fn new(line: &'a [Xy], closed: bool) -> Self {
        let mut along = vec![0.0];
        for pair in line.windows(2) {
            along.push(along[along.len() - 1] + distance(pair[0], pair[1]));
        }
        Self { line, along, closed }
    }

    fn length(&self) -> f64 {
        self.along[self.along.len() - 1]
    }

    fn wrap(&self, at: f64) -> f64 {
        if self.closed { at.rem_euclid(self.length()) } else { at.clamp(0.0, self.length()) }
    }

    fn apart(&self, a: f64, b: f64) -> f64 {
        let apart = (a - b).abs();
        if self.closed { apart.min(self.length() - apart) } else { apart }
    }

    /// How far along the point closest to a place is.
    fn nearest(&self, to: Xy) -> f64 {
        let by_distance = |&a: &usize, &b: &usize| distance(self.line[a], to).total_cmp(&distance(self.line[b], to));
        (0..self.line.len()).min_by(by_distance).map_or(0.0, |point| self.along[point])
    }

    /// The point so far along, and so far to the right.
    fn beside(&self, at: f64, right: f64) -> Xy {
        let at = self.wrap(at);
        let nth = self.along.partition_point(|&along| along <= at).clamp(1, self.line.len() - 1) - 1;
        let (start, end) = (self.line[nth], self.line[nth + 1]);
        let length = (self.along[nth + 1] - self.along[nth]).max(1e-9);
        let share = (at - self.along[nth]) / length;
        let ahead = Xy { x: (end.x - start.x) / length, y: (end.y - start.y) / length };
        let x = start.x + share * (end.x - start.x) + right * ahead.y;
        let y = start.y + share * (end.y - start.y) - right * ahead.x;
        Xy { x, y }
    }
}
