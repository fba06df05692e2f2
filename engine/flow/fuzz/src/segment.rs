use std::sync::Arc;

use etaflow::{
    Entries, Log, LogFiles, Offset, Payload, Record, SegmentLog, SegmentLogConfig, SimulatedStorage, Storage,
    SyncPolicy, Timestamp,
};

use crate::{mend, u32_at};

const HEADER_BYTES: usize = 64;
const BATCH_HEADER_BYTES: usize = 48;
const SEAL_FRONT_BYTES: usize = 32;
/// The first segment's file.
const PATH: &str = "log/00000000000000000000.seg";

/// The only segment of a log, without anything beside it that says how far it is durable.
pub fn segment(bytes: &[u8]) {
    open(bytes);
    if let Some(mended) = mended(bytes) {
        open(&mended);
    }
}

/// The bytes with each batch where the one before ends, and with checksums that are right.
fn mended(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    if bytes.len() < HEADER_BYTES {
        return None;
    }
    bytes[..12].copy_from_slice(b"etaflseg\x01\0\0\0");
    bytes[12..24].fill(0);
    mend(&mut bytes, 0..60);
    let (mut at, mut next) = (HEADER_BYTES, 0_u64);
    while bytes.len() - at >= BATCH_HEADER_BYTES {
        if bytes[at..].starts_with(b"eflS") {
            mend_seal(&mut bytes[at..], at, next);
            break;
        }
        let batch = &mut bytes[at..];
        let notes = (u32_at(batch, 12) as usize).min(batch.len() - BATCH_HEADER_BYTES);
        let room = (batch.len() - BATCH_HEADER_BYTES - notes) / Record::FRAME_BYTES;
        let count = (u32_at(batch, 8) as usize).clamp(1, room.max(1)).min(1 << 16);
        let payload = notes + count * Record::FRAME_BYTES;
        if payload > batch.len() - BATCH_HEADER_BYTES {
            break;
        }
        batch[..4].copy_from_slice(b"eflB");
        batch[4..8].copy_from_slice(&(payload as u32).to_le_bytes());
        batch[8..12].copy_from_slice(&(count as u32).to_le_bytes());
        batch[12..16].copy_from_slice(&(notes as u32).to_le_bytes());
        batch[16..24].copy_from_slice(&next.to_le_bytes());
        let records = batch[BATCH_HEADER_BYTES + notes..].chunks_exact_mut(Record::FRAME_BYTES);
        for (record, offset) in records.take(count).zip(next..) {
            record[..8].copy_from_slice(&offset.to_le_bytes());
        }
        mend(batch, 0..40);
        let checksum = crc32c::crc32c_append(
            crc32c::crc32c(&batch[..44]),
            &batch[BATCH_HEADER_BYTES..BATCH_HEADER_BYTES + payload],
        );
        batch[44..48].copy_from_slice(&checksum.to_le_bytes());
        at += BATCH_HEADER_BYTES + payload;
        next += count as u64;
    }
    Some(bytes)
}

/// The rest of the file, which begins at `at`, as a seal behind the record before `next`.
fn mend_seal(seal: &mut [u8], at: usize, next: u64) {
    let length = seal.len();
    let entries = (length - SEAL_FRONT_BYTES - 16) / 24;
    seal[4..8].copy_from_slice(&(entries as u32).to_le_bytes());
    seal[8..16].copy_from_slice(&next.to_le_bytes());
    seal[length - 16..length - 8].copy_from_slice(&(at as u64).to_le_bytes());
    mend(seal, 0..length - 8);
    seal[length - 4..].copy_from_slice(b"eflE");
}

fn open(bytes: &[u8]) {
    let storage = SimulatedStorage::new();
    storage.put("etaflow", b"etaflow directory, version 1\n");
    storage.put(PATH, bytes);
    read(&storage);
    recover(storage);
}

/// Whatever is found, it is told in order.
fn read(storage: &SimulatedStorage) {
    let files = LogFiles::open(Arc::new(storage.fork())).expect("it is marked as a log");
    _ = files.segments();
    _ = files.verify(|_| {});
    let durable = files.durable();
    for time in [Timestamp::MIN, Timestamp::from_micros(0), Timestamp::from_micros(i64::MAX)] {
        _ = files.offset_at(time);
    }
    let Ok(mut reader) = files.reader(Offset(0)) else { return };
    let (mut entries, mut next) = (Entries::default(), 0);
    while let Ok(true) = reader.next_into(&mut entries) {
        assert!(entries.records.iter().zip(next..).all(|(record, offset)| record.offset == Offset(offset)));
        let end = next + entries.records.len() as u64;
        assert!(entries.notes.iter().all(|note| (next..end).contains(&note.offset.0)));
        next = end;
    }
    assert!(durable.is_ok_and(|durable| durable.0 >= next), "nobody reads past what is durable");
}

/// What is opened can be gone on with, and is the same when it is opened again.
fn recover(storage: SimulatedStorage) {
    let storage: Arc<dyn Storage> = Arc::new(storage);
    let config = SegmentLogConfig { sync: SyncPolicy::Sync, tail_records: 1, ..SegmentLogConfig::default() };
    let Ok((log, opened)) = SegmentLog::open_stepwise(Arc::clone(&storage), &config) else { return };
    let end = opened.end;
    let record = Record {
        offset: end,
        time: Timestamp::from_micros(0),
        ingest_time: Timestamp::from_micros(0),
        waited_us: 0,
        source: Record::TICKER,
        id: 0,
        payload: Payload::Tick { watermark: Timestamp::MIN },
    };
    let has_room = end.0 < u64::MAX;
    if has_room {
        log.append(&[record], &[]).expect("what is opened takes more");
        assert_eq!(log.durable(), Offset(end.0 + 1));
    }
    drop(log);
    let (log, again) = SegmentLog::open_stepwise(storage, &config).expect("it was just opened");
    assert_eq!((again.torn, again.end), (None, Offset(end.0 + u64::from(has_room))));
    drop(log);
}
