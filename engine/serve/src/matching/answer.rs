use etaflow_road::{Coord, Match, Network, Position};
use serde::Serialize;

use super::route_line::RouteLine;
use crate::place::LonLat;
use crate::roads::{InputIds, Stretch};

/// A line of what is answered to a trace: as JSON an object whose `type` is `fix` or `route`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum MatchLine<'a> {
    /// What became of a fix; one for each, in order.
    Fix(&'a FixLine),
    /// The whole route; the last line.
    Route(&'a RouteLine),
}

/// What became of a fix.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FixLine {
    /// Which of the fixes that were matched it is, from 0.
    pub number: u64,
    /// Which of all fixes of the trace it is, from 0; more than `number` where fixes before it were left out.
    pub row: u64,
    /// When it was, in seconds since 1970.
    pub unix_s: f64,
    /// Where it was, in degrees.
    pub lon: f64,
    /// Where it was, in degrees.
    pub lat: f64,
    /// What the matcher made of it.
    pub outcome: Verdict,
    /// Why it was held or rejected.
    pub reason: Option<&'static str>,
    /// Why a new trace begins with it, if one does; the first trace of all has no reason to.
    #[serde(rename = "break")]
    pub broke: Option<&'static str>,
    /// Where it is as far as was known when it came.
    pub lag0: Option<Now>,
    /// Where it turned out to be; `None` if it was held or rejected.
    pub committed: Option<RoadPlace>,
    /// The number of the fix that made this final when it came; `None` where that was the end of the trace. It is how long
    /// one had to wait.
    pub committed_with: Option<u64>,
    /// Whether the two are on different roads, or on one in different directions.
    pub revised: bool,
}

/// What the matcher made of a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is on a road.
    Matched,
    /// It does not fit what came before; later fixes were waited for.
    Held,
    /// It is of no use.
    Rejected,
}

/// A place on a road.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RoadPlace {
    /// The two neighbouring nodes of the input between which it is, in the direction of driving.
    pub edge: ArcPlace,
    /// The same for the ends of the whole road from one junction to the next, of which `edge` is a part.
    pub road: ArcPlace,
    /// The place itself.
    pub point: LonLat,
    /// How far the fix is from it, in metres.
    pub distance_m: f64,
}

/// Where the matcher put a fix at once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Now {
    /// The place.
    #[serde(flatten)]
    pub place: RoadPlace,
    /// How likely the road is, direction included, of all that were considered: 0 to 1.
    pub confidence: f64,
    /// How likely it is that the vehicle heads this way along the road and not the other: 0.5 to 1.
    pub direction_confidence: f64,
}

/// A place between two nodes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct ArcPlace {
    /// The id of the node behind, or of that at the place.
    pub from: i64,
    /// The id of the node ahead.
    pub to: i64,
    /// How far the place is from `from`, in metres.
    pub offset_m: f64,
    /// How far it is from `from` to `to`, in metres.
    pub length_m: f64,
}

/// To the millimetre, as all lengths are.
pub(super) fn metres(metres: f64) -> f64 {
    (metres * 1e3).round() / 1e3
}

impl RoadPlace {
    pub(super) fn new(network: &Network, ids: InputIds, place: Position, point: Coord, distance_m: f64) -> Self {
        let [before, ahead] = Stretch::at(network, ids, place).neighbours();
        let [tail, head] = [network.tail(place.edge), network.head(place.edge)].map(|node| network.node_key(node));
        let between = |(from, from_mm): (i64, u32), (to, to_mm): (i64, u32)| {
            let [offset_m, length_m] = [place.offset_mm, to_mm].map(|mm| f64::from(mm.saturating_sub(from_mm)) / 1e3);
            ArcPlace { from, to, offset_m, length_m }
        };
        let edge = between((before.id, before.offset_mm), (ahead.id, ahead.offset_mm));
        let road = between((tail, 0), (head, network.length_mm(place.edge)));
        Self { edge, road, point: LonLat(point), distance_m: metres(distance_m) }
    }
}

impl Now {
    pub(super) fn new(network: &Network, ids: InputIds, matched: &Match<'_>) -> Self {
        let distance_m = f64::from(matched.distance_m);
        let place = RoadPlace::new(network, ids, matched.position, matched.point, distance_m);
        let round = |share: f32| (f64::from(share) * 1e4).round() / 1e4;
        let (confidence, direction_confidence) = (round(matched.confidence), round(matched.direction_confidence));
        Self { place, confidence, direction_confidence }
    }
}
