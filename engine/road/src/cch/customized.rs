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
    /// The arcs that shortest paths need, if that is known.
    pub(super) needed: Option<Needed>,
    pub(super) memory: Memory,
}

/// The arcs that are shorter than any other path between their ends, row by row.
#[derive(Debug, Clone, Default)]
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
            needed: None,
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
        self.needed.as_ref().map_or(self.weight.len(), |needed| needed.depth.len())
    }

    /// How much memory it takes, in bytes.
    pub fn bytes(&self) -> usize {
        let needed = self.needed.as_ref().map_or(0, |needed| needed.first.len() * 4 + needed.depth.len() * 6);
        (self.input.len() + self.weight.len()) * 4 + self.memory.bytes() + needed
    }

    /// Forgets what followed from weights that are no more.
    pub(super) fn forget(&mut self) {
        self.needed = None;
        self.memory.forget();
    }
}

impl Clone for Customized {
    fn clone(&self) -> Self {
        Self {
            hierarchy: Arc::clone(&self.hierarchy),
            input: self.input.clone(),
            weight: self.weight.clone(),
            needed: self.needed.clone(),
            memory: Memory::new(self.weight.len()),
        }
    }

    /// Takes no memory if `source` is of the same hierarchy.
    fn clone_from(&mut self, source: &Self) {
        self.hierarchy.clone_from(&source.hierarchy);
        self.input.clone_from(&source.input);
        self.weight.clone_from(&source.weight);
        self.memory.renew(self.weight.len());
        self.needed.clone_from(&source.needed);
    }
}

pub(super) fn check(weights: &[Weight], arcs: usize) -> Result<(), CustomizeError> {
    if weights.len() != arcs {
        return Err(CustomizeError::Length { found: weights.len(), expected: arcs });
    }
    match weights.iter().position(|&weight| weight > INFINITY) {
        Some(arc) => Err(CustomizeError::Weight { arc: arc as u32, weight: weights[arc] }),
        None => Ok(()),
    }
}
