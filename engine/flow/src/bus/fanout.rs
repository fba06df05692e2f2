use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_channel::{Receiver, Sender};

use super::blocking::wait_for;

/// Gives every item to each of its groups; the members of a group share its items.
///
/// A group gets what is published after it joined. Its queue is bounded: while it is full, items are counted as missed
/// for that group alone, and the group is told in their place. Publishing never waits. Clones are the same fan-out;
/// when the last is gone the members receive what is queued, and then `None`.
///
/// ```
/// # use etaflow::{Delivery, Fanout};
/// let fanout = Fanout::new();
/// let (mut audit, mut screen) = (fanout.join("audit", 8), fanout.join("screen", 1));
/// for item in ["a", "b"] {
///     fanout.publish(item);
/// }
/// assert_eq!(audit.try_recv(), Some(Delivery::Item { position: 0, item: "a" }));
/// assert_eq!(audit.try_recv(), Some(Delivery::Item { position: 1, item: "b" }));
/// assert_eq!(screen.try_recv(), Some(Delivery::Item { position: 0, item: "a" }));
/// assert_eq!(screen.try_recv(), Some(Delivery::Gap { from: 1, missed: 1 }));
/// ```
#[derive(Debug)]
pub struct Fanout<T> {
    inlet: Arc<Inlet<T>>,
}

impl<T> Clone for Fanout<T> {
    fn clone(&self) -> Self {
        Self { inlet: Arc::clone(&self.inlet) }
    }
}

/// What the clones share. The members do not, so that it closes the hub when the last clone is gone.
#[derive(Debug)]
struct Inlet<T> {
    hub: Arc<Hub<T>>,
}

impl<T> Drop for Inlet<T> {
    fn drop(&mut self) {
        self.hub.close();
    }
}

/// What a member of a group receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery<T> {
    /// The next item.
    Item {
        /// How many items were published before it.
        position: u64,
        /// The item.
        item: T,
    },
    /// The group's queue was full. What it missed can be read again from where the items are kept.
    Gap {
        /// The position of the first that is missed.
        from: u64,
        /// How many are missed, one after the other.
        missed: u64,
    },
}

/// How a group is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupCounts {
    /// Its name.
    pub group: String,
    /// How many items were published since it joined.
    pub published: u64,
    /// How many of them it missed.
    pub missed: u64,
    /// How many wait in its queue, gaps included.
    pub queued: usize,
    /// How many members it has.
    pub members: usize,
}

/// A member of a group. Dropping it leaves the group; the last to leave ends it, with what is in its queue.
#[derive(Debug)]
pub struct Member<T> {
    hub: Arc<Hub<T>>,
    group: Arc<str>,
    queue: Receiver<Delivery<T>>,
}

#[derive(Debug)]
struct Hub<T> {
    groups: Mutex<Groups<T>>,
}

#[derive(Debug)]
struct Groups<T> {
    published: u64,
    closed: bool,
    /// In the order of their joining.
    all: Vec<Group<T>>,
}

#[derive(Debug)]
struct Group<T> {
    name: Arc<str>,
    sender: Sender<Delivery<T>>,
    /// Kept for those who join later.
    receiver: Receiver<Delivery<T>>,
    members: usize,
    capacity: usize,
    /// The position of the first item after it joined.
    joined: u64,
    missed_total: u64,
    /// What is missed and not told yet: the first position, and how many.
    gap: Option<(u64, u64)>,
}

impl<T: Clone> Fanout<T> {
    /// One without groups.
    pub fn new() -> Self {
        let groups = Groups { published: 0, closed: false, all: Vec::new() };
        Self { inlet: Arc::new(Inlet { hub: Arc::new(Hub { groups: Mutex::new(groups) }) }) }
    }

    /// Joins a group. If nobody is in it yet it begins here, with a queue of `capacity` items (held to 1 to 1,048,576);
    /// otherwise the capacity is the one it has.
    pub fn join(&self, group: &str, capacity: usize) -> Member<T> {
        let mut groups = self.inlet.hub.lock();
        let (published, closed) = (groups.published, groups.closed);
        let place = groups.all.iter().position(|other| &*other.name == group);
        let (name, queue) = match place {
            Some(place) => {
                let known = &mut groups.all[place];
                known.members += 1;
                (Arc::clone(&known.name), known.receiver.clone())
            }
            None => {
                let fresh = Group::new(group.into(), capacity.clamp(1, 1 << 20), published);
                if closed {
                    fresh.sender.close();
                }
                let parts = (Arc::clone(&fresh.name), fresh.receiver.clone());
                groups.all.push(fresh);
                parts
            }
        };
        Member { hub: Arc::clone(&self.inlet.hub), group: name, queue }
    }

    /// Gives an item to every group, or counts it as missed. Never waits; of no effect after
    /// [`close`](Self::close).
    pub fn publish(&self, item: T) {
        let mut groups = self.inlet.hub.lock();
        if groups.closed {
            return;
        }
        let position = groups.published;
        groups.published += 1;
        if let Some((last, others)) = groups.all.split_last_mut() {
            for group in others {
                group.give(position, item.clone());
            }
            last.give(position, item);
        }
    }

    /// How many items were published: the position of the next.
    pub fn published(&self) -> u64 {
        self.inlet.hub.lock().published
    }

    /// Publishes no more. What is queued is still received.
    pub fn close(&self) {
        self.inlet.hub.close();
    }

    /// How each group is doing, in the order of their joining.
    pub fn groups(&self) -> Vec<GroupCounts> {
        let groups = self.inlet.hub.lock();
        let counts = |group: &Group<T>| GroupCounts {
            group: group.name.to_string(),
            published: groups.published - group.joined,
            missed: group.missed_total,
            queued: group.sender.len(),
            members: group.members,
        };
        groups.all.iter().map(counts).collect()
    }
}

impl<T: Clone> Default for Fanout<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Hub<T> {
    fn lock(&self) -> MutexGuard<'_, Groups<T>> {
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn close(&self) {
        let mut groups = self.lock();
        groups.closed = true;
        for group in &groups.all {
            group.sender.close();
        }
    }
}

impl<T> Group<T> {
    fn new(name: Arc<str>, capacity: usize, joined: u64) -> Self {
        // One more than its items: a gap has a place of its own.
        let (sender, receiver) = async_channel::bounded(capacity + 1);
        Self { name, sender, receiver, members: 1, capacity, joined, missed_total: 0, gap: None }
    }

    /// Only this end adds, under the hub's lock, so that a place that is free stays free.
    fn give(&mut self, position: u64, item: T) {
        // A gap goes together with the item after it, so that gaps do not fill the queue.
        let needed = if self.gap.is_some() { 2 } else { 1 };
        let limit = if self.gap.is_some() { self.capacity + 1 } else { self.capacity };
        if self.sender.len() + needed > limit {
            self.missed_total += 1;
            self.gap.get_or_insert((position, 0)).1 += 1;
            return;
        }
        if let Some((from, missed)) = self.gap.take() {
            self.push(Delivery::Gap { from, missed });
        }
        self.push(Delivery::Item { position, item });
    }

    fn push(&self, delivery: Delivery<T>) {
        let sent = self.sender.try_send(delivery);
        debug_assert!(sent.is_ok(), "there is a free place, and the group is open");
    }
}

impl<T> Member<T> {
    /// The name of its group.
    pub fn group(&self) -> &str {
        &self.group
    }

    /// Waits for what comes next; `None` when no more is published and everything was received. Dropped before it is
    /// ready, it has taken nothing.
    pub async fn recv(&mut self) -> Option<Delivery<T>> {
        if let Some(delivery) = self.try_recv() {
            return Some(delivery);
        }
        // Closed while waiting: what was missed is still to be told.
        self.queue.recv().await.ok().or_else(|| self.try_recv())
    }

    /// [`recv`](Self::recv), for those who cannot await.
    pub fn recv_blocking(&mut self) -> Option<Delivery<T>> {
        wait_for(self.recv())
    }

    /// What is there now, without waiting.
    pub fn try_recv(&mut self) -> Option<Delivery<T>> {
        if let Ok(delivery) = self.queue.try_recv() {
            return Some(delivery);
        }
        let mut groups = self.hub.lock();
        // An item may have come before the lock; a gap comes after everything that is queued.
        if let Ok(delivery) = self.queue.try_recv() {
            return Some(delivery);
        }
        let group = groups.all.iter_mut().find(|group| group.name == self.group)?;
        group.gap.take().map(|(from, missed)| Delivery::Gap { from, missed })
    }
}

impl<T> Drop for Member<T> {
    fn drop(&mut self) {
        let mut groups = self.hub.lock();
        if let Some(place) = groups.all.iter().position(|group| group.name == self.group) {
            groups.all[place].members -= 1;
            if groups.all[place].members == 0 {
                groups.all.remove(place);
            }
        }
    }
}
