use std::sync::atomic::{AtomicU64, Ordering};

use super::customized::Customized;
use super::hierarchy::ARCS_MAX;
use super::rows::LowerTriangles;
use crate::unit::INFINITY;

/// What each arc stands for, once somebody has asked. It follows from the weights, whoever asks first.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Per arc: the generation in which it was noted, and its [`Expansion`].
    noted: Vec<AtomicU64>,
    generation: u64,
}

/// What an arc stands for: two arcs one after the other, the first into their common end from above, the second out of it;
/// or an arc of the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expansion {
    Shortcut(u32, u32),
    Original(u32),
}

/// Arcs and input arcs have numbers of so many bits at most; the rest is for generations.
const BITS: u32 = 28;
const MASK: u64 = (1 << BITS) - 1;
const GENERATIONS: u64 = 1 << (64 - 2 * BITS);
/// In place of the second arc if there is none.
const NONE: u64 = MASK;
const _: () = assert!(ARCS_MAX as u64 <= NONE, "no arc has the number that stands for none");

impl Memory {
    /// Of so many arcs.
    pub(super) fn new(arcs: usize) -> Self {
        Self { noted: (0..arcs).map(|_| AtomicU64::new(0)).collect(), generation: 1 }
    }

    pub(super) fn bytes(&self) -> usize {
        self.noted.len() * 8
    }

    /// Forgets everything.
    pub(super) fn forget(&mut self) {
        self.generation += 1;
        if self.generation == GENERATIONS {
            self.noted.iter_mut().for_each(|noted| *noted.get_mut() = 0);
            self.generation = 1;
        }
    }

    /// Forgets everything, and is of so many arcs.
    pub(super) fn renew(&mut self, arcs: usize) {
        self.noted.resize_with(arcs, AtomicU64::default);
        self.forget();
    }

    fn recall(&self, arc: u32) -> Option<Expansion> {
        let noted = self.noted[arc as usize].load(Ordering::Relaxed);
        if noted >> (2 * BITS) != self.generation {
            return None;
        }
        let (first, second) = (noted >> BITS & MASK, noted & MASK);
        Some(if second == NONE {
            Expansion::Original(first as u32)
        } else {
            Expansion::Shortcut(first as u32, second as u32)
        })
    }

    fn note(&self, arc: u32, expansion: Expansion) {
        let (first, second) = match expansion {
            Expansion::Shortcut(first, second) => (u64::from(first), u64::from(second)),
            Expansion::Original(input) => (u64::from(input), NONE),
        };
        let noted = self.generation << (2 * BITS) | first << BITS | second;
        self.noted[arc as usize].store(noted, Ordering::Relaxed);
    }
}

impl Customized {
    /// Replaces the arcs on a stack, the topmost first, by the arcs of the graph that they stand for.
    ///
    /// It ends whatever they weigh, and be it nothing: an arc's triangle is by a node that is below both of its ends.
    pub(super) fn unpack(&self, stack: &mut Vec<u32>, path: &mut Vec<u32>) {
        while let Some(arc) = stack.pop() {
            let expansion = self.memory.recall(arc).unwrap_or_else(|| {
                let expansion = self.expand(arc);
                self.memory.note(arc, expansion);
                expansion
            });
            match expansion {
                Expansion::Original(input) => path.push(input),
                Expansion::Shortcut(first, second) => stack.extend([second, first]),
            }
        }
    }

    /// An arc of the graph if it weighs as much, or else the first triangle that does.
    fn expand(&self, arc: u32) -> Expansion {
        let weight = self.weight[arc as usize];
        debug_assert!(weight < INFINITY, "no path needs an arc that leads nowhere");
        let row = self.hierarchy.row_of(arc);
        if let Some(place) = self.hierarchy.places_of(row, arc).find(|&place| self.input[place] == weight) {
            return Expansion::Original(self.hierarchy.input_at[place]);
        }
        let rows = &self.hierarchy.rows;
        let depth = rows.depth[arc as usize];
        let onward = |triangles: &LowerTriangles| {
            let arcs = triangles.onward();
            let via = self.weight[triangles.via as usize];
            let at = arcs.start + rows.depth[arcs.clone()].binary_search(&depth).ok().filter(|_| via <= weight)?;
            (via + self.weight[at] == weight).then_some((triangles.via, at as u32))
        };
        let (via, onward) =
            self.hierarchy.lower(row).iter().find_map(onward).expect("a shortcut has a triangle that it is for");
        // Of an arc out of its lower end, the way begins with the arc into the middle; of one into it, it ends with the
        // arc out of there.
        if row.is_multiple_of(2) { Expansion::Shortcut(via, onward) } else { Expansion::Shortcut(onward, via) }
    }
}
