use std::sync::{Mutex, MutexGuard, PoisonError};

use etaflow_road::Timestamp;

/// A batch in the queue. Its publisher may add to it until it is sealed: by being full, by its publisher, or by the
/// intake that takes it.
#[derive(Debug)]
pub(super) struct Batch<T> {
    /// The bus's epoch at its beginning; it takes no more in a later one.
    pub(super) epoch: u64,
    pub(super) begun: Timestamp,
    max: usize,
    filling: Mutex<Filling<T>>,
}

#[derive(Debug)]
struct Filling<T> {
    items: Vec<T>,
    sealed: bool,
}

impl<T> Batch<T> {
    pub(super) fn new(items: Vec<T>, max: usize, epoch: u64, begun: Timestamp) -> Self {
        let sealed = items.len() >= max;
        Self { epoch, begun, max, filling: Mutex::new(Filling { items, sealed }) }
    }

    /// Adds an item, and says whether the batch is full now; gives it back if the batch takes no more.
    #[inline]
    pub(super) fn push(&self, item: T) -> Result<bool, T> {
        let mut filling = self.lock();
        if filling.sealed {
            return Err(item);
        }
        filling.items.push(item);
        filling.sealed = filling.items.len() >= self.max;
        Ok(filling.sealed)
    }

    /// Adds items from the front of `items` as long as there is room; says how many, and whether it is full now.
    pub(super) fn extend(&self, items: &mut Vec<T>) -> (usize, bool) {
        let mut filling = self.lock();
        if filling.sealed {
            return (0, false);
        }
        let count = items.len().min(self.max - filling.items.len());
        filling.items.extend(items.drain(..count));
        filling.sealed = filling.items.len() >= self.max;
        (count, filling.sealed)
    }

    /// Takes no more from now on.
    pub(super) fn seal(&self) {
        self.lock().sealed = true;
    }

    pub(super) fn is_sealed(&self) -> bool {
        self.lock().sealed
    }

    /// Seals it and empties it.
    pub(super) fn take(&self) -> Vec<T> {
        let mut filling = self.lock();
        filling.sealed = true;
        std::mem::take(&mut filling.items)
    }

    fn lock(&self) -> MutexGuard<'_, Filling<T>> {
        self.filling.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
