//! Records as the log keeps them.
//!
//! 64 bytes, little-endian, and what a kind does not use is zero. The log's file names the version; this is version 1.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | offset |
//! | 8..16 | time: microseconds since 1970, with sign |
//! | 16..24 | ingest time: likewise |
//! | 24..28 | waited: microseconds |
//! | 28..32 | source; 2^32 - 1 for a tick, and for nothing else |
//! | 32..40 | id |
//! | 40 | kind: 0 tick, then as the kinds of an event's frame |
//! | 41 | status |
//! | 42..48 | location: accuracy, speed, heading |
//! | 44..48 | trip (3 to 7) |
//! | 48..52 | driver (1, 2, 4) |
//! | 48..56 | a tick's watermark; the pickup (3); the node from which the road leads (8, 9); the profile (10) |
//! | 52..60 | latitude and longitude of a location |
//! | 56..64 | the dropoff (3); the node to which the road leads (8, 9) |

use etaflow_road::Timestamp;

use super::error::FrameError;
use super::frame::{
    check_unused, get, get_coord, get_fix, get_road, get_status, put, put_coord, put_readings, put_road,
};
use super::record::{DriverId, Offset, Payload, ProfileId, Record, SourceId, TripId};

impl Record {
    /// How many bytes a record has in the log.
    pub const FRAME_BYTES: usize = 64;

    /// As the log keeps it.
    pub fn encode(&self) -> [u8; Self::FRAME_BYTES] {
        let mut bytes = [0; Self::FRAME_BYTES];
        put(&mut bytes, 0, self.offset.0.to_le_bytes());
        put(&mut bytes, 8, self.time.micros().to_le_bytes());
        put(&mut bytes, 16, self.ingest_time.micros().to_le_bytes());
        put(&mut bytes, 24, self.waited_us.to_le_bytes());
        put(&mut bytes, 28, self.source.0.to_le_bytes());
        put(&mut bytes, 32, self.id.to_le_bytes());
        let kind = put_payload(&mut bytes, &self.payload);
        put(&mut bytes, 40, [kind]);
        bytes
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// If it is not exactly that.
    pub fn decode(frame: &[u8]) -> Result<Self, FrameError> {
        let bytes: &[u8; Self::FRAME_BYTES] =
            frame.try_into().map_err(|_| FrameError::Length { bytes: frame.len(), expected: Self::FRAME_BYTES })?;
        let record = Self::decode_sound(bytes)?;
        check_unused(bytes, &record.encode())?;
        Ok(record)
    }

    /// Reads what [`encode`](Self::encode) wrote if a checksum says that it is that: what a kind does not use is not looked
    /// at, which takes half of the time. Values that cannot be are an error all the same.
    #[inline]
    pub(crate) fn decode_sound(bytes: &[u8; Self::FRAME_BYTES]) -> Result<Self, FrameError> {
        let time = |at| Timestamp::from_micros(i64::from_le_bytes(get(bytes, at)));
        let record = Self {
            offset: Offset(u64::from_le_bytes(get(bytes, 0))),
            time: time(8),
            ingest_time: time(16),
            waited_us: u32::from_le_bytes(get(bytes, 24)),
            source: SourceId(u32::from_le_bytes(get(bytes, 28))),
            id: u64::from_le_bytes(get(bytes, 32)),
            payload: get_payload(bytes)?,
        };
        if (record.source == Self::TICKER) != matches!(record.payload, Payload::Tick { .. }) {
            let bound = "4294967295 in a tick and nowhere else";
            return Err(FrameError::Value { field: "source", value: record.source.0.into(), bound });
        }
        Ok(record)
    }
}

fn put_payload(bytes: &mut [u8; Record::FRAME_BYTES], payload: &Payload) -> u8 {
    match *payload {
        Payload::Tick { watermark } => {
            put(bytes, 48, watermark.micros().to_le_bytes());
            0
        }
        Payload::Location { driver, fix } => {
            put_readings(bytes, 42, &fix);
            put(bytes, 48, driver.0.to_le_bytes());
            put_coord(bytes, 52, fix.coord());
            1
        }
        Payload::Status { driver, status } => {
            put(bytes, 41, [status as u8]);
            put(bytes, 48, driver.0.to_le_bytes());
            2
        }
        Payload::Requested { trip, pickup, dropoff } => {
            put(bytes, 44, trip.0.to_le_bytes());
            put_coord(bytes, 48, pickup);
            put_coord(bytes, 56, dropoff);
            3
        }
        Payload::Assigned { trip, driver } => {
            put(bytes, 44, trip.0.to_le_bytes());
            put(bytes, 48, driver.0.to_le_bytes());
            4
        }
        Payload::PickedUp { trip } => {
            put(bytes, 44, trip.0.to_le_bytes());
            5
        }
        Payload::Completed { trip } => {
            put(bytes, 44, trip.0.to_le_bytes());
            6
        }
        Payload::Cancelled { trip } => {
            put(bytes, 44, trip.0.to_le_bytes());
            7
        }
        Payload::Closed(road) => {
            put_road(bytes, 48, road);
            8
        }
        Payload::Reopened(road) => {
            put_road(bytes, 48, road);
            9
        }
        Payload::ProfileAdopted { profile } => {
            put(bytes, 48, profile.0.to_le_bytes());
            10
        }
    }
}

fn get_payload(bytes: &[u8; Record::FRAME_BYTES]) -> Result<Payload, FrameError> {
    let trip = TripId(u32::from_le_bytes(get(bytes, 44)));
    let driver = DriverId(u32::from_le_bytes(get(bytes, 48)));
    Ok(match bytes[40] {
        0 => Payload::Tick { watermark: Timestamp::from_micros(i64::from_le_bytes(get(bytes, 48))) },
        1 => Payload::Location { driver, fix: get_fix(bytes, 42, 52)? },
        2 => Payload::Status { driver, status: get_status(bytes[41])? },
        3 => Payload::Requested { trip, pickup: get_coord(bytes, 48)?, dropoff: get_coord(bytes, 56)? },
        4 => Payload::Assigned { trip, driver },
        5 => Payload::PickedUp { trip },
        6 => Payload::Completed { trip },
        7 => Payload::Cancelled { trip },
        8 => Payload::Closed(get_road(bytes, 48)),
        9 => Payload::Reopened(get_road(bytes, 48)),
        10 => Payload::ProfileAdopted { profile: ProfileId(u64::from_le_bytes(get(bytes, 48))) },
        kind => return Err(FrameError::Kind { kind, min: 0, max: 10 }),
    })
}
