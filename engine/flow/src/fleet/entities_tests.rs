//! A fleet that was written down and read back, beside the one that was not.

use std::sync::{Arc, LazyLock};

use etaflow_road::{EdgeId, Position, Span, SyntheticCity, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::event::DriverId;
use crate::fleet::{DriverEvent, FleetChange, FleetConfig};
use crate::stream::fixture::{Written, digest, harms, read_back, read_harmed, written};
use crate::stream::{Operator, Tick};

static CITY: LazyLock<Arc<Network>> =
    LazyLock::new(|| Arc::new(SyntheticCity { nodes: 300, ..SyntheticCity::default() }.build()));

/// So many drivers, and so many shards at most.
const DRIVERS: u32 = 7;
const SHARDS: u32 = 3;

/// What happens: so many seconds later, to which driver, what, and where.
type Happening = (i64, u32, u8, u32);

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    prop::collection::vec((0_i64..40, 0..DRIVERS, 0_u8..12, any::<u32>()), 0..60)
}

fn shards(count: u32) -> Vec<Fleet> {
    // So that drivers are forgotten, too.
    let config = FleetConfig { stale_after: Span::from_secs(60), forgotten_after: Span::from_secs(300) };
    (0..count).map(|shard| Fleet::new(Arc::clone(&CITY), &config, shard, count)).collect()
}

fn happen(shards: &mut [Fleet], at: Timestamp, (_, driver, what, place): Happening) -> Vec<FleetChange> {
    let edge = EdgeId(place % CITY.edge_count() as u32);
    let position = Position { edge, offset_mm: place % CITY.length_mm(edge) };
    let (id, direction_confidence) = (DriverId(driver), 0.5 + (place % 50) as f32 / 100.0);
    let event = match what {
        0..=3 => DriverEvent::Seen { driver: id, at, position, direction_confidence },
        4 => DriverEvent::Coasted { driver: id, position },
        5 => DriverEvent::Heard { driver: id, at },
        6 | 7 => DriverEvent::Status { driver: id, at, status: STATUSES[place as usize % 3] },
        8 => DriverEvent::TripTaken { driver: id, at },
        9 => DriverEvent::TripLeft { driver: id, at },
        _ => {
            let tick = Tick { number: 0, time: at, watermark: at };
            let mut out = Vec::new();
            shards.iter_mut().for_each(|shard| shard.on_tick(&tick, &mut out));
            // What is said of each driver is in order.
            out.sort_by_key(|change| match change {
                FleetChange::Available { driver, .. }
                | FleetChange::Unavailable { driver }
                | FleetChange::Forgotten { driver } => *driver,
            });
            return out;
        }
    };
    let mut out = Vec::new();
    let of = driver as usize % shards.len();
    shards[of].on_event(&event, &mut out);
    out
}

/// Two fleets after the same.
fn both(left: &mut [Fleet], right: &mut [Fleet], start: Timestamp, happenings: &[Happening]) -> Timestamp {
    let mut now = start;
    for happening in happenings {
        now = now + Span::from_secs(happening.0);
        assert_eq!(happen(left, now, *happening), happen(right, now, *happening), "{happening:?}");
        assert_eq!(digest(left), digest(right), "{happening:?}");
    }
    now
}

fn entities_after(happenings: &[Happening]) -> Vec<Written> {
    let (mut fleet, mut now) = (shards(1), Timestamp::from_secs(1_000));
    for happening in happenings {
        now = now + Span::from_secs(happening.0);
        happen(&mut fleet, now, *happening);
    }
    written(&fleet)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_fleet_that_was_read_back_goes_on_as_it_would_have(
        before in happenings(), after in happenings(), from in 1..=SHARDS, to in 1..=SHARDS,
    ) {
        let (mut first, mut twin) = (shards(from), shards(from));
        let now = both(&mut first, &mut twin, Timestamp::from_secs(1_000), &before);
        let mut restored = shards(to);
        read_back(&mut restored, &written(&first));
        let available = |shards: &[Fleet]| shards.iter().flat_map(Fleet::available).count();
        prop_assert_eq!(available(&restored), available(&first));
        both(&mut first, &mut restored, now, &after);
    }

    #[test]
    fn what_is_told_of_those_available_is_what_was_told_last(happenings in happenings()) {
        let (mut fleet, mut now) = (shards(1), Timestamp::from_secs(1_000));
        let mut told = std::collections::BTreeMap::new();
        for happening in &happenings {
            now = now + Span::from_secs(happening.0);
            for change in happen(&mut fleet, now, *happening) {
                match change {
                    FleetChange::Available { driver, .. } => _ = told.insert(driver, change),
                    FleetChange::Unavailable { driver } | FleetChange::Forgotten { driver } => _ = told.remove(&driver),
                }
            }
        }
        prop_assert_eq!(fleet[0].available().collect::<Vec<_>>(), told.into_values().collect::<Vec<_>>());
    }

    #[test]
    fn harmed_drivers_are_refused_or_drivers(
        before in happenings(), after in happenings(), at in any::<usize>(), harms in harms(),
    ) {
        let entities = entities_after(&before);
        if entities.is_empty() { return Ok(()); }
        let mut fleet = shards(1);
        read_harmed(&mut fleet[0], &entities, at, &harms);
        let mut now = Timestamp::from_secs(10_000);
        for happening in &after {
            now = now + Span::from_secs(happening.0);
            happen(&mut fleet, now, *happening);
        }
    }
}

#[test]
fn a_driver_without_a_number_or_of_another_shard_is_refused() {
    let entities = entities_after(&[(0, 1, 0, 5)]);
    let (number, bytes) = &entities[0];
    let mut fleet = shards(3);
    assert!(fleet[1].takes(*number, bytes) && !fleet[0].takes(*number, bytes));
    for (shard, number, why) in [
        (0, *number, "it is another shard's"),
        (0, u64::MAX, "the number is above all that are given"),
        (0, 99_999_999_999, "the number is above all that are given"),
    ] {
        let error = fleet[shard].decode_entity(number, bytes).expect_err(why);
        assert_eq!((error.number, error.why.as_str()), (number, why));
    }
    assert!(fleet.iter().all(Fleet::is_empty));
}
