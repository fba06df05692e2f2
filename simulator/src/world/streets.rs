use etaflow_road::{Coord, EdgeId, LocalFrame, Network, Xy};

/// The shapes of all edges in one plane, so that a vehicle's place is a look-up and not a computation on the globe.
#[derive(Debug)]
pub(super) struct Streets {
    frame: LocalFrame,
    /// Where the corners of each edge begin; length edges + 1.
    first: Vec<u32>,
    corner: Vec<Corner>,
}

/// A shape point, and the straight stretch that begins there.
#[derive(Debug, Clone, Copy)]
struct Corner {
    x: f32,
    y: f32,
    /// Metres from the edge's tail, by the edge's stated length.
    along: f32,
    /// Degrees clockwise from north.
    heading: f32,
}

/// A place in the plane.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place {
    /// Metres east of the frame's origin.
    pub(super) x: f32,
    /// Metres north of the frame's origin.
    pub(super) y: f32,
    /// Of the street there, degrees clockwise from north.
    pub(super) heading: f32,
}

impl Streets {
    pub(super) fn new(network: &Network) -> Self {
        let centre = network.bounds().map_or_else(Coord::default, |(south_west, north_east)| {
            let mid = |low: i32, high: i32| ((i64::from(low) + i64::from(high)) / 2) as i32;
            let lat = mid(south_west.lat_e7(), north_east.lat_e7());
            Coord::from_e7(lat, mid(south_west.lon_e7(), north_east.lon_e7())).unwrap_or_default()
        });
        let frame = LocalFrame::at(centre);
        let mut streets = Self { frame, first: vec![0], corner: Vec::new() };
        for edge in network.edges() {
            streets.lay(network, edge);
            streets.first.push(streets.corner.len() as u32);
        }
        streets
    }

    fn lay(&mut self, network: &Network, edge: EdgeId) {
        let points: Vec<Xy> = network.shape(edge).iter().map(|&coord| self.frame.to_xy(coord)).collect();
        let drawn: f64 = points.windows(2).map(|pair| pair[0].distance(pair[1])).sum();
        let stated = f64::from(network.length_mm(edge)) / 1e3;
        let scale = if drawn > 0.0 { stated / drawn } else { 0.0 };
        let (mut along, mut heading) = (0.0, 0.0_f64);
        for (nth, &point) in points.iter().enumerate() {
            let next = points.get(nth + 1).copied().unwrap_or(point);
            let length = point.distance(next);
            if length > 0.0 {
                heading = (next.x - point.x).atan2(next.y - point.y).to_degrees().rem_euclid(360.0);
            }
            let (x, y) = (point.x as f32, point.y as f32);
            self.corner.push(Corner { x, y, along: along as f32, heading: heading as f32 });
            along += length * scale;
        }
    }

    /// The place `offset_m` metres into `edge`. `segment` is where the last look-up on this edge ended (0 at first),
    /// and is moved on.
    #[inline]
    pub(super) fn place(&self, edge: u32, offset_m: f32, segment: &mut u32) -> Place {
        let corners = &self.corner[self.first[edge as usize] as usize..self.first[edge as usize + 1] as usize];
        let last = corners.len() - 2;
        let mut at = (*segment as usize).min(last);
        while at < last && corners[at + 1].along <= offset_m {
            at += 1;
        }
        *segment = at as u32;
        let (start, end) = (corners[at], corners[at + 1]);
        let length = end.along - start.along;
        let share = if length > 0.0 { ((offset_m - start.along) / length).clamp(0.0, 1.0) } else { 0.0 };
        let (x, y) = (start.x + share * (end.x - start.x), start.y + share * (end.y - start.y));
        Place { x, y, heading: start.heading }
    }

    /// The globe's place at metres east and north.
    #[inline]
    pub(super) fn coord(&self, x: f32, y: f32) -> Coord {
        self.frame.to_coord(Xy { x: f64::from(x), y: f64::from(y) })
    }

    /// The heading at the end of an edge, in degrees.
    pub(super) fn last_heading(&self, edge: u32) -> f32 {
        self.corner[self.first[edge as usize + 1] as usize - 2].heading
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::testing::town;

    #[test]
    fn places_are_those_of_the_network() {
        let network = town();
        let streets = Streets::new(&network);
        for edge in network.edges() {
            let mut segment = 0;
            for tenth in 0..=10 {
                let offset_mm = network.length_mm(edge) / 10 * tenth;
                let place = streets.place(edge.0, offset_mm as f32 / 1e3, &mut segment);
                let (ours, theirs) = (streets.coord(place.x, place.y), network.coord_at(edge, offset_mm));
                assert!(ours.distance(theirs).0 < 0.3, "{edge:?} at {offset_mm} mm: {ours:?}, {theirs:?}");
            }
        }
    }
}
