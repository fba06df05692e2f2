use std::collections::BTreeMap;
use std::sync::Arc;

use etaflow_road::{EdgeIndex, INFINITY, Network, Position, Query, Span, Timestamp, Weight};
use rustc_hash::FxHashMap;

use super::calibration::{Phase, Residual};
use super::config::EtaConfig;
use super::epoch::Epoch;
use super::plan::{Outlook, Plan, Waits};
use super::round::Round;
use super::stop::Stop;
use super::update::{Arrival, Cause, EtaUpdate};
use crate::event::{DriverId, Offset, TripId};
use crate::stream::{Operator, StateDigest, Tick};
use crate::trip::{TripChange, TripEvent, TripStage};

/// What moves arrival times.
#[derive(Debug, Clone)]
pub enum EtaInput {
    /// A trip has moved on.
    Trip {
        /// How.
        change: TripChange,
        /// Where its driver is, if that is known,
        place: Option<(Position, Timestamp)>,
        /// and how likely it is that he heads this way along the street.
        direction_confidence: Option<f32>,
        /// By which record.
        offset: Offset,
    },
    /// A driver was matched to a place on the road.
    Seen {
        /// Who.
        driver: DriverId,
        /// When.
        at: Timestamp,
        /// Where.
        position: Position,
        /// Whether it is sure which way he heads,
        direction_sure: bool,
        /// and how likely it is that it is this way: 0.5 to 1.
        direction_confidence: f32,
        /// By which record.
        offset: Offset,
    },
    /// New travel times and spreads are in force, from the tick that follows.
    Epoch {
        /// They.
        epoch: Arc<Epoch>,
        /// By which record.
        offset: Offset,
    },
}

/// Where a driver was, when, and how likely it is that he heads this way along the street.
#[derive(Debug, Clone, Copy)]
struct Seen {
    position: Position,
    at: Timestamp,
    direction: Option<f32>,
}

/// Keeps the arrival times of one shard's trips: a driver's trips are where the driver is, a trip without a driver is
/// where its number says.
///
/// Everything that changes goes out; [`Told::news`] says what is worth telling to the outside.
pub struct Estimator {
    pub(super) network: Arc<Network>,
    index: Arc<EdgeIndex>,
    query: Query,
    pub(super) config: EtaConfig,
    shard: u32,
    shards: u32,
    pub(super) epoch: Arc<Epoch>,
    /// Whether the metric is another than the one that the plans are timed by. Not after a tick.
    stale: bool,
    pub(super) plans: BTreeMap<TripId, Plan>,
    /// In the order in which the plans were made.
    pub(super) by_driver: FxHashMap<DriverId, Vec<TripId>>,
    residuals: Vec<Residual>,
    pub(super) tick_offset: Offset,
    pub(super) ticked_at: Option<Timestamp>,
}

/// An arrival time that has changed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// As it is now.
    pub update: EtaUpdate,
    /// Whether the outside is told.
    pub news: bool,
}

impl Estimator {
    /// No trips yet, in shard `shard` of `shards`.
    pub fn new(
        network: Arc<Network>,
        index: Arc<EdgeIndex>,
        config: EtaConfig,
        epoch: Arc<Epoch>,
        (shard, shards): (u32, u32),
    ) -> Self {
        Self {
            query: Query::new(Arc::clone(&network)),
            network,
            index,
            config,
            shard,
            shards,
            epoch,
            stale: false,
            plans: BTreeMap::new(),
            by_driver: FxHashMap::default(),
            residuals: Vec::new(),
            tick_offset: Offset(0),
            ticked_at: None,
        }
    }

    /// What the trips that have ended since the last call really took.
    pub fn take_residuals(&mut self) -> Vec<Residual> {
        std::mem::take(&mut self.residuals)
    }

    /// Whether trips have ended since then that were compared with a forecast.
    pub(crate) fn has_residuals(&self) -> bool {
        !self.residuals.is_empty()
    }

    /// The trips of a driver that it keeps.
    pub fn trips_of(&self, driver: DriverId) -> &[TripId] {
        self.by_driver.get(&driver).map_or(&[], Vec::as_slice)
    }

    /// How many trips it keeps.
    pub fn len(&self) -> usize {
        self.plans.len()
    }

    /// Whether it keeps none.
    pub fn is_empty(&self) -> bool {
        self.plans.is_empty()
    }

    pub(super) fn waits(&self) -> Waits {
        let millis = |span: Span| span.millis().clamp(0, i64::from(INFINITY)) as Weight;
        Waits { pickup: millis(self.config.pickup_wait), boarding: millis(self.config.boarding) }
    }

    pub(super) fn owns(&self, trip: TripId, driver: Option<DriverId>) -> bool {
        driver.map_or(trip.0, |driver| driver.0) % self.shards == self.shard
    }

    fn on_trip(&mut self, change: &TripChange, place: Option<Seen>, offset: Offset, out: &mut Vec<Told>) {
        match change.event {
            None => self.begin(change, place, offset, Cause::Requested, out),
            Some(TripEvent::Assigned { .. }) => {
                self.drop_plan(change);
                self.begin(change, place, offset, Cause::Assigned, out);
            }
            Some(TripEvent::PickedUp) => self.pick_up(change, place, offset, out),
            Some(TripEvent::Completed) => {
                if let Some(plan) = self.drop_plan(change) {
                    self.residuals.extend(plan.residuals(change.trip, change.at));
                    out.push(self.end(change, offset, Cause::Completed, Some(Arrival::at(change.at))));
                }
            }
            Some(TripEvent::Cancelled | TripEvent::Abandoned) => {
                if self.drop_plan(change).is_some() {
                    out.push(self.end(change, offset, Cause::Cancelled, None));
                }
            }
        }
    }

    /// Makes the plan of a trip that has been asked for or assigned. It rests on the log's last word alone, not on what
    /// another shard thought of the trip before.
    fn begin(&mut self, change: &TripChange, place: Option<Seen>, offset: Offset, cause: Cause, out: &mut Vec<Told>) {
        let driver = change.state.stage.driver();
        if !self.owns(change.trip, driver) {
            return;
        }
        let (pickup, dropoff) = (change.state.pickup, change.state.dropoff);
        let ends = self.index.snap_pair(&self.network, pickup, dropoff, self.config.snap_radius);
        let ends = ends.map(|(pickup, dropoff)| (Stop::of(&pickup), Stop::of(&dropoff)));
        let mut plan = Plan::new(change.state, offset, ends);
        if let Some(driver) = driver {
            self.by_driver.entry(driver).or_default().push(change.trip);
        }
        if let Some(seen) = place {
            plan.seen = Some((seen.position, seen.at.max(change.at)));
            plan.note_fix(seen.at, seen.direction);
        }
        plan.plan_all(&mut self.query, &self.epoch);
        self.plans.insert(change.trip, plan);
        self.tell(change.trip, change.at, offset, cause, out);
    }

    fn pick_up(&mut self, change: &TripChange, place: Option<Seen>, offset: Offset, out: &mut Vec<Told>) {
        let Some(plan) = self.plans.get_mut(&change.trip) else { return };
        plan.state = change.state;
        plan.approach = None;
        if let Some(seen) = place {
            plan.note_fix(seen.at, seen.direction);
            if !plan.follow(&self.network, &self.epoch.metric, seen.position, seen.at.max(change.at)) {
                plan.plan_from(&mut self.query, &self.epoch, seen.position);
            }
        }
        self.tell(change.trip, change.at, offset, Cause::PickedUp, out);
    }

    /// Forgets a trip, if it is this shard's.
    fn drop_plan(&mut self, change: &TripChange) -> Option<Plan> {
        let plan = self.plans.remove(&change.trip)?;
        if let Some(driver) = plan.state.stage.driver()
            && let Some(trips) = self.by_driver.get_mut(&driver)
        {
            trips.retain(|&trip| trip != change.trip);
            if trips.is_empty() {
                self.by_driver.remove(&driver);
            }
        }
        Some(plan)
    }

    fn end(&self, change: &TripChange, offset: Offset, cause: Cause, arrival: Option<Arrival>) -> Told {
        let update = EtaUpdate {
            trip: change.trip,
            driver: change.previous,
            offset,
            cause,
            as_of: change.at,
            fix_at: None,
            direction_confidence: None,
            epoch: self.epoch.number,
            pickup_at: None,
            arrival,
        };
        Told { update, news: true }
    }

    fn on_seen(
        &mut self,
        driver: DriverId,
        Seen { position, at, direction }: Seen,
        direction_sure: bool,
        offset: Offset,
        out: &mut Vec<Told>,
    ) {
        let waits = self.waits();
        let Self { network, query, config, epoch, plans, by_driver, .. } = self;
        let Some(trips) = by_driver.get(&driver) else { return };
        let metric = &epoch.metric;
        let turned = network
            .twin(position.edge)
            .map(|twin| Position { edge: twin, offset_mm: network.length_mm(twin).saturating_sub(position.offset_mm) });
        for &trip in trips {
            let Some(plan) = plans.get_mut(&trip) else { continue };
            if matches!(plan.state.stage, TripStage::OnBoard { .. })
                && plan.seen.is_none_or(|(_, seen_at)| at > seen_at)
            {
                plan.phase = Phase::EnRoute;
            }
            plan.note_fix(at, direction);
            let mut cause = Cause::Progress;
            let mut on_way = plan.follow(network, metric, position, at);
            if let (false, false, Some(turned)) = (on_way, direction_sure, turned) {
                on_way = plan.follow(network, metric, turned, at);
            }
            if !on_way {
                plan.seen = Some((position, at));
                plan.plan_from(query, epoch, position);
                cause = Cause::Rerouted;
            }
            let outlook = plan.outlook(network, metric, at, &waits);
            out.push(told(plan, (trip, at, offset, cause), &outlook, epoch, config));
        }
    }

    /// Works a trip's times out anew, and says so if they have changed.
    fn tell(&mut self, trip: TripId, as_of: Timestamp, offset: Offset, cause: Cause, out: &mut Vec<Told>) {
        let waits = self.waits();
        let Some(plan) = self.plans.get_mut(&trip) else { return };
        let outlook = plan.outlook(&self.network, &self.epoch.metric, as_of, &waits);
        out.push(told(plan, (trip, as_of, offset, cause), &outlook, &self.epoch, &self.config));
    }
}

/// What is told of a trip, now that this is its outlook.
fn told(
    plan: &mut Plan,
    what: (TripId, Timestamp, Offset, Cause),
    outlook: &Outlook,
    epoch: &Epoch,
    config: &EtaConfig,
) -> Told {
    plan.note_forecast(outlook, config.residual_interval);
    let told = to_tell(plan, what, outlook, epoch, config);
    if told.news {
        plan.told = Some(told.update.promise());
    }
    told
}

/// What there is to tell of a trip that has this outlook.
pub(super) fn to_tell(
    plan: &Plan,
    (trip, as_of, offset, cause): (TripId, Timestamp, Offset, Cause),
    outlook: &Outlook,
    epoch: &Epoch,
    config: &EtaConfig,
) -> Told {
    let mut update = EtaUpdate {
        trip,
        driver: plan.state.stage.driver(),
        offset,
        cause,
        as_of,
        fix_at: plan.fix_at,
        direction_confidence: plan.direction_confidence,
        epoch: epoch.number,
        pickup_at: outlook.pickup_at(as_of),
        arrival: outlook.arrival(&epoch.quantiles, as_of),
    };
    let news = update.is_news(plan.told.as_ref(), config.change_min);
    if let (false, Some(last)) = (news, &plan.told) {
        // What is not told does not become the reason why it was told last.
        update.cause = last.cause;
    }
    Told { update, news }
}

impl Operator for Estimator {
    type In = EtaInput;
    type Out = Told;

    fn on_event(&mut self, input: &EtaInput, out: &mut Vec<Told>) {
        match input {
            EtaInput::Trip { change, place, direction_confidence, offset } => {
                let place = place.map(|(position, at)| Seen { position, at, direction: *direction_confidence });
                self.on_trip(change, place, *offset, out);
            }
            &EtaInput::Seen { driver, at, position, direction_sure, direction_confidence, offset } => {
                let seen = Seen { position, at, direction: Some(direction_confidence) };
                self.on_seen(driver, seen, direction_sure, offset, out);
            }
            EtaInput::Epoch { epoch, offset } => {
                self.stale |= epoch.metric_number != self.epoch.metric_number;
                self.epoch = Arc::clone(epoch);
                self.tick_offset = *offset;
            }
        }
    }

    /// Refreshes every trip by the travel times and spreads in force, in the order of their numbers, and looks for faster
    /// ways for those whose turn it is.
    fn on_tick(&mut self, tick: &Tick, out: &mut Vec<Told>) {
        let waits = self.waits();
        let Self { network, query, config, epoch, plans, stale, tick_offset, .. } = self;
        let metric = &epoch.metric;
        let round = Round::new(config.reroute_every, self.ticked_at.replace(tick.time), tick.time);
        out.reserve(plans.len());
        for (&trip, plan) in plans.iter_mut() {
            let mut cause = Cause::Traffic;
            if *stale {
                plan.refresh(network, metric);
            }
            let mut outlook = plan.outlook(network, metric, tick.time, &waits);
            // A road on the way was closed. Where no way leads, one is looked for only in turn.
            let blocked = *stale && outlook.total >= INFINITY && plan.is_told_reachable();
            let in_turn = round.has(trip) && plan.may_be_behind(epoch);
            if blocked || in_turn {
                let rerouted = plan.look_again(query, epoch);
                if rerouted || blocked {
                    cause = Cause::Rerouted;
                    outlook = plan.outlook(network, metric, tick.time, &waits);
                }
            }
            out.push(told(plan, (trip, tick.time, *tick_offset, cause), &outlook, epoch, config));
        }
        self.stale = false;
    }

    fn digest(&self, into: &mut StateDigest) {
        into.entities(self);
    }
}

#[cfg(test)]
#[path = "estimator_tests.rs"]
mod tests;
