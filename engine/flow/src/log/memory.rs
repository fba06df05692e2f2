use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use event_listener::{Event, EventListener, Listener};

use super::{Batch, Hold, Log, LogError};
use crate::event::{Note, Offset, Record};

/// How much a [`MemoryLog`] keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryLogConfig {
    /// So many records of 64 bytes at most; the oldest go first.
    pub records_max: usize,
}

impl Default for MemoryLogConfig {
    /// Four million records, 256 MB.
    fn default() -> Self {
        Self { records_max: 4_000_000 }
    }
}

/// A log that lives as long as its process.
#[derive(Clone)]
pub struct MemoryLog {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    changed: Event,
    records_max: usize,
}

struct State {
    /// As they were appended.
    batches: VecDeque<Arc<[Record]>>,
    start: Offset,
    end: Offset,
    closed: bool,
    /// By the number of the hold.
    holds: BTreeMap<u64, Offset>,
    next_hold: u64,
    /// Somebody waits for room.
    is_waited_for: bool,
}

impl MemoryLog {
    /// An empty log.
    pub fn new(config: &MemoryLogConfig) -> Self {
        Self::starting_at(config, Offset(0))
    }

    /// An empty log, whose first record will have that offset.
    pub fn starting_at(config: &MemoryLogConfig, first: Offset) -> Self {
        let state = State {
            batches: VecDeque::new(),
            start: first,
            end: first,
            closed: false,
            holds: BTreeMap::new(),
            next_hold: 0,
            is_waited_for: false,
        };
        let records_max = config.records_max.max(1);
        Self { shared: Arc::new(Shared { state: Mutex::new(state), changed: Event::new(), records_max }) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no code panics while it holds the log")
    }
}

impl State {
    /// Lets go of the oldest batches until `more` fit. False if a hold keeps one of them.
    fn make_room(&mut self, more: usize, records_max: usize) -> bool {
        while (self.end.0 - self.start.0) as usize + more > records_max {
            let Some(oldest) = self.batches.front() else { return true };
            let next_start = Offset(self.start.0 + oldest.len() as u64);
            if self.holds.values().any(|&held| held < next_start) {
                return false;
            }
            self.start = next_start;
            self.batches.pop_front();
        }
        true
    }
}

impl Log for MemoryLog {
    fn append(&self, records: &[Record], _notes: &[Note]) -> Result<(), LogError> {
        let Some(last) = records.last() else { return Ok(()) };
        loop {
            let changed = self.listen();
            let mut state = self.state();
            if state.closed {
                return Err(LogError::Closed);
            }
            let broken = records.iter().zip(state.end.0..).find(|(record, offset)| record.offset.0 != *offset);
            if let Some((record, end)) = broken {
                return Err(LogError::Gap { found: record.offset.0, end });
            }
            if state.make_room(records.len(), self.shared.records_max) {
                state.batches.push_back(records.into());
                state.end = Offset(last.offset.0 + 1);
                break;
            }
            state.is_waited_for = true;
            drop(state);
            changed.wait();
        }
        self.shared.changed.notify(usize::MAX);
        Ok(())
    }

    fn read(&self, from: Offset) -> Result<Option<Batch>, LogError> {
        let state = self.state();
        if from < state.start {
            return Err(LogError::Truncated { from: from.0, start: state.start.0 });
        }
        if from >= state.end {
            let past = LogError::PastEnd { from: from.0, end: state.end.0 };
            return if from == state.end { Ok(None) } else { Err(past) };
        }
        let after = state.batches.partition_point(|batch| batch[0].offset <= from);
        let batch = &state.batches[after - 1];
        Ok(Some(Batch::new(Arc::clone(batch), (from.0 - batch[0].offset.0) as usize)))
    }

    fn start(&self) -> Offset {
        self.state().start
    }

    fn end(&self) -> Offset {
        self.state().end
    }

    /// What is in memory alone is as durable as it gets.
    fn durable(&self) -> Offset {
        self.end()
    }

    fn is_closed(&self) -> bool {
        self.state().closed
    }

    fn close(&self) {
        self.state().closed = true;
        self.shared.changed.notify(usize::MAX);
    }

    fn listen(&self) -> EventListener {
        self.shared.changed.listen()
    }

    fn hold(&self, from: Offset) -> Hold {
        let mut state = self.state();
        let number = state.next_hold;
        state.next_hold += 1;
        state.holds.insert(number, from);
        let shared = Arc::clone(&self.shared);
        Hold::new(move |to| {
            let mut state = shared.lock();
            match to {
                Some(offset) => state.holds.insert(number, offset),
                None => state.holds.remove(&number),
            };
            // Only a writer that waits for room cares.
            let waited_for = std::mem::take(&mut state.is_waited_for);
            drop(state);
            if waited_for {
                shared.changed.notify(usize::MAX);
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use etaflow_road::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::event::Payload;

    fn ticks(from: u64, count: u64) -> Vec<Record> {
        (from..from + count)
            .map(|offset| Record {
                offset: Offset(offset),
                time: Timestamp::from_secs(offset as i64),
                ingest_time: Timestamp::from_secs(offset as i64),
                waited_us: 0,
                source: Record::TICKER,
                id: offset,
                payload: Payload::Tick { watermark: Timestamp::MIN },
            })
            .collect()
    }

    proptest! {
        #[test]
        fn reads_what_was_appended(sizes in prop::collection::vec(0_u64..9, 0..20), from in 0_u64..100) {
            let log = MemoryLog::new(&MemoryLogConfig::default());
            for size in sizes {
                log.append(&ticks(log.end().0, size), &[])?;
            }
            let end = log.end().0;
            let mut next = from;
            while next <= end {
                let Some(batch) = log.read(Offset(next))? else { break };
                for record in batch.records() {
                    prop_assert_eq!(record.offset.0, next);
                    next += 1;
                }
            }
            prop_assert_eq!(next, from.max(end));
            prop_assert_eq!(log.read(Offset(end + 1)).err(), Some(LogError::PastEnd { from: end + 1, end }));
        }
    }

    #[test]
    fn a_gap_is_refused_and_nothing_is_kept_of_it() {
        let log = MemoryLog::new(&MemoryLogConfig::default());
        log.append(&ticks(0, 3), &[]).expect("in order");
        let broken = [ticks(3, 1), ticks(7, 1)].concat();
        assert_eq!(log.append(&broken, &[]), Err(LogError::Gap { found: 7, end: 4 }));
        assert_eq!(log.end(), Offset(3));
    }

    #[test]
    fn a_log_can_begin_in_the_middle() {
        let log = MemoryLog::starting_at(&MemoryLogConfig::default(), Offset(7));
        assert_eq!((log.start(), log.end()), (Offset(7), Offset(7)));
        assert_eq!(log.append(&ticks(0, 1), &[]), Err(LogError::Gap { found: 0, end: 7 }));
        log.append(&ticks(7, 2), &[]).expect("goes on");
        assert_eq!(log.read(Offset(8)).expect("kept").expect("there").records().len(), 1);
        assert_eq!(log.read(Offset(6)).err(), Some(LogError::Truncated { from: 6, start: 7 }));
    }

    #[test]
    fn the_oldest_go_first_and_a_hold_keeps_them() {
        let log = MemoryLog::new(&MemoryLogConfig { records_max: 4 });
        log.append(&ticks(0, 2), &[]).expect("fits");
        log.append(&ticks(2, 2), &[]).expect("fits");
        log.append(&ticks(4, 2), &[]).expect("the oldest go");
        assert_eq!(log.read(Offset(0)).err(), Some(LogError::Truncated { from: 0, start: 2 }));

        let hold = log.hold(Offset(2));
        let writer = std::thread::spawn({
            let log = log.clone();
            move || log.append(&ticks(6, 2), &[])
        });
        // The writer can do nothing until the hold is let go of, whenever it comes to run.
        assert_eq!(log.start(), Offset(2));
        hold.advance(Offset(4));
        writer.join().expect("no panic").expect("appended");
        assert_eq!((log.start(), log.end()), (Offset(4), Offset(8)));
    }

    #[test]
    fn a_writer_of_large_batches_hears_of_room_in_a_log_that_is_less_than_half_full() {
        let log = MemoryLog::new(&MemoryLogConfig { records_max: 10 });
        log.append(&ticks(0, 3), &[]).expect("fits");
        let hold = log.hold(Offset(0));
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| log.append(&ticks(3, 9), &[]));
            while !log.state().is_waited_for {
                std::thread::yield_now();
            }
            hold.advance(Offset(3));
            writer.join().expect("no panic").expect("appended");
        });
        assert_eq!((log.start(), log.end()), (Offset(3), Offset(12)));
    }

    #[test]
    fn a_closed_log_is_read_to_its_end() {
        let log = MemoryLog::new(&MemoryLogConfig::default());
        log.append(&ticks(0, 3), &[]).expect("open");
        log.close();
        assert_eq!(log.append(&ticks(3, 1), &[]), Err(LogError::Closed));
        assert_eq!(log.read(Offset(1)).expect("kept").expect("there").records().len(), 2);
    }
}

#[cfg(test)]
#[path = "memory_tests.rs"]
mod concurrent_tests;
