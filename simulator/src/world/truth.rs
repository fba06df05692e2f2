use etaflow::Span;
use etaflow_road::{Coord, EdgeId, MetresPerSecond, Position, Timestamp, Weight};

use super::vehicle::Task;
use super::world::World;

/// What truly happened to a trip. Times are those of the events that tell of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TripTruth {
    /// Its key.
    pub trip: u64,
    /// The key of its driver, once there is one.
    pub driver: Option<u64>,
    /// Where the rider waits.
    pub pickup: Coord,
    /// Where the rider goes.
    pub dropoff: Coord,
    /// When it was asked for. A trip that was under way at the start counts from its announcement.
    pub requested_at: Timestamp,
    /// When a driver was found.
    pub assigned_at: Option<Timestamp>,
    /// When the rider got in.
    pub picked_up_at: Option<Timestamp>,
    /// When the rider got out.
    pub completed_at: Option<Timestamp>,
    /// When it was cancelled.
    pub cancelled_at: Option<Timestamp>,
}

impl TripTruth {
    /// Whether it has not ended.
    pub const fn is_under_way(&self) -> bool {
        self.completed_at.is_none() && self.cancelled_at.is_none()
    }
}

/// Where a driver truly is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriverTruth {
    /// On the network.
    pub position: Position,
    /// On the globe.
    pub coord: Coord,
    /// Over the last step.
    pub speed: MetresPerSecond,
    /// Whether the driver could take a trip.
    pub is_idle: bool,
    /// The edges that the driver is going to take after this one; empty when idle.
    pub ahead: usize,
}

/// How many of what there are in a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct WorldCounts {
    /// Drivers who cruise and wait for a trip.
    pub cruising: u64,
    /// Drivers who stand and wait for a trip.
    pub parked: u64,
    /// Drivers on the way to a rider, or waiting for the rider to get in.
    pub to_pickup: u64,
    /// Drivers with a rider.
    pub to_dropoff: u64,
    /// Trips that are requested and have not ended.
    pub trips_under_way: u64,
    /// Trips that were requested so far.
    pub requested: u64,
    /// Trips that were completed so far.
    pub completed: u64,
    /// Trips that were cancelled so far.
    pub cancelled: u64,
    /// Fixes emitted so far.
    pub fixes: u64,
    /// Fixes that a phone could not make because it was in a tunnel.
    pub hidden_fixes: u64,
    /// Events of all kinds emitted so far.
    pub events: u64,
    /// Edges that an incident slows or closes now.
    pub incidents: u64,
    /// Edges that are closed now.
    pub closed_edges: u64,
}

/// What is true in a [`World`] now: the engine must not see it, whoever judges the engine does.
#[derive(Debug, Clone, Copy)]
pub struct Truth<'a> {
    pub(super) world: &'a World,
}

impl<'a> Truth<'a> {
    /// All trips so far, by their keys: trip `n` is the n-th from 0.
    pub fn trips(self) -> &'a [TripTruth] {
        &self.world.trips
    }

    /// A trip by its key.
    pub fn trip(self, trip: u64) -> Option<&'a TripTruth> {
        self.world.trips.get(usize::try_from(trip).ok()?)
    }

    /// A driver by key: 0 up to the number of drivers.
    pub fn driver(self, driver: u64) -> Option<DriverTruth> {
        let vehicle = self.world.vehicles.get(usize::try_from(driver).ok()?)?;
        Some(DriverTruth {
            position: vehicle.position(),
            coord: self.world.streets.coord(vehicle.place.x, vehicle.place.y),
            speed: MetresPerSecond(f64::from(vehicle.speed_mps)),
            is_idle: vehicle.is_idle(),
            ahead: if vehicle.is_idle() { 0 } else { vehicle.ahead().len() },
        })
    }

    /// How fast traffic moves on an edge now.
    pub fn speed(self, edge: EdgeId) -> MetresPerSecond {
        MetresPerSecond(f64::from(self.world.congestion.speed_mps(edge.0)))
    }

    /// How long an edge takes now, without the turn at its end, in milliseconds.
    pub fn travel_time(self, edge: EdgeId) -> Weight {
        self.world.congestion.travel_time(edge.0)
    }

    /// The fastest that traffic on an edge ever is.
    pub fn speed_max(self, edge: EdgeId) -> MetresPerSecond {
        MetresPerSecond(f64::from(self.world.congestion.speed_max_mps(edge.0)))
    }

    /// Whether an edge is closed now.
    pub fn is_closed(self, edge: EdgeId) -> bool {
        self.world.planner.is_closed(edge.0)
    }

    /// How long a trip whose rider is on board has yet to go along its driver's own route, if traffic stayed as it is
    /// now and lights took their mean: what an engine that knew everything but the future would say.
    pub fn remaining(self, trip: u64) -> Option<Span> {
        let driver = usize::try_from(self.trip(trip)?.driver?).ok()?;
        let vehicle = self.world.vehicles.get(driver)?;
        let on_board = matches!(vehicle.task, Task::ToDropoff(own) if u64::from(own) == trip);
        on_board.then(|| Span::from_micros((vehicle.remaining_s(&self.world.surroundings()) * 1e6) as i64))
    }

    /// How many of what there are.
    pub fn counts(self) -> WorldCounts {
        let mut counts = self.world.counts;
        for vehicle in &self.world.vehicles {
            match vehicle.task {
                Task::Cruise => counts.cruising += 1,
                Task::Park(_) => counts.parked += 1,
                Task::ToPickup(_) | Task::Board(..) => counts.to_pickup += 1,
                Task::ToDropoff(_) => counts.to_dropoff += 1,
            }
        }
        counts
    }
}
