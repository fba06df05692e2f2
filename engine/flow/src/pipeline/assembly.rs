use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use etaflow_road::Span;

use super::counts::Counts;
use super::cut::Cut;
use super::merge::Chain;
use crate::event::Offset;
use crate::snapshot::Part;
use crate::stream::Tick;

/// Where the parts of a snapshot come together: from each shard, from what all shards know together, and from the merge.
///
/// Nobody who brings something waits for anybody. One snapshot is made at a time.
pub(super) struct Assembly {
    /// How many have to bring their share.
    sharers: usize,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// How many shares have not been brought to their end.
    missing: usize,
    /// How many can still bring something.
    present: usize,
    whole: Whole,
}

/// All shares of a snapshot.
#[derive(Debug, Default)]
pub(super) struct Whole {
    pub(super) parts: Vec<Part>,
    pub(super) offset: Offset,
    pub(super) tick: Option<Tick>,
    pub(super) counts: Counts,
    pub(super) chain: Chain,
    /// How many entities the shards have written.
    pub(super) entities: u64,
    /// The longest time for which a shard was held up.
    pub(super) pause_max: Span,
}

/// One who has a share to bring, until it is dropped.
pub(super) struct Sharer(Arc<Assembly>);

impl Assembly {
    /// For snapshots with so many shares.
    pub(super) fn new(sharers: usize) -> Arc<Self> {
        let state = State { missing: sharers, present: 0, whole: Whole::default() };
        Arc::new(Self { sharers, state: Mutex::new(state), changed: Condvar::new() })
    }

    /// One of those who have a share to bring. All have to be made before the first snapshot is waited for.
    pub(super) fn sharer(self: &Arc<Self>) -> Sharer {
        self.lock().present += 1;
        Sharer(Arc::clone(self))
    }

    /// The next snapshot, once all shares are there. `None` if it will not come to that any more.
    pub(super) fn next(&self) -> Option<Whole> {
        let mut state = self.lock();
        loop {
            if state.missing == 0 {
                state.missing = self.sharers;
                return Some(std::mem::take(&mut state.whole));
            }
            // Who has gone has brought what he had to, or never will.
            if state.present == 0 {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sharer {
    /// Brings parts of a share, of which more will come.
    pub(super) fn bring(&self, parts: Vec<Part>) {
        if !parts.is_empty() {
            self.0.lock().whole.parts.extend(parts);
        }
    }

    /// All parts of a shard's share are brought.
    pub(super) fn end_shard(&self, cut: &Cut) {
        self.end(|whole| {
            whole.entities += cut.entities;
            (whole.offset, whole.tick) = (cut.offset, Some(cut.tick));
            whole.counts.merge(&cut.counts);
            whole.pause_max = whole.pause_max.max(cut.pause_max);
        });
    }

    /// What all shards know together.
    pub(super) fn end_collective(&self, parts: Vec<Part>) {
        self.end(|whole| whole.parts.extend(parts));
    }

    /// What has gone out.
    pub(super) fn end_outputs(&self, chain: Chain) {
        self.end(|whole| whole.chain = chain);
    }

    fn end(&self, add: impl FnOnce(&mut Whole)) {
        let mut state = self.0.lock();
        add(&mut state.whole);
        state.missing -= 1;
        if state.missing == 0 {
            self.0.changed.notify_all();
        }
    }
}

impl Drop for Sharer {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.present -= 1;
        if state.present == 0 {
            self.0.changed.notify_all();
        }
    }
}
