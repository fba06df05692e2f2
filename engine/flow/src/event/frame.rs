//! Events in a compact binary form of fixed size, for those who send many.
//!
//! A frame has 72 bytes, little-endian, and what its kind does not use is zero:
//!
//! | bytes | what |
//! |---|---|
//! | 0 | version: 1 |
//! | 1 | kind, see below |
//! | 2 | flags: 1 = the id is a sequence number (otherwise opaque), 2 = due is given |
//! | 3 | status: 0 offline, 1 available, 2 busy |
//! | 4..10 | accuracy in 0.1 m, speed in 0.01 m/s, heading in 0.01 degrees; 2 bytes each, 65,535 is unknown |
//! | 10..16 | zero |
//! | 16..24 | source |
//! | 24..32 | id |
//! | 32..40 | time: microseconds since 1970, with sign |
//! | 40..48 | due: as time |
//! | 48..56 | driver (1, 2), trip (3 to 7), the node from which the road leads (8, 9, with sign), or the profile (10) |
//! | 56..64 | driver (4), the node to which it leads (8, 9), or latitude and longitude in 1e-7 degrees (1; 3: of the pickup) |
//! | 64..72 | latitude and longitude of the dropoff (3) |
//!
//! Kinds: 1 location, 2 status, 3 requested, 4 assigned, 5 picked up, 6 completed, 7 cancelled, 8 closed, 9 reopened,
//! 10 profile adopted.

use etaflow_road::{Coord, Timestamp};

use super::error::{EventError, FrameError};
use super::fix::GpsFix;
use super::key::Key;
use super::model::{DriverStatus, Event, EventData, EventId, RoadRef};
use super::record::ProfileId;

const VERSION: u8 = 1;
const FLAG_SEQUENCE: u8 = 1;
const FLAG_DUE: u8 = 2;

impl Event {
    /// How many bytes an event has in binary form.
    pub const FRAME_BYTES: usize = 72;

    /// Writes the binary form, version 1: 72 bytes, little-endian, all names numbers.
    ///
    /// # Errors
    /// [`EventError::TextKey`] if a name is text; `frame` is left as it is.
    ///
    /// ```
    /// # use etaflow::{Event, EventData, EventId, Key, Timestamp};
    /// let event = Event {
    ///     source: Key::Number(1),
    ///     id: EventId::Sequence(2),
    ///     time: Timestamp::from_secs(3),
    ///     due: None,
    ///     data: EventData::TripPickedUp { trip: Key::Number(4) },
    /// };
    /// let mut frame = [0; Event::FRAME_BYTES];
    /// event.encode_into(&mut frame)?;
    /// assert_eq!(Event::decode(&frame)?, event);
    /// # Ok::<(), etaflow::EventError>(())
    /// ```
    pub fn encode_into(&self, frame: &mut [u8; Self::FRAME_BYTES]) -> Result<(), EventError> {
        let mut bytes = [0; Self::FRAME_BYTES];
        let (id, mut flags) = match &self.id {
            EventId::Sequence(number) => (*number, FLAG_SEQUENCE),
            EventId::Opaque(id) => (number("id", id)?, 0),
        };
        if let Some(due) = self.due {
            flags |= FLAG_DUE;
            put(&mut bytes, 40, due.micros().to_le_bytes());
        }
        put(&mut bytes, 16, number("source", &self.source)?.to_le_bytes());
        put(&mut bytes, 24, id.to_le_bytes());
        put(&mut bytes, 32, self.time.micros().to_le_bytes());
        let kind = put_data(&mut bytes, &self.data)?;
        put(&mut bytes, 0, [VERSION, kind, flags]);
        *frame = bytes;
        Ok(())
    }

    /// Reads the binary form.
    ///
    /// # Errors
    /// If it is not exactly one frame that [`encode_into`](Self::encode_into) could have written.
    pub fn decode(frame: &[u8]) -> Result<Self, EventError> {
        let bytes: &[u8; Self::FRAME_BYTES] =
            frame.try_into().map_err(|_| FrameError::Length { bytes: frame.len(), expected: Self::FRAME_BYTES })?;
        if bytes[0] != VERSION {
            return Err(FrameError::Version(bytes[0]).into());
        }
        let id = u64::from_le_bytes(get(bytes, 24));
        let time = |at| Timestamp::from_micros(i64::from_le_bytes(get(bytes, at)));
        let event = Self {
            source: Key::Number(u64::from_le_bytes(get(bytes, 16))),
            id: if bytes[2] & FLAG_SEQUENCE != 0 { EventId::Sequence(id) } else { EventId::Opaque(Key::Number(id)) },
            time: time(32),
            due: (bytes[2] & FLAG_DUE != 0).then(|| time(40)),
            data: get_data(bytes)?,
        };
        let mut canonical = [0; Self::FRAME_BYTES];
        event.encode_into(&mut canonical)?;
        check_unused(bytes, &canonical)?;
        Ok(event)
    }

    /// Reads one frame after the other. A frame that is no event is one error, and so is a rest that is too short for
    /// a frame.
    pub fn decode_all(frames: &[u8]) -> impl Iterator<Item = Result<Self, EventError>> + '_ {
        frames.chunks(Self::FRAME_BYTES).map(Self::decode)
    }
}

/// Writes what is particular to a kind, and returns the kind.
fn put_data(bytes: &mut [u8; Event::FRAME_BYTES], data: &EventData) -> Result<u8, EventError> {
    let trip = |key| number("data.trip_id", key).map(u64::to_le_bytes);
    let driver = |key| number("data.driver_id", key).map(u64::to_le_bytes);
    Ok(match data {
        EventData::LocationUpdated { driver: key, fix } => {
            put_readings(bytes, 4, fix);
            put(bytes, 48, driver(key)?);
            put_coord(bytes, 56, fix.coord());
            1
        }
        EventData::StatusChanged { driver: key, status } => {
            put(bytes, 3, [*status as u8]);
            put(bytes, 48, driver(key)?);
            2
        }
        EventData::TripRequested { trip: key, pickup, dropoff } => {
            put(bytes, 48, trip(key)?);
            put_coord(bytes, 56, *pickup);
            put_coord(bytes, 64, *dropoff);
            3
        }
        EventData::TripAssigned { trip: key, driver: by } => {
            put(bytes, 48, trip(key)?);
            put(bytes, 56, driver(by)?);
            4
        }
        EventData::TripPickedUp { trip: key } => {
            put(bytes, 48, trip(key)?);
            5
        }
        EventData::TripCompleted { trip: key } => {
            put(bytes, 48, trip(key)?);
            6
        }
        EventData::TripCancelled { trip: key } => {
            put(bytes, 48, trip(key)?);
            7
        }
        EventData::RoadClosed(road) => {
            put_road(bytes, 48, *road);
            8
        }
        EventData::RoadReopened(road) => {
            put_road(bytes, 48, *road);
            9
        }
        EventData::ProfileAdopted { profile } => {
            put(bytes, 48, profile.0.to_le_bytes());
            10
        }
    })
}

fn get_data(bytes: &[u8; Event::FRAME_BYTES]) -> Result<EventData, FrameError> {
    let key = |at| Key::Number(u64::from_le_bytes(get(bytes, at)));
    Ok(match bytes[1] {
        1 => EventData::LocationUpdated { driver: key(48), fix: get_fix(bytes, 4, 56)? },
        2 => EventData::StatusChanged { driver: key(48), status: get_status(bytes[3])? },
        3 => EventData::TripRequested { trip: key(48), pickup: get_coord(bytes, 56)?, dropoff: get_coord(bytes, 64)? },
        4 => EventData::TripAssigned { trip: key(48), driver: key(56) },
        5 => EventData::TripPickedUp { trip: key(48) },
        6 => EventData::TripCompleted { trip: key(48) },
        7 => EventData::TripCancelled { trip: key(48) },
        8 => EventData::RoadClosed(get_road(bytes, 48)),
        9 => EventData::RoadReopened(get_road(bytes, 48)),
        10 => EventData::ProfileAdopted { profile: ProfileId(u64::from_le_bytes(get(bytes, 48))) },
        kind => return Err(FrameError::Kind { kind, min: 1, max: 10 }),
    })
}

fn number(field: &'static str, key: &Key) -> Result<u64, EventError> {
    match key {
        Key::Number(number) => Ok(*number),
        Key::Text(text) => Err(EventError::TextKey { field, value: super::json::shortened(text) }),
    }
}

// The offsets below are constants of the layouts, all within their frames.

pub(super) fn put<const N: usize, const M: usize>(bytes: &mut [u8; N], at: usize, value: [u8; M]) {
    bytes[at..at + M].copy_from_slice(&value);
}

pub(super) fn get<const N: usize, const M: usize>(bytes: &[u8; N], at: usize) -> [u8; M] {
    let mut value = [0; M];
    value.copy_from_slice(&bytes[at..at + M]);
    value
}

pub(super) fn put_coord<const N: usize>(bytes: &mut [u8; N], at: usize, coord: Coord) {
    put(bytes, at, coord.lat_e7().to_le_bytes());
    put(bytes, at + 4, coord.lon_e7().to_le_bytes());
}

pub(super) fn get_coord<const N: usize>(bytes: &[u8; N], at: usize) -> Result<Coord, FrameError> {
    let (lat_e7, lon_e7) = (i32::from_le_bytes(get(bytes, at)), i32::from_le_bytes(get(bytes, at + 4)));
    Coord::from_e7(lat_e7, lon_e7).map_err(|_| FrameError::Coordinate { lat_e7, lon_e7 })
}

pub(super) fn put_readings<const N: usize>(bytes: &mut [u8; N], at: usize, fix: &GpsFix) {
    for (index, reading) in fix.raw_readings().into_iter().enumerate() {
        put(bytes, at + 2 * index, reading.to_le_bytes());
    }
}

pub(super) fn get_fix<const N: usize>(bytes: &[u8; N], readings: usize, place: usize) -> Result<GpsFix, FrameError> {
    let coord = get_coord(bytes, place)?;
    let raw = [0, 2, 4].map(|offset| u16::from_le_bytes(get(bytes, readings + offset)));
    GpsFix::from_raw(coord, raw).ok_or_else(|| {
        let (field, value, bound) = match raw {
            [0, ..] => ("accuracy", 0, "1 to 65535"),
            [.., heading] => ("heading", heading, "0 to 35999, or 65535"),
        };
        FrameError::Value { field, value: value.into(), bound }
    })
}

pub(super) fn get_status(status: u8) -> Result<DriverStatus, FrameError> {
    match status {
        0 => Ok(DriverStatus::Offline),
        1 => Ok(DriverStatus::Available),
        2 => Ok(DriverStatus::Busy),
        _ => Err(FrameError::Value { field: "status", value: status.into(), bound: "0 to 2" }),
    }
}

pub(super) fn put_road<const N: usize>(bytes: &mut [u8; N], at: usize, road: RoadRef) {
    put(bytes, at, road.from_node.to_le_bytes());
    put(bytes, at + 8, road.to_node.to_le_bytes());
}

pub(super) fn get_road<const N: usize>(bytes: &[u8; N], at: usize) -> RoadRef {
    RoadRef { from_node: i64::from_le_bytes(get(bytes, at)), to_node: i64::from_le_bytes(get(bytes, at + 8)) }
}

/// Whether bytes are what their content is written as: nothing hides where nobody looks.
pub(super) fn check_unused<const N: usize>(bytes: &[u8; N], canonical: &[u8; N]) -> Result<(), FrameError> {
    if bytes == canonical {
        return Ok(());
    }
    let differing = bytes.iter().zip(canonical).position(|(byte, expected)| byte != expected);
    differing.map_or(Ok(()), |at| Err(FrameError::Unused { at, value: bytes[at], expected: canonical[at] }))
}
