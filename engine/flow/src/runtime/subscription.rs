use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures::Stream;
use rustc_hash::FxHashMap;
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

use crate::eta::{Cause, EtaUpdate};
use crate::event::Key;
use crate::sequencer::Dictionary;

/// One trip's arrival times, as they change: a stream that ends when the trip has ended.
///
/// Who is slow gets the newest and misses what came between.
#[derive(Debug)]
pub struct EtaStream {
    updates: WatchStream<Option<EtaUpdate>>,
}

impl Stream for EtaStream {
    type Item = EtaUpdate;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<EtaUpdate>> {
        loop {
            match Pin::new(&mut self.updates).poll_next(context) {
                Poll::Ready(Some(Some(update))) => return Poll::Ready(Some(update)),
                // Nothing was told yet.
                Poll::Ready(Some(None)) => {}
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Why a trip cannot be subscribed to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// There are as many subscriptions as there may be.
    #[error("{0} trips are subscribed to, which is the bound")]
    TooMany(usize),
    /// The engine is shut down.
    #[error("the engine is shut down")]
    Closed,
}

/// Who wants to hear of which trip.
#[derive(Debug)]
pub(super) struct Subscriptions {
    by_trip: Mutex<Option<FxHashMap<Key, watch::Sender<Option<EtaUpdate>>>>>,
    /// How many there are; read without the lock on every lot of outputs.
    count: AtomicUsize,
    max: usize,
}

impl Subscriptions {
    pub(super) fn new(max: usize) -> Self {
        Self { by_trip: Mutex::new(Some(FxHashMap::default())), count: AtomicUsize::new(0), max }
    }

    /// Subscribes to a trip. It need not be known yet. `last` is what is known of it now.
    pub(super) fn add(&self, trip: &Key, last: Option<EtaUpdate>) -> Result<EtaStream, SubscribeError> {
        let mut lock = self.lock();
        let by_trip = lock.as_mut().ok_or(SubscribeError::Closed)?;
        if by_trip.len() >= self.max {
            by_trip.retain(|_, sender| !sender.is_closed());
            self.count.store(by_trip.len(), Ordering::Release);
            if by_trip.len() >= self.max {
                return Err(SubscribeError::TooMany(self.max));
            }
        }
        let sender = by_trip.entry(trip.clone()).or_insert_with(|| watch::Sender::new(last));
        let updates = WatchStream::new(sender.subscribe());
        self.count.store(by_trip.len(), Ordering::Release);
        Ok(EtaStream { updates })
    }

    pub(super) fn tell(&self, update: &EtaUpdate, dictionary: &Dictionary) {
        if self.count.load(Ordering::Acquire) == 0 {
            return;
        }
        let Some(trip) = dictionary.trip_key(update.trip) else { return };
        let mut lock = self.lock();
        let Some(by_trip) = lock.as_mut() else { return };
        let Some(sender) = by_trip.get(&trip) else { return };
        let heard = sender.send(Some(*update)).is_ok();
        if !heard || matches!(update.cause, Cause::Completed | Cause::Cancelled) {
            // The stream gives what was sent last, and ends.
            by_trip.remove(&trip);
            self.count.store(by_trip.len(), Ordering::Release);
        }
    }

    /// Ends all.
    pub(super) fn close(&self) {
        *self.lock() = None;
        self.count.store(0, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Option<FxHashMap<Key, watch::Sender<Option<EtaUpdate>>>>> {
        self.by_trip.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
