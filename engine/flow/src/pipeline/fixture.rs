//! A small city's log, made from a seed: drivers who drive, trips that go well and badly, roads that close.

use std::sync::{Arc, LazyLock};

use etaflow_road::{EdgeId, EdgeIndex, Network, NodeId, RoadClass, Span, SyntheticCity, Timestamp};

use crate::event::{DriverId, DriverStatus, GpsFix, Offset, Payload, ProfileId, Record, RoadRef, SourceId, TripId};
use crate::profile::{ProfileDraft, Profiles, SpeedProfile, WeekBins};

pub(super) static CITY: LazyLock<Arc<Network>> =
    LazyLock::new(|| Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build()));

pub(super) static INDEX: LazyLock<Arc<EdgeIndex>> = LazyLock::new(|| Arc::new(EdgeIndex::new(&CITY)));

/// Some profiles, and their names. Their day is a minute, and a bin a quarter of that.
pub(super) static PROFILES: LazyLock<(Profiles, Vec<ProfileId>)> = LazyLock::new(|| {
    let bins = WeekBins { days: 2, bins_per_day: 4, day: Span::from_secs(60), ..WeekBins::default() };
    let profiles = Profiles::in_memory(&CITY);
    let made = (0..3_u16).map(|nth| {
        let classes = (0..RoadClass::ALL.len() as u16 * bins.slots()).map(|slot| 3_000 + slot % 17 * 300 + nth);
        let mut draft = ProfileDraft::new(&CITY, bins, classes.collect());
        for edge in CITY.edges().step_by(3 + usize::from(nth)) {
            draft.edge(edge, 4_000 + 500 * nth, &[(nth, 9_000), (5, 3_000), (bins.slots() - 1, 6_000)]);
        }
        draft.finish(Offset(nth.into()), 0)
    });
    let names = made.chain([SpeedProfile::free_flow(&CITY)]).map(|profile| profiles.keep(&profile));
    let names = names.collect::<Result<_, _>>().expect("there is room");
    (profiles, names)
});

const START: Timestamp = Timestamp::from_secs(1_700_000_000);

/// Numbers that look random.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % bound as u64) as usize
    }

    /// True so many times in a hundred.
    fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }
}

struct Driver {
    edge: EdgeId,
    offset_mm: u32,
    speed_mm: u32,
}

/// A log of some seconds, with a tick at the end of each.
pub(super) struct City {
    chance: Chance,
    drivers: Vec<Driver>,
    trips: u32,
    records: Vec<Record>,
}

/// What so many drivers and the dispatch say within some seconds.
pub(super) fn log(seed: u64, drivers: usize, seconds: u64) -> Vec<Record> {
    let mut chance = Chance(seed);
    let drivers = (0..drivers)
        .map(|_| Driver {
            edge: EdgeId(chance.below(CITY.edge_count()) as u32),
            offset_mm: 0,
            speed_mm: 4_000 + chance.below(12_000) as u32,
        })
        .collect();
    let mut city = City { chance, drivers, trips: 0, records: Vec::new() };
    (0..seconds).for_each(|second| city.second(second));
    city.records
}

impl City {
    fn put(&mut self, time: Timestamp, source: SourceId, id: u64, payload: Payload) {
        let offset = Offset(self.records.len() as u64);
        self.records.push(Record { offset, time, ingest_time: time, waited_us: 0, source, id, payload });
    }

    fn second(&mut self, second: u64) {
        let now = START + Span::from_secs(second as i64);
        for driver in 0..self.drivers.len() {
            self.drive(driver);
            // Some phones are silent for long.
            if self.chance.percent(if driver % 7 == 3 { 5 } else { 70 }) {
                let payload = self.report(driver);
                let id = self.records.len() as u64;
                let late = Span::from_millis(self.chance.below(1_500) as i64);
                self.put(now - late, SourceId(0), id, payload);
            }
            if self.chance.percent(30) {
                let payload = self.dispatch();
                let id = self.records.len() as u64;
                self.put(now, SourceId(1), id, payload);
            }
        }
        let watermark = now - Span::from_secs(3);
        self.put(now + Span::from_millis(500), Record::TICKER, second, Payload::Tick { watermark });
    }

    fn drive(&mut self, driver: usize) {
        let Driver { edge, offset_mm, speed_mm } = &mut self.drivers[driver];
        *offset_mm += *speed_mm;
        while *offset_mm > CITY.length_mm(*edge) {
            *offset_mm -= CITY.length_mm(*edge);
            let ways: Vec<EdgeId> = CITY.successors(*edge).map(|(next, _)| next).collect();
            match ways.len() {
                0 => *offset_mm = 0,
                count => *edge = ways[self.chance.below(count)],
            }
        }
    }

    fn report(&mut self, driver: usize) -> Payload {
        let id = DriverId(driver as u32);
        if self.chance.percent(3) {
            let statuses = [DriverStatus::Offline, DriverStatus::Available, DriverStatus::Busy];
            return Payload::Status { driver: id, status: statuses[self.chance.below(3)] };
        }
        let Driver { edge, offset_mm, .. } = self.drivers[driver];
        let coord = match self.chance.below(50) {
            0 => CITY.coord(NodeId(self.chance.below(CITY.node_count()) as u32)),
            _ => CITY.coord_at(edge, offset_mm.min(CITY.length_mm(edge))),
        };
        Payload::Location { driver: id, fix: GpsFix::at(coord) }
    }

    /// Something about a trip, mostly what can follow; seldom about a road, and more seldom about all of them.
    fn dispatch(&mut self) -> Payload {
        let trip = TripId(self.trips.saturating_sub(1 + self.chance.below(8) as u32));
        let driver = DriverId(self.chance.below(self.drivers.len()) as u32);
        match self.chance.below(20) {
            0..6 => {
                let place = |nth: usize| CITY.coord(NodeId(nth as u32));
                let (from, to) = (self.chance.below(CITY.node_count()), self.chance.below(CITY.node_count()));
                self.trips += 1;
                let trip = TripId(self.trips - 1);
                Payload::Requested { trip, pickup: place(from), dropoff: place(to) }
            }
            6..12 => Payload::Assigned { trip, driver },
            12..15 => Payload::PickedUp { trip },
            15..18 => Payload::Completed { trip },
            18 => Payload::Cancelled { trip },
            _ if self.chance.percent(10) => {
                Payload::ProfileAdopted { profile: PROFILES.1[self.chance.below(PROFILES.1.len())] }
            }
            _ => {
                let edge = EdgeId(self.chance.below(CITY.edge_count()) as u32);
                let (from, to) = (CITY.node_key(CITY.tail(edge)), CITY.node_key(CITY.head(edge)));
                let road = RoadRef { from_node: from, to_node: to };
                if self.chance.percent(60) { Payload::Closed(road) } else { Payload::Reopened(road) }
            }
        }
    }
}
