use std::fmt;

use etaflow_road::{Coord, Network, Position, Snap};
use serde::Serialize;

use crate::place::LonLat;
use crate::wording::{Length, StreetName};

/// An end of a way: the place asked for, and the place on the road that stands for it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waypoint {
    /// The place asked for.
    pub asked: LonLat,
    /// The place on the road; `None` if no road is near.
    pub snapped: Option<LonLat>,
    /// How far the one is from the other, in metres.
    pub distance_m: Option<f64>,
    /// The street's name; `None` if it has none.
    pub name: Option<String>,
}

impl Waypoint {
    /// From the road at a place, if there is one.
    pub(crate) fn new(network: &Network, asked: Coord, snap: Option<&Snap>) -> Self {
        match snap {
            Some(snap) => Self::at(network, asked, snap, snap.positions()[0]),
            None => Self { asked: LonLat(asked), snapped: None, distance_m: None, name: None },
        }
    }

    /// From that of the alternatives of a place which is driven on.
    pub(crate) fn at(network: &Network, asked: Coord, snap: &Snap, driven: Position) -> Self {
        let (point, distance) = match snap.positions() {
            [nearest, ..] if *nearest == driven || is_mirror(network, nearest, &driven) => {
                (snap.point(), snap.distance())
            }
            // The other carriageway of a street need not run where this one does.
            _ => {
                let point = network.coord_at(driven.edge, driven.offset_mm);
                (point, asked.distance(point))
            }
        };
        let name = Some(network.name(driven.edge)).filter(|name| !name.is_empty());
        Self {
            asked: LonLat(asked),
            snapped: Some(LonLat(point)),
            // To the millimetre, as all lengths are.
            distance_m: Some((distance.0 * 1e3).round() / 1e3),
            name: name.map(str::to_owned),
        }
    }
}

/// Whether two edges have the same shape, the one way and the other.
fn is_mirror(network: &Network, there: &Position, back: &Position) -> bool {
    network.shape(there.edge).iter().rev().eq(network.shape(back.edge))
}

impl fmt::Display for Waypoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.asked)?;
        match (self.snapped, self.distance_m) {
            (Some(snapped), Some(metres)) => {
                let name = StreetName(self.name.as_deref().unwrap_or_default());
                write!(f, "{} from {name}, at {snapped}", Length(metres))
            }
            _ => f.write_str("no road near"),
        }
    }
}
