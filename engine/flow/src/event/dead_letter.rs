use std::fmt;

use etaflow_road::Timestamp;

use super::record::Offset;

/// Why an event was not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Reason {
    /// It could not be read.
    Malformed = 0,
    /// Its type is none of those that are known.
    UnknownType = 1,
    /// Not a place on the globe.
    BadCoordinate = 2,
    /// It happened longer ago than is waited for.
    Late = 3,
    /// It happens further in the future than clocks may differ.
    Future = 4,
    /// Its sequence number is older than what is remembered of its source.
    SequenceTooOld = 5,
    /// Names a driver nobody has heard of.
    UnknownDriver = 6,
    /// Names a trip nobody has heard of.
    UnknownTrip = 7,
    /// Names a road that is not on the map.
    UnknownRoad = 8,
    /// A trip cannot go from where it is to there.
    IllegalTransition = 9,
    /// A trip of that name exists.
    TripExists = 10,
    /// The bound on drivers is reached.
    TooManyDrivers = 11,
    /// The bound on trips is reached.
    TooManyTrips = 12,
    /// The bound on sources is reached.
    TooManySources = 13,
    /// No road is near.
    OffMap = 14,
    /// Nobody drives that fast.
    ImpossibleJump = 15,
    /// A later fix of that driver came before.
    StaleFix = 16,
    /// By the receiver's own words the fix may be anywhere.
    Inaccurate = 17,
    /// Names a speed profile that is not kept, is damaged, or is of another network.
    UnknownProfile = 18,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 19] = [
        Self::Malformed,
        Self::UnknownType,
        Self::BadCoordinate,
        Self::Late,
        Self::Future,
        Self::SequenceTooOld,
        Self::UnknownDriver,
        Self::UnknownTrip,
        Self::UnknownRoad,
        Self::IllegalTransition,
        Self::TripExists,
        Self::TooManyDrivers,
        Self::TooManyTrips,
        Self::TooManySources,
        Self::OffMap,
        Self::ImpossibleJump,
        Self::StaleFix,
        Self::Inaccurate,
        Self::UnknownProfile,
    ];

    /// Its name in reports and metrics.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::UnknownType => "unknown_type",
            Self::BadCoordinate => "bad_coordinate",
            Self::Late => "late",
            Self::Future => "future",
            Self::SequenceTooOld => "sequence_too_old",
            Self::UnknownDriver => "unknown_driver",
            Self::UnknownTrip => "unknown_trip",
            Self::UnknownRoad => "unknown_road",
            Self::IllegalTransition => "illegal_transition",
            Self::TripExists => "trip_exists",
            Self::TooManyDrivers => "too_many_drivers",
            Self::TooManyTrips => "too_many_trips",
            Self::TooManySources => "too_many_sources",
            Self::OffMap => "off_map",
            Self::ImpossibleJump => "impossible_jump",
            Self::StaleFix => "stale_fix",
            Self::Inaccurate => "inaccurate",
            Self::UnknownProfile => "unknown_profile",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// An event that was not used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Why.
    pub reason: Reason,
    /// When the engine's clock said so.
    pub at: Timestamp,
    /// Where it is in the log, if it came that far.
    pub offset: Option<Offset>,
    /// What was wrong, with the value and the bound.
    pub detail: String,
}
