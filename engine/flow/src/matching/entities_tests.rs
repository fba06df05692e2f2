//! Traces that were written down and read back, beside those that were not.

use std::sync::{Arc, LazyLock};

use etaflow_road::{
    EdgeId, EdgeIndex, LocalFrame, MatcherConfig, Network, Position, Span, SyntheticCity, Timestamp, Xy,
};
use proptest::prelude::*;

use super::*;
use crate::event::{DriverId, GpsFix, Offset, Payload, Record, SourceId};
use crate::matching::Movement;
use crate::stream::fixture::{digest, harms, read_back, read_harmed, written};
use crate::stream::{Operator, Tick};

static CITY: LazyLock<(Arc<Network>, Arc<EdgeIndex>)> = LazyLock::new(|| {
    let network = Arc::new(SyntheticCity { nodes: 300, ..SyntheticCity::default() }.build());
    let index = Arc::new(EdgeIndex::new(&network));
    (network, index)
});

/// So many drivers, and so many shards at most.
const DRIVERS: usize = 4;
const SHARDS: u32 = 3;

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Happening {
    /// A driver goes on for so many milliseconds and metres, takes this way where there are several, and his fix is off
    /// by this many metres east and north.
    Drives { driver: usize, after_ms: i64, by_m: u32, way: usize, off_m: (f64, f64) },
    /// He is somewhere else.
    Appears { driver: usize, edge: usize },
    /// A tick, with the watermark so many seconds behind it.
    Tick { after_ms: i64, behind_s: i64 },
    /// He is forgotten.
    Forgotten { driver: usize },
}

fn happening() -> impl Strategy<Value = Happening> {
    let driver = 0..DRIVERS;
    let off_m = prop_oneof![4 => (-6.0..6.0, -6.0..6.0), 1 => (-40.0..40.0, -40.0..40.0)];
    let after_ms = prop_oneof![8 => 200_i64..4_000, 1 => 4_000_i64..40_000, 1 => Just(150_000)];
    let by_m = prop_oneof![5 => 5_u32..60, 1 => Just(0), 1 => 60_u32..900];
    let drives = (driver.clone(), after_ms, by_m, 0_usize..4, off_m)
        .prop_map(|(driver, after_ms, by_m, way, off_m)| Happening::Drives { driver, after_ms, by_m, way, off_m });
    prop_oneof![
        16 => drives,
        1 => (driver.clone(), any::<usize>()).prop_map(|(driver, edge)| Happening::Appears { driver, edge }),
        2 => (0_i64..9_000, 0_i64..9).prop_map(|(after_ms, behind_s)| Happening::Tick { after_ms, behind_s }),
        1 => driver.prop_map(|driver| Happening::Forgotten { driver }),
    ]
}

/// Where the drivers are and what time it is.
#[derive(Clone)]
struct World {
    places: [Position; DRIVERS],
    now: Timestamp,
}

/// What the operators are given.
enum Given {
    Fix(DriverId, Record),
    Tick(Tick),
    Forgotten(DriverId),
}

impl World {
    fn new() -> Self {
        let places = [0, 7, 70, 200].map(|edge| Position { edge: EdgeId(edge), offset_mm: 0 });
        Self { places, now: Timestamp::from_secs(1_000) }
    }

    fn go_on(&mut self, happening: &Happening) -> Given {
        let network = &CITY.0;
        match *happening {
            Happening::Drives { driver, after_ms, by_m, way, off_m } => {
                self.now = self.now + Span::from_millis(after_ms);
                let mut left_mm = by_m * 1_000;
                let mut place = self.places[driver];
                while place.offset_mm + left_mm > network.length_mm(place.edge) {
                    let ways: Vec<EdgeId> = network.successors(place.edge).map(|(next, _)| next).collect();
                    if ways.is_empty() {
                        left_mm = 0;
                        break;
                    }
                    left_mm -= network.length_mm(place.edge) - place.offset_mm;
                    place = Position { edge: ways[way % ways.len()], offset_mm: 0 };
                }
                place.offset_mm += left_mm;
                self.places[driver] = place;
                self.fix(driver, off_m)
            }
            Happening::Appears { driver, edge } => {
                self.places[driver] = Position { edge: EdgeId((edge % network.edge_count()) as u32), offset_mm: 0 };
                self.fix(driver, (0.0, 0.0))
            }
            Happening::Tick { after_ms, behind_s } => {
                self.now = self.now + Span::from_millis(after_ms);
                Given::Tick(Tick { number: 0, time: self.now, watermark: self.now - Span::from_secs(behind_s) })
            }
            Happening::Forgotten { driver } => Given::Forgotten(DriverId(driver as u32)),
        }
    }

    fn fix(&self, driver: usize, (x, y): (f64, f64)) -> Given {
        let Position { edge, offset_mm } = self.places[driver];
        let coord = LocalFrame::at(CITY.0.coord_at(edge, offset_mm)).to_coord(Xy { x, y });
        let driver = DriverId(driver as u32);
        let (time, payload) = (self.now, Payload::Location { driver, fix: GpsFix::at(coord) });
        let (offset, source, id) = (Offset(0), SourceId(0), 0);
        Given::Fix(driver, Record { offset, time, ingest_time: time, waited_us: 0, source, id, payload })
    }
}

fn shards(count: u32) -> Vec<Matching> {
    let (network, index) = &*CITY;
    let new = |shard| {
        Matching::new(Arc::clone(network), Arc::clone(index), MatcherConfig::default(), (shard, count))
            .expect("within bounds")
    };
    (0..count).map(new).collect()
}

fn give(shards: &mut [Matching], given: &Given) -> Vec<Movement> {
    let (count, mut out) = (shards.len(), Vec::new());
    match given {
        Given::Fix(driver, record) => shards[driver.index() % count].on_event(record, &mut out),
        Given::Forgotten(driver) => shards[driver.index() % count].forget(*driver),
        Given::Tick(tick) => {
            shards.iter_mut().for_each(|shard| shard.on_tick(tick, &mut out));
            out.sort_by_key(|movement| match movement {
                Movement::Coasted { driver, .. } => *driver,
                _ => panic!("{movement:?}"),
            });
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn traces_that_were_read_back_go_on_as_they_would_have(
        happenings in prop::collection::vec(happening(), 1..120),
        cut in any::<prop::sample::Index>(),
        from in 1..=SHARDS,
        to in 1..=SHARDS,
    ) {
        let (before, after) = happenings.split_at(cut.index(happenings.len()));
        let (mut world, mut first) = (World::new(), shards(from));
        for happening in before {
            give(&mut first, &world.go_on(happening));
        }
        let mut restored = shards(to);
        read_back(&mut restored, &written(&first));
        prop_assert_eq!(digest(&restored), digest(&first));
        for happening in after {
            let given = world.go_on(happening);
            prop_assert_eq!(give(&mut restored, &given), give(&mut first, &given), "{:?}", happening);
            prop_assert_eq!(digest(&restored), digest(&first), "{:?}", happening);
        }
    }

    #[test]
    fn harmed_traces_are_refused_or_traces(
        before in prop::collection::vec(happening(), 1..80),
        after in prop::collection::vec(happening(), 1..60),
        at in any::<usize>(),
        harms in harms(),
    ) {
        let (mut world, mut first) = (World::new(), shards(1));
        for happening in &before {
            give(&mut first, &world.go_on(happening));
        }
        let entities = written(&first);
        if entities.is_empty() { return Ok(()); }
        let mut restored = shards(1);
        read_harmed(&mut restored[0], &entities, at, &harms);
        for happening in &after {
            give(&mut restored, &world.go_on(happening));
        }
    }
}
