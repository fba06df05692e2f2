use super::matcher::Matcher;
use super::outcome::DIRECTION_SURE;
use super::trace::Trace;
use crate::routing::Position;
use crate::unit::Timestamp;

impl Matcher {
    /// Where a vehicle is at `now` that has not been heard of since its last fix, as in a tunnel: as far along the only
    /// way on as its last speed takes it, for at most [`coast_max`](super::MatcherConfig::coast_max). It stops where
    /// there is a choice (turning back is none) and where the road ends.
    ///
    /// `None` if there is nothing to say beyond the last fix: nothing was matched, `now` is not after it, the vehicle
    /// stood or crept (below [`heading_speed_min_mps`](super::MatcherConfig::heading_speed_min_mps)), or it is not sure
    /// which way along the street it heads.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use etaflow_road::{Coord, EdgeIndex, Fix, Matcher, MatcherConfig, NetworkBuilder, NewEdge, RoadClass, Timestamp};
    /// use etaflow_road::{Trace, TurnModel};
    ///
    /// let east = |degrees| Coord::from_degrees(0.0, degrees);
    /// let mut builder = NetworkBuilder::new();
    /// let (mouth, end) = (builder.node(0, east(0.0)?), builder.node(1, east(0.02)?));
    /// builder.edge(NewEdge::straight(mouth, end, RoadClass::Primary, 20.0), "Tunnel");
    /// let network = Arc::new(builder.build(&TurnModel::default())?);
    /// let mut matcher =
    ///     Matcher::new(Arc::clone(&network), Arc::new(EdgeIndex::new(&network)), MatcherConfig::default())?;
    ///
    /// let mut trace = Trace::default();
    /// let fix = Fix { speed_mps: Some(15.0), ..Fix::new(Timestamp::from_secs(0), east(0.001)?) };
    /// matcher.on_fix(&mut trace, &fix);
    /// let (seen, _) = trace.position().ok_or("it is on the road")?;
    /// let now = matcher.coast(&trace, Timestamp::from_secs(60)).ok_or("it moves")?;
    /// assert_eq!(now.offset_mm - seen.offset_mm, 60 * 15_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn coast(&self, trace: &Trace, now: Timestamp) -> Option<Position> {
        let (network, config) = (self.network(), self.config());
        let open = trace.open.as_ref()?;
        let since = now.since(open.fitted).min(config.coast_max).secs_f64();
        let moves = f64::from(open.speed_mps) >= config.heading_speed_min_mps && since > 0.0;
        if !moves || open.direction_confidence < DIRECTION_SURE {
            return None;
        }
        let (Position { mut edge, offset_mm }, _) = trace.position()?;
        let mut along_mm = u64::from(offset_mm) + (f64::from(open.speed_mps) * since * 1e3) as u64;
        // However short the edges are.
        for _ in 0..config.search_edges_max {
            let length_mm = u64::from(network.length_mm(edge));
            if along_mm <= length_mm {
                return Some(Position { edge, offset_mm: along_mm as u32 });
            }
            let twin = network.twin(edge);
            let mut ahead = network.successors(edge).map(|(next, _)| next).filter(|&next| Some(next) != twin);
            let (Some(next), None) = (ahead.next(), ahead.next()) else { break };
            along_mm -= length_mm;
            edge = next;
        }
        Some(Position { edge, offset_mm: network.length_mm(edge) })
    }
}
