use std::collections::HashMap;

use etaflow_road::Xy;

/// How far behind the farthest place that was reached a fix may be, in metres along the route: two sigma of GPS noise.
pub(super) const BACK_M: f64 = 15.0;

/// A fix farther than this from a place, in metres, is not there.
pub(super) const NEAR_M: f64 = 50.0;

/// No node of a chain.
const NONE: u32 = u32::MAX;

/// A place along a route.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// How far along the route, in metres; never less than that of the place before.
    pub(super) along_m: f64,
    pub(super) at: Xy,
}

/// Where a fix is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aligned {
    /// At this place.
    At(usize),
    /// Near the route, but nowhere in the order of the fixes.
    OutOfOrder,
    /// Farther than [`NEAR_M`] from all places.
    Far,
}

/// Finds for each fix where along a route it is, such that the sum of the squared distances is least.
///
/// The route is followed forwards: the farthest place that was reached so far never falls, and a fix is at most
/// [`BACK_M`] behind it. A fix can be left out at the price of being [`NEAR_M`] away. It is exact, by dynamic
/// programming over the farthest place that was reached.
pub(super) fn align(fixes: &[Xy], places: &[Place]) -> Vec<Aligned> {
    let grid = Grid::new(places);
    let (mut chain, mut front) = (Vec::new(), vec![Reached { farthest: 0, cost: 0.0, node: NONE }]);
    let (mut near, mut found) = (Vec::new(), Vec::new());
    let mut aligned = Vec::with_capacity(fixes.len());
    for (fix, &at) in fixes.iter().enumerate() {
        grid.near(places, at, &mut near);
        aligned.push(if near.is_empty() { Aligned::Far } else { Aligned::OutOfOrder });
        extend(&mut chain, &front, &near, places, fix as u32, &mut found);
        merge(&mut front, &found);
    }
    let mut node = front.last().expect("nowhere is always reached").node;
    while let Some(link) = chain.get(node as usize) {
        aligned[link.fix as usize] = Aligned::At(link.place);
        node = link.before;
    }
    aligned
}

/// A fix at a place, and what came before.
struct Link {
    fix: u32,
    place: usize,
    before: u32,
}

/// The least cost at which no place is farther than `farthest`. Each fix makes all costs higher by the price of leaving
/// it out, which is not added: costs are below 0.
#[derive(Debug, Clone, Copy)]
struct Reached {
    farthest: usize,
    cost: f64,
    node: u32,
}

/// A place that is near a fix, with the square of the distance.
type Near = (usize, f64);

/// What a fix adds: for each farthest place from which it is near a place, the least cost.
fn extend(
    chain: &mut Vec<Link>,
    front: &[Reached],
    near: &[Near],
    places: &[Place],
    fix: u32,
    found: &mut Vec<Reached>,
) {
    found.clear();
    let reaches = |farthest: usize, place: usize| places[farthest].along_m - places[place].along_m <= BACK_M;
    let (mut first, mut before, mut farthest) = (0, 0, 0);
    for nth in 0..near.len() {
        // From this place as far as it is at most behind, or as the next one takes over.
        farthest = farthest.max(near[nth].0);
        let next = near.get(nth + 1).map_or(places.len(), |next| next.0);
        while farthest < next && reaches(farthest, near[nth].0) {
            while !reaches(farthest, near[first].0) {
                first += 1;
            }
            while front.get(before + 1).is_some_and(|reached| reached.farthest <= farthest) {
                before += 1;
            }
            let best = near[first..=nth].iter().min_by(|one, other| one.1.total_cmp(&other.1));
            let &(place, squared) = best.expect("this place is among them");
            let cost = front[before].cost + squared - NEAR_M * NEAR_M;
            if found.last().is_none_or(|last: &Reached| cost < last.cost) {
                found.push(Reached { farthest, cost, node: chain.len() as u32 });
                chain.push(Link { fix, place, before: front[before].node });
            }
            farthest += 1;
        }
    }
}

/// Keeps of both, which rise, what costs less than all that is not farther.
fn merge(front: &mut Vec<Reached>, found: &[Reached]) {
    let mut all: Vec<Reached> = front.iter().chain(found).copied().collect();
    all.sort_by(|one, other| one.farthest.cmp(&other.farthest).then(one.cost.total_cmp(&other.cost)));
    front.clear();
    for reached in all {
        if front.last().is_none_or(|last| reached.cost < last.cost) {
            front.push(reached);
        }
    }
}

/// The places by squares of the plane, as wide as is near.
struct Grid {
    cells: HashMap<(i64, i64), Vec<usize>>,
}

impl Grid {
    fn new(places: &[Place]) -> Self {
        let mut cells: HashMap<_, Vec<usize>> = HashMap::new();
        for (nth, place) in places.iter().enumerate() {
            cells.entry(Self::cell(place.at)).or_default().push(nth);
        }
        Self { cells }
    }

    fn cell(at: Xy) -> (i64, i64) {
        ((at.x / NEAR_M).floor() as i64, (at.y / NEAR_M).floor() as i64)
    }

    /// All that are nearer than that, in order.
    fn near(&self, places: &[Place], at: Xy, near: &mut Vec<Near>) {
        near.clear();
        let (x, y) = Self::cell(at);
        for cell in (x - 1..=x + 1).flat_map(|x| (y - 1..=y + 1).map(move |y| (x, y))) {
            for &nth in self.cells.get(&cell).into_iter().flatten() {
                let distance = places[nth].at.distance(at);
                if distance < NEAR_M {
                    near.push((nth, distance * distance));
                }
            }
        }
        near.sort_unstable_by_key(|near| near.0);
    }
}

#[cfg(test)]
#[path = "alignment_tests.rs"]
mod tests;
