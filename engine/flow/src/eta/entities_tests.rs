//! Plans that were written down at a tick and read back, beside those that were not.

use super::*;
use crate::stream::fixture::{digest, harms, read_back, read_harmed, written};

/// So many drivers for all trips, and so many shards at most.
const DRIVERS: u32 = 4;
const SHARDS: u32 = 3;

/// What happens to whom; numbers are taken by the remainder of what there is.
#[derive(Debug, Clone, Copy)]
enum Change {
    Request(usize, usize),
    Assign {
        trip: usize,
        driver: u32,
    },
    PickUp(usize),
    Complete(usize),
    Cancel(usize),
    /// On the way of one of his trips, so many edges on from its start, or anywhere.
    See {
        driver: u32,
        edge: usize,
        on_way: bool,
        sure: bool,
    },
    /// With other travel times, if there is a seed.
    Tick(Option<u64>),
}

fn change() -> impl Strategy<Value = Change> {
    let (trip, driver) = (0_usize..20, 0..DRIVERS);
    let seen = (driver.clone(), 0_usize..40, prop::bool::weighted(0.8), any::<bool>());
    prop_oneof![
        3 => (0_usize..1_500, 0_usize..1_500).prop_map(|(from, to)| Change::Request(from, to)),
        4 => (trip.clone(), driver).prop_map(|(trip, driver)| Change::Assign { trip, driver }),
        3 => trip.clone().prop_map(Change::PickUp),
        1 => trip.clone().prop_map(Change::Complete),
        1 => trip.prop_map(Change::Cancel),
        8 => seen.prop_map(|(driver, edge, on_way, sure)| Change::See { driver, edge, on_way, sure }),
        3 => prop::option::weighted(0.6, any::<u64>()).prop_map(Change::Tick),
    ]
}

fn changes(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec(change(), count)
}

/// What the log, the fleet and the trips say: it is the same however many shards there are.
#[derive(Clone)]
struct World {
    /// `None` if it has ended.
    trips: Vec<Option<Trip>>,
    places: [Option<(Position, Timestamp, f32)>; DRIVERS as usize],
    epoch: Arc<Epoch>,
    number: u64,
    now: Timestamp,
}

/// What the shards are given.
enum Given {
    Nothing,
    One(EtaInput),
    Tick(EtaInput, Tick),
}

impl World {
    fn new(seed: u64) -> Self {
        // Of a ride that has begun something else is known than of one that has not.
        let mut calibration = Calibration::default();
        let residual = |nth: u32| {
            let forecast_ms = 15_000 << (nth % 8);
            Residual { trip: TripId(nth), phase: Phase::EnRoute, forecast_ms, actual_ms: forecast_ms / 4 * 5 }
        };
        calibration.add(&(0..2_000).map(residual).collect::<Vec<_>>());
        let quantiles = calibration.on_tick(&Tick { number: 0, time: START, watermark: START });
        let epoch = Arc::new(Epoch { quantiles: Arc::clone(quantiles), ..(*epoch(0, seed, false)).clone() });
        Self { trips: Vec::new(), places: [None; DRIVERS as usize], epoch, number: 0, now: START }
    }

    fn go_on(&mut self, change: &Change, shards: &[Estimator]) -> Given {
        self.number += 1;
        self.now = self.now + Span::from_millis(700);
        let offset = Offset(self.number);
        match *change {
            Change::Request(from, to) => {
                let coord = |nth| CITY.0.coord_at(position(nth).edge, position(nth).offset_mm);
                let (pickup, dropoff) = (coord(from), coord(to));
                self.trips.push(Some(Trip { pickup, dropoff, requested_at: self.now, stage: TripStage::Requested }));
                self.trip(self.trips.len() - 1, None, Some)
            }
            Change::Assign { trip, driver } => {
                let driver = DriverId(driver);
                self.trip(trip, Some(TripEvent::Assigned { driver }), |stage| match stage {
                    TripStage::OnBoard { .. } => None,
                    _ => Some(TripStage::Assigned { driver }),
                })
            }
            Change::PickUp(trip) => self.trip(trip, Some(TripEvent::PickedUp), |stage| match stage {
                TripStage::Assigned { driver } => Some(TripStage::OnBoard { driver }),
                _ => None,
            }),
            Change::Complete(trip) => self.trip(trip, Some(TripEvent::Completed), |stage| match stage {
                TripStage::OnBoard { .. } => Some(stage),
                _ => None,
            }),
            Change::Cancel(trip) => self.trip(trip, Some(TripEvent::Cancelled), Some),
            Change::See { driver, edge, on_way, sure } => {
                let driver = DriverId(driver);
                let mut plans = shards.iter().flat_map(|shard| shard.plans.values());
                let plan = plans.find(|plan| plan.state.stage.driver() == Some(driver)).filter(|_| on_way);
                let leg = plan.and_then(|plan| plan.approach.as_ref().or(plan.ride.as_ref()));
                let position = leg.map_or(position(edge * 37), |leg| {
                    let (edges, _, _, at) = leg.parts();
                    let edge = edges[(at + edge % 9).saturating_sub(2).min(edges.len() - 1)];
                    Position { edge, offset_mm: CITY.0.length_mm(edge) / 3 }
                });
                let direction_confidence = 0.5 + edge as f32 / 100.0;
                self.places[driver.index()] = Some((position, self.now, direction_confidence));
                let at = self.now;
                let seen = EtaInput::Seen { driver, at, position, direction_sure: sure, direction_confidence, offset };
                Given::One(seen)
            }
            Change::Tick(seed) => {
                let number = self.number;
                let quantiles = Arc::clone(&self.epoch.quantiles);
                self.epoch = Arc::new(match seed {
                    Some(seed) => Epoch { quantiles, ..(*epoch(number, seed, true)).clone() },
                    None => Epoch { number, ..(*self.epoch).clone() },
                });
                let tick = Tick { number, time: self.now, watermark: self.now };
                Given::Tick(EtaInput::Epoch { epoch: Arc::clone(&self.epoch), offset }, tick)
            }
        }
    }

    /// Moves a trip on, if `next` says that it can be.
    fn trip(&mut self, nth: usize, event: Option<TripEvent>, next: impl Fn(TripStage) -> Option<TripStage>) -> Given {
        let nth = nth % self.trips.len().max(1);
        let Some(mut state) = self.trips.get(nth).copied().flatten() else { return Given::Nothing };
        let previous = state.stage.driver();
        let Some(stage) = next(state.stage) else { return Given::Nothing };
        state.stage = stage;
        let ended = matches!(event, Some(TripEvent::Completed | TripEvent::Cancelled));
        self.trips[nth] = (!ended).then_some(state);
        let driver = stage.driver().filter(|_| !ended);
        let known = driver.and_then(|driver| self.places[driver.index()]);
        let change = TripChange { trip: TripId(nth as u32), state, event, previous, at: self.now };
        let place = known.map(|(position, at, _)| (position, at));
        let direction_confidence = known.map(|(.., confidence)| confidence);
        Given::One(EtaInput::Trip { change, place, direction_confidence, offset: Offset(self.number) })
    }
}

fn shards(epoch: &Arc<Epoch>, count: u32) -> Vec<Estimator> {
    let (network, index) = &*CITY;
    let new = |shard| {
        let (network, index) = (Arc::clone(network), Arc::clone(index));
        Estimator::new(network, index, EtaConfig::default(), Arc::clone(epoch), (shard, count))
    };
    (0..count).map(new).collect()
}

/// What is told, by trip, and what trips really took.
fn give(shards: &mut [Estimator], given: &Given) -> (Vec<Told>, Vec<Residual>) {
    let (mut out, mut residuals) = (Vec::new(), Vec::new());
    let count = shards.len() as u32;
    for (number, shard) in (0..).zip(shards) {
        match given {
            Given::Nothing => {}
            // Only the driver's shard hears of him, and knows where he is.
            Given::One(EtaInput::Seen { driver, .. }) if driver.0 % count != number => {}
            Given::One(input) => shard.on_event(input, &mut out),
            Given::Tick(input, tick) => {
                shard.on_event(input, &mut out);
                shard.on_tick(tick, &mut out);
            }
        }
        residuals.extend(shard.take_residuals());
    }
    if let Given::Tick(..) = given {
        out.sort_by_key(|told| told.update.trip);
    }
    residuals.sort();
    (out, residuals)
}

/// The plans of some shards read back into `count` of them.
fn restored(shards_before: &[Estimator], world: &World, tick: &Tick, count: u32) -> Vec<Estimator> {
    let mut restored = shards(&world.epoch, count);
    read_back(&mut restored, &written(shards_before));
    restored.iter_mut().for_each(|shard| shard.resume_after(tick, Offset(world.number)));
    restored
}

/// What all shards say of their plans, by trip.
fn restate(shards: &[Estimator], tick: &Tick) -> Vec<Told> {
    let mut told: Vec<Told> = shards.iter().flat_map(|shard| shard.restate(tick)).collect();
    told.sort_by_key(|told| told.update.trip);
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn plans_that_were_read_back_go_on_as_they_would_have(
        seed in any::<u64>(),
        before in changes(10..90),
        changes_at_cut in prop::option::of(any::<u64>()),
        after in changes(1..60),
        from in 1..=SHARDS,
        to in 1..=SHARDS,
    ) {
        let mut world = World::new(seed);
        let mut first = shards(&world.epoch, from);
        for change in &before {
            let given = world.go_on(change, &first);
            give(&mut first, &given);
        }
        let given = world.go_on(&Change::Tick(changes_at_cut), &first);
        let (told, _) = give(&mut first, &given);
        let Given::Tick(_, tick) = given else { panic!("it is one") };
        let mut second = restored(&first, &world, &tick, to);
        let again = told.into_iter().map(|told| Told { news: false, ..told }).collect::<Vec<_>>();
        prop_assert_eq!(restate(&second, &tick), again);
        prop_assert_eq!(digest(&second), digest(&first));
        for change in &after {
            let given = world.go_on(change, &first);
            prop_assert_eq!(give(&mut second, &given), give(&mut first, &given), "{:?}", change);
            prop_assert_eq!(digest(&second), digest(&first), "{:?}", change);
        }
    }

    #[test]
    fn harmed_plans_are_refused_or_plans(
        seed in any::<u64>(),
        before in changes(10..60),
        after in changes(1..40),
        at in any::<usize>(),
        harms in harms(),
    ) {
        let mut world = World::new(seed);
        let mut first = shards(&world.epoch, 1);
        for change in before.iter().chain([&Change::Tick(None)]) {
            let given = world.go_on(change, &first);
            give(&mut first, &given);
        }
        let entities = written(&first);
        if entities.is_empty() { return Ok(()); }
        let mut second = shards(&world.epoch, 1);
        read_harmed(&mut second[0], &entities, at, &harms);
        for change in &after {
            let given = world.go_on(change, &second);
            give(&mut second, &given);
        }
    }
}
