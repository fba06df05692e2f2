//! Records for tests.

use etaflow_road::{Coord, Timestamp};

use crate::event::{
    DriverId, DriverStatus, GpsFix, Key, Note, Noted, Offset, Payload, Record, RoadRef, SourceId, TripId,
};

/// What a record says is a function of its offset.
pub(super) fn record(offset: u64) -> Record {
    let mixed = offset.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let coord = |salt: u64| {
        let at = |shift: u32, most: i64| (((mixed ^ salt) >> shift) as i64).rem_euclid(2 * most) - most;
        Coord::from_e7(at(3, 850_000_000) as i32, at(7, 1_750_000_000) as i32).expect("on the globe")
    };
    let (trip, driver) = (TripId((mixed >> 40) as u32), DriverId((mixed >> 13) as u32 % 5_000));
    let payload = match offset % 16 {
        0 => Payload::Tick { watermark: Timestamp::from_secs(offset as i64 - 5) },
        1 => Payload::Status { driver, status: DriverStatus::Available },
        2 => Payload::Requested { trip, pickup: coord(0), dropoff: coord(1) },
        3 => Payload::Assigned { trip, driver },
        4 => Payload::PickedUp { trip },
        5 => Payload::Completed { trip },
        6 => Payload::Cancelled { trip },
        7 => Payload::Closed(RoadRef { from_node: mixed as i64, to_node: -(offset as i64) }),
        8 => Payload::Reopened(RoadRef { from_node: 1, to_node: mixed as i64 }),
        _ => {
            let fix = GpsFix::at(coord(2)).with_speed_mps((mixed >> 50) as f64 / 500.0);
            Payload::Location { driver, fix: fix.with_accuracy_m(f64::from((mixed >> 20) as u8)) }
        }
    };
    let tick = matches!(payload, Payload::Tick { .. });
    Record {
        offset: Offset(offset),
        time: Timestamp::from_millis(offset as i64 * 10),
        ingest_time: ingest_time(offset),
        waited_us: mixed as u32 % 100_000,
        source: if tick { Record::TICKER } else { SourceId(mixed as u32 % 7) },
        id: mixed,
        payload,
    }
}

/// When a record came in: a hundred a second.
pub(super) fn ingest_time(offset: u64) -> Timestamp {
    Timestamp::from_millis(offset as i64 * 10)
}

/// Notes of some records in a row, one for about every third.
pub(super) fn notes(records: &[Record]) -> Vec<Note> {
    let note = |record: &Record| {
        let (offset, mixed) = (record.offset, record.id);
        let what = match mixed % 8 {
            0 => Noted::OpaqueId { fingerprint: u128::from(mixed) << 60 },
            1 => Noted::Driver { driver: DriverId(mixed as u32), key: Key::Text(format!("driver {mixed}").into()) },
            2 => Noted::TripForgotten { trip: TripId(mixed as u32) },
            _ => return None,
        };
        Some(Note { offset, what })
    };
    records.iter().filter_map(note).collect()
}

/// Records in a row.
pub(super) fn records(from: u64, count: u64) -> Vec<Record> {
    (from..from + count).map(record).collect()
}
