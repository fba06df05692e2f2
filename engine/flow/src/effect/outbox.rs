use std::collections::{BTreeMap, VecDeque};

use etaflow_road::{Span, Timestamp};
use rustc_hash::FxHashMap;

use super::config::DeliveryConfig;
use super::id::{Effect, EffectId};
use crate::event::{Offset, TripId};
use crate::storage::Mark;

/// What waits for a sink, and what has become of the rest.
///
/// An effect comes in, waits until its record is durable, waits for its turn, is in flight, and is done. Only among what is
/// durable is one effect replaced by a newer one: the newer one could otherwise be lost with the log's tail when the older
/// one is passed over for good.
pub(super) struct Outbox {
    batch_max: usize,
    queue_max: usize,
    backlog_max: usize,
    held_max: Span,
    /// Everything before this is done with.
    done: Mark,
    /// As they came; not durable as far as is known.
    undurable: VecDeque<Effect>,
    /// `undurable` had to be conflated for once: nothing of it leaves before all of it is durable.
    whole_before: Offset,
    /// Durable.
    waiting: BTreeMap<EffectId, Effect>,
    /// Of `waiting` by trip, while it is conflated.
    newest: FxHashMap<TripId, EffectId>,
    conflating: bool,
    in_flight: Vec<Effect>,
    live: bool,
    /// Since when something waits for the engine to be live.
    held_since: Option<Timestamp>,
    /// Up to here it waits no longer.
    released: Option<EffectId>,
    tally: Tally,
}

/// What has become of the effects: `offered = suppressed + delivered + conflated + given_up + failed + waiting`, always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub(super) offered: u64,
    pub(super) suppressed: u64,
    pub(super) delivered: u64,
    pub(super) conflated: u64,
    pub(super) given_up: u64,
    pub(super) failed: u64,
}

impl Outbox {
    /// For a sink that is done with all before `done`.
    pub(super) fn new(config: &DeliveryConfig, done: Mark) -> Self {
        Self {
            batch_max: config.batch_max,
            queue_max: config.queue_max,
            backlog_max: config.backlog_max,
            held_max: config.held_max,
            done,
            undurable: VecDeque::new(),
            whole_before: Offset(0),
            waiting: BTreeMap::new(),
            newest: FxHashMap::default(),
            conflating: false,
            in_flight: Vec::new(),
            live: false,
            held_since: None,
            released: None,
            tally: Tally::default(),
        }
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    pub(super) fn done(&self) -> Mark {
        self.done
    }

    /// How many effects are not done with.
    pub(super) fn len(&self) -> usize {
        self.in_flight.len() + self.waiting.len() + self.undurable.len()
    }

    /// Whether some wait for their records to be durable.
    pub(super) fn waits_for_log(&self) -> bool {
        !self.undurable.is_empty()
    }

    /// The oldest that is not done with.
    pub(super) fn oldest(&self) -> Option<&Effect> {
        self.in_flight.first().or_else(|| self.waiting.values().next()).or_else(|| self.undurable.front())
    }

    /// What is not done with of the records before `before`, for a snapshot that is cut there. `None` if some of it was
    /// replaced by what came after and is not durable: the log could lose that, and there would be neither.
    pub(super) fn kept(&self, before: Offset) -> Option<Vec<Effect>> {
        let known = self.whole_before <= before;
        known.then(|| self.all().filter(|effect| effect.id.offset < before).cloned().collect())
    }

    /// All that are not done with, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Effect> {
        self.in_flight.iter().chain(self.waiting.values()).chain(&self.undurable)
    }

    /// Whether it wants to hear of that effect; one that it is done with is counted.
    pub(super) fn wants(&mut self, id: EffectId) -> bool {
        let done = id.is_done(self.done);
        if done {
            self.tally.offered += 1;
            self.tally.suppressed += 1;
        }
        !done
    }

    /// Takes an effect that it wants. Their ids grow.
    pub(super) fn offer(&mut self, effect: Effect) {
        debug_assert!(self.undurable.back().is_none_or(|last| last.id < effect.id), "ids grow");
        self.tally.offered += 1;
        self.undurable.push_back(effect);
        if self.undurable.len() > self.backlog_max {
            self.collapse();
        }
    }

    /// One that it wants has no name, so that nobody could be told of it.
    pub(super) fn give_up_nameless(&mut self) {
        self.tally.offered += 1;
        self.tally.given_up += 1;
    }

    /// The log falls behind by more than can be kept.
    fn collapse(&mut self) {
        let before = self.undurable.len();
        self.whole_before = self.undurable.back().map_or(self.whole_before, |last| Offset(last.id.offset.0 + 1));
        let newest: FxHashMap<TripId, EffectId> =
            self.undurable.iter().map(|effect| (effect.id.trip, effect.id)).collect();
        self.undurable.retain(|effect| newest[&effect.id.trip] == effect.id);
        self.tally.conflated += (before - self.undurable.len()) as u64;
        // Half of what may be, so that it is not done again for each that comes.
        let surplus = self.undurable.len().saturating_sub(self.backlog_max / 2);
        self.undurable.drain(..surplus);
        self.tally.given_up += surplus as u64;
    }

    /// Everything before `durable` is.
    pub(super) fn settle(&mut self, durable: Offset) {
        if self.whole_before > durable {
            return;
        }
        self.whole_before = Offset(0);
        while self.undurable.front().is_some_and(|effect| effect.id.offset < durable)
            && let Some(effect) = self.undurable.pop_front()
        {
            self.queue(effect);
        }
    }

    fn queue(&mut self, effect: Effect) {
        if self.conflating {
            let replaced = self.newest.insert(effect.id.trip, effect.id);
            let replaced = replaced.is_some_and(|id| self.waiting.remove(&id).is_some());
            self.tally.conflated += u64::from(replaced);
        }
        self.waiting.insert(effect.id, effect);
        if !self.conflating && (!self.live || self.waiting.len() > self.queue_max) {
            self.conflate();
        }
        if self.waiting.len() > self.backlog_max && self.pop().is_some() {
            self.tally.given_up += 1;
        }
    }

    /// The oldest that waits, which waits no longer.
    fn pop(&mut self) -> Option<Effect> {
        let (id, effect) = self.waiting.pop_first()?;
        if self.newest.get(&id.trip) == Some(&id) {
            self.newest.remove(&id.trip);
        }
        Some(effect)
    }

    /// From now on one effect a trip, until none waits.
    fn conflate(&mut self) {
        self.conflating = true;
        let waiting = &mut self.waiting;
        self.newest = waiting.keys().map(|id| (id.trip, *id)).collect();
        let before = waiting.len();
        waiting.retain(|id, _| self.newest[&id.trip] == *id);
        self.tally.conflated += (before - waiting.len()) as u64;
    }

    /// Says whether the engine is up to date.
    pub(super) fn set_live(&mut self, live: bool) {
        self.live = live;
    }

    /// Takes the next effects on their way, if it is their turn; all that wait for the engine to be live too, if `flush`.
    pub(super) fn next(&mut self, now: Timestamp, flush: bool) -> &[Effect] {
        debug_assert!(self.in_flight.is_empty(), "one batch at a time");
        if self.waiting.is_empty() && self.live {
            self.conflating = false;
            self.newest.clear();
        }
        self.hold(now, flush);
        while self.in_flight.len() < self.batch_max
            && let Some((&next, _)) = self.waiting.first_key_value()
            && (self.live || self.released.is_some_and(|released| next <= released))
        {
            let effect = self.pop();
            self.in_flight.extend(effect);
        }
        &self.in_flight
    }

    /// Notes since when something is held back, and lets it go when that is too long.
    fn hold(&mut self, now: Timestamp, flush: bool) {
        let Some((&last, _)) = self.waiting.last_key_value().filter(|_| !self.live) else {
            (self.held_since, self.released) = (None, None);
            return;
        };
        let since = *self.held_since.get_or_insert(now);
        if flush || now.since(since) >= self.held_max {
            (self.held_since, self.released) = (Some(now), Some(last));
        }
    }

    /// When what waits for the engine to be live waits no longer.
    pub(super) fn held_until(&self) -> Option<Timestamp> {
        self.held_since.map(|since| since + self.held_max)
    }

    /// What is in flight was taken.
    pub(super) fn delivered(&mut self) {
        self.tally.delivered += self.in_flight.len() as u64;
        self.pass();
    }

    /// What is in flight may have been taken, and must not be given again.
    pub(super) fn failed(&mut self) {
        self.tally.failed += self.in_flight.len() as u64;
        self.pass();
    }

    fn pass(&mut self) {
        if let Some(last) = self.in_flight.last() {
            self.done = self.done.max(last.id.after());
        }
        self.in_flight.clear();
    }

    /// What is in flight was not taken: it is given again, or what has replaced it.
    pub(super) fn put_back(&mut self) {
        for effect in std::mem::take(&mut self.in_flight) {
            if self.conflating {
                if self.newest.get(&effect.id.trip).is_some_and(|newest| *newest > effect.id) {
                    self.tally.conflated += 1;
                    continue;
                }
                self.newest.insert(effect.id.trip, effect.id);
            }
            self.waiting.insert(effect.id, effect);
        }
    }

    /// The sink says that it is done with all before `done`: of what is in flight, and, when it is first asked, of what the
    /// log tells again. The rest of what is in flight was not taken.
    pub(super) fn learn(&mut self, done: Option<Mark>) {
        self.done = done.map_or(self.done, |done| self.done.max(done));
        let before = self.in_flight.len();
        let done = self.done;
        self.in_flight.retain(|effect| !effect.id.is_done(done));
        self.tally.delivered += (before - self.in_flight.len()) as u64;
        self.put_back();
        let before = self.len();
        while self.waiting.first_entry().is_some_and(|next| next.key().is_done(done)) {
            self.pop();
        }
        while self.undurable.front().is_some_and(|next| next.id.is_done(done)) {
            self.undurable.pop_front();
        }
        self.tally.suppressed += (before - self.len()) as u64;
    }
}

#[cfg(test)]
#[path = "outbox_tests.rs"]
mod tests;
