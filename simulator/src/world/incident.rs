//! What happens on roads.

use etaflow::{EventData, RoadRef};
use etaflow_road::{EdgeId, RoadClass, Span, Timestamp};

use super::agenda::Job;
use super::emission::Emission;
use super::world::World;

/// The share of incidents that close their road.
const CLOSURE_SHARE: f64 = 1.0 / 3.0;
/// What an incident that does not close the road leaves of the speed.
const LEFT_OF_SPEED: (f64, f64) = (0.1, 0.2);
/// The shortest incident, seconds.
const LASTING_MIN_S: f64 = 5.0;
/// How many edges are tried for one that an incident can befall.
const DRAWS: usize = 32;

impl World {
    pub(super) fn schedule_incident(&mut self, now: Timestamp) {
        if self.config.incidents_per_min > 0.0 {
            let in_s = self.dice.exponential(60.0 / self.config.incidents_per_min);
            self.agenda.add(now + Span::from_micros((in_s * 1e6) as i64 + 1), Job::Incident);
        }
    }

    /// Something happens somewhere: rather on the bigger roads.
    pub(super) fn on_incident(&mut self, now: Timestamp, out: &mut Vec<Emission>) {
        let Some(edge) = self.draw_incident_edge() else {
            return;
        };
        let lasting_s = self.dice.exponential(self.config.incident_mean_s).max(LASTING_MIN_S);
        self.agenda.add(now + Span::from_micros((lasting_s * 1e6) as i64), Job::Cleared { edge });
        self.counts.incidents += 1;
        let share = self.dice.between(LEFT_OF_SPEED.0, LEFT_OF_SPEED.1);
        self.congestion.set_incident(edge, share as f32);
        if self.dice.chance(CLOSURE_SHARE) {
            self.planner.set_closed(edge, true);
            self.counts.closed_edges += 1;
            out.push(self.sources.dispatch(now, EventData::RoadClosed(self.road_ref(edge))));
        }
    }

    pub(super) fn on_cleared(&mut self, edge: EdgeId, now: Timestamp, out: &mut Vec<Emission>) {
        self.congestion.set_incident(edge, 1.0);
        self.counts.incidents -= 1;
        if self.planner.is_closed(edge.0) {
            self.planner.set_closed(edge, false);
            self.counts.closed_edges -= 1;
            out.push(self.sources.dispatch(now, EventData::RoadReopened(self.road_ref(edge))));
        }
    }

    /// An edge that has no incident, that one can go around, and that its first two ids name alone.
    fn draw_incident_edge(&mut self) -> Option<EdgeId> {
        for _ in 0..DRAWS {
            let edge = EdgeId(self.dice.below(self.network.edge_count()) as u32);
            let rather = if self.network.class(edge) <= RoadClass::Secondary { 1.0 } else { 0.15 };
            let passable = self.network.out_edges(self.network.tail(edge)).len() > 2
                && self.network.in_edges(self.network.head(edge)).len() > 2;
            if self.dice.chance(rather)
                && passable
                && self.network.component(edge) == 0
                && !self.congestion.has_incident(edge)
                && self.network.edges_between(self.road_ref(edge).from_node, self.road_ref(edge).to_node) == [edge]
            {
                return Some(edge);
            }
        }
        None
    }

    fn road_ref(&self, edge: EdgeId) -> RoadRef {
        let keys = self.network.shape_keys(edge);
        RoadRef { from_node: keys[0], to_node: keys[1] }
    }
}
