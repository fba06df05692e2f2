//! How events come in from many sides to one consumer, and how results go out to many.
//!
//! # In
//! A [`Bus`] hands out [`Publisher`]s; the one [`Intake`] receives. What travels is batches: a publisher's first event
//! takes a place in the bounded queue for a batch, and further events join that batch where it stands, until it is
//! full or the intake takes it. So a busy bus moves full batches and pays for one wake-up a batch, the order of each
//! publisher is kept, and an event is never in a buffer that somebody must remember to empty: a publisher that goes
//! quiet, or is dropped, has nothing to lose. The intake takes a batch once it is full, or
//! [`flush`](BusConfig::flush) after it was begun, or at once when the queue is more than half full. It waits for that
//! by itself; there is no timer task, and nothing spins.
//!
//! When the queue is full, the publisher's [`Policy`] says what happens. Every event is counted:
//! offered = delivered + refused + conflated, once the bus is drained.
//!
//! A [`Barrier`] goes the same way, behind all that its publisher has published, so that the intake's side can answer
//! for that ([`Publisher::acknowledge`]).
//!
//! # Out
//! A [`Fanout`] gives every item to each of its groups. A group that is slow misses items, is told how many and which
//! ([`Delivery::Gap`]), and holds up nobody.

mod barrier;
mod batch;
mod blocking;
mod config;
mod counts;
mod fanout;
mod held;
mod intake;
mod lane;
mod publisher;

#[cfg(test)]
mod tests;

pub use barrier::Barrier;
pub use config::{BusConfig, Policy};
pub use counts::BusCounts;
pub use fanout::{Delivery, Fanout, GroupCounts, Member};
pub use intake::{Incoming, Intake};
pub use lane::{Bus, bus, bus_of};
pub use publisher::{PublishError, Publisher};

use crate::event::{Event, EventData, Key};

/// What a bus can carry.
pub trait BusItem: Send + 'static {
    /// Of items with the same key only the newest matters, if something has to give ([`Policy::Conflate`]). `None` for
    /// an item that must not be replaced.
    fn conflation_key(&self) -> Option<&Key>;
}

impl BusItem for Event {
    /// The driver of a location fix; nothing else may be replaced.
    fn conflation_key(&self) -> Option<&Key> {
        match &self.data {
            EventData::LocationUpdated { driver, .. } => Some(driver),
            _ => None,
        }
    }
}
