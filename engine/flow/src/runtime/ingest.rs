use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;

use etaflow_road::{Span, Timestamp};

use super::acknowledge::Acknowledger;
use super::config::Time;
use super::dead_letters::DeadLetters;
use super::restore::LogClock;
use crate::bus::{Incoming, Intake};
use crate::event::{DeadLetter, Entries, Event, Reason};
use crate::log::{Log, LogError, SegmentLog};
use crate::sequencer::{Admission, Sequencer};
use crate::time::{Clock, ManualClock, WallClock};

/// A scenario's clock that is moved on by more than so many ticks at once, a month at one a second, ticks once instead:
/// nothing happened meanwhile that all of them could tell of.
const TICKS_MAX: i64 = 31 * 86_400;

/// The one writer of the log: takes what the bus brings, judges it, and puts ticks in between.
pub(super) struct Ingest {
    pub(super) intake: Intake,
    pub(super) log: Arc<dyn Log>,
    /// The same log, if it is on storage.
    pub(super) segments: Option<SegmentLog>,
    pub(super) dead_letters: DeadLetters,
    pub(super) logged: Arc<AtomicU64>,
    pub(super) duplicates: Arc<AtomicU64>,
    pub(super) acknowledger: Acknowledger,
}

/// Where a writer begins.
pub(super) struct Start {
    /// Knows all that is in the log.
    pub(super) sequencer: Sequencer,
    /// Ticks when the log's next tick is due.
    pub(super) pulse: Pulse,
    /// Whether nobody in this process follows what is written, and lets go of its names.
    pub(super) is_alone: bool,
    /// Called at the end, before a last tick, under the wall's clock alone: a scenario's time is not ours to divide.
    pub(super) before_last_tick: Option<Box<dyn FnOnce() + Send>>,
}

/// An ingest that has begun.
struct Judging<'a> {
    ingest: &'a mut Ingest,
    sequencer: Sequencer,
    pulse: Pulse,
    is_alone: bool,
    entries: Entries,
}

/// When it ticks.
pub(super) struct Pulse {
    clock: Ticking,
    interval: Span,
    next: Timestamp,
}

enum Ticking {
    Wall(WallClock),
    Scenario(ManualClock),
}

impl Ticking {
    fn now(&self) -> Timestamp {
        match self {
            Self::Wall(clock) => clock.now(),
            Self::Scenario(clock) => clock.now(),
        }
    }
}

impl Pulse {
    pub(super) fn new(time: Time, interval: Span) -> Self {
        Self::going_on(time, interval, None)
    }

    /// Goes on with the ticks of a log whose last records came at `log`.
    ///
    /// If ticks are due, it is the last of them alone that is made up for, at once: nothing happened meanwhile that the
    /// others could tell of. A scenario goes on from where the log had come to, if that is later than its start. Under a
    /// wall that was put back it ticks on, and the sequencer has time stand until the wall has come to where it was.
    pub(super) fn going_on(time: Time, interval: Span, log: Option<LogClock>) -> Self {
        let (clock, first) = match time {
            Time::Wall => (Ticking::Wall(WallClock::new()), None),
            Time::Scenario { start } => {
                let now = log.map_or(start, |log| log.latest.max(start));
                (Ticking::Scenario(ManualClock::new(now)), Some(start))
            }
        };
        let now = clock.now();
        let next = match log.and_then(|log| log.tick).or(first).map(|last| (last, now.since(last))) {
            Some((last, since)) if since >= Span::ZERO => {
                let whole = (since.micros() / interval.micros()).max(1);
                last + Span::from_micros(whole.saturating_mul(interval.micros()))
            }
            _ => now + interval,
        };
        Self { clock, interval, next }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The next tick that is due at `now`.
    fn due(&mut self, now: Timestamp) -> Option<Timestamp> {
        let tick = self.next;
        let after = tick + self.interval;
        // At the end of what can be expressed time does not go on.
        (tick <= now && tick < after).then(|| {
            self.next = after;
            tick
        })
    }

    /// How long the wall has until the next tick; `None` under a scenario's clock.
    fn wait(&self) -> Option<std::time::Duration> {
        match &self.clock {
            Ticking::Wall(clock) => {
                let micros = self.next.since(clock.now()).micros().max(0);
                Some(std::time::Duration::from_micros(micros as u64))
            }
            Ticking::Scenario(_) => None,
        }
    }
}

impl Ingest {
    /// Waits to be told where to begin, runs until the bus is closed and empty, then closes the log.
    pub(super) fn run(mut self, from: &Receiver<Start>) -> Result<(), LogError> {
        let ended = match from.recv() {
            Ok(Start { sequencer, pulse, is_alone, before_last_tick }) => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
                let runtime = runtime.expect("the system has room for a timer");
                let mut judging =
                    Judging { ingest: &mut self, sequencer, pulse, is_alone, entries: Entries::default() };
                let followed = runtime.block_on(judging.follow());
                followed.and_then(|()| judging.end(before_last_tick))
            }
            Err(_) => Ok(()),
        };
        // Before the log: who is told that it is closed finds the bus closed.
        drop(self.intake);
        self.log.close();
        self.acknowledger.end();
        ended
    }
}

impl Judging<'_> {
    async fn follow(&mut self) -> Result<(), LogError> {
        loop {
            let incoming = match self.pulse.wait() {
                Some(wait) => match tokio::time::timeout(wait, self.ingest.intake.recv()).await {
                    Ok(incoming) => incoming.map(Some),
                    Err(_) => Some(None),
                },
                None => self.ingest.intake.recv().await.map(Some),
            };
            let Some(incoming) = incoming else { return Ok(()) };
            // The ticks that are due come first: an event belongs to the time of its arrival.
            self.tick_to(self.pulse.now())?;
            match incoming {
                Some(Incoming::Events(events)) => self.admit(&events)?,
                Some(Incoming::Undecodable(reason, detail)) => self.bury(reason, detail),
                Some(Incoming::AdvanceTo(time)) => self.advance_to(time)?,
                Some(Incoming::Barrier(barrier)) => self.ingest.acknowledger.ask(self.ingest.log.end(), barrier),
                None => {}
            }
        }
    }

    fn advance_to(&mut self, time: Timestamp) -> Result<(), LogError> {
        let Ticking::Scenario(clock) = &self.pulse.clock else { return Ok(()) };
        let clock = clock.clone();
        let ahead = time.since(self.pulse.next).micros() / self.pulse.interval.micros();
        if ahead > TICKS_MAX {
            self.pulse.next = time;
        }
        self.tick_to(time)?;
        clock.advance_to(time);
        Ok(())
    }

    fn tick_to(&mut self, now: Timestamp) -> Result<(), LogError> {
        while let Some(tick) = self.pulse.due(now) {
            self.sequencer.tick(tick, &mut self.entries);
            self.append()?;
        }
        Ok(())
    }

    fn admit(&mut self, events: &[Event]) -> Result<(), LogError> {
        let now = self.pulse.now();
        for event in events {
            match self.sequencer.admit(event, now, &mut self.entries) {
                Admission::Accepted(_) => count(&self.ingest.logged),
                Admission::Duplicate => count(&self.ingest.duplicates),
                Admission::DeadLettered(reason, detail) => self.bury(reason, detail),
            }
        }
        self.append()
    }

    fn append(&mut self) -> Result<(), LogError> {
        self.ingest.log.append(&self.entries.records, &self.entries.notes)?;
        self.entries.clear();
        if self.is_alone {
            self.sequencer.release();
        }
        if self.ingest.segments.as_ref().is_some_and(SegmentLog::checkpoint_due) {
            self.put_checkpoint();
        }
        Ok(())
    }

    fn put_checkpoint(&self) {
        if let Some(segments) = &self.ingest.segments {
            segments.put_checkpoint(self.sequencer.next_offset(), self.sequencer.checkpoint());
        }
    }

    /// Everything that was offered is in the log.
    fn end(&mut self, before_last_tick: Option<Box<dyn FnOnce() + Send>>) -> Result<(), LogError> {
        if let Some(before_last_tick) = before_last_tick
            && matches!(self.pulse.clock, Ticking::Wall(_))
        {
            before_last_tick();
            self.sequencer.tick(self.pulse.now(), &mut self.entries);
            self.append()?;
        }
        // Whoever opens the log again has nothing to read.
        self.put_checkpoint();
        Ok(())
    }

    fn bury(&mut self, reason: Reason, detail: String) {
        self.ingest.dead_letters.push(DeadLetter { reason, at: self.pulse.now(), offset: None, detail });
    }
}

/// There is one writer: no read-modify-write is needed.
fn count(counter: &AtomicU64) {
    counter.store(counter.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_come_at_their_interval_and_end_with_time_itself() {
        let end = Timestamp::from_micros(i64::MAX);
        for (start, now, ticks) in [
            (Timestamp::from_secs(10), Timestamp::from_secs(13), 3),
            (Timestamp::from_secs(10), Timestamp::from_secs(9), 0),
            (end - Span::from_millis(3_500), end, 3),
            (end, end, 0),
        ] {
            let mut pulse = Pulse::new(Time::Scenario { start }, Span::from_secs(1));
            let due: Vec<_> = std::iter::from_fn(|| pulse.due(now)).take(10).collect();
            assert_eq!(due.len(), ticks, "from {start} to {now}");
            assert!(due.iter().zip(1..).all(|(&tick, nth)| tick == start + Span::from_secs(nth)));
        }
    }

    #[test]
    fn ticks_go_on_with_those_of_the_log_and_an_outage_costs_one() {
        let at = |seconds: f64| Timestamp::from_micros((seconds * 1e6) as i64);
        let check = |start, log: Option<(f64, Option<f64>)>, now, expected: &[f64]| {
            let log = log.map(|(latest, tick)| LogClock { latest: at(latest), tick: tick.map(at) });
            let mut pulse = Pulse::going_on(Time::Scenario { start: at(start) }, Span::from_secs(1), log);
            let due: Vec<_> = std::iter::from_fn(|| pulse.due(at(now))).collect();
            assert_eq!(due, expected.iter().copied().map(at).collect::<Vec<_>>(), "from {start}, {log:?}");
            pulse.now()
        };
        // A log of which nothing is there, or no tick.
        assert_eq!(check(10.0, None, 12.5, &[11.0, 12.0]), at(10.0));
        assert_eq!(check(10.0, Some((10.4, None)), 12.5, &[11.0, 12.0]), at(10.4));
        // As one that has not ended.
        assert_eq!(check(10.0, Some((23.4, Some(23.0))), 25.2, &[24.0, 25.0]), at(23.4));
        assert_eq!(check(23.7, Some((23.4, Some(23.0))), 25.2, &[24.0, 25.0]), at(23.7));
        assert_eq!(check(24.0, Some((23.0, Some(23.0))), 24.0, &[24.0]), at(24.0));
        // It was out for hours.
        assert_eq!(check(9_000.5, Some((23.4, Some(23.0))), 9_002.0, &[9_000.0, 9_001.0, 9_002.0]), at(9_000.5));
        // A wall that was put back.
        let ahead = WallClock::new().now() + Span::from_secs(3_600);
        let log = Some(LogClock { latest: ahead, tick: Some(ahead) });
        let pulse = Pulse::going_on(Time::Wall, Span::from_secs(1), log);
        assert!(pulse.wait().is_some_and(|wait| wait <= std::time::Duration::from_secs(1)), "it ticks on");
    }
}
