use super::operator::{Operator, Tick};

/// An operator in its place in the graph, with the port that its results leave by.
///
/// The graph is the code that hands one stage's results to the next, so that the compiler checks each connection:
///
/// ```
/// # use etaflow::{Operator, Stage, StateDigest, Tick};
/// # struct Double; impl Operator for Double { type In = u32; type Out = u32;
/// #   fn on_event(&mut self, event: &u32, out: &mut Vec<u32>) { out.push(event * 2); }
/// #   fn on_tick(&mut self, _: &Tick, _: &mut Vec<u32>) {} fn digest(&self, _: &mut StateDigest) {} }
/// let (mut first, mut second) = (Stage::new(Double), Stage::new(Double));
/// for event in first.on_event(&1) {
///     assert_eq!(second.on_event(event), [4]);
/// }
/// ```
#[derive(Debug)]
pub struct Stage<O: Operator> {
    operator: O,
    out: Vec<O::Out>,
}

impl<O: Operator> Stage<O> {
    /// Puts an operator in its place.
    pub fn new(operator: O) -> Self {
        Self { operator, out: Vec::new() }
    }

    /// What follows from an event.
    pub fn on_event(&mut self, event: &O::In) -> &[O::Out] {
        self.out.clear();
        self.operator.on_event(event, &mut self.out);
        &self.out
    }

    /// What follows from a tick.
    pub fn on_tick(&mut self, tick: &Tick) -> &[O::Out] {
        self.out.clear();
        self.operator.on_tick(tick, &mut self.out);
        &self.out
    }

    /// The operator itself.
    pub fn operator(&self) -> &O {
        &self.operator
    }

    /// The operator itself.
    pub fn operator_mut(&mut self) -> &mut O {
        &mut self.operator
    }
}
