use etaflow_road::Timestamp;

use super::digest::StateDigest;

/// A moment at which panes close, metrics change and answers are refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// Which, from 0.
    pub number: u64,
    /// When.
    pub time: Timestamp,
    /// No event that happened before this is expected any more.
    pub watermark: Timestamp,
}

/// A step of the pipeline: a deterministic state machine over what comes in and over ticks.
///
/// It reads no clock and does no I/O, so that the same log gives the same outputs, bit by bit.
///
/// ```
/// use etaflow::{Operator, StateDigest, Tick};
///
/// /// Counts what comes in and tells at each tick.
/// #[derive(Default)]
/// struct Count(u64);
///
/// impl Operator for Count {
///     type In = &'static str;
///     type Out = u64;
///     fn on_event(&mut self, _event: &Self::In, _out: &mut Vec<u64>) {
///         self.0 += 1;
///     }
///     fn on_tick(&mut self, _tick: &Tick, out: &mut Vec<u64>) {
///         out.push(self.0);
///     }
///     fn digest(&self, into: &mut StateDigest) {
///         into.entity(0, 0, &self.0.to_le_bytes());
///     }
/// }
/// ```
pub trait Operator {
    /// What comes in.
    type In;
    /// What goes out.
    type Out;

    /// Takes one event; puts what follows from it on `out`, in order.
    fn on_event(&mut self, event: &Self::In, out: &mut Vec<Self::Out>);

    /// Takes a tick; puts what follows from it on `out`, in order.
    fn on_tick(&mut self, tick: &Tick, out: &mut Vec<Self::Out>);

    /// Adds its whole state, an entity at a time.
    fn digest(&self, into: &mut StateDigest);
}
