use super::candidate::Candidate;
use super::cell::Line;
use crate::geo::{Coord, LocalFrame, Xy};
use crate::id::EdgeId;
use crate::network::Network;
use crate::routing::Position;

const HALF_TURN_E7: f64 = 1.8e9;

/// In place of a twin where there is none.
const NO_TWIN: u32 = u32::MAX;

/// A straight piece of an edge: half a cache line. It stands for both directions where one is the other's mirror.
#[derive(Debug, Clone, Copy)]
#[repr(align(32))]
pub(super) struct Segment {
    lat_e7: i32,
    lon_e7: i32,
    lat_step: i32,
    lon_step: i32,
    edge: u32,
    twin: u32,
    /// Where on the edge the segment begins, and how long it is.
    first_mm: u32,
    length_mm: u32,
}

impl Segment {
    /// The edge that it is of: the lower one of two that are mirrors.
    #[inline]
    pub(super) fn edge(&self) -> EdgeId {
        EdgeId(self.edge)
    }

    /// The mirror of its edge.
    #[inline]
    pub(super) fn twin(&self) -> Option<EdgeId> {
        (self.twin != NO_TWIN).then_some(EdgeId(self.twin))
    }

    pub(super) fn line(&self) -> Line {
        let start = Coord::from_e7(self.lat_e7, self.lon_e7).expect("made of a place");
        Line { start, lat_step: self.lat_step.into(), lon_step: self.lon_step.into() }
    }

    /// How long it is on the globe, in metres.
    pub(super) fn metres(&self) -> f64 {
        let frame = LocalFrame::at(self.line().start).metres_per_e7();
        (f64::from(self.lon_step) * frame.x).hypot(f64::from(self.lat_step) * frame.y)
    }

    /// How far its closest point is from a place, as the square in square metres, and where that point is, from 0 to 1.
    #[inline]
    pub(super) fn project(&self, (lat_e7, lon_e7): (f64, f64), metres_per_e7: Xy) -> (f64, f64) {
        let mut east = f64::from(self.lon_e7) - lon_e7;
        if east.abs() > HALF_TURN_E7 {
            east -= 2.0 * HALF_TURN_E7.copysign(east);
        }
        let scale = metres_per_e7;
        let start = Xy { x: east * scale.x, y: (f64::from(self.lat_e7) - lat_e7) * scale.y };
        let step = Xy { x: f64::from(self.lon_step) * scale.x, y: f64::from(self.lat_step) * scale.y };
        let closest = Xy::default().project(start, Xy { x: start.x + step.x, y: start.y + step.y });
        (closest.distance_sq, closest.fraction)
    }

    /// A point of it, as one of its edge.
    #[inline]
    pub(super) fn candidate(&self, fraction: f64, distance_m: f32, metres_per_e7: Xy) -> Candidate {
        let lat = f64::from(self.lat_e7) + fraction * f64::from(self.lat_step);
        let mut lon = f64::from(self.lon_e7) + fraction * f64::from(self.lon_step);
        if lon.abs() > HALF_TURN_E7 {
            lon -= 2.0 * HALF_TURN_E7.copysign(lon);
        }
        let point = Coord::from_e7(rounded(lat) as i32, rounded(lon) as i32).expect("between two places on the globe");
        let (dx, dy) = (f64::from(self.lon_step) * metres_per_e7.x, f64::from(self.lat_step) * metres_per_e7.y);
        let length = (dx * dx + dy * dy).sqrt();
        let unit = if length > 0.0 { 1.0 / length } else { 0.0 };
        let offset_mm = self.first_mm + rounded(fraction * f64::from(self.length_mm)) as u32;
        Candidate {
            position: Position { edge: self.edge(), offset_mm },
            point,
            distance_m,
            heading: [(dx * unit) as f32, (dy * unit) as f32],
        }
    }
}

/// To the nearest whole number, halves away from zero. The standard library's is a call where the processor that is
/// compiled for need not have an instruction for it.
#[inline]
fn rounded(value: f64) -> i64 {
    let whole = value as i64;
    let rest = value - whole as f64;
    whole + i64::from(rest >= 0.5) - i64::from(rest <= -0.5)
}

/// The segments of all edges of a network, those of an edge together and in their order.
pub(super) fn segments(network: &Network) -> Vec<Segment> {
    let mut segments = Vec::new();
    let mut offsets = Vec::new();
    for edge in network.edges() {
        cut(network, edge, &mut offsets, &mut segments);
    }
    segments
}

/// Appends the segments of an edge, unless those of its twin stand for it.
fn cut(network: &Network, edge: EdgeId, offsets: &mut Vec<u32>, segments: &mut Vec<Segment>) {
    let twin = mirror(network, edge);
    if twin.is_some_and(|twin| twin < edge) {
        return;
    }
    let shape = network.shape(edge);
    measure(shape, network.length_mm(edge), offsets);
    for (nth, pair) in shape.windows(2).enumerate() {
        let (first_mm, end_mm) = (offsets[nth], offsets[nth + 1]);
        // Points on one another add nothing, unless they are all there is.
        if pair[0] == pair[1] && shape.len() > 2 && end_mm - first_mm < network.length_mm(edge) {
            continue;
        }
        let line = Line::new(pair[0], pair[1]);
        segments.push(Segment {
            lat_e7: pair[0].lat_e7(),
            lon_e7: pair[0].lon_e7(),
            lat_step: line.lat_step as i32,
            lon_step: line.lon_step as i32,
            edge: edge.0,
            twin: twin.map_or(NO_TWIN, |twin| twin.0),
            first_mm,
            length_mm: end_mm - first_mm,
        });
    }
}

/// Where each point of a shape is on its edge, in millimetres: spreads the length of the edge over the shape, as
/// [`Network::coord_at`] does.
fn measure(shape: &[Coord], length_mm: u32, offsets: &mut Vec<u32>) {
    offsets.clear();
    let step = |pair: &[Coord]| pair[0].distance(pair[1]).0;
    let total: f64 = shape.windows(2).map(step).sum();
    let mut so_far = 0.0;
    offsets.push(0);
    for pair in shape.windows(2) {
        so_far += step(pair);
        let share = if total > 0.0 { (so_far / total).min(1.0) } else { 1.0 };
        offsets.push((share * f64::from(length_mm)).round() as u32);
    }
    // The sum in the loop is the same as the total, term by term; this says so.
    if let Some(last) = offsets.last_mut() {
        *last = length_mm;
    }
}

/// The twin of an edge, if it has the same shape the other way around.
fn mirror(network: &Network, edge: EdgeId) -> Option<EdgeId> {
    let twin = network.twin(edge)?;
    let same =
        network.length_mm(twin) == network.length_mm(edge) && network.shape(twin).iter().rev().eq(network.shape(edge));
    (same && twin != edge).then_some(twin)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rounds_as_the_standard_library_does(whole in -2_000_000_000_i64..2_000_000_000, part in -1.0..1.0) {
            for value in [whole as f64 + part, whole as f64 + 0.5, whole as f64 - 0.5, part, 0.5 - f64::EPSILON / 4.0] {
                prop_assert_eq!(rounded(value) as f64, value.round());
            }
        }
    }
}
