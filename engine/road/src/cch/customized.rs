use std::sync::Arc;

use super::customizer::Customizer;
use super::hierarchy::Hierarchy;
use super::unpack::Memory;
use crate::unit::{INFINITY, Weight};

/// A hierarchy with the weights of all its arcs: what searches ask.
///
/// Immutable while it is asked, so that it can be shared; a [`Customizer`] makes the next one.
///
/// ```
/// # use std::sync::Arc;
/// # use etaflow_road::{Customized, Graph, Hierarchy, Order, Search};
/// let graph = Graph::new(3, vec![(0, 1), (1, 2), (2, 0)])?;
/// let hierarchy = Arc::new(Hierarchy::new(&graph, &Order::new(vec![1, 0, 2])?)?);
/// let customized = Customized::new(&hierarchy, &[10, 20, 30])?;
/// let mut search = Search::new(&hierarchy);
/// assert_eq!(search.distance(&customized, (0, 0), (2, 0)), Some(30));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Customized {
    pub(super) hierarchy: Arc<Hierarchy>,
    /// By place: what the arcs of the graph weigh.
    pub(super) input: Vec<Weight>,
    /// Per arc of the hierarchy: of the fastest path from its tail to its head through lower nodes.
    pub(super) weight: Vec<Weight>,
    /// Whether `needed` is of these weights.
    pub(super) is_perfect: bool,
    /// The arcs that searches look at if so. It keeps its memory when weights change.
    pub(super) needed: Needed,
    pub(super) memory: Memory,
}

/// The arcs that shortest paths need, row by row: those that are no longer than any way by a common upper neighbour of
/// their ends, and lead anywhere.
#[derive(Debug, Default)]
pub(super) struct Needed {
    /// Where each row begins; length rows + 1.
    pub(super) first: Vec<u32>,
    /// Per arc: the depth of its upper end, ascending in a row.
    pub(super) depth: Vec<u16>,
    /// Per arc.
    pub(super) weight: Vec<Weight>,
}

/// Why some numbers are not the weights of a graph's arcs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CustomizeError {
    /// There is not one weight for each arc.
    #[error("{found} weights for {expected} arcs")]
    Length {
        /// How many weights there are.
        found: usize,
        /// How many arcs the graph has.
        expected: usize,
    },
    /// A weight above [`INFINITY`].
    #[error("the weight of arc {arc} is {weight}, at most {INFINITY}")]
    Weight {
        /// The arc.
        arc: u32,
        /// Its weight.
        weight: Weight,
    },
    /// An arc that the graph does not have.
    #[error("there is no arc {arc}, but {arcs} from 0 on")]
    Arc {
        /// The number of the arc.
        arc: u32,
        /// How many arcs the graph has.
        arcs: usize,
    },
}

impl Customized {
    /// From one weight for each arc of the graph; [`INFINITY`] closes an arc.
    ///
    /// # Errors
    /// If there is not one for each arc, or one is above [`INFINITY`].
    pub fn new(hierarchy: &Arc<Hierarchy>, weights: &[Weight]) -> Result<Self, CustomizeError> {
        let mut customized = Self::unreachable(hierarchy);
        Customizer::new(hierarchy).customize(&mut customized, weights)?;
        Ok(customized)
    }

    /// Nothing is reached from anywhere else.
    pub(crate) fn unreachable(hierarchy: &Arc<Hierarchy>) -> Self {
        let arcs = hierarchy.arc_count();
        Self {
            hierarchy: Arc::clone(hierarchy),
            input: vec![INFINITY; hierarchy.arc_at.len()],
            weight: vec![INFINITY; arcs],
            is_perfect: false,
            needed: Needed::default(),
            memory: Memory::new(arcs),
        }
    }

    /// What it is a metric of.
    pub fn hierarchy(&self) -> &Arc<Hierarchy> {
        &self.hierarchy
    }

    /// How many arcs searches look at: all, or only those that shortest paths need, once
    /// [`perfect`](Customizer::perfect) has found them.
    pub fn arc_count(&self) -> usize {
        if self.is_perfect { self.needed.depth.len() } else { self.weight.len() }
    }

    /// How much memory it takes, in bytes.
    pub fn bytes(&self) -> usize {
        let needed = self.needed.first.len() * 4 + self.needed.depth.len() * 6;
        (self.input.len() + self.weight.len()) * 4 + self.memory.bytes() + needed
    }

    /// Forgets what followed from weights that are no more.
    pub(super) fn forget(&mut self) {
        self.is_perfect = false;
        self.memory.forget();
    }
}

impl Clone for Customized {
    fn clone(&self) -> Self {
        Self {
            hierarchy: Arc::clone(&self.hierarchy),
            input: self.input.clone(),
            weight: self.weight.clone(),
            is_perfect: self.is_perfect,
            needed: if self.is_perfect { self.needed.clone() } else { Needed::default() },
            memory: Memory::new(self.weight.len()),
        }
    }

    /// Takes no memory if `source` is of the same hierarchy, and is no perfect one or `self` has been.
    fn clone_from(&mut self, source: &Self) {
        self.hierarchy.clone_from(&source.hierarchy);
        self.input.clone_from(&source.input);
        self.weight.clone_from(&source.weight);
        self.memory.renew(self.weight.len());
        self.is_perfect = source.is_perfect;
        if source.is_perfect {
            self.needed.clone_from(&source.needed);
        }
    }
}

impl Clone for Needed {
    fn clone(&self) -> Self {
        Self { first: self.first.clone(), depth: self.depth.clone(), weight: self.weight.clone() }
    }

    fn clone_from(&mut self, source: &Self) {
        self.first.clone_from(&source.first);
        self.depth.clone_from(&source.depth);
        self.weight.clone_from(&source.weight);
    }
}

/// Whether there is one weight for each arc, and all are within bounds.
pub(super) fn check(weights: &[Weight], arcs: usize) -> Result<(), CustomizeError> {
    if weights.len() != arcs {
        return Err(CustomizeError::Length { found: weights.len(), expected: arcs });
    }
    match weights.iter().position(|&weight| weight > INFINITY) {
        Some(arc) => Err(CustomizeError::Weight { arc: arc as u32, weight: weights[arc] }),
        None => Ok(()),
    }
}
