use etaflow_road::Network;

use super::drivers::{Driver, Fleet};
use crate::bytes::{ByteReader, BytesError, put_position, put_time};
use crate::event::DriverStatus;
use crate::stream::{Entities, StateError};

/// What an entity of this operator is called.
const DRIVER: &str = "driver";

/// A driver has no more trips than there can be.
const TRIPS_MAX: u32 = 100_000_000;

const STATUSES: [DriverStatus; 3] = [DriverStatus::Offline, DriverStatus::Available, DriverStatus::Busy];

/// Bits of the first byte.
const AVAILABLE: u8 = 1;
const PLACED: u8 = 2;

/// By driver.
impl Entities for Fleet {
    const KIND: u8 = b'd';

    fn next_entity(&self, from: u64) -> Option<u64> {
        self.drivers.first_from(from).map(u64::from)
    }

    fn encode_entity(&self, number: u64, out: &mut Vec<u8>) -> bool {
        self.drivers.own(number).inspect(|driver| driver.encode(out)).is_some()
    }

    fn takes(&self, number: u64, _bytes: &[u8]) -> bool {
        self.drivers.takes(number)
    }

    fn decode_entity(&mut self, number: u64, bytes: &[u8]) -> Result<(), StateError> {
        let driver = Driver::decode(bytes, &self.network).map_err(|error| StateError::of(DRIVER, number, &error))?;
        self.drivers.put(number, driver).map_err(|why| StateError::because(DRIVER, number, why))
    }
}

impl Driver {
    fn encode(&self, out: &mut Vec<u8>) {
        let Self { status, trips, place, direction_confidence, heard_at, available } = self;
        let marks = [(*available, AVAILABLE), (place.is_some(), PLACED)];
        let marks = marks.iter().filter(|(holds, _)| *holds).fold(0, |marks, (_, mark)| marks | mark);
        out.extend([marks, *status as u8]);
        out.extend(trips.to_le_bytes());
        put_time(out, *heard_at);
        // How sure it is which way he heads is only of him who is somewhere.
        if let Some((position, seen_at)) = *place {
            put_position(out, position);
            put_time(out, seen_at);
            out.extend(direction_confidence.to_le_bytes());
        }
    }

    fn decode(bytes: &[u8], network: &Network) -> Result<Self, BytesError> {
        let mut reader = ByteReader::new(bytes);
        let (marks, status) = (reader.marks("the marks", AVAILABLE | PLACED)?, reader.u8("the status")?);
        let status = *STATUSES.get(usize::from(status)).ok_or_else(|| reader.error("the status", "is none"))?;
        let trips = reader.u32("the number of trips")?;
        if trips > TRIPS_MAX {
            return Err(reader.error("the number of trips", "is above all that there can be"));
        }
        let mut driver = Self { status, trips, ..Self::new(reader.time("when he was heard of")?) };
        if marks & PLACED != 0 {
            let position = reader.position_on("the place", network)?;
            driver.place = Some((position, reader.time("when he was seen")?));
            driver.direction_confidence = reader.share("the direction's confidence")?;
        }
        driver.available = marks & AVAILABLE != 0;
        if driver.available && !(driver.place.is_some() && driver.can_take_a_trip()) {
            return Err(reader.error("the driver", "is available and cannot take a trip"));
        }
        reader.end()?;
        Ok(driver)
    }
}

#[cfg(test)]
#[path = "entities_tests.rs"]
mod tests;
