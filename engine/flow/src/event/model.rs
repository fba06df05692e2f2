use etaflow_road::{Coord, Timestamp};

use super::fix::GpsFix;
use super::key::Key;
use super::record::ProfileId;

/// Something that happened, as a source says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Who says it: a gateway, an app, a service. Together with [`id`](Self::id) it makes the event unique.
    pub source: Key,
    /// Which of its source's events it is; sent twice, it counts once.
    pub id: EventId,
    /// When it happened.
    pub time: Timestamp,
    /// When it should have come in, if the source knows: latency is counted from here. The sequencer takes the time of
    /// arrival where there is none.
    pub due: Option<Timestamp>,
    /// What happened.
    pub data: EventData,
}

/// Which of its source's events an event is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventId {
    /// The source numbers its events: whether one came before is known exactly.
    Sequence(u64),
    /// The source gives unique ids in no order: they are remembered for a bounded number of events.
    Opaque(Key),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventData {
    /// `driver.location.updated`
    LocationUpdated {
        /// Whose.
        driver: Key,
        /// Where, and what else the receiver said.
        fix: GpsFix,
    },
    /// `driver.status.changed`
    StatusChanged {
        /// Whose.
        driver: Key,
        /// Now.
        status: DriverStatus,
    },
    /// `trip.requested`
    TripRequested {
        /// A new name for it.
        trip: Key,
        /// Where the rider waits.
        pickup: Coord,
        /// Where the rider goes.
        dropoff: Coord,
    },
    /// `trip.assigned`
    TripAssigned {
        /// Which.
        trip: Key,
        /// Who will drive it.
        driver: Key,
    },
    /// `trip.picked_up`
    TripPickedUp {
        /// Which.
        trip: Key,
    },
    /// `trip.completed`
    TripCompleted {
        /// Which.
        trip: Key,
    },
    /// `trip.cancelled`
    TripCancelled {
        /// Which.
        trip: Key,
    },
    /// `road.closed`
    RoadClosed(RoadRef),
    /// `road.reopened`
    RoadReopened(RoadRef),
    /// `traffic.profile.adopted`
    ProfileAdopted {
        /// Which speed profile is the traffic's prior from now on.
        profile: ProfileId,
    },
}

/// Whether a driver can take trips.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DriverStatus {
    /// Not at work: is not found by "who is nearest".
    Offline = 0,
    /// Can take a trip.
    Available = 1,
    /// On a trip, or on the way to one.
    Busy = 2,
}

/// A stretch of road, one way, by two consecutive node ids of the map (OpenStreetMap's).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RoadRef {
    /// The node it leads away from.
    pub from_node: i64,
    /// The node it leads to.
    pub to_node: i64,
}

impl EventData {
    /// The CloudEvents `type`.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::LocationUpdated { .. } => "driver.location.updated",
            Self::StatusChanged { .. } => "driver.status.changed",
            Self::TripRequested { .. } => "trip.requested",
            Self::TripAssigned { .. } => "trip.assigned",
            Self::TripPickedUp { .. } => "trip.picked_up",
            Self::TripCompleted { .. } => "trip.completed",
            Self::TripCancelled { .. } => "trip.cancelled",
            Self::RoadClosed(_) => "road.closed",
            Self::RoadReopened(_) => "road.reopened",
            Self::ProfileAdopted { .. } => "traffic.profile.adopted",
        }
    }
}
