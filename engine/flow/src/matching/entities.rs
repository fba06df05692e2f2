use etaflow_road::Trace;

use super::drive::Drive;
use super::operator::{Matching, Track};
use crate::bytes::{ByteReader, BytesError};
use crate::stream::{Entities, StateError};

/// What an entity of this operator is called.
const DRIVER: &str = "the trace of driver";

/// By driver: what is known and open of how he moves.
impl Entities for Matching {
    const KIND: u8 = b'm';

    fn next_entity(&self, from: u64) -> Option<u64> {
        self.drivers.first_from(from).map(u64::from)
    }

    fn encode_entity(&self, number: u64, out: &mut Vec<u8>) -> bool {
        let Some(Track { trace, drive }) = self.drivers.own(number) else { return false };
        trace.encode(out);
        if let Some(drive) = drive {
            drive.encode(out);
        }
        true
    }

    fn takes(&self, number: u64, _bytes: &[u8]) -> bool {
        self.drivers.takes(number)
    }

    fn decode_entity(&mut self, number: u64, bytes: &[u8]) -> Result<(), StateError> {
        let (trace, length) = Trace::decode(bytes, &self.network)
            .map_err(|error| StateError::because(DRIVER, number, error.to_string()))?;
        let drive =
            self.read_drive(&trace, &bytes[length..]).map_err(|error| StateError::of(DRIVER, number, &error))?;
        self.drivers.put(number, Track { trace, drive }).map_err(|why| StateError::because(DRIVER, number, why))
    }
}

impl Matching {
    fn read_drive(&self, trace: &Trace, bytes: &[u8]) -> Result<Option<Drive>, BytesError> {
        if bytes.is_empty() {
            return Ok(None);
        }
        let mut reader = ByteReader::new(bytes);
        let drive = Drive::decode(&mut reader, &self.network)?;
        reader.end()?;
        match trace.goes_on_from() {
            Some(edge) if edge != drive.edge() => {
                Err(reader.error("the edge driven on", "is not where the trace goes on"))
            }
            _ => Ok(Some(drive)),
        }
    }
}

#[cfg(test)]
#[path = "entities_tests.rs"]
mod tests;
