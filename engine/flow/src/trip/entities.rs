use super::stage::TripStage;
use super::trips::{Trip, Trips};
use crate::bytes::{ByteReader, BytesError, put_coord, put_time};
use crate::event::{DriverId, TripId};
use crate::stream::{Entities, StateError};

/// What an entity of this operator is called.
const TRIP: &str = "trip";

/// By trip. Every shard keeps them all.
impl Entities for Trips {
    const KIND: u8 = b't';

    fn next_entity(&self, from: u64) -> Option<u64> {
        let from = TripId(u32::try_from(from).ok()?);
        self.trips.range(from..).next().map(|(trip, _)| u64::from(trip.0))
    }

    fn encode_entity(&self, number: u64, out: &mut Vec<u8>) -> bool {
        let trip = u32::try_from(number).ok().and_then(|trip| self.trips.get(&TripId(trip)));
        trip.inspect(|trip| trip.encode(out)).is_some()
    }

    fn decode_entity(&mut self, number: u64, bytes: &[u8]) -> Result<(), StateError> {
        let because = |why: &str| StateError::because(TRIP, number, why);
        let id = u32::try_from(number).map(TripId).map_err(|_| because("the number is above all that are given"))?;
        let mut reader = ByteReader::new(bytes);
        let trip = Trip::decode(&mut reader).and_then(|trip| reader.end().map(|()| trip));
        let trip = trip.map_err(|error| StateError::of(TRIP, number, &error))?;
        if self.trips.contains_key(&id) {
            return Err(because("it comes twice"));
        }
        self.trips.insert(id, trip);
        Ok(())
    }
}

impl Trip {
    /// Appends it: how far it has come and who drives it first, as [`TripStage::decode`] reads them.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        let Self { pickup, dropoff, requested_at, stage } = *self;
        let (stage, driver) = match stage {
            TripStage::Requested => (0_u8, u32::MAX),
            TripStage::Assigned { driver } => (1, driver.0),
            TripStage::OnBoard { driver } => (2, driver.0),
        };
        out.push(stage);
        out.extend(driver.to_le_bytes());
        put_coord(out, pickup);
        put_coord(out, dropoff);
        put_time(out, requested_at);
    }

    pub(crate) fn decode(reader: &mut ByteReader<'_>) -> Result<Self, BytesError> {
        let stage = TripStage::decode(reader)?;
        let (pickup, dropoff) = (reader.coord("the pickup")?, reader.coord("the dropoff")?);
        Ok(Self { pickup, dropoff, requested_at: reader.time("the time of request")?, stage })
    }
}

impl TripStage {
    /// Reads what every trip begins with.
    pub(crate) fn decode(reader: &mut ByteReader<'_>) -> Result<Self, BytesError> {
        let (stage, driver) = (reader.u8("the stage")?, reader.u32("the driver")?);
        match (stage, DriverId(driver)) {
            (0, DriverId(u32::MAX)) => Ok(Self::Requested),
            (1, driver) => Ok(Self::Assigned { driver }),
            (2, driver) => Ok(Self::OnBoard { driver }),
            _ => Err(reader.error("the stage", "is none")),
        }
    }
}

#[cfg(test)]
#[path = "entities_tests.rs"]
mod tests;
