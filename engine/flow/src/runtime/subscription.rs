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

impl EtaStream {
    /// Gives what was sent last, if anything was, and what is sent from now on; ends when the sender is gone.
    fn of(sender: &watch::Sender<Option<EtaUpdate>>) -> Self {
        Self { updates: WatchStream::new(sender.subscribe()) }
    }
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

    /// Subscribes to a trip. It need not be known yet. `last` says what is known of it; it is asked while nothing can be
    /// told, so that no update falls between the two.
    pub(super) fn add(
        &self,
        trip: &Key,
        last: impl FnOnce() -> Option<EtaUpdate>,
    ) -> Result<EtaStream, SubscribeError> {
        let mut lock = self.lock();
        let by_trip = lock.as_mut().ok_or(SubscribeError::Closed)?;
        if let Some(sender) = by_trip.get(trip) {
            return Ok(EtaStream::of(sender));
        }
        let last = last();
        if last.as_ref().is_some_and(is_last) {
            return Ok(EtaStream::of(&watch::Sender::new(last)));
        }
        if by_trip.len() >= self.max {
            by_trip.retain(|_, sender| !sender.is_closed());
            self.count.store(by_trip.len(), Ordering::Release);
            if by_trip.len() >= self.max {
                return Err(SubscribeError::TooMany(self.max));
            }
        }
        let sender = by_trip.entry(trip.clone()).or_insert_with(|| watch::Sender::new(last));
        let stream = EtaStream::of(sender);
        self.count.store(by_trip.len(), Ordering::Release);
        Ok(stream)
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
        if !heard || is_last(update) {
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

/// Whether nothing can follow: the trip has ended.
fn is_last(update: &EtaUpdate) -> bool {
    matches!(update.cause, Cause::Completed | Cause::Cancelled)
}

#[cfg(test)]
mod tests {
    use etaflow_road::Timestamp;
    use futures::{FutureExt, StreamExt};

    use super::*;
    use crate::event::{Offset, TripId};

    fn update(cause: Cause) -> EtaUpdate {
        EtaUpdate {
            trip: TripId(0),
            driver: None,
            offset: Offset(0),
            cause,
            as_of: Timestamp::MIN,
            fix_at: None,
            direction_confidence: None,
            epoch: 0,
            pickup_at: None,
            arrival: None,
        }
    }

    /// What a stream gives without waiting; the last is `None` if it has ended.
    fn now(stream: &mut EtaStream) -> Vec<Option<Cause>> {
        let mut all = Vec::new();
        while let Some(next) = stream.next().now_or_never() {
            all.push(next.map(|update| update.cause));
            if next.is_none() {
                break;
            }
        }
        all
    }

    #[test]
    fn a_trip_that_has_ended_is_told_of_once_and_takes_no_place() {
        let subscriptions = Subscriptions::new(1);
        let key = |text| Key::new(text).expect("short");
        for (nth, cause) in [Cause::Completed, Cause::Cancelled].into_iter().enumerate() {
            let trip = Key::Number(nth as u64);
            let mut stream = subscriptions.add(&trip, || Some(update(cause))).expect("open");
            assert_eq!(now(&mut stream), [Some(cause), None]);
        }
        let mut stream = subscriptions.add(&key("on its way"), || Some(update(Cause::PickedUp))).expect("room for one");
        assert_eq!(now(&mut stream), [Some(Cause::PickedUp)], "it goes on");
    }

    #[test]
    fn the_bound_counts_trips_and_not_those_who_hear_of_them() {
        let subscriptions = Subscriptions::new(1);
        let (one, other) = (Key::Number(1), Key::Number(2));
        let first = subscriptions.add(&one, || None).expect("room for one");
        let second = subscriptions.add(&one, || None).expect("the same trip");
        assert_eq!(subscriptions.add(&other, || None).err(), Some(SubscribeError::TooMany(1)));
        drop((first, second));
        subscriptions.add(&other, || None).expect("nobody hears of the other any more");
    }
}
