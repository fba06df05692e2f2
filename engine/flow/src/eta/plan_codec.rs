use etaflow_road::{INFINITY, Metric, Network};

use super::calibration::Phase;
use super::leg::Leg;
use super::plan::{Forecasts, Plan};
use super::stop::Stop;
use super::update::{Cause, Promise};
use crate::bytes::{ByteReader, BytesError, put_position, put_time};
use crate::event::Offset;
use crate::trip::Trip;

/// What a plan has, by the bits of a number; in the order in which it is written.
const ENDS: u16 = 1;
const PICKUP_BOTH_WAYS: u16 = 1 << 1;
const DROPOFF_BOTH_WAYS: u16 = 1 << 2;
const APPROACH: u16 = 1 << 3;
const RIDE: u16 = 1 << 4;
const SEEN: u16 = 1 << 5;
const FIX: u16 = 1 << 6;
const DIRECTION: u16 = 1 << 7;
const TOLD: u16 = 1 << 8;
const TOLD_PICKUP: u16 = 1 << 9;
const TOLD_ARRIVAL: u16 = 1 << 10;
const BEST_BY: u16 = 1 << 11;
const EN_ROUTE: u16 = 1 << 12;
const FORECAST_NEXT: u16 = 1 << 13;
const ALL: u16 = (1 << 14) - 1;

impl Plan {
    /// Appends all of it, but what follows from the travel times in force.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        let Self {
            state,
            made_by,
            ends,
            approach,
            ride,
            seen,
            fix_at,
            direction_confidence,
            told,
            best_by,
            // It is one of the bits.
            phase: _,
            forecasts: Forecasts { made, next_at },
        } = self;
        state.encode(out);
        out.extend(made_by.0.to_le_bytes());
        out.extend(self.has().to_le_bytes());
        if let Some((pickup, dropoff)) = ends {
            put_position(out, pickup.position());
            put_position(out, dropoff.position());
        }
        approach.iter().chain(ride).for_each(|leg| leg.encode(out));
        if let Some((place, at)) = *seen {
            put_position(out, place);
            put_time(out, at);
        }
        fix_at.iter().for_each(|&at| put_time(out, at));
        direction_confidence.iter().for_each(|confidence| out.extend(confidence.to_le_bytes()));
        if let Some(Promise { cause, pickup_at, arrival }) = *told {
            out.push(cause as u8);
            pickup_at.iter().chain(&arrival).for_each(|&at| put_time(out, at));
        }
        best_by.iter().for_each(|number| out.extend(number.to_le_bytes()));
        next_at.iter().for_each(|&at| put_time(out, at));
        out.push(made.len() as u8);
        for &(at, phase, forecast) in made {
            put_time(out, at);
            out.push(phase as u8);
            out.extend(forecast.to_le_bytes());
        }
    }

    fn has(&self) -> u16 {
        let (ends, told) = (self.ends.as_ref(), self.told.as_ref());
        [
            (ENDS, ends.is_some()),
            (PICKUP_BOTH_WAYS, ends.is_some_and(|(pickup, _)| pickup.is_both_ways())),
            (DROPOFF_BOTH_WAYS, ends.is_some_and(|(_, dropoff)| dropoff.is_both_ways())),
            (APPROACH, self.approach.is_some()),
            (RIDE, self.ride.is_some()),
            (SEEN, self.seen.is_some()),
            (FIX, self.fix_at.is_some()),
            (DIRECTION, self.direction_confidence.is_some()),
            (TOLD, told.is_some()),
            (TOLD_PICKUP, told.is_some_and(|told| told.pickup_at.is_some())),
            (TOLD_ARRIVAL, told.is_some_and(|told| told.arrival.is_some())),
            (BEST_BY, self.best_by.is_some()),
            (EN_ROUTE, self.phase == Phase::EnRoute),
            (FORECAST_NEXT, self.forecasts.next_at.is_some()),
        ]
        .iter()
        .filter(|(_, holds)| *holds)
        .fold(0, |has, (bit, _)| has | bit)
    }

    /// Reads what [`encode`](Self::encode) wrote, timed by the travel times that were in force then.
    pub(super) fn decode(bytes: &[u8], network: &Network, metric: &Metric) -> Result<Self, BytesError> {
        let mut reader = ByteReader::new(bytes);
        let (state, made_by) = (Trip::decode(&mut reader)?, Offset(reader.u64("the record that made it")?));
        let has = Has(reader.u16("what it has")?);
        has.check(&reader)?;
        let ends = has.then(ENDS, || {
            let mut stop = |what, both_ways| {
                let position = reader.position_on(what, network)?;
                Stop::at(network, position, has.any(both_ways))
                    .ok_or_else(|| reader.error(what, "is open one way only"))
            };
            Ok((stop("the pickup on the road", PICKUP_BOTH_WAYS)?, stop("the dropoff on the road", DROPOFF_BOTH_WAYS)?))
        })?;
        let mut plan = Self::new(state, made_by, ends);
        plan.approach = has.then(APPROACH, || Leg::decode(&mut reader, network, metric))?;
        plan.ride = has.then(RIDE, || Leg::decode(&mut reader, network, metric))?;
        plan.seen = has.then(SEEN, || {
            Ok((reader.position_on("the driver's place", network)?, reader.time("when he was there")?))
        })?;
        plan.fix_at = has.then(FIX, || reader.time("when he was seen"))?;
        plan.direction_confidence = has.then(DIRECTION, || reader.share("the direction's confidence"))?;
        plan.told = has.then(TOLD, || read_told(&mut reader, has))?;
        plan.best_by = has.then(BEST_BY, || reader.u64("the metric that it is best by"))?;
        plan.phase = if has.any(EN_ROUTE) { Phase::EnRoute } else { Phase::Departure };
        plan.forecasts = read_forecasts(&mut reader, has)?;
        reader.end()?;
        Ok(plan)
    }
}

/// Which parts a written plan has.
#[derive(Clone, Copy)]
struct Has(u16);

impl Has {
    fn any(self, part: u16) -> bool {
        self.0 & part != 0
    }

    /// Reads a part, if it has it.
    fn then<T>(self, part: u16, read: impl FnOnce() -> Result<T, BytesError>) -> Result<Option<T>, BytesError> {
        if self.any(part) { read().map(Some) } else { Ok(None) }
    }

    /// That no part is there without that which it is a part of.
    fn check(self, reader: &ByteReader<'_>) -> Result<(), BytesError> {
        let orphan = |parts, of| self.any(parts) && !self.any(of);
        let wrong = self.any(!ALL)
            || orphan(PICKUP_BOTH_WAYS | DROPOFF_BOTH_WAYS, ENDS)
            || orphan(TOLD_PICKUP | TOLD_ARRIVAL, TOLD);
        if wrong { Err(reader.error("what it has", "means nothing")) } else { Ok(()) }
    }
}

fn read_told(reader: &mut ByteReader<'_>, has: Has) -> Result<Promise, BytesError> {
    let cause = Cause::from_number(reader.u8("the cause")?).ok_or_else(|| reader.error("the cause", "is none"))?;
    let pickup_at = has.then(TOLD_PICKUP, || reader.time("the pickup that was told"))?;
    let arrival = has.then(TOLD_ARRIVAL, || reader.time("the arrival that was told"))?;
    Ok(Promise { cause, pickup_at, arrival })
}

fn read_forecasts(reader: &mut ByteReader<'_>, has: Has) -> Result<Forecasts, BytesError> {
    let next_at = has.then(FORECAST_NEXT, || reader.time("the time of the next forecast"))?;
    let count = reader.u8("the number of forecasts")?;
    let mut made = Vec::new();
    for _ in 0..count {
        let at = reader.time("the time of a forecast")?;
        let phase = Phase::decode(reader)?;
        let forecast = reader.u32("a forecast")?;
        if forecast >= INFINITY {
            return Err(reader.error("a forecast", "is of no way"));
        }
        made.push((at, phase, forecast));
    }
    Ok(Forecasts { made, next_at })
}
