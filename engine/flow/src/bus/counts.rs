use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// What was offered to a bus since it was made, and what of it did not come through.
///
/// Exact once nobody is publishing; `offered - refused - conflated` events were delivered or still wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BusCounts {
    /// Events that were given to a publisher.
    pub offered: u64,
    /// Events that found no place: refused by policy, given to a closed bus, left behind by a publish that was
    /// cancelled, or in the queue when the intake was dropped.
    pub refused: u64,
    /// Fixes that were replaced by a newer one of the same driver.
    pub conflated: u64,
}

/// The counts of one publisher. It alone writes them, so that no two cores fight over a cache line.
#[derive(Debug, Default)]
pub(super) struct Tally {
    offered: AtomicU64,
    refused: AtomicU64,
    conflated: AtomicU64,
}

impl Tally {
    #[inline]
    pub(super) fn offered(&self, count: usize) {
        add(&self.offered, count);
    }

    pub(super) fn refused(&self, count: usize) {
        add(&self.refused, count);
    }

    pub(super) fn conflated(&self, count: usize) {
        add(&self.conflated, count);
    }

    fn read(&self) -> BusCounts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        BusCounts { offered: read(&self.offered), refused: read(&self.refused), conflated: read(&self.conflated) }
    }
}

/// There is one writer: no read-modify-write is needed.
#[inline]
fn add(count: &AtomicU64, more: usize) {
    count.store(count.load(Ordering::Relaxed) + more as u64, Ordering::Relaxed);
}

/// Events that were offered and whose fate is open. Those still open when it is dropped, because a publish failed or
/// was cancelled, are refused.
pub(super) struct Offer<'a> {
    tally: &'a Tally,
    pub(super) open: usize,
}

impl<'a> Offer<'a> {
    pub(super) fn new(tally: &'a Tally, count: usize) -> Self {
        tally.offered(count);
        Self { tally, open: count }
    }

    /// That many are on their way.
    pub(super) fn settle(&mut self, count: usize) {
        self.open -= count;
    }

    /// One is on its way in place of an older one.
    pub(super) fn settle_replaced(&mut self) {
        self.settle(1);
        self.tally.conflated(1);
    }
}

impl Drop for Offer<'_> {
    fn drop(&mut self) {
        self.tally.refused(self.open);
    }
}

/// The tallies of all publishers.
#[derive(Debug, Default)]
pub(super) struct Tallies {
    all: Mutex<(BusCounts, Vec<Arc<Tally>>)>,
}

impl Tallies {
    pub(super) fn open(&self) -> Arc<Tally> {
        let tally = Arc::new(Tally::default());
        self.all.lock().unwrap_or_else(PoisonError::into_inner).1.push(Arc::clone(&tally));
        tally
    }

    /// Keeps the counts of a publisher that is gone, and nothing else of it.
    pub(super) fn close(&self, tally: &Arc<Tally>) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.1.retain(|other| !Arc::ptr_eq(other, tally));
        all.0 = sum(all.0, tally.read());
    }

    /// Adds events that were lost with the intake.
    pub(super) fn abandoned(&self, count: usize) {
        self.all.lock().unwrap_or_else(PoisonError::into_inner).0.refused += count as u64;
    }

    pub(super) fn total(&self) -> BusCounts {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.1.iter().fold(all.0, |total, tally| sum(total, tally.read()))
    }
}

fn sum(a: BusCounts, b: BusCounts) -> BusCounts {
    BusCounts { offered: a.offered + b.offered, refused: a.refused + b.refused, conflated: a.conflated + b.conflated }
}
