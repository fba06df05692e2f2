use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use super::collective::{Collective, Contribution};
use crate::eta::Epoch;
use crate::stream::Tick;

/// After how many ticks what was made of a tick's contributions is in force.
const DELAY_TICKS: u64 = 2;

/// Where the shards meet at ticks: each brings its contribution and gets the epoch that is in force.
pub(super) struct Exchange {
    shards: usize,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Away while the last to come at a tick makes the epoch.
    collective: Option<Collective>,
    /// Ticks at which not all have been yet.
    open: BTreeMap<u64, Vec<Contribution>>,
    epochs: BTreeMap<u64, Arc<Epoch>>,
    first: Arc<Epoch>,
    first_tick: Option<u64>,
    poisoned: bool,
}

/// Another shard has panicked.
#[derive(Debug)]
pub(super) struct Poisoned;

impl Exchange {
    pub(super) fn new(collective: Collective, shards: usize) -> Self {
        let first = Arc::new(collective.first_epoch());
        let state = State {
            collective: Some(collective),
            open: BTreeMap::new(),
            epochs: BTreeMap::new(),
            first,
            first_tick: None,
            poisoned: false,
        };
        Self { shards, state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(super) fn first_epoch(&self) -> Arc<Epoch> {
        Arc::clone(&self.lock().first)
    }

    /// Brings a shard's contribution at a tick and waits for the epoch that is in force from it on.
    pub(super) fn meet(&self, tick: &Tick, contribution: Contribution) -> Result<Arc<Epoch>, Poisoned> {
        let mut state = self.lock();
        state.first_tick.get_or_insert(tick.number);
        let open = state.open.entry(tick.number).or_default();
        open.push(contribution);
        if open.len() == self.shards {
            // No shard can complete the next tick before this one, the last to come, is through.
            let contributions = state.open.remove(&tick.number).unwrap_or_default();
            let mut collective = state.collective.take().expect("ticks are completed one after the other");
            drop(state);
            let epoch = Arc::new(collective.on_tick(tick, &contributions));
            state = self.lock();
            state.collective = Some(collective);
            state.epochs.insert(tick.number, epoch);
            self.changed.notify_all();
        }
        let Some(from) = tick.number.checked_sub(DELAY_TICKS).filter(|&from| Some(from) >= state.first_tick) else {
            return Ok(Arc::clone(&state.first));
        };
        loop {
            if state.poisoned {
                return Err(Poisoned);
            }
            if let Some(epoch) = state.epochs.get(&from).cloned() {
                // All shards have been at `from`, though one may still wait there for what is in force since.
                state.epochs.retain(|&number, _| number + DELAY_TICKS >= from);
                return Ok(epoch);
            }
            state = self.changed.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    /// Lets nobody wait for a shard that will not come.
    pub(super) fn poison(&self) {
        self.lock().poisoned = true;
        self.changed.notify_all();
    }

    /// Takes the collective out, once all shards have ended.
    pub(super) fn take_collective(&self) -> Option<Collective> {
        self.lock().collective.take()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
#[path = "exchange_tests.rs"]
mod tests;
