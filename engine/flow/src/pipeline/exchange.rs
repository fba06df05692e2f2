use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use super::collective::Contribution;
use crate::eta::Epoch;
use crate::stream::Tick;

/// After how many ticks what was made of a tick's contributions is in force.
const DELAY_TICKS: u64 = 2;

/// At how many ticks all shards may have been whose epochs are not made yet: nobody is through a tick before the epoch
/// that is in force from it on is.
const DUE_MAX: usize = DELAY_TICKS as usize + 1;

/// How many epochs are known at a tick, once what was brought to it is made: the one in force, and those that follow.
pub(super) const EPOCHS: usize = DELAY_TICKS as usize + 1;

/// Where the shards meet at ticks: each brings its contribution and gets the epoch that is in force, which a builder has
/// made meanwhile.
pub(super) struct Exchange {
    shards: usize,
    state: Mutex<State>,
    /// There is another epoch, or nobody is to wait for one any more.
    made: Condvar,
    /// There is another epoch to make, or there will be none any more.
    due: Condvar,
}

struct State {
    /// Ticks at which not all have been yet.
    open: BTreeMap<u64, Vec<Contribution>>,
    /// Ticks at which all have been, in order; at most [`DUE_MAX`].
    due: VecDeque<Due>,
    /// By the tick from which on it is in force: those that somebody may still ask for.
    in_force: BTreeMap<u64, Arc<Epoch>>,
    /// In force before anything is known, until there is a tick.
    first: Option<Arc<Epoch>>,
    /// How many shards have not left.
    present: usize,
    poisoned: bool,
    cuts: Cuts,
}

/// At which tick a snapshot is cut.
#[derive(Default)]
struct Cuts {
    /// Somebody wants one.
    wished: bool,
    /// The newest tick to which a shard has come.
    newest: Option<u64>,
    /// The tick of the snapshot that is under way.
    at: Option<u64>,
}

/// What a shard gets at a tick.
pub(super) struct Met {
    /// In force from it on.
    pub(super) epoch: Arc<Epoch>,
    /// Whether a snapshot is cut here: all shards hear so at the same tick.
    pub(super) cut: bool,
}

/// A tick at which all shards have been.
pub(super) struct Due {
    pub(super) tick: Tick,
    /// What they brought.
    pub(super) contributions: Vec<Contribution>,
    /// Whether a snapshot is cut here.
    pub(super) cut: bool,
}

/// Another shard, or the builder, has panicked.
#[derive(Debug)]
pub(super) struct Poisoned;

impl Exchange {
    /// For so many shards. `first` is in force before anything is known.
    pub(super) fn new(first: Arc<Epoch>, shards: usize) -> Self {
        Self::with(Some(first), BTreeMap::new(), shards)
    }

    /// For so many shards, which have all been at tick `at`. `epochs` are in force from there on, one tick each; the last
    /// of them was made of what they brought to it.
    pub(super) fn going_on(at: u64, epochs: &[Arc<Epoch>; EPOCHS], shards: usize) -> Self {
        Self::with(None, (at..).zip(epochs.iter().cloned()).collect(), shards)
    }

    fn with(first: Option<Arc<Epoch>>, in_force: BTreeMap<u64, Arc<Epoch>>, shards: usize) -> Self {
        let state = State {
            open: BTreeMap::new(),
            due: VecDeque::with_capacity(DUE_MAX),
            in_force,
            first,
            present: shards,
            poisoned: false,
            cuts: Cuts::default(),
        };
        Self { shards, state: Mutex::new(state), made: Condvar::new(), due: Condvar::new() }
    }

    /// Has a snapshot cut at the next tick to which no shard has come yet; if one is under way, once that is made.
    pub(super) fn wish_cut(&self) {
        self.lock().cuts.wished = true;
    }

    /// Whether a snapshot is under way.
    pub(super) fn is_cutting(&self) -> bool {
        self.lock().cuts.at.is_some()
    }

    /// The snapshot that was under way is made.
    pub(super) fn end_cut(&self) {
        self.lock().cuts.at = None;
    }

    /// Brings a shard's contribution at a tick and gets the epoch that is in force from it on; waits for that if it is
    /// not made yet.
    pub(super) fn meet(&self, tick: &Tick, contribution: Contribution) -> Result<Met, Poisoned> {
        let mut state = self.lock();
        let cut = state.cuts.is_at(tick.number);
        if let Some(first) = state.first.take() {
            let until_known = tick.number..tick.number + DELAY_TICKS;
            state.in_force.extend(until_known.map(|number| (number, Arc::clone(&first))));
        }
        let open = state.open.entry(tick.number).or_default();
        open.push(contribution);
        if open.len() == self.shards {
            let contributions = state.open.remove(&tick.number).unwrap_or_default();
            state.due.push_back(Due { tick: *tick, contributions, cut });
            assert!(state.due.len() <= DUE_MAX, "{} ticks wait for their epoch", state.due.len());
            // All are through the tick before: what was in force until then is asked for no more.
            state.in_force.retain(|&from, _| from >= tick.number);
            self.due.notify_one();
        }
        loop {
            if state.poisoned {
                return Err(Poisoned);
            }
            if let Some(epoch) = state.in_force.get(&tick.number) {
                return Ok(Met { epoch: Arc::clone(epoch), cut });
            }
            state = self.made.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    /// The next tick at which all shards have been, and what they brought; waits for it. `None` if none will come.
    pub(super) fn next_due(&self) -> Option<Due> {
        let mut state = self.lock();
        loop {
            if state.poisoned {
                return None;
            }
            if let Some(due) = state.due.pop_front() {
                return Some(due);
            }
            if state.present == 0 {
                return None;
            }
            state = self.due.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    /// Hands the shards what was made of what they brought at a tick.
    pub(super) fn publish(&self, tick: &Tick, epoch: Arc<Epoch>) {
        self.lock().in_force.insert(tick.number + DELAY_TICKS, epoch);
        self.made.notify_all();
    }

    /// A shard has come to the end of the log. What is due is made all the same.
    pub(super) fn leave(&self) {
        self.lock().present -= 1;
        self.due.notify_one();
    }

    /// Lets nobody wait for a shard that will not come, or for an epoch that will not be made.
    pub(super) fn poison(&self) {
        self.lock().poisoned = true;
        self.made.notify_all();
        self.due.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Cuts {
    /// Whether a snapshot is cut at a tick. The first shard that comes there decides, for all.
    fn is_at(&mut self, tick: u64) -> bool {
        if self.newest.is_none_or(|newest| tick > newest) {
            self.newest = Some(tick);
            if self.wished && self.at.is_none() {
                (self.wished, self.at) = (false, Some(tick));
            }
        }
        self.at == Some(tick)
    }
}

#[cfg(test)]
#[path = "exchange_tests.rs"]
mod tests;
