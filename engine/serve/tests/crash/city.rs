use std::sync::Arc;

use etaflow::{Clock, DriverStatus, Event, EventSource, GpsFix, Key, WallClock};
use etaflow_road::{EdgeId, Network, NodeId, Span, Timestamp};

/// Numbers that look random.
#[derive(Debug, Clone)]
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }
}

/// How often a driver says where he is.
const REPORT: Span = Span::from_millis(300);

/// What drivers and the dispatch of a city say, as the wall's time goes on.
pub(crate) struct Traffic {
    city: Arc<Network>,
    clock: WallClock,
    chance: Chance,
    gateways: Vec<EventSource>,
    dispatch: EventSource,
    drivers: Vec<Driver>,
    trips: u64,
}

struct Driver {
    key: Key,
    edge: EdgeId,
    offset_mm: u32,
    speed_mm: u32,
    heard_at: Timestamp,
    work: Work,
}

enum Work {
    New,
    Free,
    ToPickup { trip: u64, until: Timestamp },
    ToDropoff { trip: u64, until: Timestamp },
}

impl Traffic {
    pub(crate) fn new(city: Arc<Network>, seed: u64, drivers: usize) -> Self {
        let mut chance = Chance(seed ^ 0xc17);
        let clock = WallClock::new();
        let heard_at = clock.now();
        let driver = |number: u64| Driver {
            key: Key::Number(1_000 + number),
            edge: EdgeId(chance.below(city.edge_count()) as u32),
            offset_mm: 0,
            speed_mm: 4_000 + chance.below(12_000) as u32,
            heard_at: heard_at - Span::from_millis(chance.below(300) as i64),
            work: Work::New,
        };
        let drivers = (0..drivers as u64).map(driver).collect();
        let gateways = (1..=3).map(|number| EventSource::new(Key::Number(number), 0)).collect();
        let dispatch = EventSource::new(Key::Number(9), 0);
        Self { city, clock, chance, gateways, dispatch, drivers, trips: 0 }
    }

    /// What is said since it was last asked.
    pub(crate) fn events(&mut self) -> Vec<Event> {
        let now = self.clock.now();
        let mut events = Vec::new();
        for driver in 0..self.drivers.len() {
            let since = now.since(self.drivers[driver].heard_at);
            if since >= REPORT {
                self.drivers[driver].heard_at = now;
                self.drive(driver, since.min(Span::from_secs(5)));
                let Driver { key, edge, offset_mm, .. } = &self.drivers[driver];
                let place = self.city.coord_at(*edge, (*offset_mm).min(self.city.length_mm(*edge)));
                let gateway = driver % self.gateways.len();
                events.push(self.gateways[gateway].location(now, key.clone(), GpsFix::at(place)));
                events.extend(self.work(driver, now));
            }
        }
        events
    }

    fn drive(&mut self, driver: usize, time: Span) {
        let Driver { edge, offset_mm, speed_mm, .. } = &mut self.drivers[driver];
        *offset_mm += (u64::from(*speed_mm) * time.millis() as u64 / 1_000) as u32;
        while *offset_mm > self.city.length_mm(*edge) {
            *offset_mm -= self.city.length_mm(*edge);
            let ways: Vec<EdgeId> = self.city.successors(*edge).map(|(next, _)| next).collect();
            match ways.len() {
                0 => *offset_mm = 0,
                count => *edge = ways[self.chance.below(count)],
            }
        }
    }

    /// What happens to a driver's work.
    fn work(&mut self, driver: usize, now: Timestamp) -> Vec<Event> {
        let Self { chance, dispatch, drivers, city, .. } = self;
        let Driver { key, work, .. } = &mut drivers[driver];
        let soon = now + Span::from_millis(500 + chance.below(2_500) as i64);
        match *work {
            Work::New => {
                *work = Work::Free;
                vec![dispatch.status(now, key.clone(), DriverStatus::Available)]
            }
            Work::Free if chance.below(12) == 0 => {
                let mut place = || city.coord(NodeId(chance.below(city.node_count()) as u32));
                let (trip, pickup, dropoff) = (self.trips, place(), place());
                self.trips += 1;
                *work = Work::ToPickup { trip, until: soon };
                vec![
                    dispatch.requested(now, Key::Number(trip), pickup, dropoff),
                    dispatch.assigned(now, Key::Number(trip), key.clone()),
                ]
            }
            Work::ToPickup { trip, until } if until <= now => {
                if chance.below(9) == 0 {
                    *work = Work::Free;
                    return vec![dispatch.cancelled(now, Key::Number(trip))];
                }
                *work = Work::ToDropoff { trip, until: soon + Span::from_secs(chance.below(8) as i64) };
                vec![dispatch.picked_up(now, Key::Number(trip))]
            }
            Work::ToDropoff { trip, until } if until <= now => {
                *work = Work::Free;
                vec![dispatch.completed(now, Key::Number(trip))]
            }
            _ => Vec::new(),
        }
    }
}
