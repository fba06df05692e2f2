use std::sync::Arc;

use etaflow_road::{EdgeIndex, MatcherConfigError, Network, Position, Timestamp};

use super::collective::Contribution;
use super::counts::Counts;
use super::output::Output;
use crate::config::Config;
use crate::eta::{Epoch, Estimator, EtaInput, EtaUpdate};
use crate::event::{DriverId, Payload, ProfileId, Reason, Record, RoadRef, TripId};
use crate::fleet::{DriverEvent, Fleet, FleetChange};
use crate::matching::{Matching, Movement};
use crate::profile::{ProfileError, Profiles};
use crate::stream::{Operator, Panes, Stage, StateDigest, Tick};
use crate::traffic::TraversalSums;
use crate::trip::{TripChange, TripEvent, TripOutcome, Trips};

/// One shard of the pipeline: every operator, for the drivers whose number leaves this shard's remainder.
///
/// Trip records go to all shards; each counts the trips, and keeps the arrival times of those, that are its own.
pub struct Shard {
    shard: u32,
    shards: u32,
    network: Arc<Network>,
    pub(super) matching: Stage<Matching>,
    pub(super) fleet: Stage<Fleet>,
    pub(super) trips: Stage<Trips>,
    pub(super) eta: Stage<Estimator>,
    sums: TraversalSums,
    roads: Vec<(RoadRef, Vec<etaflow_road::EdgeId>, bool)>,
    profile: Option<ProfileId>,
    /// Those that can be adopted.
    profiles: Option<Profiles>,
    pub(super) counts: Counts,
}

/// What follows from some records, in order.
#[derive(Debug, Default)]
pub struct Effects {
    /// What the outside is told.
    pub outputs: Vec<Output>,
    /// Every arrival time that has changed, for the view.
    pub arrivals: Vec<EtaUpdate>,
    /// How the set of drivers who can take a trip has changed, for the view.
    pub fleet: Vec<FleetChange>,
}

impl Effects {
    /// Empties all.
    pub fn clear(&mut self) {
        self.outputs.clear();
        self.arrivals.clear();
        self.fleet.clear();
    }
}

impl Shard {
    /// Shard `shard` of those that `config` says, with nothing known yet.
    ///
    /// # Errors
    /// If the matcher's configuration is out of its bounds.
    pub fn new(
        network: &Arc<Network>,
        index: &Arc<EdgeIndex>,
        config: &Config,
        first: Arc<Epoch>,
        shard: u32,
    ) -> Result<Self, MatcherConfigError> {
        let of = (shard, config.shards);
        let matching = Matching::new(Arc::clone(network), Arc::clone(index), config.matching, of)?;
        let eta = Estimator::new(Arc::clone(network), Arc::clone(index), config.eta.clone(), first, of);
        Ok(Self {
            shard,
            shards: config.shards,
            network: Arc::clone(network),
            matching: Stage::new(matching),
            fleet: Stage::new(Fleet::new(Arc::clone(network), &config.fleet, shard, config.shards)),
            trips: Stage::new(Trips::new(config.trips.clone())),
            eta: Stage::new(eta),
            sums: TraversalSums::new(Panes::new(config.traffic.pane)),
            roads: Vec::new(),
            profile: None,
            profiles: None,
            counts: Counts::default(),
        })
    }

    /// With the profiles that can be adopted.
    pub(super) fn with_profiles(self, profiles: Option<Profiles>) -> Self {
        Self { profiles, ..self }
    }

    /// Whether this shard answers for a record: whether it counts it as accepted or not. Exactly one does.
    pub fn answers_for(&self, record: &Record) -> bool {
        let number = match record.payload {
            Payload::Tick { .. } => return false,
            Payload::Location { driver, .. } | Payload::Status { driver, .. } => driver.0,
            Payload::Requested { trip, .. }
            | Payload::Assigned { trip, .. }
            | Payload::PickedUp { trip }
            | Payload::Completed { trip }
            | Payload::Cancelled { trip } => trip.0,
            Payload::Closed(_) | Payload::Reopened(_) | Payload::ProfileAdopted { .. } => 0,
        };
        number % self.shards == self.shard
    }

    /// Whether it is the one that tells what all shards keep.
    pub(super) fn is_first(&self) -> bool {
        self.shard == 0
    }

    /// What has become of this shard's records.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Takes a record that is no tick.
    #[inline]
    pub fn on_record(&mut self, record: &Record, effects: &mut Effects) {
        match record.payload {
            Payload::Location { driver, .. } => {
                if self.owns(driver) {
                    self.on_location(record, driver, effects);
                }
            }
            Payload::Status { driver, status } => {
                if self.owns(driver) {
                    self.counts.accepted += 1;
                    self.on_driver(&DriverEvent::Status { driver, at: record.time, status }, effects);
                }
            }
            Payload::Requested { .. }
            | Payload::Assigned { .. }
            | Payload::PickedUp { .. }
            | Payload::Completed { .. }
            | Payload::Cancelled { .. } => self.on_trip_record(record, effects),
            Payload::Closed(road) => self.on_road(record, road, true, effects),
            Payload::Reopened(road) => self.on_road(record, road, false, effects),
            Payload::ProfileAdopted { profile } => self.on_profile(record, profile, effects),
            Payload::Tick { .. } => debug_assert!(false, "ticks go to on_tick"),
        }
    }

    /// Hands over what this shard adds to the collective at a tick. Comes before [`Shard::on_tick`].
    pub fn contribute(&mut self) -> Contribution {
        Contribution {
            traversals: self.sums.take(),
            residuals: self.eta.operator_mut().take_residuals(),
            roads: std::mem::take(&mut self.roads),
            profile: self.profile.take(),
        }
    }

    /// Whether there is nothing to contribute, as after a tick.
    pub(super) fn owes_nothing(&self) -> bool {
        self.sums.is_empty() && self.roads.is_empty() && self.profile.is_none() && !self.eta.operator().has_residuals()
    }

    /// Takes a tick, from which on `epoch` is in force.
    pub fn on_tick(&mut self, record: &Record, tick: &Tick, epoch: &Arc<Epoch>, effects: &mut Effects) {
        for &change in self.fleet.on_tick(tick) {
            if let FleetChange::Forgotten { driver } = change {
                self.matching.operator_mut().forget(driver);
            }
            effects.fleet.push(change);
        }
        for movement in self.matching.on_tick(tick) {
            if let Movement::Coasted { driver, position } = *movement {
                effects.fleet.extend_from_slice(self.fleet.on_event(&DriverEvent::Coasted { driver, position }));
            }
        }
        let ended: Vec<TripOutcome> = self.trips.on_tick(tick).to_vec();
        for outcome in ended {
            if let TripOutcome::Changed(change) = outcome {
                self.on_trip(&change, record, effects);
            }
        }
        self.eta.on_event(&EtaInput::Epoch { epoch: Arc::clone(epoch), offset: record.offset });
        effects.tell(self.eta.on_tick(tick));
    }

    pub(super) fn owns(&self, driver: DriverId) -> bool {
        driver.0 % self.shards == self.shard
    }

    fn reject(&mut self, record: &Record, reason: Reason, effects: &mut Effects) {
        *self.counts.dead_lettered.entry(reason).or_default() += 1;
        effects.outputs.push(Output::DeadLetter { offset: record.offset, reason });
    }

    fn on_location(&mut self, record: &Record, driver: DriverId, effects: &mut Effects) {
        let mut rejected = None;
        let mut place: Option<(Position, bool, f32)> = None;
        for movement in self.matching.on_event(record) {
            match movement {
                Movement::Traversed(traversal) => {
                    self.counts.traversals += 1;
                    self.sums.add(traversal);
                }
                Movement::Seen { position, direction_sure, direction_confidence, .. } => {
                    place = Some((*position, *direction_sure, *direction_confidence));
                }
                // The place that follows puts the driver's trips right.
                Movement::Revised { .. } => self.counts.revisions += 1,
                Movement::Rejected(reason) => rejected = Some(*reason),
                Movement::Coasted { .. } => debug_assert!(false, "nobody coasts but at ticks"),
            }
        }
        let at = record.time;
        if let Some(reason) = rejected {
            // The matcher remembers him: the fleet has to know of him, to say when he is forgotten.
            self.on_driver(&DriverEvent::Heard { driver, at }, effects);
            self.reject(record, reason, effects);
            return;
        }
        self.counts.accepted += 1;
        let Some((position, direction_sure, direction_confidence)) = place else {
            self.on_driver(&DriverEvent::Heard { driver, at }, effects);
            return;
        };
        self.on_driver(&DriverEvent::Seen { driver, at, position, direction_confidence }, effects);
        let offset = record.offset;
        let seen = EtaInput::Seen { driver, at, position, direction_sure, direction_confidence, offset };
        effects.tell(self.eta.on_event(&seen));
    }

    fn on_driver(&mut self, event: &DriverEvent, effects: &mut Effects) {
        effects.fleet.extend_from_slice(self.fleet.on_event(event));
    }

    fn on_trip_record(&mut self, record: &Record, effects: &mut Effects) {
        let answers = self.answers_for(record);
        let Some(&outcome) = self.trips.on_event(record).first() else { return };
        match outcome {
            TripOutcome::Changed(change) => {
                self.counts.accepted += u64::from(answers);
                self.on_trip(&change, record, effects);
            }
            TripOutcome::Rejected(reason) if answers => self.reject(record, reason, effects),
            TripOutcome::Rejected(_) => {}
        }
    }

    fn on_trip(&mut self, change: &TripChange, record: &Record, effects: &mut Effects) {
        let at = change.at;
        let ended = matches!(change.event, Some(TripEvent::Completed | TripEvent::Cancelled | TripEvent::Abandoned));
        let now = if ended { None } else { change.state.stage.driver() };
        if change.previous != now {
            if let Some(driver) = change.previous.filter(|&driver| self.owns(driver)) {
                self.on_driver(&DriverEvent::TripLeft { driver, at }, effects);
            }
            if let Some(driver) = now.filter(|&driver| self.owns(driver)) {
                self.on_driver(&DriverEvent::TripTaken { driver, at }, effects);
            }
        }
        let (driver, fleet) = (now.filter(|&driver| self.owns(driver)), self.fleet.operator());
        let place: Option<(Position, Timestamp)> = driver.and_then(|driver| fleet.place(driver));
        let direction_confidence = driver.and_then(|driver| fleet.direction_confidence(driver));
        let input = EtaInput::Trip { change: *change, place, direction_confidence, offset: record.offset };
        effects.tell(self.eta.on_event(&input));
    }

    fn on_road(&mut self, record: &Record, road: RoadRef, closed: bool, effects: &mut Effects) {
        if !self.answers_for(record) {
            return;
        }
        let edges = self.network.edges_between(road.from_node, road.to_node);
        if edges.is_empty() {
            self.reject(record, Reason::UnknownRoad, effects);
            return;
        }
        self.counts.accepted += 1;
        self.roads.push((road, edges, closed));
    }

    /// That there is such a profile was seen to before the record was written; but not of which network it is, by a writer
    /// that knows none. The file is at hand then for the tick at which the profile is adopted.
    fn on_profile(&mut self, record: &Record, profile: ProfileId, effects: &mut Effects) {
        if !self.answers_for(record) {
            return;
        }
        let found = self.profiles.as_ref().map(|profiles| profiles.find(profile));
        if let Some(Err(ProfileError::OtherNetwork { .. })) = found {
            self.reject(record, Reason::UnknownProfile, effects);
            return;
        }
        self.counts.accepted += 1;
        self.profile = Some(profile);
    }

    /// Adds the state of all operators that is this shard's own. Trips, which all shards keep, are the first's.
    pub fn digest(&self, into: &mut StateDigest) {
        self.matching.operator().digest(into);
        self.fleet.operator().digest(into);
        self.eta.operator().digest(into);
        if self.is_first() {
            self.trips.operator().digest(into);
        }
    }

    /// How many trips are under way, in all shards.
    pub fn trips(&self) -> usize {
        self.trips.operator().len()
    }

    /// Where a driver is, as far as is known; when he was seen last, and how likely it is that he heads the way along the
    /// street that the place says: 0.5 to 1. `None` for another shard's.
    pub fn place(&self, driver: DriverId) -> Option<(Position, Timestamp, f32)> {
        if !self.owns(driver) {
            return None;
        }
        let fleet = self.fleet.operator();
        let (position, seen_at) = fleet.place(driver)?;
        Some((position, seen_at, fleet.direction_confidence(driver)?))
    }

    /// A trip under way.
    pub fn trip(&self, trip: TripId) -> Option<&crate::trip::Trip> {
        self.trips.operator().get(trip)
    }
}

impl Effects {
    fn tell(&mut self, told: &[crate::eta::Told]) {
        for told in told {
            self.arrivals.push(told.update);
            if told.news {
                self.outputs.push(Output::Eta(told.update));
            }
        }
    }
}

#[cfg(test)]
#[path = "shard_tests.rs"]
mod tests;
