use etaflow::Span;
use etaflow_serve::{Ended, Status};

use super::child::{Engine, Heard, Setup};
use super::recovery::Recovery;
use crate::report::Outage;
use crate::run::failure::Failure;
use crate::scenario::OutagePlan;

/// Kills the engine and starts another, as planned, and hears how that comes back.
pub(super) struct Outages {
    setup: Setup,
    /// Those to come, the next one last.
    plans: Vec<OutagePlan>,
    now: Now,
    /// Where the engine was when it said so last.
    offset: u64,
    done: Vec<Outage>,
    words: String,
}

enum Now {
    /// It is there, and no outage is open.
    There(Engine),
    /// It is dead.
    Dead { from: Span, to: Span },
    /// It is back, and catches up. In stream time; how far the log was when it came back.
    Back { engine: Engine, from: Span, to: Span, backlog: u64 },
}

/// What the outages, and the engine, came to.
pub(super) struct OutagesEnded {
    pub(super) setup: Setup,
    pub(super) ended: Option<Ended>,
    pub(super) done: Vec<Outage>,
    /// How it came back, in words.
    pub(super) words: String,
}

impl Outages {
    pub(super) fn new(setup: Setup, plans: &[OutagePlan]) -> std::io::Result<Self> {
        let engine = Engine::start(&setup)?;
        let plans = plans.iter().copied().rev().collect();
        let (done, words) = (Vec::new(), String::new());
        Ok(Self { setup, plans, now: Now::There(engine), offset: 0, done, words })
    }

    /// Does what is due, when the log ends at `log_end`. Says so in a sentence.
    pub(super) fn step(&mut self, passed: Span, log_end: u64) -> Result<Option<String>, Failure> {
        self.watch()?;
        let now = std::mem::replace(&mut self.now, Now::Dead { from: passed, to: passed });
        let (now, note) = match now {
            Now::There(engine) => match self.plans.pop_if(|plan| passed >= plan.at) {
                Some(plan) => {
                    engine.kill()?;
                    let to = Span::from_micros(passed.micros() + plan.lasting.micros());
                    let note = format!("the engine is killed, for {:.1} s", plan.lasting.secs_f64());
                    (Now::Dead { from: passed, to }, Some(note))
                }
                None => (Now::There(engine), None),
            },
            Now::Dead { from, to } if passed >= to => {
                let backlog = log_end.saturating_sub(self.offset);
                let engine = Engine::start(&self.setup)?;
                (Now::Back { engine, from, to: passed, backlog }, Some(format!("it is back, {backlog} records behind")))
            }
            Now::Dead { from, to } => (Now::Dead { from, to }, None),
            Now::Back { engine, from, to, backlog } => {
                if engine.status().is_some_and(|status| status.is_live()) {
                    let recovery = Recovery::of(engine.started_at, &engine.said().statuses);
                    let note = self.note(&recovery, &engine.said(), (from, to), backlog);
                    (Now::There(engine), Some(note))
                } else {
                    (Now::Back { engine, from, to, backlog }, None)
                }
            }
        };
        self.now = now;
        Ok(note)
    }

    fn note(&mut self, recovery: &Recovery, heard: &Heard, (from, to): (Span, Span), backlog: u64) -> String {
        let took_s = recovery.took_s.unwrap_or_default();
        self.done.push(Outage {
            from_s: from.secs_f64(),
            to_s: to.secs_f64(),
            caught_up_s: recovery.took_s.map(|took_s| to.secs_f64() + took_s),
            backlog_events: Some(backlog),
            silent_s: recovery.silent_s,
            drained_per_s: recovery.drained_per_s,
            forecast: recovery.forecast,
            forecast_error: recovery.forecast_error,
        });
        if let Some((_, how)) = &heard.recovered {
            self.words += &format!("\nback after the outage at {:.0} s: {how}\n", from.secs_f64());
        }
        format!("live {took_s:.2} s after it was started")
    }

    /// Looks where the engine is, and that it is.
    fn watch(&mut self) -> Result<(), Failure> {
        let (Now::There(engine) | Now::Back { engine, .. }) = &mut self.now else { return Ok(()) };
        // One that recovers has yet to say from where on it goes.
        if let Some(status) = engine.status().filter(|status| status.lag_records.is_some()) {
            self.offset = status.offset;
        }
        match engine.has_ended()? {
            Some(status) => Err(Failure::EngineDied { status: status.to_string() }),
            None => Ok(()),
        }
    }

    /// How the engine stands; `None` while it is dead, or has not said.
    pub(super) fn status(&self) -> Option<Status> {
        match &self.now {
            Now::There(engine) | Now::Back { engine, .. } => engine.status(),
            Now::Dead { .. } => None,
        }
    }

    /// Everything before this offset was taken by the engine when it said so last.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether all have been, and the engine has caught up.
    pub(super) fn is_over(&self) -> bool {
        self.plans.is_empty() && matches!(self.now, Now::There(_))
    }

    /// Ends the engine. `end` is when the run does.
    pub(super) fn finish(mut self, end: Span) -> Result<OutagesEnded, Failure> {
        let engine = match self.now {
            Now::There(engine) => Some(engine),
            Now::Dead { from, to } => {
                self.done.push(Outage::open(from.secs_f64(), to.min(end.max(from)).secs_f64()));
                None
            }
            Now::Back { engine, from, to, .. } => {
                self.done.push(Outage::open(from.secs_f64(), to.secs_f64()));
                Some(engine)
            }
        };
        let mut ended = None;
        if let Some(engine) = engine {
            let (status, heard) = engine.end()?;
            if !status.success() {
                return Err(Failure::EngineDied { status: status.to_string() });
            }
            ended = heard.ended;
        }
        Ok(OutagesEnded { setup: self.setup, ended, done: self.done, words: self.words })
    }
}
