use std::collections::VecDeque;

use etaflow::{Engine, Span};

use super::latency::LatencyGauge;
use super::pace::Passed;
use crate::report::Outage;
use crate::scenario::OutagePlan;

/// The engine has caught up when it is behind by no more than what arrives in this time.
pub(super) const CAUGHT_UP_WITHIN: Span = Span::from_millis(50);

/// As fast as the engine can is no faster than this, or that many records: else a log would be filled first and worked
/// off then, and an outage in it would be none.
const AHEAD_MAX: Span = Span::from_secs(2);
const AHEAD_MIN: u64 = 20_000;

/// Takes the engine away and gives it back, as planned, and times how it catches up.
pub(super) struct Outages {
    /// Those to come, in order.
    plans: VecDeque<OutagePlan>,
    now: Now,
    /// How many records may be behind for the engine to have caught up.
    behind_max: u64,
    /// How many records a world whose time has no pace may be ahead.
    ahead_max: u64,
    done: Vec<Outage>,
}

#[derive(Clone, Copy)]
enum Now {
    Regular,
    /// In stream time.
    Out {
        from: Span,
        to: Span,
    },
    /// In stream time, and when the wall showed `to`.
    CatchingUp {
        from: Span,
        to: Span,
        back: Span,
    },
}

impl Outages {
    pub(super) fn new(plans: &[OutagePlan], events_per_s: f64) -> Self {
        let behind_max = (events_per_s * CAUGHT_UP_WITHIN.secs_f64()).max(64.0) as u64;
        let ahead_max = ((events_per_s * AHEAD_MAX.secs_f64()) as u64).max(AHEAD_MIN);
        Self { plans: plans.iter().copied().collect(), now: Now::Regular, behind_max, ahead_max, done: Vec::new() }
    }

    /// Does what is due. Says so in a sentence.
    pub(super) fn step(&mut self, engine: &Engine, gauge: &LatencyGauge, passed: Passed) -> Option<String> {
        match self.now {
            Now::Regular => {
                let plan = *self.plans.front().filter(|plan| passed.stream >= plan.at)?;
                self.plans.pop_front();
                gauge.set_outage(true);
                engine.suspend();
                let from = passed.stream;
                self.now = Now::Out { from, to: Span::from_micros(from.micros() + plan.lasting.micros()) };
                Some(format!("the consumer is out for {:.1} s", plan.lasting.secs_f64()))
            }
            Now::Out { to, .. } => {
                if passed.stream >= to {
                    self.give_back(engine, passed)
                } else {
                    None
                }
            }
            Now::CatchingUp { from, to, back } => {
                if behind(engine) > self.behind_max {
                    return None;
                }
                gauge.set_outage(false);
                self.now = Now::Regular;
                // How long it takes is a matter of the wall, however stream time passes.
                let took_s = passed.wall.secs_f64() - back.secs_f64();
                let caught_up_s = Some(to.secs_f64() + took_s);
                self.done.push(Outage { caught_up_s, ..Outage::open(from.secs_f64(), to.secs_f64()) });
                Some(format!("caught up in {took_s:.2} s"))
            }
        }
    }

    /// Gives the engine back, if it is away, before its time: while it is, nothing makes room in a full log.
    pub(super) fn cut_short(&mut self, engine: &Engine, passed: Passed) -> Option<String> {
        self.give_back(engine, passed).map(|note| format!("the log is full: {note}"))
    }

    fn give_back(&mut self, engine: &Engine, passed: Passed) -> Option<String> {
        let Now::Out { from, .. } = self.now else { return None };
        let behind = behind(engine);
        engine.resume();
        self.now = Now::CatchingUp { from, to: passed.stream, back: passed.wall };
        Some(format!("the consumer is back, {behind} records behind"))
    }

    /// Whether the engine is there and up to date.
    pub(super) fn is_regular(&self) -> bool {
        matches!(self.now, Now::Regular)
    }

    /// Whether a world whose time has no pace should wait for the engine, which works off what there is.
    pub(super) fn is_far_behind(&self, engine: &Engine) -> bool {
        let behind_max = match self.now {
            Now::Out { .. } => return false,
            Now::Regular => self.ahead_max,
            Now::CatchingUp { .. } => self.behind_max,
        };
        // Nobody waits for an engine that has failed.
        behind(engine) > behind_max && !engine.log().is_closed()
    }

    /// Those that have been until `end`, in stream time; the last perhaps without an end.
    pub(super) fn finish(mut self, end: Span) -> Vec<Outage> {
        match self.now {
            Now::Regular => {}
            Now::Out { from, to } | Now::CatchingUp { from, to, .. } => {
                let to = to.min(end.max(from));
                self.done.push(Outage::open(from.secs_f64(), to.secs_f64()));
            }
        }
        self.done
    }
}

/// How many records there are that the engine has not taken.
pub(super) fn behind(engine: &Engine) -> u64 {
    engine.log().end().0.saturating_sub(engine.applied().0)
}
