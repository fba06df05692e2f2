use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_channel::TryRecvError;
use etaflow_road::Timestamp;
use event_listener::Listener;

use super::BusItem;
use super::barrier::Barrier;
use super::lane::{Content, Lane, Message, Messages};
use crate::event::{Event, Reason};

/// What comes out of a bus.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming<T = Event> {
    /// Events of one publisher, in its order; at least one, at most [`batch_max`](crate::BusConfig::batch_max).
    Events(Vec<T>),
    /// Something came that could not be read: why, and what was wrong.
    Undecodable(Reason, String),
    /// A scenario's clock has come this far.
    AdvanceTo(Timestamp),
    /// A publisher waits until what it has published before is durable.
    Barrier(Barrier),
}

/// The one consumer of a bus. What is in the queue when it is dropped counts as refused.
#[derive(Debug)]
pub struct Intake<T: BusItem = Event> {
    lane: Arc<Lane<T>>,
    messages: Messages<T>,
    /// The next message, if it is out of the queue and waits to be full.
    head: Option<Message<T>>,
    /// What was held and is taken, in batches; goes before everything else.
    staged: VecDeque<Vec<T>>,
    /// Whether those who hold something are asked before the queue.
    holders_first: bool,
}

enum Step<T> {
    Ready(Incoming<T>),
    /// The next batch may wait so long for more, in microseconds.
    Linger(u64),
    Idle,
    Ended,
}

impl<T: BusItem> Intake<T> {
    pub(super) fn new(lane: Arc<Lane<T>>, messages: Messages<T>) -> Self {
        Self { lane, messages, head: None, staged: VecDeque::new(), holders_first: false }
    }

    /// Waits for what comes next; `None` when the bus is closed or nobody can publish any more, and everything was
    /// received.
    ///
    /// Dropped before it is ready, it has taken nothing. Inside a tokio runtime it wants the timer
    /// (`enable_time`); outside of one a batch does not wait for more.
    pub async fn recv(&mut self) -> Option<Incoming<T>> {
        loop {
            match self.step() {
                Step::Ready(incoming) => return Some(incoming),
                Step::Ended => return None,
                Step::Idle => {
                    let arrived = self.lane.arrived();
                    // What came since the last look does not wake the listener.
                    if self.is_idle() {
                        arrived.await;
                    }
                }
                Step::Linger(_) if tokio::runtime::Handle::try_current().is_err() => self.seal_head(),
                Step::Linger(micros) => {
                    let pressed = self.lane.pressed();
                    if self.is_lingering() {
                        // Either way it is time to look again.
                        _ = tokio::time::timeout(Duration::from_micros(micros), pressed).await;
                    }
                }
            }
        }
    }

    /// [`recv`](Self::recv), for those who cannot await.
    pub fn recv_blocking(&mut self) -> Option<Incoming<T>> {
        loop {
            match self.step() {
                Step::Ready(incoming) => return Some(incoming),
                Step::Ended => return None,
                Step::Idle => {
                    let arrived = self.lane.arrived();
                    if self.is_idle() {
                        arrived.wait();
                    }
                }
                Step::Linger(micros) => {
                    let pressed = self.lane.pressed();
                    if self.is_lingering() {
                        _ = pressed.wait_timeout(Duration::from_micros(micros));
                    }
                }
            }
        }
    }

    /// What is there now, without waiting; a batch that is not full yet is there when its time is over.
    pub fn try_recv(&mut self) -> Option<Incoming<T>> {
        match self.step() {
            Step::Ready(incoming) => Some(incoming),
            Step::Linger(_) | Step::Idle | Step::Ended => None,
        }
    }

    fn step(&mut self) -> Step<T> {
        if let Some(items) = self.staged.pop_front() {
            return Step::Ready(Incoming::Events(items));
        }
        // In turns, so that neither the queue nor those who hold something starve.
        if std::mem::take(&mut self.holders_first)
            && let Some(items) = self.take_held()
        {
            return Step::Ready(Incoming::Events(items));
        }
        if self.head.is_none() {
            match self.messages.try_recv() {
                Ok(message) => self.head = Some(message),
                Err(empty) => return self.step_without_queue(empty),
            }
        }
        self.step_head()
    }

    fn step_without_queue(&mut self, empty: TryRecvError) -> Step<T> {
        if let Some(items) = self.take_held() {
            return Step::Ready(Incoming::Events(items));
        }
        match empty {
            TryRecvError::Closed if self.lane.holders.end_if_empty() => Step::Ended,
            // Closed, and somebody has begun to hold since: look again.
            TryRecvError::Closed | TryRecvError::Empty => Step::Idle,
        }
    }

    fn step_head(&mut self) -> Step<T> {
        if let Some(Message { content: Content::Batch(batch), .. }) = &self.head
            && let Some(micros) = self.lane.lingers_us(batch)
        {
            return Step::Linger(micros);
        }
        let Some(message) = self.head.take() else { return Step::Idle };
        self.holders_first = true;
        let incoming = match message.content {
            Content::Batch(batch) => Incoming::Events(batch.take()),
            Content::Full(items) => Incoming::Events(items),
            Content::Undecodable(reason, detail) => Incoming::Undecodable(reason, detail),
            Content::AdvanceTo(time) => Incoming::AdvanceTo(time),
            Content::Barrier(barrier) => Incoming::Barrier(barrier),
        };
        if let Some(held) = message.from {
            held.message_received();
        }
        Step::Ready(incoming)
    }

    /// Takes what one publisher holds, and returns the first batch of it.
    fn take_held(&mut self) -> Option<Vec<T>> {
        let mut items = self.lane.holders.take()?;
        let max = self.lane.config.batch_max;
        if items.len() <= max {
            return Some(items);
        }
        let mut rest = items.split_off(max).into_iter();
        loop {
            let chunk: Vec<T> = rest.by_ref().take(max).collect();
            if chunk.is_empty() {
                return Some(items);
            }
            self.staged.push_back(chunk);
        }
    }

    /// Whether there is still nothing to do, after the listener listens.
    fn is_idle(&self) -> bool {
        self.messages.is_empty() && !self.messages.is_closed() && self.lane.holders.is_empty()
    }

    fn seal_head(&self) {
        if let Some(Message { content: Content::Batch(batch), .. }) = &self.head {
            batch.seal();
        }
    }

    fn is_lingering(&self) -> bool {
        match &self.head {
            Some(Message { content: Content::Batch(batch), .. }) => self.lane.lingers_us(batch).is_some(),
            _ => false,
        }
    }
}

impl<T: BusItem> Drop for Intake<T> {
    fn drop(&mut self) {
        self.lane.close();
        let mut lost: usize = self.staged.iter().map(Vec::len).sum();
        while let Some(message) = self.head.take().or_else(|| self.messages.try_recv().ok()) {
            lost += match message.content {
                Content::Batch(batch) => batch.take().len(),
                Content::Full(items) => items.len(),
                Content::Undecodable(..) => 1,
                Content::AdvanceTo(_) | Content::Barrier(_) => 0,
            };
        }
        lost += self.lane.holders.abandon();
        self.lane.tallies.abandoned(lost);
    }
}
