use std::sync::Arc;

use etaflow::{DriverStatus, EventData, Key};
use etaflow_road::{EdgeFlags, EdgeId, Network, Position, Span, Timestamp};

use super::agenda::{Agenda, Job};
use super::config::WorldConfig;
use super::congestion::{Congestion, REFRESH_S};
use super::demand::Demand;
use super::emission::{Emission, Sources};
use super::phone::Phones;
use super::planner::Planner;
use super::signal::Signals;
use super::streets::Streets;
use super::truth::{TripTruth, Truth, WorldCounts};
use super::vehicle::{Step, Surroundings, Task, Vehicle};
use crate::dice::Dice;

/// How much the speeds of drivers differ (standard deviation), and the most.
const PACE_SIGMA: f64 = 0.07;
pub(super) const PACE: (f64, f64) = (0.85, 1.15);
/// The share of idle drivers who stand at the start.
const PARKED_SHARE: f64 = 0.4;

/// A city with its traffic, drivers and riders, which says what phones and a dispatch service would say.
///
/// The same network, configuration, seed and start give the same emissions, however [`advance`](Self::advance) is cut
/// into calls. Memory grows by one [`TripTruth`] a trip, and by nothing else.
///
/// Drivers have the keys 0 up to their number, trips 0 upwards, gateways 0 up to their number; the dispatch service is
/// the source after the gateways.
#[derive(Debug)]
pub struct World {
    pub(super) network: Arc<Network>,
    pub(super) config: WorldConfig,
    pub(super) streets: Streets,
    pub(super) congestion: Congestion,
    pub(super) signals: Signals,
    pub(super) planner: Planner,
    pub(super) demand: Demand,
    phones: Phones,
    pub(super) sources: Sources,
    pub(super) agenda: Agenda,
    pub(super) vehicles: Vec<Vehicle>,
    pub(super) trips: Vec<TripTruth>,
    /// Per trip: where the vehicle really has to stop.
    pub(super) stops: Vec<Stops>,
    pub(super) counts: WorldCounts,
    pub(super) trip_mean_s: f64,
    pub(super) dice: Dice,
    start: Timestamp,
    turns: Turns,
}

/// Where a trip's rider gets in and out, and whether the engine has heard of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stops {
    pub(super) pickup: Position,
    pub(super) dropoff: Position,
    pub(super) announced: bool,
    pub(super) began_at: Timestamp,
}

/// Whose turn it is: every driver has one phase in the interval between fixes.
#[derive(Debug)]
struct Turns {
    /// Drivers in the order of their phases.
    order: Vec<(Span, u32)>,
    interval: Span,
    cycle_at: Timestamp,
    next: usize,
}

impl Turns {
    fn due(&self) -> Option<Timestamp> {
        self.order.get(self.next).map(|&(phase, _)| self.cycle_at + phase)
    }

    fn take(&mut self) -> Option<(Timestamp, u32)> {
        let &(phase, driver) = self.order.get(self.next)?;
        let due = self.cycle_at + phase;
        self.next += 1;
        if self.next == self.order.len() {
            self.next = 0;
            self.cycle_at = self.cycle_at + self.interval;
        }
        Some((due, driver))
    }
}

impl World {
    /// A city in the middle of its day: drivers on the road, and trips under way, each somewhere on its way.
    pub fn new(network: Arc<Network>, config: WorldConfig, seed: u64, start: Timestamp) -> Self {
        let streets = Streets::new(&network);
        let mut dice = Dice::new(seed, 0);
        let demand = Demand::new(&network, &streets, config.hot_spots, &mut dice);
        let interval = Span::from_micros((1e6 / config.fix_rate_hz) as i64);
        let mut order: Vec<(Span, u32)> = (0..config.drivers)
            .map(|driver| (Span::from_micros((dice.unit() * interval.micros() as f64) as i64), driver))
            .collect();
        order.sort_unstable();
        let mut world = Self {
            congestion: Congestion::new(&network, &config, seed, start, Dice::new(seed, 1)),
            signals: Signals::new(&network, &streets),
            planner: Planner::new(&network, seed),
            phones: Phones::new(&config),
            sources: Sources::new(config.gateways),
            agenda: Agenda::default(),
            vehicles: Vec::with_capacity(config.drivers as usize),
            trips: Vec::new(),
            stops: Vec::new(),
            counts: WorldCounts::default(),
            trip_mean_s: 0.0,
            turns: Turns { order, interval, cycle_at: start, next: 0 },
            network,
            config,
            streets,
            demand,
            dice,
            start,
        };
        world.place_vehicles();
        world.begin_trips(interval);
        world.agenda.add(start + Span::from_secs(REFRESH_S), Job::Refresh);
        world.schedule_request(start + interval);
        world.schedule_incident(start);
        world
    }

    /// Lets time pass up to and with `until`, and adds what is said meanwhile to `out`, in the order in which it is due.
    pub fn advance(&mut self, until: Timestamp, out: &mut Vec<Emission>) {
        let before = out.len();
        loop {
            let (turn, job) = (self.turns.due(), self.agenda.due());
            let next = match (turn, job) {
                (Some(turn), Some(job)) => turn.min(job),
                (Some(only), None) | (None, Some(only)) => only,
                (None, None) => break,
            };
            if next > until {
                break;
            }
            if job == Some(next) {
                if let Some((due, job)) = self.agenda.pop() {
                    self.on_job(job, due, out);
                }
            } else if let Some((due, driver)) = self.turns.take() {
                self.on_turn(driver, due, out);
            }
        }
        self.counts.events += (out.len() - before) as u64;
    }

    /// What is true now.
    pub fn truth(&self) -> Truth<'_> {
        Truth { world: self }
    }

    /// What the world was made with.
    pub fn config(&self) -> &WorldConfig {
        &self.config
    }

    pub(super) fn now_at_start(&self) -> Timestamp {
        self.start
    }

    pub(super) fn surroundings(&self) -> Surroundings<'_> {
        Surroundings {
            network: &self.network,
            congestion: &self.congestion,
            signals: &self.signals,
            planner: &self.planner,
        }
    }

    fn place_vehicles(&mut self) {
        for _ in 0..self.config.drivers {
            let at = self.demand.draw_anywhere(&mut self.dice);
            let pace = (1.0 + PACE_SIGMA * self.dice.normal()).clamp(PACE.0, PACE.1);
            let gps_error = self.phones.first_error(&mut self.dice);
            let mut vehicle = Vehicle::new(at, pace as f32, gps_error, self.start);
            if self.dice.chance(PARKED_SHARE) {
                let stays = Span::from_micros((self.dice.between(0.0, 180.0) * 1e6) as i64);
                vehicle.task = Task::Park(self.start + stays);
            }
            vehicle.place = self.streets.place(vehicle.edge, vehicle.offset_m, &mut vehicle.segment);
            self.vehicles.push(vehicle);
        }
    }

    fn on_job(&mut self, job: Job, now: Timestamp, out: &mut Vec<Emission>) {
        match job {
            Job::Refresh => {
                self.congestion.refresh(now);
                self.agenda.add(now + Span::from_secs(REFRESH_S), Job::Refresh);
            }
            Job::Request => {
                self.on_request(now, out);
                self.schedule_request(now);
            }
            Job::RequestOnce => self.on_request(now, out),
            Job::Dispatch { trip } => self.on_dispatch(trip, now, out),
            Job::Cancel { trip } => self.on_cancel(trip, now, out),
            Job::Announce { trip } => self.announce(trip, now, out),
            Job::Incident => {
                self.on_incident(now, out);
                self.schedule_incident(now);
            }
            Job::Cleared { edge } => self.on_cleared(edge, now, out),
        }
    }

    /// A driver drives on to `now`, and the phone says where that is.
    fn on_turn(&mut self, driver: u32, now: Timestamp, out: &mut Vec<Emission>) {
        let around = Surroundings {
            network: &self.network,
            congestion: &self.congestion,
            signals: &self.signals,
            planner: &self.planner,
        };
        let vehicle = &mut self.vehicles[driver as usize];
        let step = vehicle.advance(now, &around, &mut self.dice);
        vehicle.place = self.streets.place(vehicle.edge, vehicle.offset_m, &mut vehicle.segment);
        let task = vehicle.task;
        if now.since(self.start) < self.turns.interval {
            let status = if vehicle.is_idle() { DriverStatus::Available } else { DriverStatus::Busy };
            self.say_status(driver, status, now, out);
        }
        match (step, task) {
            (_, Task::Board(trip, until)) if now >= until => self.on_boarded(driver, trip, now, out),
            (Step::Arrived, Task::ToPickup(trip)) => self.on_at_pickup(driver, trip, now),
            (Step::Arrived, Task::ToDropoff(trip)) => self.on_at_dropoff(driver, trip, now, out),
            (Step::Blocked, _) => self.on_blocked(driver, now),
            (Step::Moved | Step::Arrived, _) => {}
        }
        self.say_fix(driver, now, out);
    }

    #[inline]
    fn say_fix(&mut self, driver: u32, now: Timestamp, out: &mut Vec<Emission>) {
        let vehicle = &mut self.vehicles[driver as usize];
        if self.network.flags(EdgeId(vehicle.edge)).contains(EdgeFlags::TUNNEL) {
            self.counts.hidden_fixes += 1;
            return;
        }
        let fix =
            self.phones.fix(vehicle.place, vehicle.speed_mps, &mut vehicle.gps_error, &self.streets, &mut self.dice);
        self.counts.fixes += 1;
        let data = EventData::LocationUpdated { driver: Key::Number(u64::from(driver)), fix };
        out.push(self.sources.phone(driver, now, data));
    }

    pub(super) fn say_status(&mut self, driver: u32, status: DriverStatus, now: Timestamp, out: &mut Vec<Emission>) {
        let data = EventData::StatusChanged { driver: Key::Number(u64::from(driver)), status };
        out.push(self.sources.phone(driver, now, data));
    }
}
