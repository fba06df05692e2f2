use std::sync::Arc;

use etaflow_road::Timestamp;

use super::BusItem;
use super::barrier::{Answered, Barrier};
use super::batch::Batch;
use super::blocking::wait_for;
use super::config::Policy;
use super::counts::{Offer, Tally};
use super::held::{Held, Hold};
use super::lane::{Content, Lane, Line, Message, Unsent};
use crate::event::{Event, EventError, Offset, Reason};

/// Puts events on a bus. The events of one publisher keep their order.
///
/// # Cancelling
/// A publish whose future is dropped before it is ready has not published its event; of a batch, it has published
/// those that found a place and not the rest. What it has not published is counted as
/// [`refused`](crate::BusCounts::refused). Nothing that an earlier publish has put on the bus is touched.
#[derive(Debug)]
pub struct Publisher<T: BusItem = Event> {
    tally: Arc<Tally>,
    outlet: Outlet<T>,
}

/// Why events were not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// There was no place ([`Policy::Refuse`]).
    #[error("the bus is full at {capacity_batches} batches: {refused} of {offered} events refused")]
    Full {
        /// How many events were given.
        offered: usize,
        /// How many of them, the last ones, were not published.
        refused: usize,
        /// How many batches the bus can hold.
        capacity_batches: usize,
    },
    /// The bus is closed, or its intake is gone.
    #[error("the bus is closed: {refused} events refused")]
    Closed {
        /// How many of the events were not published.
        refused: usize,
    },
    /// What was published before is not durable and will not be: it may be lost, or may not.
    #[error("what was published is not acknowledged: {why}")]
    NotDurable {
        /// What has failed.
        why: String,
    },
}

impl<T: BusItem> Publisher<T> {
    pub(super) fn new(line: Arc<Line<T>>, policy: Policy) -> Self {
        let tally = line.lane.tallies.open();
        let held = (policy == Policy::Conflate).then(|| Arc::new(Held::new(line.lane.config.conflate_max)));
        Self { tally, outlet: Outlet { line, policy, open: None, held } }
    }

    /// Publishes one event.
    ///
    /// # Errors
    /// If there is no place and the policy is to refuse; if the bus is closed.
    pub async fn publish(&mut self, event: T) -> Result<(), PublishError> {
        let Err(event) = self.join_open_batch(event) else { return Ok(()) };
        let mut offer = Offer::new(&self.tally, 1);
        self.outlet.place(vec![event], &mut offer).await.map_err(|why| self.outlet.error(why, 1, offer.open))
    }

    /// The usual case: no waiting, no allocation.
    #[inline]
    fn join_open_batch(&mut self, event: T) -> Result<(), T> {
        self.outlet.push(event)?;
        self.tally.offered(1);
        Ok(())
    }

    /// Publishes events in their order. Any number; more than a batch can have go as several.
    ///
    /// # Errors
    /// If there is no place for some and the policy is to refuse; if the bus is closed.
    pub async fn publish_batch(&mut self, events: Vec<T>) -> Result<(), PublishError> {
        let count = events.len();
        let mut offer = Offer::new(&self.tally, count);
        let result = self.outlet.place_all(events, &mut offer).await;
        result.map_err(|why| self.outlet.error(why, count, offer.open))
    }

    /// Lets the intake take what was published without waiting for more, and waits until nothing is held
    /// ([`Policy::Conflate`]).
    ///
    /// # Errors
    /// If the bus is closed.
    pub async fn flush(&mut self) -> Result<(), PublishError> {
        self.outlet.seal();
        self.outlet.until_taken().await.map_err(|why| self.outlet.error(why, 0, 0))
    }

    /// Puts a scenario's clock forward. What any publisher has published before comes before it, but for what a
    /// conflating publisher holds; what is published after comes after it. Waits for a place under every policy, and
    /// is not counted.
    ///
    /// # Errors
    /// If the bus is closed.
    pub async fn advance_to(&mut self, time: Timestamp) -> Result<(), PublishError> {
        self.outlet.advance_to(time).await.map_err(|why| self.outlet.error(why, 0, 0))
    }

    /// Waits until everything that this publisher has published before is judged, and as durable as the log promises
    /// (a log on disk, by its policy); gives the offset before which all of it is.
    /// Holds up nobody else, waits for a place under every policy, and is not counted.
    ///
    /// What it was judged to be is no part of the answer: a duplicate was there before, a dead letter is in no log.
    ///
    /// # Errors
    /// If the bus is closed, or the log has failed.
    pub async fn acknowledge(&mut self) -> Result<Offset, PublishError> {
        let closed = PublishError::Closed { refused: 0 };
        let Ok(answered) = self.outlet.ask().await else { return Err(closed) };
        match answered.await {
            Ok(answer) => answer.map_err(|why| PublishError::NotDurable { why }),
            Err(_) => Err(closed),
        }
    }

    /// [`publish`](Self::publish), for those who cannot await.
    ///
    /// # Errors
    /// As there.
    pub fn publish_blocking(&mut self, event: T) -> Result<(), PublishError> {
        match self.join_open_batch(event) {
            Ok(()) => Ok(()),
            Err(event) => wait_for(self.publish(event)),
        }
    }

    /// [`publish_batch`](Self::publish_batch), for those who cannot await.
    ///
    /// # Errors
    /// As there.
    pub fn publish_batch_blocking(&mut self, events: Vec<T>) -> Result<(), PublishError> {
        wait_for(self.publish_batch(events))
    }

    /// [`flush`](Self::flush), for those who cannot await.
    ///
    /// # Errors
    /// As there.
    pub fn flush_blocking(&mut self) -> Result<(), PublishError> {
        wait_for(self.flush())
    }

    /// [`advance_to`](Self::advance_to), for those who cannot await.
    ///
    /// # Errors
    /// As there.
    pub fn advance_to_blocking(&mut self, time: Timestamp) -> Result<(), PublishError> {
        wait_for(self.advance_to(time))
    }

    /// [`acknowledge`](Self::acknowledge), for those who cannot await.
    ///
    /// # Errors
    /// As there.
    pub fn acknowledge_blocking(&mut self) -> Result<Offset, PublishError> {
        wait_for(self.acknowledge())
    }
}

impl<T: BusItem> Publisher<T> {
    /// Publishes that something came that could not be read. It counts as an event.
    ///
    /// # Errors
    /// If there is no place and the policy is to refuse; if the bus is closed.
    pub async fn publish_undecodable(&mut self, reason: Reason, detail: String) -> Result<(), PublishError> {
        let mut offer = Offer::new(&self.tally, 1);
        let result = self.outlet.undecodable(reason, detail, &mut offer).await;
        result.map_err(|why| self.outlet.error(why, 1, offer.open))
    }
}

impl Publisher<Event> {
    /// Publishes a CloudEvents JSON object, or each of the events of a JSON array, in their order. What cannot be read
    /// is published as that ([`Incoming::Undecodable`](crate::Incoming::Undecodable)), with its reason, in its place:
    /// it becomes a dead letter, and the others are not disturbed.
    ///
    /// # Errors
    /// If there is no place for some and the policy is to refuse; if the bus is closed.
    pub async fn publish_json(&mut self, json: &[u8]) -> Result<(), PublishError> {
        let is_batch = json.trim_ascii_start().first() == Some(&b'[');
        let decoded = if is_batch { Event::from_json_batch(json) } else { Ok(vec![Event::from_json(json)]) };
        let decoded = decoded.unwrap_or_else(|error| vec![Err(error)]);
        let count = decoded.len();
        let mut offer = Offer::new(&self.tally, count);
        let result = self.outlet.place_decoded(decoded, &mut offer).await;
        result.map_err(|why| self.outlet.error(why, count, offer.open))
    }
}

impl<T: BusItem> Drop for Publisher<T> {
    fn drop(&mut self) {
        self.outlet.seal();
        self.outlet.line.lane.tallies.close(&self.tally);
    }
}

/// How an item found its place.
enum Placed {
    New,
    /// An older one is gone.
    Replacing,
}

/// A publisher without its counts.
#[derive(Debug)]
struct Outlet<T: BusItem> {
    line: Arc<Line<T>>,
    policy: Policy,
    /// The newest batch of this publisher in the queue, to which it can add.
    open: Option<Arc<Batch<T>>>,
    /// Set if the policy is to conflate. While something is held there is no open batch.
    held: Option<Arc<Held<T>>>,
}

impl<T: BusItem> Outlet<T> {
    fn lane(&self) -> &Lane<T> {
        &self.line.lane
    }

    fn error(&self, why: Unsent, offered: usize, refused: usize) -> PublishError {
        match why {
            Unsent::Full => {
                PublishError::Full { offered, refused, capacity_batches: self.lane().config.capacity_batches }
            }
            Unsent::Closed => PublishError::Closed { refused },
        }
    }

    /// The open batch, if it can take more as far as anybody knows.
    #[inline]
    fn open_batch(&mut self) -> Option<&Batch<T>> {
        let epoch = self.lane().epoch();
        self.open.as_deref().filter(|batch| batch.epoch == epoch)
    }

    /// Adds to the open batch.
    #[inline]
    fn push(&mut self, item: T) -> Result<(), T> {
        let Some(batch) = self.open_batch() else { return Err(item) };
        let full = batch.push(item)?;
        if full {
            self.open = None;
            self.lane().sealed();
        }
        Ok(())
    }

    fn seal(&mut self) {
        if let Some(batch) = self.open.take() {
            batch.seal();
            self.lane().sealed();
        }
    }

    async fn place_all(&mut self, mut items: Vec<T>, offer: &mut Offer<'_>) -> Result<(), Unsent> {
        let max = self.lane().config.batch_max;
        // Who waits for places sends half a batch or more as it is: to move it would cost more than the place it saves.
        if (self.policy != Policy::Await || items.len() < max.div_ceil(2))
            && let Some(batch) = self.open_batch()
        {
            let (count, full) = batch.extend(&mut items);
            offer.settle(count);
            if full {
                self.seal();
            }
        }
        if items.is_empty() {
            return Ok(());
        }
        if items.len() <= max {
            return self.place(items, offer).await;
        }
        let mut rest = items.into_iter();
        loop {
            let chunk: Vec<T> = rest.by_ref().take(max).collect();
            if chunk.is_empty() {
                return Ok(());
            }
            self.place(chunk, offer).await?;
        }
    }

    async fn place_decoded(
        &mut self,
        decoded: Vec<Result<T, EventError>>,
        offer: &mut Offer<'_>,
    ) -> Result<(), Unsent> {
        let mut items = Vec::new();
        for element in decoded {
            match element {
                Ok(item) => items.push(item),
                Err(error) => {
                    self.place_all(std::mem::take(&mut items), offer).await?;
                    self.undecodable(error.reason(), error.to_string(), offer).await?;
                }
            }
        }
        self.place_all(items, offer).await
    }

    /// Finds a place for a batch of its own, as the policy says.
    async fn place(&mut self, items: Vec<T>, offer: &mut Offer<'_>) -> Result<(), Unsent> {
        if self.held.is_some() {
            return self.place_or_hold(items, offer).await;
        }
        let count = items.len();
        let (content, open) = if count < self.lane().config.batch_max {
            let batch = self.begin(items);
            (Content::Batch(Arc::clone(&batch)), Some(batch))
        } else {
            self.seal();
            (Content::Full(items), None)
        };
        let message = Message { content, from: None };
        match self.policy {
            Policy::Refuse => self.lane().try_send(message)?,
            Policy::Await | Policy::Conflate => self.lane().send(message).await?,
        }
        offer.settle(count);
        self.open = open;
        Ok(())
    }

    /// A new batch, after which nothing joins the one before.
    fn begin(&mut self, items: Vec<T>) -> Arc<Batch<T>> {
        self.seal();
        self.lane().new_batch(items)
    }

    async fn place_or_hold(&mut self, items: Vec<T>, offer: &mut Offer<'_>) -> Result<(), Unsent> {
        let Some(held) = self.held.clone() else { return Ok(()) };
        let mut items = items;
        if !held.is_holding() {
            let count = items.len();
            let batch = self.begin(items);
            let message = Message { content: Content::Batch(Arc::clone(&batch)), from: Some(Arc::clone(&held)) };
            match self.lane().try_send(message) {
                Ok(()) => {
                    offer.settle(count);
                    self.open = Some(batch);
                    return Ok(());
                }
                Err(Unsent::Full) => items = batch.take(),
                Err(closed) => return Err(closed),
            }
        }
        for item in items {
            match self.place_or_hold_one(&held, item).await? {
                Placed::New => offer.settle(1),
                Placed::Replacing => offer.settle_replaced(),
            }
        }
        Ok(())
    }

    /// Holds an item if something is held, or finds a place, or begins to hold.
    async fn place_or_hold_one(&mut self, held: &Arc<Held<T>>, mut item: T) -> Result<Placed, Unsent> {
        loop {
            match held.join(item) {
                Hold::Added => return Ok(Placed::New),
                Hold::Replaced => return Ok(Placed::Replacing),
                Hold::NoRoom(back) => {
                    item = back;
                    self.until_taken().await?;
                }
                // There may be a place by now.
                Hold::NotHolding(item) => {
                    return match self.push(item) {
                        Ok(()) => Ok(Placed::New),
                        Err(item) => self.place_or_begin_to_hold(held, item).await,
                    };
                }
            }
        }
    }

    async fn place_or_begin_to_hold(&mut self, held: &Arc<Held<T>>, item: T) -> Result<Placed, Unsent> {
        let may_hold = item.conflation_key().is_some();
        let batch = self.begin(vec![item]);
        let message = Message { content: Content::Batch(Arc::clone(&batch)), from: Some(Arc::clone(held)) };
        match if may_hold { self.lane().try_send(message) } else { self.lane().send(message).await } {
            Ok(()) => {
                self.open = Some(batch);
                Ok(Placed::New)
            }
            Err(Unsent::Full) => {
                let item = batch.take().pop().ok_or(Unsent::Closed)?;
                self.lane().holders.begin(held, item).map_err(|_| Unsent::Closed)?;
                self.lane().held();
                Ok(Placed::New)
            }
            Err(Unsent::Closed) => Err(Unsent::Closed),
        }
    }

    /// Waits until nothing is held.
    async fn until_taken(&self) -> Result<(), Unsent> {
        let Some(held) = &self.held else { return Ok(()) };
        while held.is_holding() {
            let taken = held.taken();
            if held.is_holding() {
                taken.await;
            }
        }
        Ok(())
    }

    async fn advance_to(&mut self, time: Timestamp) -> Result<(), Unsent> {
        self.until_taken().await?;
        self.seal();
        self.lane().begin_epoch();
        let message = Message { content: Content::AdvanceTo(time), from: self.held.clone() };
        self.lane().send(message).await
    }

    /// Puts a question behind all that was published.
    async fn ask(&mut self) -> Result<Answered, Unsent> {
        self.until_taken().await?;
        self.seal();
        let (barrier, answered) = Barrier::new();
        let message = Message { content: Content::Barrier(barrier), from: self.held.clone() };
        self.lane().send(message).await?;
        Ok(answered)
    }

    async fn undecodable(&mut self, reason: Reason, detail: String, offer: &mut Offer<'_>) -> Result<(), Unsent> {
        self.until_taken().await?;
        self.seal();
        let message = Message { content: Content::Undecodable(reason, detail), from: self.held.clone() };
        match self.policy {
            Policy::Refuse => self.lane().try_send(message)?,
            Policy::Await | Policy::Conflate => self.lane().send(message).await?,
        }
        offer.settle(1);
        Ok(())
    }
}
