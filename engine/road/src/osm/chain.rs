use super::draft::{Draft, Places};
use super::report::ImportReport;
use super::road::Road;

const NONE: u32 = u32::MAX;

/// A stretch of road between two nodes where something changes; what lies between is only shape.
#[derive(Debug)]
pub(super) struct Chain {
    /// From its first node to its last, two or more.
    pub(super) vertices: Vec<Vertex>,
    /// As seen by who drives from the first node to the last.
    pub(super) road: Road,
    /// The way at its first node, an index into [`Draft::ways`]; that at the last.
    pub(super) first_way: u32,
    pub(super) last_way: u32,
}

/// A node on a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Vertex {
    /// Its number in [`Places`].
    pub(super) place: u32,
    /// Whether the way runs against the chain here.
    pub(super) against: bool,
}

/// A part of a way without a junction inside.
#[derive(Debug, Clone, Copy)]
struct Piece {
    way: u32,
    first: u32,
    last: u32,
    road: Road,
}

/// Cuts the car ways at junctions and puts together what goes on unchanged.
///
/// `pinned` says at which places a chain must end.
pub(super) fn fold(
    draft: &Draft<'_>,
    places: &Places,
    pinned: impl Fn(u32) -> bool,
    report: &mut ImportReport,
) -> (Vec<Chain>, Vec<u8>) {
    let (nodes, runs) = runs(draft, places, report);
    let degree = degrees(&nodes, &runs, places.len());
    let is_end = |place: u32| degree[place as usize] != 2 || pinned(place);
    let pieces = cut(&nodes, &runs, is_end);
    let joints = joints(&nodes, &pieces, places.len(), is_end);
    let folder = Folder { draft, nodes: &nodes, pieces: &pieces, joints: &joints };
    let mut used = vec![false; pieces.len()];
    let mut chains = Vec::with_capacity(pieces.len());
    for piece in 0..pieces.len() {
        if !used[piece] {
            folder.split_loop(folder.follow(piece as u32, &mut used), &mut chains);
        }
    }
    (chains, degree)
}

/// The ways as numbers of places, cut where a node is missing.
fn runs(draft: &Draft<'_>, places: &Places, report: &mut ImportReport) -> (Vec<u32>, Vec<Piece>) {
    let (mut nodes, mut runs) = (Vec::new(), Vec::new());
    let mut hint = 0;
    for (way, car_way) in draft.ways.iter().enumerate() {
        let (mut first, mut dangling) = (nodes.len(), 0);
        let mut found = 0;
        let mut end = |nodes: &mut Vec<u32>, first: usize| {
            if nodes.len() - first < 2 {
                nodes.truncate(first);
                return;
            }
            found += 1;
            runs.push(Piece { way: way as u32, first: first as u32, last: nodes.len() as u32 - 1, road: car_way.road });
        };
        for &id in draft.refs(car_way) {
            match places.find(id, &mut hint).filter(|&place| places.coord(place).is_some()) {
                // The same node twice running has no extent.
                Some(place) if nodes.len() > first && nodes.last() == Some(&place) => {}
                Some(place) => nodes.push(place),
                None => {
                    dangling += 1;
                    end(&mut nodes, first);
                    first = nodes.len();
                }
            }
        }
        end(&mut nodes, first);
        report.dangling_refs += dangling;
        report.cut_ways += usize::from(dangling > 0);
        report.empty_ways += usize::from(found == 0);
        let from = runs.len() - found;
        set_duration(&mut runs[from..], &nodes, places, car_way.road.duration_s.filter(|_| dangling == 0));
    }
    (nodes, runs)
}

/// Lets a ferry take as long as its tags say. Where a part of it is missing they do not say.
fn set_duration(runs: &mut [Piece], nodes: &[u32], places: &Places, duration_s: Option<u32>) {
    for run in runs {
        run.road.duration_s = None;
        let Some(seconds) = duration_s else { continue };
        let shape = nodes[run.first as usize..=run.last as usize].windows(2);
        let metres: f64 = shape
            .filter_map(|pair| places.coord(pair[0]).zip(places.coord(pair[1])))
            .map(|(from, to)| from.distance(to).0)
            .sum();
        let speed_mmps = (metres / f64::from(seconds) * 1e3).round().clamp(1.0, 1e6) as u32;
        for lane in [&mut run.road.forward, &mut run.road.backward].into_iter().flatten() {
            lane.speed_mmps = speed_mmps;
        }
    }
}

/// How many stretches of road meet at each place, at most 255.
fn degrees(nodes: &[u32], runs: &[Piece], places: usize) -> Vec<u8> {
    let mut degree = vec![0_u8; places];
    for run in runs {
        for at in run.first..=run.last {
            let arms = if at == run.first || at == run.last { 1 } else { 2 };
            let degree = &mut degree[nodes[at as usize] as usize];
            *degree = degree.saturating_add(arms);
        }
    }
    degree
}

fn cut(nodes: &[u32], runs: &[Piece], is_end: impl Fn(u32) -> bool) -> Vec<Piece> {
    let mut pieces = Vec::with_capacity(runs.len() * 2);
    for run in runs {
        let mut first = run.first;
        for at in run.first + 1..=run.last {
            if at == run.last || is_end(nodes[at as usize]) {
                pieces.push(Piece { first, last: at, ..*run });
                first = at;
            }
        }
    }
    pieces
}

/// The two piece ends that meet at each place where just two do. An end is twice its piece's number, plus one if it is
/// the piece's last node.
fn joints(nodes: &[u32], pieces: &[Piece], places: usize, is_end: impl Fn(u32) -> bool) -> Vec<[u32; 2]> {
    let mut joints = vec![[NONE; 2]; places];
    for (number, piece) in pieces.iter().enumerate() {
        for (end, at) in [(0, piece.first), (1, piece.last)] {
            let place = nodes[at as usize];
            if !is_end(place) {
                let joint = &mut joints[place as usize];
                joint[usize::from(joint[0] != NONE)] = 2 * number as u32 + end;
            }
        }
    }
    joints
}

struct Folder<'a, 'p> {
    draft: &'a Draft<'p>,
    nodes: &'a [u32],
    pieces: &'a [Piece],
    joints: &'a [[u32; 2]],
}

impl Folder<'_, '_> {
    fn place(&self, end: u32) -> u32 {
        let piece = self.pieces[end as usize / 2];
        self.nodes[if end % 2 == 1 { piece.last } else { piece.first } as usize]
    }

    /// The road as seen by who leaves the piece at this end.
    fn road_towards(&self, end: u32) -> Road {
        let road = self.pieces[end as usize / 2].road;
        if end % 2 == 1 { road } else { road.reversed() }
    }

    /// The end at which the road goes on unchanged beyond this one.
    fn beyond(&self, end: u32) -> Option<u32> {
        let joint = self.joints[self.place(end) as usize];
        let other = if joint[0] == end { joint[1] } else { joint[0] };
        if other == NONE || joint[0] == NONE || other / 2 == end / 2 {
            return None;
        }
        let name = |end: u32| &self.draft.ways[self.pieces[end as usize / 2].way as usize].name;
        let same = self.road_towards(end) == self.road_towards(other).reversed() && name(end) == name(other);
        same.then_some(other)
    }

    /// The whole chain that a piece is part of.
    fn follow(&self, piece: u32, used: &mut [bool]) -> Chain {
        used[piece as usize] = true;
        // From the piece's first node back to where the chain begins, then from there on.
        let mut first = 2 * piece;
        while let Some(other) = self.beyond(first).filter(|&other| !used[other as usize / 2]) {
            used[other as usize / 2] = true;
            first = other ^ 1;
        }
        let mut leave = first ^ 1;
        let mut chain = Chain {
            vertices: Vec::new(),
            road: self.road_towards(leave),
            first_way: self.pieces[leave as usize / 2].way,
            last_way: 0,
        };
        let mut last_used = false;
        loop {
            self.append(leave, &mut chain.vertices);
            chain.last_way = self.pieces[leave as usize / 2].way;
            last_used |= leave / 2 == piece;
            let Some(other) = self.beyond(leave) else { break };
            // Up to the piece that we set out from the way has been marked; beyond it, it is new.
            if last_used {
                if used[other as usize / 2] {
                    break;
                }
                used[other as usize / 2] = true;
            }
            leave = other ^ 1;
        }
        chain
    }

    /// Adds a piece's nodes in the direction in which one leaves it at `leave`.
    fn append(&self, leave: u32, vertices: &mut Vec<Vertex>) {
        let piece = self.pieces[leave as usize / 2];
        let nodes = &self.nodes[piece.first as usize..=piece.last as usize];
        let against = leave % 2 != 1;
        let skip = usize::from(!vertices.is_empty());
        let vertex = |&place: &u32| Vertex { place, against };
        if against {
            vertices.extend(nodes.iter().rev().skip(skip).map(vertex));
        } else {
            vertices.extend(nodes.iter().skip(skip).map(vertex));
        }
    }

    /// Cuts a chain that ends where it begins in two, so that no edge of the network is a loop.
    fn split_loop(&self, mut chain: Chain, chains: &mut Vec<Chain>) {
        let vertices = &chain.vertices;
        if vertices[0].place == vertices[vertices.len() - 1].place {
            let middle = vertices.len() / 2;
            let second = chain.vertices[middle..].to_vec();
            chain.vertices.truncate(middle + 1);
            let way = chain.last_way;
            chains.push(Chain { vertices: second, road: chain.road, first_way: way, last_way: way });
            chain.last_way = chain.first_way;
        }
        chains.push(chain);
    }
}
