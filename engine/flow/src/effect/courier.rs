use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use etaflow_road::{Span, Timestamp};

use super::config::DeliveryConfig;
use super::deliverer::LogEnd;
use super::id::{Effect, EffectId};
use super::lost::LostFile;
use super::mailbox::Mailbox;
use super::{Guarantee, Sink, SinkError};
use crate::event::Offset;
use crate::storage::{Mark, MarkFile};

/// Carries the effects of a mailbox to a sink, step by step. It asks no clock and waits for nothing: the one who takes the
/// steps does.
pub(super) struct Courier {
    sink: Box<dyn Sink>,
    guarantee: Guarantee,
    marks: MarkFile,
    mailbox: Arc<Mailbox>,
    due: Due,
    retry_min: Span,
    retry_max: Span,
    retry_next: Span,
    not_before: Option<Timestamp>,
    /// Where the log ended when the engine was opened.
    end: LogEnd,
    asked: bool,
    lost: LostFile,
    /// How far the sink had come with records that the log has lost, and where it was cut off: new records have other effects
    /// under the same ids.
    lost_at: Option<(Mark, Offset)>,
}

/// What must be done before the next effects are delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Due {
    Nothing,
    /// The sink must say what it took.
    Ask,
    /// What was taken must be marked.
    Mark(Mark),
}

/// What to wait for before the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing.
    Again,
    /// Something that comes in.
    Fed,
    /// The log, until it is durable further on.
    Durable,
    /// A turn of the engine, at most for so long.
    Turned(Span),
    /// Nothing more comes.
    Ended,
}

impl Courier {
    pub(super) fn new(
        sink: Box<dyn Sink>,
        (marks, lost): (MarkFile, LostFile),
        mailbox: Arc<Mailbox>,
        config: &DeliveryConfig,
        end: LogEnd,
    ) -> Self {
        let guarantee = sink.guarantee();
        Self {
            due: if guarantee == Guarantee::ExactlyOnce { Due::Ask } else { Due::Nothing },
            sink,
            guarantee,
            marks,
            mailbox,
            retry_min: config.retry_min,
            retry_max: config.retry_max.max(config.retry_min),
            retry_next: config.retry_min,
            not_before: None,
            end,
            asked: false,
            lost,
            lost_at: None,
        }
    }

    /// Does what is to be done at `now`, when all before `durable` is.
    pub(super) fn step(&mut self, now: Timestamp, durable: Offset) -> Next {
        let ending = self.mailbox.is_ending();
        if self.mailbox.is_stopped() {
            // What was taken by one who was left to himself is marked all the same: it would come twice.
            if let Due::Mark(mark) = self.due
                && let Err(error) = self.mark(mark)
            {
                self.mailbox.note_failure(error);
            }
            return Next::Ended;
        }
        // At the end everything is tried once more, and not again.
        if let Some(then) = self.not_before.filter(|&then| now < then && !ending) {
            return Next::Turned(then.since(now));
        }
        let done = match self.due {
            Due::Ask => self.ask(),
            Due::Mark(mark) => self.mark(mark),
            Due::Nothing => {
                let mut outbox = self.mailbox.outbox();
                outbox.settle(durable);
                let batch = outbox.next(now, ending).to_vec();
                if batch.is_empty() {
                    let (held_until, waits_for_log) = (outbox.held_until(), outbox.waits_for_log());
                    drop(outbox);
                    return self.idle(now, held_until, waits_for_log, ending);
                }
                drop(outbox);
                self.deliver(&batch)
            }
        };
        match done {
            Ok(()) => {
                (self.retry_next, self.not_before) = (self.retry_min, None);
                Next::Again
            }
            Err(error) => {
                self.mailbox.note_failure(error);
                self.not_before = Some(now + self.retry_next);
                self.retry_next = Span::from_micros(self.retry_next.micros() * 2).min(self.retry_max);
                if ending { Next::Ended } else { Next::Again }
            }
        }
    }

    fn idle(&mut self, now: Timestamp, held_until: Option<Timestamp>, waits_for_log: bool, ending: bool) -> Next {
        match (held_until, waits_for_log) {
            (Some(then), _) => Next::Turned(then.since(now).max(Span::ZERO)),
            (None, true) => Next::Durable,
            (None, false) if ending => {
                self.note_done();
                Next::Ended
            }
            (None, false) => Next::Fed,
        }
    }

    /// The sink remembers by itself; the mark is for those who look on, and for a sink that forgets everything.
    fn note_done(&mut self) {
        let done = self.mailbox.outbox().done();
        if self.guarantee == Guarantee::ExactlyOnce
            && self.marks.mark() < Some(done)
            && let Err(error) = self.marks.set(done)
        {
            self.mailbox.note_failure(error.to_string());
        }
    }

    fn ask(&mut self) -> Result<(), String> {
        let last = self.sink.last_taken().map_err(|error| error.to_string())?.map(EffectId::after);
        if let Some(last) = last.filter(|_| !self.asked) {
            let end = self.lost.end_of(last, self.end).map_err(|error| error.to_string())?;
            self.lost_at = end.map(|end| (last, end));
        }
        self.asked = true;
        let done = match (last, self.lost_at) {
            // It took all that was left before what is lost, and nothing of what has come since.
            (Some(last), Some((lost, end))) if last == lost => Some(Mark { offset: end.0, within: 0 }),
            (last, _) => last,
        };
        self.mailbox.outbox().learn(done);
        self.due = Due::Nothing;
        Ok(())
    }

    fn mark(&mut self, mark: Mark) -> Result<(), String> {
        if self.marks.mark() < Some(mark) {
            self.marks.set(mark).map_err(|error| error.to_string())?;
        }
        self.due = Due::Nothing;
        Ok(())
    }

    fn deliver(&mut self, batch: &[Effect]) -> Result<(), String> {
        let Some(mark) = batch.last().map(|last| last.id.after()) else { return Ok(()) };
        if self.guarantee == Guarantee::AtMostOnce
            && let Err(error) = self.mark(mark)
        {
            self.mailbox.outbox().put_back();
            return Err(error);
        }
        let taken = catch_unwind(AssertUnwindSafe(|| self.sink.take(batch)));
        let taken = taken.unwrap_or_else(|_| Err(SinkError::Unclear("the sink panicked".to_owned())));
        let mut outbox = self.mailbox.outbox();
        let error = match (taken, self.guarantee) {
            (Ok(()), guarantee) => {
                outbox.delivered();
                drop(outbox);
                if self.lost_at.take().is_some() {
                    self.lost.remove().map_err(|error| error.to_string())?;
                }
                if guarantee == Guarantee::AtLeastOnce {
                    self.due = Due::Mark(mark);
                }
                return Ok(());
            }
            (Err(error @ SinkError::NotTaken(_)), _) | (Err(error), Guarantee::AtLeastOnce) => {
                outbox.put_back();
                error
            }
            (Err(error), Guarantee::AtMostOnce) => {
                outbox.failed();
                error
            }
            (Err(error), Guarantee::ExactlyOnce) => {
                self.due = Due::Ask;
                error
            }
        };
        Err(error.to_string())
    }
}

#[cfg(test)]
#[path = "courier_tests.rs"]
mod tests;
