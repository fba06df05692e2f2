use std::cmp::Ordering;
use std::collections::BinaryHeap;

use etaflow::Event;
use etaflow_road::Timestamp;

/// Something to offer to the engine, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// When.
    pub due: Timestamp,
    /// What.
    pub what: Offered,
}

/// What is offered to the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offered {
    /// An event.
    Event(Event),
    /// Bytes that say they are an event in JSON, and are not one that can be used.
    RawJson(Vec<u8>),
}

/// Why a delivery waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delay {
    Late,
    OutOfOrder,
    Twice,
    Burst,
}

/// Deliveries that wait for their time; those due at once, in the order in which they were added.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    heap: BinaryHeap<Entry>,
    added: u64,
}

#[derive(Debug)]
struct Entry {
    due: Timestamp,
    nth: u64,
    delay: Delay,
    event: Event,
}

impl Waiting {
    pub(super) fn len(&self) -> usize {
        self.heap.len()
    }

    pub(super) fn add(&mut self, due: Timestamp, delay: Delay, event: Event) {
        self.heap.push(Entry { due, nth: self.added, delay, event });
        self.added += 1;
    }

    /// The next one if it is due at `until` or before.
    pub(super) fn pop(&mut self, until: Timestamp) -> Option<(Timestamp, Delay, Event)> {
        if self.heap.peek()?.due > until {
            return None;
        }
        self.heap.pop().map(|entry| (entry.due, entry.delay, entry.event))
    }
}

impl Ord for Entry {
    /// The heap's greatest is the earliest.
    fn cmp(&self, other: &Self) -> Ordering {
        (other.due, other.nth).cmp(&(self.due, self.nth))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}
