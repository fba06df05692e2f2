use super::candidate::Candidate;
use super::edge_index::EdgeIndex;
use crate::geo::Coord;
use crate::network::Network;
use crate::routing::Position;
use crate::unit::Metres;

/// Where a trip begins or ends: the nearest road, in both directions if it is open both ways.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Snap {
    positions: [Position; 2],
    count: u8,
    point: Coord,
    distance_m: f32,
}

impl Snap {
    /// The place on the road: one, or one for each direction.
    pub fn positions(&self) -> &[Position] {
        &self.positions[..usize::from(self.count)]
    }

    /// The same on the globe.
    pub fn point(&self) -> Coord {
        self.point
    }

    /// How far it is from the place asked for.
    pub fn distance(&self) -> Metres {
        Metres(f64::from(self.distance_m))
    }

    /// A candidate and the same point of its twin, if that is of the same component.
    fn new(network: &Network, candidate: &Candidate) -> Self {
        let position = candidate.position;
        let component = network.component(position.edge);
        let twin = network.twin(position.edge).filter(|&twin| network.component(twin) == component);
        let back = twin.and_then(|_| position.opposite(network));
        Self {
            positions: [position, back.unwrap_or(position)],
            count: 1 + u8::from(back.is_some()),
            point: candidate.point,
            distance_m: candidate.distance_m,
        }
    }
}

impl EdgeIndex {
    /// The nearest road of the main component within `radius`.
    pub fn snap(&self, network: &Network, at: Coord, radius: Metres) -> Option<Snap> {
        let nearest = self.nearest(network, at, radius, |edge| network.component(edge) == 0)?;
        Some(Snap::new(network, &nearest))
    }

    /// The nearest roads to where a trip begins and ends, of the same component: of a small one where both ends are
    /// nearest to it, else of the main one.
    pub fn snap_pair(&self, network: &Network, from: Coord, to: Coord, radius: Metres) -> Option<(Snap, Snap)> {
        let begin = self.nearest(network, from, radius, |_| true)?;
        let end = self.nearest(network, to, radius, |_| true)?;
        let (first, last) = (begin.position, end.position);
        let component = network.component(first.edge);
        let inside = |edge| network.component(edge) == component;
        // An edge that is a component by itself cannot be entered again.
        let returns = || network.successors(first.edge).any(|(next, _)| inside(next));
        let ahead = first.edge != last.edge || first.offset_mm <= last.offset_mm;
        if inside(last.edge) && (component == 0 || ahead || returns()) {
            return Some((Snap::new(network, &begin), Snap::new(network, &end)));
        }
        Some((self.snap(network, from, radius)?, self.snap(network, to, radius)?))
    }
}
