use etaflow_road::{EdgeId, LocalFrame, Network, RoadClass, Timestamp, Weight, Xy};

use super::config::WorldConfig;
use crate::dice::{Dice, hash_normal};

/// How often speeds are worked out anew, seconds.
pub(super) const REFRESH_S: i64 = 5;

/// The side of a zone whose traffic ebbs and flows together, metres.
const ZONE_M: f64 = 700.0;
/// How long a zone's own ebb and flow lasts, seconds of the clock.
const ZONE_CORRELATION_S: f64 = 60.0;
/// Nothing that is open is slower, metres per second.
const CRAWL_MPS: f32 = 0.8;
/// Rush hours: when, how wide, in hours.
const MORNING_H: f64 = 8.25;
const EVENING_H: f64 = 17.75;
const RUSH_WIDTH_H: f64 = 0.9;
/// The share of the rush hour's congestion that is there all day, from 6 to 22.
const DAYTIME: f64 = 0.25;

/// The truth about traffic: how fast each edge is now.
///
/// Speed = the street's own free speed x what is left of it by the time of day (more so for big roads, near the centre,
/// and in the direction of the rush) x the zone's ebb and flow x incidents.
#[derive(Debug)]
pub(super) struct Congestion {
    compression: f64,
    day_at_start_h: f64,
    start: Timestamp,
    length_m: Vec<f32>,
    /// Free speed, metres per second: the map's, give or take what the map does not know.
    free_mps: Vec<f32>,
    /// The share of the speed that the height of the morning rush takes.
    morning: Vec<f32>,
    /// The same in the evening, when the rush goes the other way.
    evening: Vec<f32>,
    zone: Vec<u32>,
    /// Per zone: a normal number that wanders.
    ebb: Vec<f32>,
    /// Per edge: what incidents leave of the speed.
    incident: Vec<f32>,
    /// Per edge: now, metres per second.
    speed_mps: Vec<f32>,
    dice: Dice,
}

impl Congestion {
    pub(super) fn new(network: &Network, config: &WorldConfig, seed: u64, start: Timestamp, dice: Dice) -> Self {
        let (south_west, north_east) = network.bounds().unwrap_or_default();
        let frame = LocalFrame::at(south_west);
        let extent = frame.to_xy(north_east);
        let centre = Xy { x: extent.x / 2.0, y: extent.y / 2.0 };
        let radius = (extent.x.hypot(extent.y) / 4.0).max(1.0);
        let zones_across = (extent.x / ZONE_M).floor() as u32 + 1;
        let zones = zones_across * ((extent.y / ZONE_M).floor() as u32 + 1);
        let edges = network.edge_count();
        let mut congestion = Self {
            compression: config.time_compression,
            day_at_start_h: config.time_of_day_h,
            start,
            length_m: network.edges().map(|edge| network.length_mm(edge) as f32 / 1e3).collect(),
            free_mps: Vec::with_capacity(edges),
            morning: Vec::with_capacity(edges),
            evening: Vec::with_capacity(edges),
            zone: Vec::with_capacity(edges),
            ebb: vec![0.0; zones as usize],
            incident: vec![1.0; edges],
            speed_mps: vec![0.0; edges],
            dice,
        };
        for edge in network.edges() {
            let (from, to) =
                (frame.to_xy(network.coord(network.tail(edge))), frame.to_xy(network.coord(network.head(edge))));
            let near = (-(from.distance(centre) / radius).powi(2)).exp();
            let inward = (from.distance(centre) - to.distance(centre)) / from.distance(to).max(1.0);
            let depth = config.congestion * class_share(network.class(edge)) * (0.45 + 0.55 * near);
            congestion.morning.push((depth * (0.8 + 0.2 * inward)) as f32);
            congestion.evening.push((depth * (0.8 - 0.2 * inward)) as f32);
            let zone = (from.y / ZONE_M).max(0.0) as u32 * zones_across + (from.x / ZONE_M).max(0.0) as u32;
            congestion.zone.push(zone.min(zones - 1));
            // Both directions of a street are alike: its twin draws the same number.
            let street = network.twin(edge).map_or(edge.0, |twin| twin.0.min(edge.0));
            let own = (0.08 * hash_normal(seed ^ u64::from(street))).exp().clamp(0.8, 1.15);
            congestion.free_mps.push((network.free_flow_speed(edge).0 * own) as f32);
        }
        for ebb in &mut congestion.ebb {
            *ebb = congestion.dice.normal() as f32;
        }
        congestion.set_speeds(start);
        congestion
    }

    /// Lets time pass: call every [`REFRESH_S`].
    pub(super) fn refresh(&mut self, now: Timestamp) {
        let keep = (-(REFRESH_S as f64) / ZONE_CORRELATION_S).exp();
        let fresh = (1.0 - keep * keep).sqrt();
        for ebb in &mut self.ebb {
            *ebb = *ebb * keep as f32 + (fresh * self.dice.normal()) as f32;
        }
        self.set_speeds(now);
    }

    fn set_speeds(&mut self, now: Timestamp) {
        let (morning, evening) = self.rush(now);
        for edge in 0..self.speed_mps.len() {
            let taken = self.morning[edge] * morning + self.evening[edge] * evening;
            let zone = 1.0 - 0.12 * self.ebb[self.zone[edge] as usize];
            let left = ((1.0 - taken) * zone).clamp(0.08, 1.1);
            self.speed_mps[edge] = (self.free_mps[edge] * left * self.incident[edge]).max(CRAWL_MPS);
        }
    }

    /// How much of the morning's and of the evening's rush is on, 0 to 1.
    fn rush(&self, now: Timestamp) -> (f32, f32) {
        let hours = self.day_at_start_h + now.since(self.start).secs_f64() * self.compression / 3_600.0;
        let hour = hours.rem_euclid(24.0);
        let peak = |at: f64| (-((hour - at) / RUSH_WIDTH_H).powi(2) / 2.0).exp();
        let day = if (6.0..22.0).contains(&hour) { DAYTIME } else { 0.0 };
        ((day / 2.0 + (1.0 - day) * peak(MORNING_H)) as f32, (day / 2.0 + (1.0 - day) * peak(EVENING_H)) as f32)
    }

    /// The speed on an edge, metres per second.
    #[inline]
    pub(super) fn speed_mps(&self, edge: u32) -> f32 {
        self.speed_mps[edge as usize]
    }

    /// The fastest that an edge ever is, metres per second.
    pub(super) fn speed_max_mps(&self, edge: u32) -> f32 {
        (self.free_mps[edge as usize] * 1.1).max(CRAWL_MPS)
    }

    #[inline]
    pub(super) fn length_m(&self, edge: u32) -> f32 {
        self.length_m[edge as usize]
    }

    /// How long an edge takes now, milliseconds; at least 1.
    pub(super) fn travel_time(&self, edge: u32) -> Weight {
        (self.length_m(edge) / self.speed_mps(edge) * 1e3).max(1.0) as Weight
    }

    /// Whether something happened on an edge that is not over.
    pub(super) fn has_incident(&self, edge: EdgeId) -> bool {
        self.incident[edge.index()] < 1.0
    }

    /// An incident leaves `share` of an edge's speed, from now on; 1 when it is over.
    pub(super) fn set_incident(&mut self, edge: EdgeId, share: f32) {
        let at = edge.index();
        // Good enough until the next refresh, which works it out from the bottom.
        let without = (self.speed_mps[at] / self.incident[at]).min(self.speed_max_mps(edge.0));
        self.speed_mps[at] = (without * share).max(CRAWL_MPS);
        self.incident[at] = share;
    }
}

/// How much of the city's congestion roads of a class get.
fn class_share(class: RoadClass) -> f64 {
    match class {
        RoadClass::Motorway | RoadClass::Trunk => 0.9,
        RoadClass::Primary => 1.0,
        RoadClass::Secondary => 0.95,
        RoadClass::Tertiary => 0.8,
        RoadClass::Unclassified => 0.6,
        RoadClass::Residential => 0.4,
        RoadClass::LivingStreet | RoadClass::Service => 0.2,
        RoadClass::Track | RoadClass::Ferry => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use etaflow_road::Span;

    use super::*;
    use crate::world::testing::town;

    fn mean_speed(hour: f64) -> f64 {
        let network = town();
        let config = WorldConfig { time_of_day_h: hour, ..WorldConfig::default() };
        let congestion = Congestion::new(&network, &config, 1, Timestamp::default(), Dice::new(1, 0));
        let arteries = network.edges().filter(|&edge| network.class(edge) == RoadClass::Primary);
        let speeds: Vec<f64> = arteries.map(|edge| f64::from(congestion.speed_mps(edge.0))).collect();
        speeds.iter().sum::<f64>() / speeds.len() as f64
    }

    #[test]
    fn the_rush_hour_is_slow_and_the_night_is_not() {
        assert!(mean_speed(8.25) < 0.8 * mean_speed(12.0));
        assert!(mean_speed(12.0) < mean_speed(3.0));
    }

    #[test]
    fn a_compressed_minute_shows_the_wave() {
        let network = town();
        let config = WorldConfig { time_of_day_h: 7.25, ..WorldConfig::default() };
        let start = Timestamp::from_secs(0);
        let mut congestion = Congestion::new(&network, &config, 1, start, Dice::new(1, 0));
        let mut mean_at = |second: i64| {
            for step in 0..second / REFRESH_S {
                congestion.refresh(start + Span::from_secs(step * REFRESH_S + REFRESH_S));
            }
            network.edges().map(|edge| f64::from(congestion.speed_mps(edge.0))).sum::<f64>()
        };
        let (before, after) = (mean_at(0), mean_at(60));
        assert!(after < 0.9 * before, "{before} to {after}");
    }

    #[test]
    fn an_incident_slows_its_edge_until_it_is_over() {
        let network = town();
        let mut congestion =
            Congestion::new(&network, &WorldConfig::default(), 1, Timestamp::default(), Dice::new(1, 0));
        let (edge, before) = (EdgeId(3), congestion.speed_mps(3));
        congestion.set_incident(edge, 0.3);
        assert!((congestion.speed_mps(3) - (0.3 * before).max(CRAWL_MPS)).abs() < 1e-3);
        congestion.refresh(Timestamp::from_secs(5));
        assert!(congestion.speed_mps(3) < 0.5 * before);
        assert!(congestion.speed_mps(3) <= congestion.speed_max_mps(3));
    }
}
