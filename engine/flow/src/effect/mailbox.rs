use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use event_listener::Event;

use super::outbox::Outbox;

/// What a sink's thread and those who feed it have in common.
pub(super) struct Mailbox {
    outbox: Mutex<Outbox>,
    /// Something came in.
    pub(super) fed: Event,
    /// The engine became live or ceased to be, or it comes to an end.
    pub(super) turned: Event,
    /// What waits is to go out, and then it ends.
    ending: AtomicBool,
    /// It is to end at once.
    stopped: AtomicBool,
    ended: AtomicBool,
    pub(super) end: Event,
    retried: AtomicU64,
    error: Mutex<Option<String>>,
}

impl Mailbox {
    pub(super) fn new(outbox: Outbox) -> Self {
        Self {
            outbox: Mutex::new(outbox),
            fed: Event::new(),
            turned: Event::new(),
            ending: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            end: Event::new(),
            retried: AtomicU64::new(0),
            error: Mutex::new(None),
        }
    }

    // A panic while the outbox is held leaves an effect out of one account at worst.
    pub(super) fn outbox(&self) -> MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_live(&self, live: bool) {
        self.outbox().set_live(live);
        self.turn();
    }

    pub(super) fn finish(&self) {
        self.ending.store(true, Ordering::Release);
        self.turn();
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.turn();
    }

    fn turn(&self) {
        self.turned.notify(usize::MAX);
        self.fed.notify(usize::MAX);
    }

    pub(super) fn is_ending(&self) -> bool {
        self.ending.load(Ordering::Acquire)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    pub(super) fn set_ended(&self) {
        self.ended.store(true, Ordering::Release);
        self.end.notify(usize::MAX);
    }

    pub(super) fn note_failure(&self, error: String) {
        self.retried.fetch_add(1, Ordering::Relaxed);
        *self.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    pub(super) fn retried(&self) -> u64 {
        self.retried.load(Ordering::Relaxed)
    }

    pub(super) fn error(&self) -> Option<String> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
