//! Trips that were written down and read back, beside those that were not.

use etaflow_road::{Coord, Span, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::event::{Offset, Payload, Record, SourceId};
use crate::stream::fixture::{digest, harms, read_back, read_harmed, written};
use crate::stream::{Operator, Tick};
use crate::trip::{TripOutcome, TripsConfig};

/// What happens: so many seconds later, to which of the trips, and what.
type Happening = (i64, u32, u8);

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    prop::collection::vec((0_i64..30, any::<u32>(), 0_u8..12), 0..60)
}

/// Trips, and what the log says next.
struct Rig {
    trips: Trips,
    next: u32,
    now: Timestamp,
}

impl Rig {
    fn new() -> Self {
        let config = TripsConfig { abandoned_after: Span::from_secs(200), under_way_max: 8 };
        Self { trips: Trips::new(config), next: 0, now: Timestamp::from_secs(1_000) }
    }

    fn happen(&mut self, &(after_s, number, what): &Happening) -> Vec<TripOutcome> {
        self.now = self.now + Span::from_secs(after_s);
        let (trip, driver) = (TripId(number % self.next.max(1)), DriverId(number % 5));
        let place = |number: u32| Coord::from_e7(number as i32 % 900_000_000, -5).expect("in range");
        let payload = match what {
            0..=4 => {
                self.next += 1;
                Payload::Requested { trip: TripId(self.next - 1), pickup: place(number), dropoff: place(number / 2) }
            }
            5..=7 => Payload::Assigned { trip, driver },
            8 => Payload::PickedUp { trip },
            9 => Payload::Completed { trip },
            10 => Payload::Cancelled { trip },
            _ => {
                let mut out = Vec::new();
                self.trips.on_tick(&Tick { number: 0, time: self.now, watermark: self.now }, &mut out);
                return out;
            }
        };
        let (time, mut out) = (self.now, Vec::new());
        let (offset, source, id) = (Offset(0), SourceId(0), 0);
        self.trips.on_event(&Record { offset, time, ingest_time: time, waited_us: 0, source, id, payload }, &mut out);
        out
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn trips_that_were_read_back_go_on_as_they_would_have(before in happenings(), after in happenings()) {
        let mut rig = Rig::new();
        before.iter().for_each(|happening| drop(rig.happen(happening)));
        let mut restored = Rig { next: rig.next, now: rig.now, ..Rig::new() };
        read_back(std::slice::from_mut(&mut restored.trips), &written(std::slice::from_ref(&rig.trips)));
        for happening in &after {
            prop_assert_eq!(restored.happen(happening), rig.happen(happening), "{:?}", happening);
            let digests = [&restored, &rig].map(|rig| digest(std::slice::from_ref(&rig.trips)));
            prop_assert_eq!(digests[0], digests[1], "{:?}", happening);
        }
    }

    #[test]
    fn harmed_trips_are_refused_or_trips(
        before in happenings(), after in happenings(), at in any::<usize>(), harms in harms(),
    ) {
        let mut rig = Rig::new();
        before.iter().for_each(|happening| drop(rig.happen(happening)));
        let entities = written(std::slice::from_ref(&rig.trips));
        if entities.is_empty() { return Ok(()); }
        let mut restored = Rig { next: rig.next, now: rig.now, ..Rig::new() };
        read_harmed(&mut restored.trips, &entities, at, &harms);
        after.iter().for_each(|happening| drop(restored.happen(happening)));
    }
}

#[test]
fn a_trip_without_a_number_is_refused() {
    let mut rig = Rig::new();
    rig.happen(&(0, 0, 0));
    let (_, bytes) = written(std::slice::from_ref(&rig.trips)).remove(0);
    let error = rig.trips.decode_entity(1 << 32, &bytes).expect_err("no trip has that number");
    assert_eq!(error.to_string(), "trip number 4294967296: the number is above all that are given");
}
