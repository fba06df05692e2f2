use std::sync::Arc;

use etaflow_road::{Network, Position, Timestamp};

use super::config::FleetConfig;
use crate::event::{DriverId, DriverStatus};
use crate::stream::{Keyed, Operator, SessionGap, StateDigest, Tick};

/// What the fleet hears of a driver.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DriverEvent {
    /// Was matched to a place on the road.
    Seen {
        /// Who.
        driver: DriverId,
        /// When.
        at: Timestamp,
        /// Where.
        position: Position,
        /// How likely it is that he heads this way along the street and not the other: 0.5 to 1.
        direction_confidence: f32,
    },
    /// Was not heard of for a while, and must have come this far.
    Coasted {
        /// Who.
        driver: DriverId,
        /// Where.
        position: Position,
    },
    /// Gave a sign of life that does not say where he is.
    Heard {
        /// Who.
        driver: DriverId,
        /// When.
        at: Timestamp,
    },
    /// Began or ended work.
    Status {
        /// Who.
        driver: DriverId,
        /// When.
        at: Timestamp,
        /// Now.
        status: DriverStatus,
    },
    /// Was given a trip.
    TripTaken {
        /// Who.
        driver: DriverId,
        /// When.
        at: Timestamp,
    },
    /// Is rid of a trip.
    TripLeft {
        /// Who.
        driver: DriverId,
        /// When.
        at: Timestamp,
    },
}

/// How the set of drivers who can take a trip changes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FleetChange {
    /// Can take one, and is there now.
    Available {
        /// Who.
        driver: DriverId,
        /// Where, as far as is known: where he was seen last, or where he must have come to since.
        position: Position,
        /// When he was seen last.
        seen_at: Timestamp,
        /// How likely it is that he heads this way along the street and not the other: 0.5 to 1.
        direction_confidence: f32,
    },
    /// Can take none any more.
    Unavailable {
        /// Who.
        driver: DriverId,
    },
    /// Was not heard of for so long that nothing is kept any more.
    Forgotten {
        /// Who.
        driver: DriverId,
    },
}

/// One shard's drivers: who can take a trip.
///
/// One without a status is at work as soon as it is seen. Who has a trip is not available, whatever the status.
#[derive(Debug)]
pub struct Fleet {
    /// That drivers are on.
    pub(super) network: Arc<Network>,
    stale: SessionGap,
    forgotten: SessionGap,
    pub(super) drivers: Keyed<Driver>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Driver {
    pub(super) status: DriverStatus,
    pub(super) trips: u32,
    pub(super) place: Option<(Position, Timestamp)>,
    pub(super) direction_confidence: f32,
    pub(super) heard_at: Timestamp,
    /// What the last change said.
    pub(super) available: bool,
}

impl Driver {
    pub(super) fn new(heard_at: Timestamp) -> Self {
        let status = DriverStatus::Available;
        Self { status, trips: 0, place: None, direction_confidence: 0.5, heard_at, available: false }
    }

    /// Can take a trip, from where he is.
    fn available(&self, driver: DriverId, (position, seen_at): (Position, Timestamp)) -> FleetChange {
        FleetChange::Available { driver, position, seen_at, direction_confidence: self.direction_confidence }
    }

    pub(super) fn can_take_a_trip(&self) -> bool {
        self.status == DriverStatus::Available && self.trips == 0
    }
}

impl Fleet {
    /// Nobody yet, in shard `shard` of `shards`.
    pub fn new(network: Arc<Network>, config: &FleetConfig, shard: u32, shards: u32) -> Self {
        Self {
            network,
            stale: SessionGap(config.stale_after),
            forgotten: SessionGap(config.forgotten_after),
            drivers: Keyed::new(shard, shards),
        }
    }

    /// How many drivers are known.
    pub fn len(&self) -> usize {
        self.drivers.len()
    }

    /// Whether nobody is known.
    pub fn is_empty(&self) -> bool {
        self.drivers.is_empty()
    }

    /// Where a driver is, as far as is known, and when he was seen last.
    pub fn place(&self, driver: DriverId) -> Option<(Position, Timestamp)> {
        self.drivers.get(driver.0)?.place
    }

    /// How likely it is that a driver heads the way along the street that his place says, if he has been seen: 0.5 to 1.
    pub fn direction_confidence(&self, driver: DriverId) -> Option<f32> {
        self.drivers.get(driver.0).filter(|driver| driver.place.is_some()).map(|driver| driver.direction_confidence)
    }

    /// Those who can take a trip now, in the order of their numbers, as they were said to be.
    pub fn available(&self) -> impl Iterator<Item = FleetChange> {
        let available = self.drivers.iter().filter(|(_, driver)| driver.available);
        available.filter_map(|(id, driver)| Some(driver.available(DriverId(id), driver.place?)))
    }

    /// Of those who can take a trip alone: whoever has one is on a way of which his arrival time knows already.
    fn on_coasted(&mut self, id: DriverId, position: Position, out: &mut Vec<FleetChange>) {
        let Some(driver) = self.drivers.get_mut(id.0).filter(|driver| driver.available) else { return };
        let Some((_, seen_at)) = driver.place.filter(|&(place, _)| place != position) else { return };
        driver.place = Some((position, seen_at));
        out.push(driver.available(id, (position, seen_at)));
    }
}

impl Operator for Fleet {
    type In = DriverEvent;
    type Out = FleetChange;

    fn on_event(&mut self, event: &DriverEvent, out: &mut Vec<FleetChange>) {
        let (id, at) = match *event {
            DriverEvent::Coasted { driver, position } => return self.on_coasted(driver, position, out),
            DriverEvent::Seen { driver, at, .. }
            | DriverEvent::Heard { driver, at }
            | DriverEvent::Status { driver, at, .. }
            | DriverEvent::TripTaken { driver, at }
            | DriverEvent::TripLeft { driver, at } => (driver, at),
        };
        let driver = self.drivers.entry(id.0, || Driver::new(at));
        driver.heard_at = driver.heard_at.max(at);
        match *event {
            DriverEvent::Seen { position, direction_confidence, .. } => {
                driver.place = Some((position, at));
                driver.direction_confidence = direction_confidence;
            }
            DriverEvent::Heard { .. } | DriverEvent::Coasted { .. } => return,
            DriverEvent::Status { status, .. } => driver.status = status,
            DriverEvent::TripTaken { .. } => driver.trips += 1,
            DriverEvent::TripLeft { .. } => driver.trips = driver.trips.saturating_sub(1),
        }
        let seen = matches!(event, DriverEvent::Seen { .. });
        match driver.place {
            // One gone stale comes back when it is seen, not for what else is heard of it.
            Some((position, seen_at))
                if driver.can_take_a_trip() && (seen || driver.available || self.stale.joins(seen_at, at)) =>
            {
                driver.available = true;
                out.push(driver.available(id, (position, seen_at)));
            }
            _ if driver.available => {
                driver.available = false;
                out.push(FleetChange::Unavailable { driver: id });
            }
            _ => {}
        }
    }

    fn on_tick(&mut self, tick: &Tick, out: &mut Vec<FleetChange>) {
        let (stale, forgotten) = (self.stale, self.forgotten);
        let mut gone = Vec::new();
        for (id, driver) in self.drivers.iter_mut() {
            let unseen = driver.place.is_none_or(|(_, seen_at)| stale.is_over(seen_at, tick.watermark));
            if driver.available && unseen {
                driver.available = false;
                out.push(FleetChange::Unavailable { driver: DriverId(id) });
            }
            if driver.trips == 0 && forgotten.is_over(driver.heard_at, tick.watermark) {
                gone.push(id);
            }
        }
        for id in gone {
            self.drivers.remove(id);
            out.push(FleetChange::Forgotten { driver: DriverId(id) });
        }
    }

    fn digest(&self, into: &mut StateDigest) {
        into.entities(self);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use etaflow_road::{EdgeId, SyntheticCity};

    use super::*;

    static CITY: LazyLock<Arc<Network>> =
        LazyLock::new(|| Arc::new(SyntheticCity { nodes: 300, ..SyntheticCity::default() }.build()));

    const DRIVER: DriverId = DriverId(0);

    fn seen(second: i64) -> DriverEvent {
        let position = Position { edge: EdgeId(second as u32), offset_mm: 0 };
        DriverEvent::Seen { driver: DRIVER, at: Timestamp::from_secs(second), position, direction_confidence: 0.75 }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_secs(second)
    }

    fn fleet_after(events: &[DriverEvent]) -> (Fleet, Option<FleetChange>) {
        let mut fleet = Fleet::new(Arc::clone(&CITY), &FleetConfig::default(), 0, 1);
        let mut out = Vec::new();
        events.iter().for_each(|event| fleet.on_event(event, &mut out));
        (fleet, out.pop())
    }

    #[test]
    fn one_with_a_trip_or_off_work_is_not_available() {
        for (events, available) in [
            (vec![seen(1)], true),
            (vec![seen(1), DriverEvent::TripTaken { driver: DRIVER, at: at(2) }, seen(3)], false),
            (
                vec![
                    seen(1),
                    DriverEvent::TripTaken { driver: DRIVER, at: at(2) },
                    DriverEvent::TripLeft { driver: DRIVER, at: at(3) },
                ],
                true,
            ),
            (
                vec![
                    seen(1),
                    DriverEvent::Status { driver: DRIVER, at: at(2), status: DriverStatus::Offline },
                    seen(3),
                ],
                false,
            ),
        ] {
            let (_, change) = fleet_after(&events);
            assert_eq!(matches!(change, Some(FleetChange::Available { .. })), available, "{events:?}");
        }
    }

    #[test]
    fn only_one_who_can_take_a_trip_coasts() {
        let position = Position { edge: EdgeId(70), offset_mm: 7 };
        let coasted = DriverEvent::Coasted { driver: DRIVER, position };
        let (mut fleet, change) = fleet_after(&[seen(1), coasted]);
        let expected = FleetChange::Available { driver: DRIVER, position, seen_at: at(1), direction_confidence: 0.75 };
        assert_eq!(change, Some(expected));
        assert_eq!(fleet.place(DRIVER), Some((position, at(1))));
        let mut out = Vec::new();
        fleet.on_event(&coasted, &mut out);
        assert_eq!(out, [], "he has come no farther");
        for events in [vec![coasted], vec![seen(1), DriverEvent::TripTaken { driver: DRIVER, at: at(2) }, coasted]] {
            let (fleet, change) = fleet_after(&events);
            assert!(!matches!(change, Some(FleetChange::Available { position: found, .. }) if found == position));
            assert_ne!(fleet.place(DRIVER).map(|(place, _)| place), Some(position), "{events:?}");
        }
    }

    #[test]
    fn one_not_seen_for_long_goes_and_comes_back_when_seen() {
        let (mut fleet, _) = fleet_after(&[seen(0)]);
        let mut out = Vec::new();
        let tick = |second| Tick { number: 0, time: at(second), watermark: at(second) };
        fleet.on_tick(&tick(120), &mut out);
        assert_eq!(out, []);
        fleet.on_tick(&tick(121), &mut out);
        assert_eq!(out, [FleetChange::Unavailable { driver: DRIVER }]);
        out.clear();
        fleet.on_event(&seen(130), &mut out);
        assert!(matches!(out[..], [FleetChange::Available { .. }]));
        out.clear();
        fleet.on_tick(&tick(130 + 86_401), &mut out);
        assert!(out.contains(&FleetChange::Forgotten { driver: DRIVER }) && fleet.is_empty());
    }
}
