use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use etaflow_road::{Span, Timestamp};
use event_listener::Listener;

use super::Sink;
use super::backlog;
use super::config::DeliveryConfig;
use super::courier::{Courier, Next};
use super::id::{Effect, EffectId};
use super::lane::Lane;
use super::mailbox::Mailbox;
use super::report::{DeliveryError, SinkReport};
use crate::event::Offset;
use crate::log::Log;
use crate::pipeline::Output;
use crate::sequencer::Dictionary;
use crate::storage::{Mark, Storage, StorageLock};
use crate::time::{Clock, WallClock};

/// How long a log that says nothing is believed.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Delivers the effects of an engine to its sinks, each on a thread of its own, as [`Sink`] says.
///
/// It is given all outputs in order by the thread that merges them, and told whether the engine is live. What is past the
/// log's durable end waits.
pub struct Deliverer {
    lanes: Vec<Lane>,
    log: Arc<dyn Log>,
    dictionary: Arc<Dictionary>,
    /// The offset before which it was given everything.
    complete: AtomicU64,
    /// The newest time that an output spoke of, in microseconds.
    as_of: AtomicI64,
    finish_max: Span,
}

/// What a [`Deliverer`] delivers from.
pub struct DeliverySetup {
    /// Where marks are kept, in `sinks/`.
    pub storage: Arc<dyn Storage>,
    /// The log that the pipeline follows.
    pub log: Arc<dyn Log>,
    /// The names in it.
    pub dictionary: Arc<Dictionary>,
    /// The record from which on outputs are told: the next one of the snapshot that the pipeline starts from, or the first.
    pub from: Offset,
    /// Where the durable log ends. A new sink begins here.
    pub end: LogEnd,
    /// What [`Deliverer::backlog`] gave when that snapshot was cut.
    pub backlog: Option<Vec<u8>>,
    /// What keeps others from the marks: held until the thread of the last sink has ended, also of one that is left to
    /// itself.
    pub lock: Option<Arc<StorageLock>>,
}

/// Where a durable log ends, as far as somebody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogEnd {
    /// The log was read through to here by the one who writes it: what a sink took of later records is lost to the log.
    Found(Offset),
    /// The log's writer has said so, and may have come further: what he says need not outlive a power cut, though the log
    /// does. What a sink took of later records is believed.
    Told(Offset),
}

impl LogEnd {
    /// The first record that is not before it.
    pub const fn offset(self) -> Offset {
        match self {
            Self::Found(offset) | Self::Told(offset) => offset,
        }
    }

    /// Whether the log has lost some of what was done by somebody who has come to `mark`.
    pub(super) fn has_lost(self, mark: Mark) -> bool {
        matches!(self, Self::Found(end) if mark > Mark { offset: end.0, within: 0 })
    }
}

impl Deliverer {
    /// Reads the sinks' marks, and starts their threads.
    ///
    /// # Errors
    /// If a name is none or is there twice, a mark cannot be read or made, or the backlog cannot be read.
    pub fn open(
        sinks: Vec<Box<dyn Sink>>,
        setup: DeliverySetup,
        config: &DeliveryConfig,
    ) -> Result<Self, DeliveryError> {
        let mut names = BTreeSet::new();
        for sink in &sinks {
            let name = sink.name();
            let proper = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
            if !(1..=64).contains(&name.len()) || !name.bytes().all(proper) {
                return Err(DeliveryError::Name(name.to_owned()));
            }
            if !names.insert(name.to_owned()) {
                return Err(DeliveryError::Twice(name.to_owned()));
            }
        }
        let DeliverySetup { storage, log, dictionary, from, end, backlog, lock } = setup;
        let backlog = backlog.as_deref().map(backlog::decode).transpose()?.unwrap_or_default();
        let mut lanes = Vec::new();
        let mut couriers = Vec::new();
        for sink in sinks {
            let kept = backlog.iter().find(|(name, _)| name == sink.name()).map(|(_, effects)| &effects[..]);
            let (lane, courier) = Lane::open(sink, &storage, kept, (from, end), config)?;
            lanes.push(lane);
            couriers.push(courier);
        }
        for (lane, courier) in lanes.iter().zip(couriers) {
            let (mailbox, log, lock) = (Arc::clone(&lane.mailbox), Arc::clone(&log), lock.clone());
            let run = move || {
                deliver(courier, &mailbox, &*log);
                // Whoever is told that it has ended may open both at once.
                drop((lock, log));
                mailbox.set_ended();
            };
            let thread = std::thread::Builder::new().name(format!("etaflow-sink-{}", lane.name));
            thread.spawn(run).expect("the system has room for a thread");
        }
        let (complete, as_of) = (AtomicU64::new(from.0), AtomicI64::new(i64::MIN));
        Ok(Self { lanes, log, dictionary, complete, as_of, finish_max: config.finish_max })
    }

    /// Takes outputs, in order; the pipeline has told all before `complete`. Waits for no sink.
    pub fn tell(&self, outputs: &[Output], complete: Offset) {
        let durable = self.log.durable();
        let mut effects: Vec<Option<Option<Effect>>> = vec![None; outputs.len()];
        for lane in &self.lanes {
            let mut outbox = lane.mailbox.outbox();
            for (output, effect) in outputs.iter().zip(&mut effects) {
                let Output::Eta(update) = output else { continue };
                if outbox.wants(EffectId::of(update)) {
                    match effect.get_or_insert_with(|| self.name(update)) {
                        Some(effect) => outbox.offer(effect.clone()),
                        None => outbox.give_up_nameless(),
                    }
                }
            }
            outbox.settle(durable);
            drop(outbox);
            lane.mailbox.fed.notify(usize::MAX);
        }
        let newest = outputs.iter().filter_map(|output| match output {
            Output::Eta(update) => Some(update.as_of.micros()),
            Output::DeadLetter { .. } => None,
        });
        self.as_of.fetch_max(newest.max().unwrap_or(i64::MIN), Ordering::Release);
        self.complete.store(complete.0, Ordering::Release);
    }

    /// An output with its names. The dictionary keeps them until it was told.
    fn name(&self, update: &crate::eta::EtaUpdate) -> Option<Effect> {
        let trip = self.dictionary.trip_key(update.trip)?;
        let driver = update.driver.and_then(|driver| self.dictionary.driver_key(driver));
        Some(Effect { id: EffectId::of(update), trip, driver, update: *update })
    }

    /// Says whether the engine is live. Until it is said, it is not.
    pub fn set_live(&self, live: bool) {
        self.lanes.iter().for_each(|lane| lane.mailbox.set_live(live));
    }

    /// What waits for the sinks, of the records before `before`, for the snapshot that is cut there: what it was given and
    /// no sink is done with. Call it when it was given all outputs before `before`; more does not matter. `None` if it
    /// cannot be said before the log is durable further on, which happens when more than
    /// [`DeliveryConfig::backlog_max`] effects wait for that.
    pub fn backlog(&self, before: Offset) -> Option<Vec<u8>> {
        let kept = |lane: &Lane| Some((lane.name.clone(), lane.mailbox.outbox().kept(before)?));
        self.lanes.iter().map(kept).collect::<Option<_>>().map(|backlog| backlog::encode(&backlog))
    }

    /// How each sink gets along.
    pub fn reports(&self) -> Vec<SinkReport> {
        self.lanes.iter().map(|lane| self.report(lane)).collect()
    }

    fn report(&self, lane: &Lane) -> SinkReport {
        // Before the outbox: what came in meanwhile makes the lag too small, never negative.
        let complete = Offset(self.complete.load(Ordering::Acquire));
        let newest = Timestamp::from_micros(self.as_of.load(Ordering::Acquire));
        let outbox = lane.mailbox.outbox();
        let (tally, waiting) = (outbox.tally(), outbox.len() as u64);
        let oldest = outbox.oldest().map(|effect| (effect.id.offset, effect.update.as_of));
        let done = oldest.map_or(complete.0, |(offset, _)| offset.0);
        drop(outbox);
        SinkReport {
            name: lane.name.clone(),
            guarantee: lane.guarantee,
            offered: tally.offered,
            suppressed: tally.suppressed,
            delivered: tally.delivered,
            conflated: tally.conflated,
            given_up: tally.given_up,
            failed: tally.failed,
            waiting,
            retried: lane.mailbox.retried(),
            error: lane.mailbox.error(),
            done: Offset(done),
            lag_records: complete.0.saturating_sub(done),
            lag: oldest.map_or(Span::ZERO, |(_, as_of)| newest.since(as_of).max(Span::ZERO)),
            gap: lane.gap,
            was_ahead: lane.was_ahead,
        }
    }

    /// Lets everything go out that waits, and ends. Call it when all outputs were given and nothing more is logged. True if
    /// all sinks have taken what was for them; those that have not within [`DeliveryConfig::finish_max`] are left to
    /// themselves, and what waits for them is in the next snapshot, or is told again. As long as one of those is in a call,
    /// nobody else can open the engine's directory: he would not know what is taken.
    pub fn finish(&self) -> bool {
        self.lanes.iter().for_each(|lane| lane.mailbox.finish());
        let clock = WallClock::new();
        let until = clock.now() + self.finish_max;
        for lane in &self.lanes {
            loop {
                let end = lane.mailbox.end.listen();
                let left = until.since(clock.now()).micros();
                if lane.mailbox.has_ended() || left <= 0 {
                    break;
                }
                end.wait_timeout(Duration::from_micros(left as u64));
            }
            lane.mailbox.stop();
        }
        self.lanes.iter().all(|lane| lane.mailbox.outbox().len() == 0)
    }
}

impl Drop for Deliverer {
    /// Ends the threads after the call that they are in; nobody waits for them.
    fn drop(&mut self) {
        self.lanes.iter().for_each(|lane| lane.mailbox.stop());
    }
}

/// Takes a courier's steps, until it ends.
fn deliver(mut courier: Courier, mailbox: &Mailbox, log: &dyn Log) {
    let clock = WallClock::new();
    loop {
        let (fed, turned, changed) = (mailbox.fed.listen(), mailbox.turned.listen(), log.listen());
        match courier.step(clock.now(), log.durable()) {
            Next::Again => {}
            Next::Fed => fed.wait(),
            Next::Durable => {
                let _changed = changed.wait_timeout(LOOK_AGAIN);
            }
            Next::Turned(at_most) => {
                let at_most = Duration::from_micros(at_most.micros().max(1) as u64);
                let _turned = turned.wait_timeout(at_most);
            }
            Next::Ended => return,
        }
    }
}

#[cfg(test)]
#[path = "deliverer_tests.rs"]
mod tests;
