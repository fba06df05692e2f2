//! Arrival times beside what the ways ahead add up to, worked out from nothing.

use std::sync::LazyLock;

use etaflow_road::{Metric, Route, SyntheticCity};
use proptest::prelude::*;

use super::*;
use crate::eta::leg::Leg;
use crate::eta::{Calibration, Quantiles};
use crate::trip::Trip;

static CITY: LazyLock<(Arc<Network>, Arc<EdgeIndex>)> = LazyLock::new(|| {
    let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
    let index = Arc::new(EdgeIndex::new(&network));
    (network, index)
});

const START: Timestamp = Timestamp::from_secs(10_000);

fn position(nth: usize) -> Position {
    let edge = CITY.0.edges().filter(|&edge| CITY.0.component(edge) == 0).nth(nth % 1_500).expect("within");
    Position { edge, offset_mm: CITY.0.length_mm(edge) / 2 }
}

/// Travel times between half and six times those of free flow; some roads closed if some may be.
fn epoch(number: u64, seed: u64, with_closures: bool) -> Arc<Epoch> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let weights = CITY.0.edges().map(|edge| {
        let (factor, closes) = (500 + next() % 5_500, next() % 100 == 0);
        let weight = (u64::from(CITY.0.free_flow(edge)) * factor / 1_000).max(1) as Weight;
        if closes && with_closures { INFINITY } else { weight }
    });
    let metric = Metric::new(&CITY.0, weights.collect()).expect("all are weights");
    let quantiles = Arc::clone(Calibration::default().quantiles());
    Arc::new(Epoch { number, metric: Arc::new(metric), metric_number: number, quantiles })
}

fn estimator(epoch: &Arc<Epoch>) -> Estimator {
    let (network, index) = &*CITY;
    Estimator::new(Arc::clone(network), Arc::clone(index), EtaConfig::default(), Arc::clone(epoch), (0, 1))
}

/// A way timed from nothing.
fn anew(leg: &Leg, metric: &Metric, from: Option<Position>) -> Weight {
    let (edges, begin, target, at) = leg.parts();
    let (ahead, source) = from.map_or((edges, begin), |place| (&edges[at..], place));
    assert_eq!(ahead[0], source.edge, "he is on his way");
    let route = Route { edges: ahead.to_vec(), source, target, duration: 0, length_mm: 0 };
    Leg::new(&CITY.0, metric, route, source, target).whole(&CITY.0, metric)
}

/// All that is ahead of a plan, from when on.
fn outlook_anew(plan: &Plan, metric: &Metric, now: Timestamp) -> (Timestamp, Weight) {
    let (pickup, boarding) = (180_000, 20_000);
    let ride = |from| plan.ride.as_ref().map_or(INFINITY, |leg| anew(leg, metric, from));
    match (plan.state.stage, plan.seen) {
        (TripStage::Requested, _) => (now, pickup + ride(None)),
        (TripStage::Assigned { .. }, None) => (now, pickup + boarding + ride(None)),
        (TripStage::Assigned { .. }, Some((place, at))) => {
            let approach = plan.approach.as_ref().map_or(INFINITY, |leg| anew(leg, metric, Some(place)));
            (at, approach.saturating_add(boarding).saturating_add(ride(None)))
        }
        (TripStage::OnBoard { .. }, None) => (now, ride(None)),
        (TripStage::OnBoard { .. }, Some((place, at))) => (at, ride(Some(place))),
    }
}

/// A driver who is there, and heads there without doubt.
fn seen(driver: DriverId, at: Timestamp, position: Position, offset: Offset) -> EtaInput {
    EtaInput::Seen { driver, at, position, direction_sure: true, direction_confidence: 1.0, offset }
}

#[derive(Debug, Clone)]
enum Happening {
    /// A new trip, from one place to another.
    Request(usize, usize),
    /// The next step of one of the trips.
    Advance(usize),
    /// A driver is seen: on the way of the trip, so many edges on, or somewhere else.
    Seen(usize, usize, bool),
    /// New travel times.
    Epoch(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        (0_usize..1_500, 0_usize..1_500).prop_map(|(from, to)| Happening::Request(from, to)),
        (0_usize..20).prop_map(Happening::Advance),
        (0_usize..20).prop_map(Happening::Advance),
        (0_usize..20, 0_usize..1_500, any::<bool>()).prop_map(|(trip, at, on_way)| Happening::Seen(trip, at, on_way)),
        (0_usize..20, 0_usize..1_500, any::<bool>()).prop_map(|(trip, at, on_way)| Happening::Seen(trip, at, on_way)),
    ]
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let one = prop_oneof![5 => happening(), 1 => any::<u64>().prop_map(Happening::Epoch)];
    prop::collection::vec(one, 1..60)
}

/// Drives an estimator, and keeps the trips' own states.
struct Rig {
    estimator: Estimator,
    trips: Vec<Trip>,
    /// Where each trip's driver was seen last, as the fleet would know.
    places: Vec<Option<(Position, Timestamp)>>,
    offset: u64,
    now: Timestamp,
    /// How long it is from one thing that happens to the next.
    step: Span,
}

impl Rig {
    fn new(first: &Arc<Epoch>) -> Self {
        let (trips, places) = (Vec::new(), Vec::new());
        Self { estimator: estimator(first), trips, places, offset: 0, now: START, step: Span::from_secs(1) }
    }

    /// A tick now, from which on `epoch` is in force.
    fn tick(&mut self, epoch: Arc<Epoch>) -> Vec<Told> {
        self.input(EtaInput::Epoch { epoch, offset: Offset(self.offset) });
        let mut out = Vec::new();
        self.estimator.on_tick(&Tick { number: self.offset, time: self.now, watermark: self.now }, &mut out);
        out
    }

    fn input(&mut self, input: EtaInput) -> Vec<Told> {
        let mut out = Vec::new();
        self.estimator.on_event(&input, &mut out);
        out
    }

    fn happen(&mut self, happening: &Happening) -> Vec<Told> {
        self.offset += 1;
        self.now = self.now + self.step;
        let (at, offset) = (self.now, Offset(self.offset));
        match *happening {
            Happening::Request(from, to) => {
                let coord = |nth| CITY.0.coord_at(position(nth).edge, position(nth).offset_mm);
                let (pickup, dropoff) = (coord(from), coord(to));
                let state = Trip { pickup, dropoff, requested_at: at, stage: TripStage::Requested };
                let trip = TripId(self.trips.len() as u32);
                self.trips.push(state);
                self.places.push(None);
                let change = TripChange { trip, state, event: None, previous: None, at };
                self.input(EtaInput::Trip { change, place: None, direction_confidence: None, offset })
            }
            Happening::Advance(nth) if !self.trips.is_empty() => {
                let nth = nth % self.trips.len();
                let (trip, driver) = (TripId(nth as u32), DriverId(nth as u32));
                let previous = self.trips[nth].stage.driver();
                let (stage, event) = match self.trips[nth].stage {
                    TripStage::Requested => (TripStage::Assigned { driver }, TripEvent::Assigned { driver }),
                    _ => (TripStage::OnBoard { driver }, TripEvent::PickedUp),
                };
                self.trips[nth].stage = stage;
                let change = TripChange { trip, state: self.trips[nth], event: Some(event), previous, at };
                let (place, direction_confidence) = (self.places[nth], self.places[nth].map(|_| 0.5));
                self.input(EtaInput::Trip { change, place, direction_confidence, offset })
            }
            Happening::Seen(nth, place, on_way) if !self.trips.is_empty() => {
                let nth = nth % self.trips.len();
                let plan = &self.estimator.plans[&TripId(nth as u32)];
                let leg = plan.approach.as_ref().or(plan.ride.as_ref()).filter(|_| on_way);
                let position = leg.map_or(position(place), |leg| {
                    let edges = leg.parts().0;
                    let edge = edges[place % edges.len()];
                    Position { edge, offset_mm: CITY.0.length_mm(edge) / 3 }
                });
                let driver = DriverId(nth as u32);
                self.places[nth] = Some((position, at));
                self.input(seen(driver, at, position, offset))
            }
            Happening::Epoch(seed) => self.tick(epoch(self.offset, seed, true)),
            Happening::Advance(_) | Happening::Seen(..) => Vec::new(),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn an_arrival_time_is_what_the_way_ahead_adds_up_to(seed in any::<u64>(), happenings in happenings()) {
        let mut rig = Rig::new(&epoch(0, seed, false));
        for happening in &happenings {
            let told = rig.happen(happening);
            if matches!(happening, Happening::Epoch(_)) {
                prop_assert_eq!(told.len(), rig.trips.len(), "a tick refreshes every trip");
            }
            for Told { update, .. } in told {
                let plan = &rig.estimator.plans[&update.trip];
                let epoch = &rig.estimator.epoch;
                let (from, total) = outlook_anew(plan, &epoch.metric, rig.now);
                let quantiles: &Quantiles = &epoch.quantiles;
                let expected = (total < INFINITY).then(|| {
                    quantiles.of(plan.phase, total).map(|millis| (from + Span::from_millis(i64::from(millis))).max(rig.now))
                });
                let found = update.arrival.map(|arrival| [arrival.p10, arrival.p50, arrival.p90]);
                prop_assert_eq!(found, expected, "{:?} at {:?}: {:?}", happening, plan.state.stage, update);
                let seen_at = plan.state.stage.driver().and(rig.places[update.trip.index()]).map(|(_, at)| at);
                prop_assert_eq!(update.fix_at, seen_at, "{:?}", happening);
                prop_assert_eq!(update.direction_confidence.is_some(), seen_at.is_some(), "{:?}", happening);
                prop_assert_eq!((update.epoch, update.as_of, update.offset.0), (epoch.number, rig.now, rig.offset));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// A place that was wrong, and the one after it that is right, beside the same trip that was never led astray.
    #[test]
    fn a_wrong_answer_is_put_right_by_the_next(
        seed in any::<u64>(),
        (from, to) in (0_usize..1_500, 0_usize..1_500),
        on_board in any::<bool>(),
        steps in prop::collection::vec((0_usize..6, prop::option::of((0_usize..1_500, any::<bool>()))), 1..10),
    ) {
        let in_force = epoch(0, seed, false);
        let [mut true_rig, mut rig] = [Rig::new(&in_force), Rig::new(&in_force)];
        for rig in [&mut true_rig, &mut rig] {
            rig.happen(&Happening::Request(from, to));
            rig.places[0] = Some((position(from / 2), rig.now));
            rig.happen(&Happening::Advance(0));
            if on_board {
                rig.happen(&Happening::Advance(0));
            }
        }
        let change_min = EtaConfig::default().change_min;
        // What the outside was told last.
        let mut last = None;
        let see = |rig: &mut Rig, position| {
            let (driver, at, offset) = (DriverId(0), rig.now, Offset(rig.offset));
            let told = rig.input(seen(driver, at, position, offset));
            told.first().map(|told| (told.update.arrival, told.update.pickup_at, told.news))
        };
        for (ahead, wrong) in steps {
            for rig in [&mut true_rig, &mut rig] {
                (rig.now, rig.offset) = (rig.now + rig.step, rig.offset + 2);
            }
            if let Some((nth, near)) = wrong {
                // Anywhere, or on the way but far from where he is.
                let plan = &rig.estimator.plans[&TripId(0)];
                let way = plan.approach.as_ref().or(plan.ride.as_ref()).filter(|_| near);
                let edge = way.map(|leg| leg.parts().0[nth % leg.parts().0.len()]);
                let wrong = edge.map_or(position(nth), |edge| Position { edge, offset_mm: 0 });
                last = see(&mut rig, wrong).filter(|told| told.2).or(last);
                (rig.now, true_rig.now) = (rig.now + rig.step, true_rig.now + rig.step);
            }
            let plan = &true_rig.estimator.plans[&TripId(0)];
            let Some(leg) = plan.approach.as_ref().or(plan.ride.as_ref()) else { return Ok(()) };
            let (edges, _, end, at) = leg.parts();
            let edge = edges[(at + ahead).min(edges.len() - 1)];
            let length_mm = if edge == end.edge { end.offset_mm } else { CITY.0.length_mm(edge) };
            let place = Position { edge, offset_mm: length_mm / 2 };
            let expected = see(&mut true_rig, place).map(|told| (told.0, told.1));
            let found = see(&mut rig, place);
            prop_assert_eq!(found.map(|told| (told.0, told.1)), expected, "{:?}", wrong);
            last = found.filter(|told| told.2).or(last);
            // It was told, unless it is what was told before.
            if let (Some((Some(told), ..)), Some((Some(now), _))) = (last, expected) {
                prop_assert!(told.p50.since(now.p50).micros().abs() < change_min.micros().max(1));
            }
        }
    }
}

#[test]
fn who_is_given_a_trip_was_seen_when_he_was_seen() {
    let mut rig = Rig::new(&epoch(0, 1, false));
    rig.happen(&Happening::Request(10, 900));
    rig.places[0] = Some((position(500), START - Span::from_secs(600)));
    for stage in ["assigned", "picked up"] {
        let told = rig.happen(&Happening::Advance(0));
        assert_eq!(told[0].update.fix_at, Some(START - Span::from_secs(600)), "{stage}");
        assert_eq!(told[0].update.direction_confidence, Some(0.5), "{stage}");
        assert!(told[0].update.arrival.is_some_and(|arrival| arrival.p50 > rig.now), "{stage}");
    }
}

#[path = "entities_tests.rs"]
mod entities;
#[path = "reroute_tests.rs"]
mod reroute;
