use std::fmt;

use etaflow_road::{Coord, Timestamp};

use super::fix::GpsFix;
use super::model::{DriverStatus, RoadRef};

/// A record's place in the log, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Offset(pub u64);

/// Defines a dense number for what has a key outside.
macro_rules! dense_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index into an array.
            #[inline]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

dense_id! {
    /// A driver, numbered in the order of first mention.
    DriverId
}

dense_id! {
    /// A trip, numbered in the order of request.
    TripId
}

dense_id! {
    /// A source of events, numbered in the order of first mention.
    SourceId
}

/// A speed profile: the hash of its bytes, so that one name never stands for two profiles.
///
/// Written as 16 hexadecimal digits, in events and as the name of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProfileId(pub u64);

impl ProfileId {
    /// Reads what [`Display`](fmt::Display) writes: exactly 16 digits, lower case.
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        digits.then(|| u64::from_str_radix(text, 16).ok().map(Self)).flatten()
    }
}

impl fmt::Display for ProfileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// An entry of the log: an admitted event, or a tick, in its place in the one order.
///
/// Everything after the sequencer is a function of these.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Record {
    /// Its place.
    pub offset: Offset,
    /// When it happened; for a tick, the tick's time.
    pub time: Timestamp,
    /// When the sequencer took it in, by the engine's clock.
    pub ingest_time: Timestamp,
    /// How long before `ingest_time` it was due, in microseconds (held to 71 minutes).
    pub waited_us: u32,
    /// Who said it; [`Record::TICKER`] for a tick.
    pub source: SourceId,
    /// Its number within its source, or the hash of its opaque id; for a tick, its number from 0.
    pub id: u64,
    /// What happened.
    pub payload: Payload,
}

const _: () = assert!(size_of::<Record>() == 64, "one cache line");

impl Record {
    /// The source of ticks.
    pub const TICKER: SourceId = SourceId(u32::MAX);

    /// When it was due: latency is counted from here.
    pub fn due(&self) -> Timestamp {
        self.ingest_time - etaflow_road::Span::from_micros(i64::from(self.waited_us))
    }
}

/// What a [`Record`] says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Payload {
    /// Time has come this far: panes close, metrics change, arrival times are refreshed.
    Tick {
        /// No event that happened before this is expected any more.
        watermark: Timestamp,
    },
    /// A driver was seen.
    Location {
        /// Who.
        driver: DriverId,
        /// Where.
        fix: GpsFix,
    },
    /// A driver began or ended work.
    Status {
        /// Who.
        driver: DriverId,
        /// Now.
        status: DriverStatus,
    },
    /// A rider wants to go.
    Requested {
        /// Which trip.
        trip: TripId,
        /// From where.
        pickup: Coord,
        /// To where.
        dropoff: Coord,
    },
    /// A driver was found for it.
    Assigned {
        /// Which trip.
        trip: TripId,
        /// Who.
        driver: DriverId,
    },
    /// The rider is on board.
    PickedUp {
        /// Which trip.
        trip: TripId,
    },
    /// The rider has arrived.
    Completed {
        /// Which trip.
        trip: TripId,
    },
    /// It will not take place, or not to its end.
    Cancelled {
        /// Which trip.
        trip: TripId,
    },
    /// Nobody can pass.
    Closed(RoadRef),
    /// Everybody can pass again.
    Reopened(RoadRef),
    /// From the tick after the next on, roads are taken to be as fast as a profile says, where nobody is seen on them.
    ProfileAdopted {
        /// Which. Its file was there, whole and of this network, when the record was written.
        profile: ProfileId,
    },
}

impl Payload {
    /// The CloudEvents `type` of its event; `tick` for a tick.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Tick { .. } => "tick",
            Self::Location { .. } => "driver.location.updated",
            Self::Status { .. } => "driver.status.changed",
            Self::Requested { .. } => "trip.requested",
            Self::Assigned { .. } => "trip.assigned",
            Self::PickedUp { .. } => "trip.picked_up",
            Self::Completed { .. } => "trip.completed",
            Self::Cancelled { .. } => "trip.cancelled",
            Self::Closed(_) => "road.closed",
            Self::Reopened(_) => "road.reopened",
            Self::ProfileAdopted { .. } => "traffic.profile.adopted",
        }
    }
}
