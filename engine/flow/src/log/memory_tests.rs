use std::sync::atomic::{AtomicU64, Ordering};

use etaflow_road::Timestamp;

use super::*;
use crate::event::Payload;
use crate::log::LogReader;

fn ticks(from: u64, count: u64) -> Vec<Record> {
    let record = |offset| {
        let time = Timestamp::from_secs(offset as i64);
        let payload = Payload::Tick { watermark: Timestamp::MIN };
        let (source, id) = (Record::TICKER, offset);
        Record { offset: Offset(offset), time, ingest_time: time, waited_us: 0, source, id, payload }
    };
    (from..from + count).map(record).collect()
}

/// Reads on to the end; the offsets that it began and ended with, if there was no hole in between.
fn follow(reader: &mut LogReader, pause: u64) -> Result<u64, LogError> {
    let mut next = reader.next_offset().0;
    while let Some(batch) = reader.next_blocking()? {
        for record in batch.records() {
            assert_eq!((record.offset.0, record.id), (next, next));
            next += 1;
        }
        (0..pause).for_each(|_| std::thread::yield_now());
    }
    Ok(next)
}

#[test]
fn readers_who_hold_see_all_while_one_writes_and_others_come_and_go() {
    const RECORDS: u64 = 60_000;
    const RECORDS_MAX: u64 = 500;
    let memory = MemoryLog::new(&MemoryLogConfig { records_max: RECORDS_MAX as usize });
    let log: Arc<dyn Log> = Arc::new(memory);
    let overtaken = AtomicU64::new(0);
    let holding: Vec<LogReader> = (0..3).map(|_| LogReader::holding(Arc::clone(&log), Offset(0))).collect();
    std::thread::scope(|scope| {
        let log = &log;
        let slow_and_fast = holding
            .into_iter()
            .enumerate()
            .map(|(nth, mut reader)| scope.spawn(move || follow(&mut reader, nth as u64 * 3)));
        let readers: Vec<_> = slow_and_fast.collect();
        // Those who do not hold are told when they were overtaken, and begin again where the log begins.
        let overtaken = &overtaken;
        let loose: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(move || {
                    let mut reader = LogReader::new(Arc::clone(log), log.start());
                    loop {
                        match follow(&mut reader, 5) {
                            Ok(end) => return end,
                            Err(LogError::Truncated { from, start }) => {
                                assert!(from < start, "{from} is before {start}");
                                overtaken.fetch_add(1, Ordering::Relaxed);
                                reader = LogReader::new(Arc::clone(log), log.start());
                            }
                            Err(other) => panic!("{other}"),
                        }
                    }
                })
            })
            .collect();
        // Come and go.
        let visitors = scope.spawn(move || {
            for _ in 0..200 {
                let mut reader = LogReader::holding(Arc::clone(log), log.start());
                _ = reader.poll();
                std::thread::yield_now();
            }
        });
        let mut next = 0;
        for size in (1..40).cycle() {
            let count = size.min(RECORDS - next);
            log.append(&ticks(next, count), &[]).expect("goes on");
            next += count;
            assert!(log.end().0 - log.start().0 <= RECORDS_MAX, "the log is beyond its bound");
            if next == RECORDS {
                break;
            }
        }
        log.close();
        for reader in readers {
            assert_eq!(reader.join().expect("does not panic"), Ok(RECORDS));
        }
        for reader in loose {
            assert_eq!(reader.join().expect("does not panic"), RECORDS);
        }
        visitors.join().expect("does not panic");
    });
    assert_eq!(log.end(), Offset(RECORDS));
}
