use std::fmt;

use etaflow_road::{Span, Timestamp};

use crate::bytes::{ByteReader, BytesError};
use crate::event::{DriverId, Offset, TripId};

/// What is told of a trip's arrival, and what it rests on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EtaUpdate {
    /// Which trip.
    pub trip: TripId,
    /// Who drives it, once that is known.
    pub driver: Option<DriverId>,
    /// The record that caused it.
    pub offset: Offset,
    /// Why it is told.
    pub cause: Cause,
    /// The moment, in event time, of which it speaks.
    pub as_of: Timestamp,
    /// When the driver was last seen.
    pub fix_at: Option<Timestamp>,
    /// How sure it was then which way along the street he headed: 0.5 (either way is as likely, as at a trip's start
    /// before he has moved) to 1.
    pub direction_confidence: Option<f32>,
    /// The traffic epoch: the tick at which the travel times that it rests on came into force.
    pub epoch: u64,
    /// When the driver will be at the pickup, as long as he is on his way there.
    pub pickup_at: Option<Timestamp>,
    /// When the rider will be at the dropoff; `None` if no way leads there, or the trip has ended without.
    pub arrival: Option<Arrival>,
}

impl EtaUpdate {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let time = |time: Option<Timestamp>| time.map_or(i64::MIN, Timestamp::micros).to_le_bytes();
        out.extend(self.trip.0.to_le_bytes());
        out.extend(self.driver.map_or(u32::MAX, |driver| driver.0).to_le_bytes());
        out.extend(self.offset.0.to_le_bytes());
        out.push(self.cause as u8);
        out.extend(self.epoch.to_le_bytes());
        out.extend(self.direction_confidence.unwrap_or(0.0).to_le_bytes());
        let arrival = self.arrival;
        for moment in [
            Some(self.as_of),
            self.fix_at,
            self.pickup_at,
            arrival.map(|arrival| arrival.p10),
            arrival.map(|arrival| arrival.p50),
            arrival.map(|arrival| arrival.p90),
        ] {
            out.extend(time(moment));
        }
    }

    /// What the next one is compared with, once this was told.
    pub(super) fn promise(&self) -> Promise {
        let arrival = self.arrival.map(|arrival| arrival.p50);
        Promise { cause: self.cause, pickup_at: self.pickup_at, arrival }
    }

    /// Reads what [`encode`](Self::encode) wrote.
    pub(crate) fn decode(reader: &mut ByteReader<'_>) -> Result<Self, BytesError> {
        let trip = TripId(reader.u32("a trip's number")?);
        let driver = Some(reader.u32("a driver's number")?).filter(|&number| number != u32::MAX).map(DriverId);
        let offset = Offset(reader.u64("an offset")?);
        let cause = Cause::from_number(reader.u8("a cause")?).ok_or_else(|| reader.error("a cause", "is unknown"))?;
        let epoch = reader.u64("an epoch")?;
        let direction = reader.f32("a confidence")?;
        if direction != 0.0 && !(0.5..=1.0).contains(&direction) || direction.is_sign_negative() {
            return Err(reader.error("a confidence", "must be 0 or 0.5 to 1"));
        }
        let mut time = |what| reader.time(what).map(|time| Some(time).filter(|&time| time != Timestamp::MIN));
        let as_of = time("the time of an update")?.unwrap_or(Timestamp::MIN);
        let (fix_at, pickup_at) = (time("the time of a fix")?, time("the time of a pickup")?);
        let quantiles = [time("an arrival")?, time("an arrival")?, time("an arrival")?];
        let arrival = match quantiles {
            [Some(p10), Some(p50), Some(p90)] => Some(Arrival { p10, p50, p90 }),
            [None, None, None] => None,
            _ => return Err(reader.error("an arrival", "is there in part")),
        };
        let direction_confidence = Some(direction).filter(|&direction| direction > 0.0);
        Ok(Self { trip, driver, offset, cause, as_of, fix_at, direction_confidence, epoch, pickup_at, arrival })
    }

    /// Whether this says something that `told` did not: another cause of weight, or a time moved by `change_min`.
    pub(super) fn is_news(&self, told: Option<&Promise>, change_min: Span) -> bool {
        let Some(told) = told else { return true };
        let moved = |now: Option<Timestamp>, then: Option<Timestamp>| match (now, then) {
            (Some(now), Some(then)) => now.since(then).micros().unsigned_abs() >= change_min.micros().max(1) as u64,
            (None, None) => false,
            _ => true,
        };
        !matches!(self.cause, Cause::Progress | Cause::Traffic | Cause::Rerouted)
            || moved(self.pickup_at, told.pickup_at)
            || moved(self.arrival.map(|arrival| arrival.p50), told.arrival)
    }
}

/// What the outside was told last of a trip, as far as it decides what is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Promise {
    pub(super) cause: Cause,
    pub(super) pickup_at: Option<Timestamp>,
    /// As likely early as late.
    pub(super) arrival: Option<Timestamp>,
}

/// When somebody will arrive, and how sure that is: one time in ten before `p10`, one in two before `p50`, nine in ten
/// before `p90`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The earliest one may hope for.
    pub p10: Timestamp,
    /// As likely early as late.
    pub p50: Timestamp,
    /// What one may count on.
    pub p90: Timestamp,
}

impl Arrival {
    pub(super) fn after(start: Timestamp, [p10, p50, p90]: [u32; 3]) -> Self {
        let at = |millis: u32| start + Span::from_millis(i64::from(millis));
        Self { p10: at(p10), p50: at(p50), p90: at(p90) }
    }

    /// A time that is known.
    pub(super) fn at(time: Timestamp) -> Self {
        Self { p10: time, p50: time, p90: time }
    }

    /// The same, but not before `time`.
    pub(super) fn not_before(self, time: Timestamp) -> Self {
        Self { p10: self.p10.max(time), p50: self.p50.max(time), p90: self.p90.max(time) }
    }
}

/// Why an arrival time is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Cause {
    /// The trip was asked for.
    Requested = 0,
    /// A driver was found, or another one.
    Assigned = 1,
    /// The rider is on board.
    PickedUp = 2,
    /// The driver came on faster or slower than was thought.
    Progress = 3,
    /// The roads ahead became faster or slower.
    Traffic = 4,
    /// The driver left the way that was thought, or it was closed, or another one has become faster.
    Rerouted = 5,
    /// The rider has arrived.
    Completed = 6,
    /// It does not take place.
    Cancelled = 7,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Cause {
    /// Every one that there is, each at its number.
    pub(super) const ALL: [Self; 8] = [
        Self::Requested,
        Self::Assigned,
        Self::PickedUp,
        Self::Progress,
        Self::Traffic,
        Self::Rerouted,
        Self::Completed,
        Self::Cancelled,
    ];

    /// The cause of that number.
    pub(super) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// The cause of that [name](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.name() == name)
    }

    /// Its name in files and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Assigned => "assigned",
            Self::PickedUp => "picked_up",
            Self::Progress => "progress",
            Self::Traffic => "traffic",
            Self::Rerouted => "rerouted",
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
        }
    }
}
