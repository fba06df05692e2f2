use super::graph::{Network, Parts};
use crate::id::{EdgeId, NodeId};
use crate::unit::Weight;

/// What turning costs, on top of driving the edges.
///
/// A turn by an angle `a` from straight on costs `(1 - cos a) / 2` of [`u_turn_ms`](Self::u_turn_ms) scaled down to
/// [`sharp_ms`](Self::sharp_ms), times the bias when it crosses the oncoming lane.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TurnModel {
    /// A turn back by 180 degrees into another road.
    pub sharp_ms: Weight,
    /// A turn back into the very road one came from.
    pub u_turn_ms: Weight,
    /// The same at a dead end, where it is the only way on.
    pub dead_end_ms: Weight,
    /// The mean wait at traffic lights.
    pub signal_ms: Weight,
    /// By how much a turn across the oncoming lane costs more.
    pub crossing_bias: f64,
    /// Whether one drives on the right, so that left turns cross.
    pub drives_right: bool,
}

impl Default for TurnModel {
    fn default() -> Self {
        Self {
            sharp_ms: 8_000,
            u_turn_ms: 25_000,
            dead_end_ms: 8_000,
            signal_ms: 6_000,
            crossing_bias: 1.3,
            drives_right: true,
        }
    }
}

impl TurnModel {
    /// What it costs to go from `from` on to `to`, two edges that meet at `via`, in milliseconds.
    pub(super) fn cost(&self, parts: &Parts, via: NodeId, signal: bool, from: EdgeId, to: EdgeId) -> Weight {
        let signal_ms = if signal { self.signal_ms } else { 0 };
        if parts.twin[from.index()] == to.0 {
            let dead_end = parts.out_degree(via) == 1;
            return signal_ms + if dead_end { self.dead_end_ms } else { self.u_turn_ms };
        }
        // A bend between two edges where nothing else meets is geometry, not a turn.
        if parts.out_degree(via) == 1 {
            return signal_ms;
        }
        let angle = turn_angle(parts.last_bearing(from), parts.first_bearing(to));
        let crosses = if self.drives_right { angle < -30.0 } else { angle > 30.0 };
        let bias = if crosses { self.crossing_bias } else { 1.0 };
        let share = (1.0 - angle.to_radians().cos()) / 2.0;
        signal_ms + (f64::from(self.sharp_ms) * share * bias).round() as Weight
    }
}

/// The angle from one bearing to another, in degrees, -180..180, negative to the left.
fn turn_angle(from: f64, to: f64) -> f64 {
    (to - from + 540.0).rem_euclid(360.0) - 180.0
}

impl Network {
    /// The angle of the turn from `from` to `to`, in degrees from straight on, -180..180, negative to the left.
    pub fn turn_angle(&self, from: EdgeId, to: EdgeId) -> f64 {
        turn_angle(self.parts().last_bearing(from), self.parts().first_bearing(to))
    }
}
