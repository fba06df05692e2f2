use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::customized::{CustomizeError, Customized, check};
use super::front::Front;
use super::hierarchy::Hierarchy;
use super::partial::Partial;
use super::perfect::Perfect;
use crate::unit::Weight;

/// Gives the arcs of a hierarchy their weights, in memory that is used again and again.
///
/// That memory goes with the square of the hierarchy's [`height`](Hierarchy::height): 4 bytes times that for each thread
/// that is at work, 9 more once something has been [changed](Self::change), and 4 more for a
/// [perfect](Self::perfect) hierarchy. A city's is some megabytes.
///
/// All ways to the same weights lead to the same result: at once or change by change, on one thread or on many.
///
/// ```
/// # use std::sync::Arc;
/// # use etaflow_road::{Customized, Customizer, Graph, Hierarchy, INFINITY, Order, Search};
/// let graph = Graph::new(3, vec![(0, 1), (1, 2), (2, 0), (0, 2)])?;
/// let hierarchy = Arc::new(Hierarchy::new(&graph, &Order::new(vec![1, 0, 2])?)?);
/// let mut now = Customized::new(&hierarchy, &[10, 20, 30, 35])?;
/// let (mut customizer, mut search) = (Customizer::new(&hierarchy), Search::new(&hierarchy));
/// customizer.change(&mut now, &[(1, INFINITY)])?; // closed
/// assert_eq!(search.distance(&now, (0, 0), (2, 0)), Some(35));
/// customizer.customize(&mut now, &[1, 2, 3, 4])?;
/// customizer.perfect(&mut now);
/// assert_eq!(search.distance(&now, (0, 0), (2, 0)), Some(3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Customizer {
    pub(super) hierarchy: Arc<Hierarchy>,
    /// The work of all nodes before each, in triangles; length nodes + 1.
    pub(super) work: Vec<u64>,
    /// Fronts that nobody is at work on.
    pub(super) fronts: Mutex<Vec<Front>>,
    pub(super) perfect: Perfect,
    pub(super) partial: Partial,
}

/// A run of nodes with the weights of all their arcs.
pub(super) struct Part<'a> {
    pub(super) nodes: Range<u32>,
    pub(super) weight: &'a mut [Weight],
}

impl Customizer {
    /// For a hierarchy.
    pub fn new(hierarchy: &Arc<Hierarchy>) -> Self {
        let mut work = Vec::with_capacity(hierarchy.node_count() + 1);
        let mut sum = 0;
        work.push(sum);
        for node in 0..hierarchy.node_count() {
            let [out, into] = [0, 1].map(|side| hierarchy.rows.range(2 * node + side).len() as u64);
            // What a row costs to begin with is worth some triangles.
            sum += 16 + 4 * (out + into) + out * into;
            work.push(sum);
        }
        Self {
            hierarchy: Arc::clone(hierarchy),
            work,
            fronts: Mutex::default(),
            perfect: Perfect::default(),
            partial: Partial::default(),
        }
    }

    /// Gives all arcs the weights that follow from those of the graph's arcs, on one thread.
    ///
    /// From below, node by node, as elimination does (Dibbelt, Strasser and Wagner 2016, the basic customization).
    ///
    /// # Errors
    /// If there is not one weight for each arc, or one is above [`INFINITY`](crate::INFINITY). Nothing has changed then.
    ///
    /// # Panics
    /// If `into` is of another hierarchy.
    pub fn customize(&mut self, into: &mut Customized, weights: &[Weight]) -> Result<(), CustomizeError> {
        self.take(into, weights)?;
        self.run(into);
        Ok(())
    }

    pub(super) fn take(&self, into: &mut Customized, weights: &[Weight]) -> Result<(), CustomizeError> {
        self.check(into);
        check(weights, self.hierarchy.input_count())?;
        for (weight, &input) in into.input.iter_mut().zip(&self.hierarchy.input_at) {
            *weight = weights[input as usize];
        }
        into.forget();
        Ok(())
    }

    pub(super) fn check(&self, customized: &Customized) {
        assert!(Arc::ptr_eq(&self.hierarchy, &customized.hierarchy), "the weights are of another hierarchy");
    }

    /// Customizes all nodes in order.
    pub(super) fn run(&self, into: &mut Customized) {
        let Customized { input, weight, .. } = into;
        let nodes = 0..self.hierarchy.node_count() as u32;
        self.with_front(|front| self.in_order(&mut Part { nodes, weight }, input, front));
    }

    /// Customizes nodes in order; all that is below them is done, and has left what follows in `front`.
    pub(super) fn in_order(&self, part: &mut Part<'_>, input: &[Weight], front: &mut Front) {
        let base = self.first_arc(part.nodes.start);
        for node in part.nodes.clone() {
            let own = &mut part.weight[self.first_arc(node) - base..self.first_arc(node + 1) - base];
            front.eliminate(&self.hierarchy, node, own, input);
        }
    }

    /// Lends an empty front, which is to be given back empty. One that a panic has interrupted does not come back.
    pub(super) fn with_front<R>(&self, run: impl FnOnce(&mut Front) -> R) -> R {
        let fronts = || self.fronts.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let front = fronts().pop();
        let mut front = front.unwrap_or_else(|| Front::new(self.hierarchy.height()));
        debug_assert!(front.is_empty(), "a front is lent empty");
        // While it is lent nothing is locked: whoever runs may take another, on this thread or on others.
        let result = run(&mut front);
        debug_assert!(front.is_empty(), "all that is left in a front is taken");
        fronts().push(front);
        result
    }

    /// Where the arcs of a node begin.
    #[inline]
    pub(super) fn first_arc(&self, node: u32) -> usize {
        self.hierarchy.rows.first[2 * node as usize] as usize
    }
}
