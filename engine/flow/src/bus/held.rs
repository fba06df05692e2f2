use std::collections::VecDeque;
use std::sync::atomic::{AtomicIsize, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_listener::{Event as Signal, EventListener};
use rustc_hash::FxHashMap;

use super::BusItem;
use crate::event::Key;

/// What a conflating publisher holds while the queue is full: the newest item of each key.
///
/// While anything is held the publisher sends nothing else, and the intake takes it only when nothing of that
/// publisher is in the queue any more: so its order is kept.
#[derive(Debug)]
pub(super) struct Held<T> {
    max: usize,
    kept: Mutex<Kept<T>>,
    /// How many messages of that publisher are in the queue. Below 0 for the moment between a message's arrival and
    /// its being counted.
    in_queue: AtomicIsize,
    taken: Signal,
}

#[derive(Debug)]
struct Kept<T> {
    items: Vec<T>,
    places: FxHashMap<Key, usize>,
}

/// What became of an item that was to be held.
pub(super) enum Hold<T> {
    /// It is held.
    Added,
    /// It is held in place of an older one.
    Replaced,
    /// There are as many as there may be, or it cannot be held: come again when they are taken.
    NoRoom(T),
    /// Nothing is held.
    NotHolding(T),
}

impl<T: BusItem> Held<T> {
    pub(super) fn new(max: usize) -> Self {
        let kept = Kept { items: Vec::new(), places: FxHashMap::default() };
        Self { max, kept: Mutex::new(kept), in_queue: AtomicIsize::new(0), taken: Signal::new() }
    }

    /// Joins an item to those that are held, if any are.
    pub(super) fn join(&self, item: T) -> Hold<T> {
        let mut kept = self.lock();
        if kept.items.is_empty() { Hold::NotHolding(item) } else { kept.hold(item, self.max) }
    }

    pub(super) fn is_holding(&self) -> bool {
        !self.lock().items.is_empty()
    }

    /// Waits until what is held is taken; check [`is_holding`](Self::is_holding) once more before waiting.
    pub(super) fn taken(&self) -> EventListener {
        self.taken.listen()
    }

    pub(super) fn message_sent(&self) {
        self.in_queue.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn message_received(&self) {
        self.in_queue.fetch_sub(1, Ordering::AcqRel);
    }

    fn take(&self) -> Vec<T> {
        let mut kept = self.lock();
        kept.places = FxHashMap::default();
        let items = std::mem::take(&mut kept.items);
        drop(kept);
        self.taken.notify(usize::MAX);
        items
    }

    fn lock(&self) -> MutexGuard<'_, Kept<T>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: BusItem> Kept<T> {
    fn hold(&mut self, item: T, max: usize) -> Hold<T> {
        let Some(key) = item.conflation_key() else { return Hold::NoRoom(item) };
        if let Some(&place) = self.places.get(key) {
            self.items[place] = item;
            return Hold::Replaced;
        }
        if self.items.len() >= max {
            return Hold::NoRoom(item);
        }
        self.places.insert(key.clone(), self.items.len());
        self.items.push(item);
        Hold::Added
    }
}

/// The publishers that hold something.
#[derive(Debug)]
pub(super) struct Holders<T> {
    count: AtomicUsize,
    waiting: Mutex<Waiting<T>>,
}

#[derive(Debug)]
struct Waiting<T> {
    queue: VecDeque<Arc<Held<T>>>,
    /// The intake has ended: nobody would take what is held.
    ended: bool,
}

impl<T: BusItem> Holders<T> {
    pub(super) fn new() -> Self {
        let waiting = Waiting { queue: VecDeque::new(), ended: false };
        Self { count: AtomicUsize::new(0), waiting: Mutex::new(waiting) }
    }

    /// Begins to hold; gives the item back if the intake has ended.
    pub(super) fn begin(&self, held: &Arc<Held<T>>, item: T) -> Result<(), Hold<T>> {
        let mut waiting = self.lock();
        if waiting.ended {
            return Err(Hold::NotHolding(item));
        }
        match held.lock().hold(item, held.max) {
            Hold::Added => {}
            other => return Err(other),
        }
        waiting.queue.push_back(Arc::clone(held));
        self.count.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Takes what the first publisher holds that has nothing in the queue.
    pub(super) fn take(&self) -> Option<Vec<T>> {
        if self.count.load(Ordering::Acquire) == 0 {
            return None;
        }
        let mut waiting = self.lock();
        let place = waiting.queue.iter().position(|held| held.in_queue.load(Ordering::Acquire) == 0)?;
        let held = waiting.queue.remove(place)?;
        self.count.fetch_sub(1, Ordering::Release);
        Some(held.take())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    /// Lets nobody hold anything from now on, unless somebody does.
    pub(super) fn end_if_empty(&self) -> bool {
        let mut waiting = self.lock();
        waiting.ended |= waiting.queue.is_empty();
        waiting.ended
    }

    /// Lets nobody hold anything from now on, and returns how many items were held.
    pub(super) fn abandon(&self) -> usize {
        let mut waiting = self.lock();
        waiting.ended = true;
        self.count.store(0, Ordering::Release);
        waiting.queue.drain(..).map(|held| held.take().len()).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
