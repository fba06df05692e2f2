use crate::geo::Coord;
use crate::routing::Position;

/// The point of an edge that is closest to some place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The point on the road.
    pub position: Position,
    /// The same on the globe.
    pub point: Coord,
    /// How far the place is from it, in metres.
    pub distance_m: f32,
    /// Which way the edge leads there: east and north, a vector of length 1 (0 where the edge has no extent).
    pub heading: [f32; 2],
}

impl Candidate {
    /// Which way the edge leads there, in degrees clockwise from north, in 0..360.
    pub fn bearing_deg(&self) -> f32 {
        self.heading[0].atan2(self.heading[1]).to_degrees().rem_euclid(360.0)
    }
}
