use super::cell::{Cell, NOWHERE};
use super::flow::{Flow, UNLIMITED};

/// What is cut: nodes are taken out, or edges between nodes.
#[derive(Clone, Copy)]
pub(super) enum Kind<'a> {
    /// Nodes.
    Nodes,
    /// Edges, which count as much as is written here at their name.
    Edges(&'a [u32]),
}

/// A cell in two parts with little between them.
pub(super) struct Cut {
    /// Per node: 0 or 1 as it is on one side or the other, [`NOWHERE`] if it is taken out.
    pub(super) side: Vec<u32>,
    /// Per node: how far along the line that the cut is.
    pub(super) along: Vec<f64>,
    cost: f64,
}

/// Which way the line is that a cut crosses: how far east, how far north.
const DIRECTIONS: [(f64, f64); 4] = [(1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, -1.0)];

/// How many percent of the nodes are held to be on each side while what is between them is cut.
const HELD_PERCENT: [usize; 9] = [5, 10, 15, 20, 25, 30, 35, 40, 45];

/// The best cut of a cell that inertial flow finds (Schild and Sommer 2015, "On balanced separators in road networks"):
/// the nodes are sorted along a line, the first and the last are held to be on different sides, and the smallest cut
/// between them is a largest flow. Several lines are tried, and more and more nodes held. None if it falls apart no
/// way.
pub(super) fn best_cut(cell: &Cell, kind: Kind<'_>, threads: usize) -> Option<Cut> {
    let flow = flow_of(cell, kind);
    let lines = DIRECTIONS.len() + 1;
    let search = |thread: usize| {
        let mut best: Option<(Cut, usize)> = None;
        for line in (thread..lines).step_by(threads) {
            let bound = best.as_ref().map_or(f64::INFINITY, |(cut, _)| cut.cost);
            if let Some(cut) = cut_across(cell, kind, flow.clone(), line, bound) {
                best = Some((cut, line));
            }
        }
        best
    };
    let found: Vec<_> = std::thread::scope(|scope| {
        let search = &search;
        let others: Vec<_> = (1..threads).map(|thread| scope.spawn(move || search(thread))).collect();
        let mut found = vec![search(0)];
        found.extend(others.into_iter().map(|other| other.join().expect("a search does not panic")));
        found
    });
    let best =
        found.into_iter().flatten().min_by(|one, other| one.0.cost.total_cmp(&other.0.cost).then(one.1.cmp(&other.1)));
    best.map(|(cut, _)| cut)
}

fn flow_of(cell: &Cell, kind: Kind<'_>) -> Flow {
    match kind {
        Kind::Edges(weight) => {
            let arc = |(one, other, edge): (u32, u32, u32)| (one, other, weight[edge as usize], weight[edge as usize]);
            Flow::new(cell.len(), &cell.edges().map(arc).collect::<Vec<_>>())
        }
        // A node is an arc from where all edges into it end to where all out of it begin.
        Kind::Nodes => {
            let mut arcs: Vec<_> = (0..cell.len() as u32).map(|node| (2 * node, 2 * node + 1, 1, 0)).collect();
            for (one, other, _) in cell.edges() {
                arcs.push((2 * one + 1, 2 * other, UNLIMITED, 0));
                arcs.push((2 * other + 1, 2 * one, UNLIMITED, 0));
            }
            Flow::new(2 * cell.len(), &arcs)
        }
    }
}

/// Where each node is along a line, and where on a line that is perpendicular to it.
fn project(cell: &Cell, line: usize) -> (Vec<f64>, Vec<f64>) {
    if let Some(&(east, north)) = DIRECTIONS.get(line) {
        let on = |east: f64, north: f64| cell.place.iter().map(|place| place.x * east + place.y * north).collect();
        return (on(east, north), on(-north, east));
    }
    let (_, end) = distances(cell, 0);
    let (from_end, other) = distances(cell, end);
    let (from_other, _) = distances(cell, other);
    let both = from_end.iter().zip(&from_other);
    (both.clone().map(|(one, other)| one - other).collect(), both.map(|(one, other)| one + other).collect())
}

/// How many edges each node is from `start`, and which is the farthest.
fn distances(cell: &Cell, start: u32) -> (Vec<f64>, u32) {
    let mut distance = vec![f64::INFINITY; cell.len()];
    let mut queue = vec![start];
    distance[start as usize] = 0.0;
    let mut at = 0;
    while let Some(&node) = queue.get(at) {
        at += 1;
        for (other, _) in cell.neighbours(node) {
            if distance[other as usize] == f64::INFINITY {
                distance[other as usize] = distance[node as usize] + 1.0;
                queue.push(other);
            }
        }
    }
    (distance, queue[queue.len() - 1])
}

/// The best cut across one line, if it is better than `bound`.
fn cut_across(cell: &Cell, kind: Kind<'_>, mut flow: Flow, line: usize, mut bound: f64) -> Option<Cut> {
    let (key, along) = project(cell, line);
    let mut sorted: Vec<u32> = (0..cell.len() as u32).collect();
    sorted.sort_unstable_by(|&one, &other| key[one as usize].total_cmp(&key[other as usize]).then(one.cmp(&other)));
    let (mut best, mut held, mut held_mass) = (None, [0, 0], [0.0, 0.0]);
    let mass = cell.mass.iter().map(|&mass| f64::from(mass)).sum::<f64>();
    for percent in HELD_PERCENT {
        let mut more = false;
        for end in [0, 1] {
            while held_mass[end] * 100.0 < mass * percent as f64 && held[0] + held[1] < cell.len() {
                let node = if end == 0 { sorted[held[0]] } else { sorted[cell.len() - 1 - held[1]] };
                match (kind, end) {
                    (Kind::Edges(_), 0) => flow.add_source(node),
                    (Kind::Edges(_), _) => flow.add_target(node),
                    (Kind::Nodes, 0) => flow.add_source(2 * node),
                    (Kind::Nodes, _) => flow.add_target(2 * node + 1),
                }
                held[end] += 1;
                held_mass[end] += f64::from(cell.mass[node as usize]);
                more = true;
            }
        }
        if !more || held[1] == 0 {
            continue;
        }
        // No cut can cost less than one of this size in the middle. (One more, so that no rounding decides.)
        let limit = (bound * worth(mass / 2.0) + 1.0).min(f64::from(UNLIMITED)) as u32;
        if !flow.maximise(limit) {
            break;
        }
        for back in [false, true] {
            if back {
                flow.reach_back();
            }
            let side = sides(cell, kind, &flow, back);
            let cost = cost(cell, &side, flow.value());
            if cost < bound {
                bound = cost;
                best = Some(side);
            }
        }
    }
    best.map(|side| Cut { side, along, cost: bound })
}

/// The side of each node in the smallest cut nearest to the sources, or nearest to the targets.
fn sides(cell: &Cell, kind: Kind<'_>, flow: &Flow, back: bool) -> Vec<u32> {
    let reached = flow.reached();
    let side = |node: u32| match kind {
        Kind::Edges(_) => u32::from(reached(node) == back),
        Kind::Nodes => match (reached(2 * node), reached(2 * node + 1)) {
            (true, true) => u32::from(back),
            (false, false) => u32::from(!back),
            // What is reached on one end only is what is full.
            _ => NOWHERE,
        },
    };
    (0..cell.len() as u32).map(side).collect()
}

/// What a cut may cost that cuts so much off: less than proportionally, which makes up for what is not balanced by
/// what is small. (Three quarters, by roots, which are the same on every machine.)
fn worth(mass: f64) -> f64 {
    (mass * mass.sqrt()).sqrt()
}

/// How bad a cut is: its size by what it cuts off.
fn cost(cell: &Cell, side: &[u32], size: u32) -> f64 {
    let (mut low, mut high) = (0_u32, 0_u32);
    for (&side, &mass) in side.iter().zip(&cell.mass) {
        low += if side == 0 { mass } else { 0 };
        high += if side == 1 { mass } else { 0 };
    }
    f64::from(size) / worth(f64::from(low.min(high)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::Xy;

    /// A grid twice as long as wide, its nodes in a place of their own or all in one.
    fn grid(width: u32, spread: f64) -> Cell {
        let nodes = 2 * width * width;
        let right = (0..nodes).filter(|node| node % width + 1 < width).map(|node| (node, node + 1));
        let edges: Vec<_> = right.chain((width..nodes).map(|node| (node - width, node))).collect();
        let place = |node| Xy { x: spread * f64::from(node % width), y: spread * f64::from(node / width) };
        Cell::new((0..nodes).map(place).collect(), vec![1; nodes as usize], &edges)
    }

    #[test]
    fn a_grid_is_cut_across_by_as_much_as_it_is_wide() {
        for spread in [1.0, 0.0] {
            let cell = grid(10, spread);
            let weight = vec![2; cell.edges().count()];
            for threads in [1, 2] {
                let cut = best_cut(&cell, Kind::Nodes, threads).expect("there is one");
                let count = |what: u32| cut.side.iter().filter(|&&side| side == what).count();
                assert_eq!(count(NOWHERE), 10);
                assert!(count(0).min(count(1)) >= 80);
                assert!(
                    cell.edges()
                        .all(|(one, other, _)| cut.side[one as usize].wrapping_add(cut.side[other as usize]) != 1)
                );
                let cut = best_cut(&cell, Kind::Edges(&weight), threads).expect("there is one");
                let between = |(one, other, _): &(u32, u32, u32)| cut.side[*one as usize] != cut.side[*other as usize];
                assert_eq!(cell.edges().filter(between).count(), 10);
            }
        }
    }
}
