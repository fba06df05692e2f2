use super::cells::distance;
use super::draft::{Draft, Link};
use super::random::Random;
use super::terrain::Terrain;
use crate::geo::Xy;
use crate::network::{EdgeFlags, RoadClass};

const RADIUS_M: f64 = 15.0;

/// Makes roundabouts of some junctions outside the densest parts, one-way and anticlockwise.
pub(super) fn build(draft: &mut Draft, terrain: &Terrain, seed: u64) {
    let mut random = Random::new(seed, 6);
    let incident = draft.incident();
    for junction in 0..incident.len() as u32 {
        let links = &incident[junction as usize];
        let density = terrain.density(draft.at[junction as usize]);
        if !(3..=5).contains(&links.len()) || !(0.1..0.6).contains(&density) {
            continue;
        }
        let best = links.iter().map(|&link| draft.links[link as usize].class).min();
        let likely = match best {
            Some(RoadClass::Secondary) => 0.14,
            Some(RoadClass::Tertiary) => 0.10,
            _ => 0.0,
        };
        if random.chance(likely)
            && let Some(arms) = arms(draft, junction, links)
        {
            replace(draft, junction, &arms);
        }
    }
}

/// The links that meet at a junction and their directions, anticlockwise, if there is room for a roundabout.
fn arms(draft: &Draft, junction: u32, links: &[u32]) -> Option<Vec<(u32, Xy)>> {
    let here = draft.at[junction as usize];
    let mut arms = Vec::new();
    for &number in links {
        let link = &draft.links[number as usize];
        let next = draft.next_point(link, junction);
        let away = distance(next, here);
        let both = link.tail == link.head;
        if both || link.one_way || link.flags != EdgeFlags::default() || away < 3.0 * RADIUS_M {
            return None;
        }
        arms.push((number, Xy { x: (next.x - here.x) / away, y: (next.y - here.y) / away }));
    }
    // Grows with the angle from east, anticlockwise, without a trigonometric function.
    let turn = |at: Xy| if at.y >= 0.0 { 1.0 - at.x } else { 3.0 + at.x };
    arms.sort_by(|a, b| turn(a.1).total_cmp(&turn(b.1)).then(a.0.cmp(&b.0)));
    let apart = |(a, b): (Xy, Xy)| a.x * b.x + a.y * b.y < 0.8;
    (0..arms.len()).all(|arm| apart((arms[arm].1, arms[(arm + 1) % arms.len()].1))).then_some(arms)
}

fn replace(draft: &mut Draft, junction: u32, arms: &[(u32, Xy)]) {
    let middle = draft.at[junction as usize];
    let on_ring = |towards: Xy| Xy { x: middle.x + towards.x * RADIUS_M, y: middle.y + towards.y * RADIUS_M };
    let mut ring = Vec::new();
    let mut best = RoadClass::Residential;
    for (nth, &(number, towards)) in arms.iter().enumerate() {
        let entry = if nth == 0 {
            draft.at[junction as usize] = on_ring(towards);
            junction
        } else {
            draft.at.push(on_ring(towards));
            draft.at.len() as u32 - 1
        };
        let link = &mut draft.links[number as usize];
        best = best.min(link.class);
        if link.tail == junction {
            link.tail = entry;
        } else {
            link.head = entry;
        }
        ring.push(entry);
    }
    for nth in 0..ring.len() {
        let next = (nth + 1) % ring.len();
        let mut link = Link::new(ring[nth], ring[next], best);
        link.one_way = true;
        link.flags = EdgeFlags::ROUNDABOUT;
        link.via = arc(arms[nth].1, arms[next].1).into_iter().map(on_ring).collect();
        draft.links.push(link);
    }
}

/// Unit vectors between two others, anticlockwise.
fn arc(from: Xy, to: Xy) -> Vec<Xy> {
    let unit = |at: Xy| {
        let size = distance(at, Xy::default()).max(1e-9);
        Xy { x: at.x / size, y: at.y / size }
    };
    let is_left = from.x * to.y - from.y * to.x > 0.0;
    let sum = Xy { x: from.x + to.x, y: from.y + to.y };
    let middle = if distance(sum, Xy::default()) < 0.2 {
        Xy { x: -from.y, y: from.x }
    } else if is_left {
        unit(sum)
    } else {
        unit(Xy { x: -sum.x, y: -sum.y })
    };
    let half = |a: Xy, b: Xy| unit(Xy { x: a.x + b.x, y: a.y + b.y });
    vec![half(from, middle), middle, half(middle, to)]
}
