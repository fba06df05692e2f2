//! How trips begin, go on and end.

use etaflow::{DriverStatus, EventData, Key};
use etaflow_road::{Coord, Position, Span, Timestamp};

use super::agenda::Job;
use super::emission::Emission;
use super::truth::TripTruth;
use super::vehicle::Task;
use super::world::{Stops, World};

/// How long it takes to find a driver, seconds.
const DISPATCH_S: (f64, f64) = (1.0, 6.0);
/// How long until one looks again where nobody was free.
const RETRY: Span = Span::from_secs(5);
/// How long a rider takes to get in, seconds.
const BOARD_S: (f64, f64) = (10.0, 45.0);
/// After how long a rider changes their mind, seconds on average; one who is on board does not.
const CANCEL_MEAN_S: f64 = 40.0;
/// How many places are tried for a trip that is long enough.
const DRAWS: usize = 16;
/// The share of the trips under way at the start whose rider is on board; the others are yet to be requested.
const ON_BOARD_SHARE: f64 = 0.92;
/// How much time a trip takes besides the drive, seconds: for the first guess at how many come a second.
const OVERHEAD_S: f64 = 90.0;
/// How long a trip takes if none could be asked, seconds.
const TRIP_GUESS_S: f64 = 600.0;
/// How much a new trip's duration counts in the mean.
const MEAN_GAIN: f64 = 0.01;
/// How strongly the arrivals correct a wrong number of trips under way, and the bounds of that.
const CORRECTION: f64 = 8.0;
const CORRECTION_BOUNDS: (f64, f64) = (0.1, 4.0);

impl World {
    /// Puts vehicles in the middle of trips, and sees to it that the engine hears of these after it has heard of the
    /// drivers, one `interval` from the start.
    pub(super) fn begin_trips(&mut self, interval: Span) {
        let (start, wanted) = (self.now_at_start(), self.config.trips_under_way);
        let on_board = (f64::from(wanted) * ON_BOARD_SHARE) as u32;
        let (mut driven_ms, mut begun) = (0.0, 0_u32);
        for driver in 0..self.config.drivers.min(on_board) {
            let stops = self.draw_stops(start);
            let congestion = &self.congestion;
            let Some((edges, duration)) = self.planner.route(driver, congestion, stops.pickup, stops.dropoff, start)
            else {
                continue;
            };
            let trip = self.add_trip(stops, start);
            let done = self.dice.unit();
            let vehicle = &mut self.vehicles[driver as usize];
            (vehicle.edge, vehicle.offset_m) = (stops.pickup.edge.0, stops.pickup.offset_mm as f32 / 1e3);
            vehicle.segment = 0;
            let at = edges.len() as f64 * done;
            vehicle.follow(edges, stops.dropoff.offset_mm);
            vehicle.task = Task::ToDropoff(trip);
            if at >= 1.0 {
                vehicle.skip_to(at as usize, at.fract() as f32, &self.congestion);
            }
            vehicle.place = self.streets.place(vehicle.edge, vehicle.offset_m, &mut vehicle.segment);
            self.trips[trip as usize].driver = Some(u64::from(driver));
            let elapsed = Span::from_millis((f64::from(duration) * done) as i64);
            self.stops[trip as usize].began_at = start - elapsed;
            driven_ms += f64::from(duration);
            begun += 1;
            let announced = start + interval + self.seconds(0.0, self.config.warm_up_s);
            self.agenda.add(announced, Job::Announce { trip });
        }
        let mean_s = if begun > 0 { driven_ms / f64::from(begun) / 1e3 } else { TRIP_GUESS_S };
        self.trip_mean_s = mean_s + OVERHEAD_S;
        for _ in begun..wanted.min(self.config.drivers) {
            let at = start + interval + self.seconds(0.0, self.config.warm_up_s);
            self.agenda.add(at, Job::RequestOnce);
        }
    }

    /// The next request, at a time that holds the number of trips under way.
    pub(super) fn schedule_request(&mut self, now: Timestamp) {
        let wanted = f64::from(self.config.trips_under_way);
        if wanted <= 0.0 {
            return;
        }
        let warm = now.since(self.now_at_start()).secs_f64() > self.config.warm_up_s + 1.0 / self.config.fix_rate_hz;
        // Until the first trips are announced their number says nothing.
        let missing = if warm { 1.0 - self.counts.trips_under_way as f64 / wanted } else { 0.0 };
        let correction = (1.0 + CORRECTION * missing).clamp(CORRECTION_BOUNDS.0, CORRECTION_BOUNDS.1);
        let mean_s = self.trip_mean_s / wanted / correction;
        let due = now + Span::from_micros((self.dice.exponential(mean_s) * 1e6) as i64 + 1);
        self.agenda.add(due, Job::Request);
    }

    /// A rider asks for a trip.
    pub(super) fn on_request(&mut self, now: Timestamp, out: &mut Vec<Emission>) {
        let stops = self.draw_stops(now);
        let trip = self.add_trip(stops, now);
        self.say_requested(trip, now, out);
        let found = now + self.seconds(DISPATCH_S.0, DISPATCH_S.1);
        self.agenda.add(found, Job::Dispatch { trip });
        if self.dice.chance(self.config.cancelled_share) {
            let patience = self.dice.exponential(CANCEL_MEAN_S);
            self.agenda.add(now + Span::from_micros((patience * 1e6) as i64), Job::Cancel { trip });
        }
    }

    /// A driver is looked for: the nearest idle one as the crow flies.
    pub(super) fn on_dispatch(&mut self, trip: u32, now: Timestamp, out: &mut Vec<Emission>) {
        if !self.trips[trip as usize].is_under_way() {
            return;
        }
        let pickup = self.stops[trip as usize].pickup;
        let Some(driver) = self.nearest_idle(pickup) else {
            self.agenda.add(now + RETRY, Job::Dispatch { trip });
            return;
        };
        let from = self.vehicles[driver as usize].position();
        let Some((edges, _)) = self.planner.route(driver, &self.congestion, from, pickup, now) else {
            self.agenda.add(now + RETRY, Job::Dispatch { trip });
            return;
        };
        let vehicle = &mut self.vehicles[driver as usize];
        vehicle.follow(edges, pickup.offset_mm);
        vehicle.task = Task::ToPickup(trip);
        self.assign(trip, driver, now, out);
    }

    /// A rider changes their mind, unless it is too late for that.
    pub(super) fn on_cancel(&mut self, trip: u32, now: Timestamp, out: &mut Vec<Emission>) {
        let truth = &mut self.trips[trip as usize];
        if !truth.is_under_way() || truth.picked_up_at.is_some() {
            return;
        }
        truth.cancelled_at = Some(now);
        let driver = truth.driver;
        self.counts.cancelled += 1;
        self.counts.trips_under_way -= 1;
        out.push(self.sources.dispatch(now, EventData::TripCancelled { trip: key(trip) }));
        if let Some(driver) = driver {
            self.vehicles[driver as usize].task = Task::Cruise;
            self.say_status(driver as u32, DriverStatus::Available, now, out);
        }
    }

    /// A vehicle is where its rider waits.
    pub(super) fn on_at_pickup(&mut self, driver: u32, trip: u32, now: Timestamp) {
        let until = now + self.seconds(BOARD_S.0, BOARD_S.1);
        self.vehicles[driver as usize].task = Task::Board(trip, until);
    }

    /// The rider is in, and the drive begins.
    pub(super) fn on_boarded(&mut self, driver: u32, trip: u32, now: Timestamp, out: &mut Vec<Emission>) {
        let from = self.vehicles[driver as usize].position();
        let dropoff = self.stops[trip as usize].dropoff;
        let Some((edges, _)) = self.planner.route(driver, &self.congestion, from, dropoff, now) else {
            // Every way is closed: nobody gets anywhere before one opens.
            self.vehicles[driver as usize].task = Task::Board(trip, now + RETRY);
            return;
        };
        let vehicle = &mut self.vehicles[driver as usize];
        vehicle.follow(edges, dropoff.offset_mm);
        vehicle.task = Task::ToDropoff(trip);
        self.trips[trip as usize].picked_up_at = Some(now);
        out.push(self.sources.dispatch(now, EventData::TripPickedUp { trip: key(trip) }));
    }

    /// The rider gets out.
    pub(super) fn on_at_dropoff(&mut self, driver: u32, trip: u32, now: Timestamp, out: &mut Vec<Emission>) {
        self.announce(trip, now, out);
        self.trips[trip as usize].completed_at = Some(now);
        self.counts.completed += 1;
        self.counts.trips_under_way -= 1;
        let took_s = now.since(self.stops[trip as usize].began_at).secs_f64();
        self.trip_mean_s += MEAN_GAIN * (took_s - self.trip_mean_s);
        self.vehicles[driver as usize].task = Task::Cruise;
        out.push(self.sources.dispatch(now, EventData::TripCompleted { trip: key(trip) }));
        self.say_status(driver, DriverStatus::Available, now, out);
    }

    /// The road ahead is closed: another way, if there is one. Where there is none, the vehicle waits and asks again.
    pub(super) fn on_blocked(&mut self, driver: u32, now: Timestamp) {
        let vehicle = &self.vehicles[driver as usize];
        let (Task::ToPickup(trip) | Task::ToDropoff(trip)) = vehicle.task else {
            return;
        };
        let stops = self.stops[trip as usize];
        let target = if matches!(vehicle.task, Task::ToPickup(_)) { stops.pickup } else { stops.dropoff };
        let from = vehicle.position();
        if let Some((edges, _)) = self.planner.route(driver, &self.congestion, from, target, now) {
            self.vehicles[driver as usize].follow(edges, target.offset_mm);
        }
    }

    /// Tells of a trip that was under way at the start. Of no effect if that was done.
    pub(super) fn announce(&mut self, trip: u32, now: Timestamp, out: &mut Vec<Emission>) {
        if self.stops[trip as usize].announced {
            return;
        }
        self.say_requested(trip, now, out);
        let Some(driver) = self.trips[trip as usize].driver else {
            return;
        };
        self.assign(trip, driver as u32, now, out);
        self.trips[trip as usize].picked_up_at = Some(now);
        out.push(self.sources.dispatch(now, EventData::TripPickedUp { trip: key(trip) }));
    }

    fn say_requested(&mut self, trip: u32, now: Timestamp, out: &mut Vec<Emission>) {
        self.stops[trip as usize].announced = true;
        let truth = &mut self.trips[trip as usize];
        truth.requested_at = now;
        self.counts.requested += 1;
        self.counts.trips_under_way += 1;
        let (pickup, dropoff) = (truth.pickup, truth.dropoff);
        out.push(self.sources.dispatch(now, EventData::TripRequested { trip: key(trip), pickup, dropoff }));
    }

    fn assign(&mut self, trip: u32, driver: u32, now: Timestamp, out: &mut Vec<Emission>) {
        let truth = &mut self.trips[trip as usize];
        truth.driver = Some(u64::from(driver));
        truth.assigned_at = Some(now);
        let driver_key = Key::Number(u64::from(driver));
        out.push(self.sources.dispatch(now, EventData::TripAssigned { trip: key(trip), driver: driver_key }));
        self.say_status(driver, DriverStatus::Busy, now, out);
    }

    /// Two places as far apart as a trip is long, unless the city is too small or demand too scattered for that.
    fn draw_stops(&mut self, now: Timestamp) -> Stops {
        let pickup = self.demand.draw(&mut self.dice);
        let mut dropoff = self.demand.draw(&mut self.dice);
        for _ in 0..DRAWS {
            let crow_m = self.coord_of(pickup).distance(self.coord_of(dropoff)).0;
            if (self.config.trip_min_m..=self.config.trip_max_m).contains(&crow_m) {
                break;
            }
            dropoff = self.demand.draw(&mut self.dice);
        }
        Stops { pickup, dropoff, announced: false, began_at: now }
    }

    fn add_trip(&mut self, stops: Stops, now: Timestamp) -> u32 {
        let trip = self.trips.len() as u32;
        let (pickup, dropoff) = (self.coord_of(stops.pickup), self.coord_of(stops.dropoff));
        self.trips.push(TripTruth {
            trip: u64::from(trip),
            driver: None,
            pickup,
            dropoff,
            requested_at: now,
            assigned_at: None,
            picked_up_at: None,
            completed_at: None,
            cancelled_at: None,
        });
        self.stops.push(stops);
        trip
    }

    fn nearest_idle(&self, pickup: Position) -> Option<u32> {
        let at = self.streets.place(pickup.edge.0, pickup.offset_mm as f32 / 1e3, &mut 0);
        let mut nearest = None;
        let mut best = f32::INFINITY;
        for (driver, vehicle) in self.vehicles.iter().enumerate() {
            if vehicle.is_idle() {
                let (dx, dy) = (vehicle.place.x - at.x, vehicle.place.y - at.y);
                let away = dx * dx + dy * dy;
                if away < best {
                    (nearest, best) = (Some(driver as u32), away);
                }
            }
        }
        nearest
    }

    fn coord_of(&self, position: Position) -> Coord {
        let place = self.streets.place(position.edge.0, position.offset_mm as f32 / 1e3, &mut 0);
        self.streets.coord(place.x, place.y)
    }

    fn seconds(&mut self, low: f64, high: f64) -> Span {
        Span::from_micros((self.dice.between(low, high) * 1e6) as i64)
    }
}

fn key(trip: u32) -> Key {
    Key::Number(u64::from(trip))
}
