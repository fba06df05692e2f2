use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_channel::{Receiver, Sender, TrySendError};
use etaflow_road::Timestamp;
use event_listener::Event as Signal;

use super::BusItem;
use super::barrier::Barrier;
use super::batch::Batch;
use super::config::{BusConfig, Policy};
use super::counts::{BusCounts, Tallies};
use super::held::{Held, Holders};
use super::intake::Intake;
use super::publisher::Publisher;
use crate::event::{Event, Reason};
use crate::time::{Clock, WallClock};

/// The way in for events: makes publishers, counts, closes. Clones are the same bus.
///
/// The intake ends when every clone and every publisher is gone, or at [`close`](Self::close).
#[derive(Debug)]
pub struct Bus<T: BusItem = Event> {
    line: Arc<Line<T>>,
}

impl<T: BusItem> Clone for Bus<T> {
    fn clone(&self) -> Self {
        Self { line: Arc::clone(&self.line) }
    }
}

/// A bus for events, and where they come out. A setting beyond its bounds counts as the bound;
/// [`BusConfig::validate`] tells of it.
///
/// ```
/// # use etaflow::*;
/// let (bus, mut intake) = bus(BusConfig::default());
/// let mut publisher = bus.publisher(Policy::Await);
/// drop(bus);
/// publisher.advance_to_blocking(Timestamp::from_secs(5))?;
/// drop(publisher);
/// assert_eq!(intake.recv_blocking(), Some(Incoming::AdvanceTo(Timestamp::from_secs(5))));
/// assert_eq!(intake.recv_blocking(), None);
/// # Ok::<(), PublishError>(())
/// ```
pub fn bus(config: BusConfig) -> (Bus, Intake) {
    bus_of(config)
}

/// A bus for items of any kind, and where they come out.
pub fn bus_of<T: BusItem>(config: BusConfig) -> (Bus<T>, Intake<T>) {
    let config = config.held_to_bounds();
    let (sender, receiver) = async_channel::bounded(config.capacity_batches);
    let lane = Arc::new(Lane {
        sender,
        epoch: AtomicU64::new(0),
        arrived: Signal::new(),
        pressed: Signal::new(),
        holders: Holders::new(),
        tallies: Tallies::default(),
        clock: WallClock::new(),
        config,
    });
    let intake = Intake::new(Arc::clone(&lane), receiver);
    (Bus { line: Arc::new(Line { lane }) }, intake)
}

impl<T: BusItem> Bus<T> {
    /// A publisher that does as `policy` says when the bus is full.
    pub fn publisher(&self, policy: Policy) -> Publisher<T> {
        Publisher::new(Arc::clone(&self.line), policy)
    }

    /// What was offered so far, by all publishers, and what of it did not come through.
    pub fn counts(&self) -> BusCounts {
        self.line.lane.tallies.total()
    }

    /// How many batches wait.
    pub fn queued_batches(&self) -> usize {
        self.line.lane.sender.len()
    }

    /// Takes no more. What is in the bus is still received.
    pub fn close(&self) {
        self.line.lane.close();
    }
}

/// What the bus's clones and its publishers share; when the last of them is gone the lane is closed.
#[derive(Debug)]
pub(super) struct Line<T: BusItem> {
    pub(super) lane: Arc<Lane<T>>,
}

impl<T: BusItem> Drop for Line<T> {
    fn drop(&mut self) {
        self.lane.close();
    }
}

/// What both ends share.
#[derive(Debug)]
pub(super) struct Lane<T: BusItem> {
    sender: Sender<Message<T>>,
    /// Counts what seals all batches: advances of the clock, and the close.
    epoch: AtomicU64,
    /// Something is in the queue, or held, or the lane is closed.
    arrived: Signal,
    /// A batch is sealed, or the queue is more than half full.
    pressed: Signal,
    pub(super) holders: Holders<T>,
    pub(super) tallies: Tallies,
    clock: WallClock,
    pub(super) config: BusConfig,
}

/// An entry of the queue.
#[derive(Debug)]
pub(super) struct Message<T> {
    pub(super) content: Content<T>,
    /// Set if the publisher conflates: what it holds has to come after this.
    pub(super) from: Option<Arc<Held<T>>>,
}

#[derive(Debug)]
pub(super) enum Content<T> {
    Batch(Arc<Batch<T>>),
    /// A batch that was full from the beginning: nobody shares it.
    Full(Vec<T>),
    Undecodable(Reason, String),
    AdvanceTo(Timestamp),
    Barrier(Barrier),
}

/// Why a message was not sent.
pub(super) enum Unsent {
    Full,
    Closed,
}

impl<T: BusItem> Lane<T> {
    #[inline]
    pub(super) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Seals the batches of all publishers: what is published after this comes after the next message.
    pub(super) fn begin_epoch(&self) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        self.pressed.notify(1);
    }

    pub(super) fn new_batch(&self, items: Vec<T>) -> Arc<Batch<T>> {
        Arc::new(Batch::new(items, self.config.batch_max, self.epoch(), self.clock.now()))
    }

    pub(super) fn try_send(&self, message: Message<T>) -> Result<(), Unsent> {
        let from = message.from.clone();
        match self.sender.try_send(message) {
            Ok(()) => {
                self.sent(from);
                Ok(())
            }
            Err(TrySendError::Full(_)) => Err(Unsent::Full),
            Err(TrySendError::Closed(_)) => Err(Unsent::Closed),
        }
    }

    /// Waits for a place. Dropped before it is ready, it has sent nothing.
    pub(super) async fn send(&self, message: Message<T>) -> Result<(), Unsent> {
        let from = message.from.clone();
        self.sender.send(message).await.map_err(|_| Unsent::Closed)?;
        self.sent(from);
        Ok(())
    }

    fn sent(&self, from: Option<Arc<Held<T>>>) {
        if let Some(held) = from {
            held.message_sent();
        }
        self.arrived.notify(1);
        if self.is_pressed() {
            self.pressed.notify(1);
        }
    }

    /// Tells the intake that a batch takes no more.
    pub(super) fn sealed(&self) {
        self.pressed.notify(1);
    }

    pub(super) fn held(&self) {
        self.arrived.notify(1);
    }

    /// Whether more than half of the queue is in use, or it is closed: no batch waits for more.
    pub(super) fn is_pressed(&self) -> bool {
        self.sender.len() * 2 > self.config.capacity_batches || self.sender.is_closed()
    }

    /// How long a batch may still wait for more, in microseconds; `None` if it is to be taken.
    pub(super) fn lingers_us(&self, batch: &Batch<T>) -> Option<u64> {
        if batch.epoch != self.epoch() || self.is_pressed() || batch.is_sealed() {
            return None;
        }
        let left = self.config.flush.micros() - self.clock.now().since(batch.begun).micros();
        u64::try_from(left).ok().filter(|&left| left > 0)
    }

    pub(super) fn arrived(&self) -> event_listener::EventListener {
        self.arrived.listen()
    }

    pub(super) fn pressed(&self) -> event_listener::EventListener {
        self.pressed.listen()
    }

    pub(super) fn close(&self) {
        self.sender.close();
        self.begin_epoch();
        self.arrived.notify(usize::MAX);
    }
}

/// What comes out of the queue's far end; kept here beside its counterpart.
pub(super) type Messages<T> = Receiver<Message<T>>;
