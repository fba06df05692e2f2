use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::customized::{CustomizeError, Customized, check};
use super::hierarchy::Hierarchy;
use super::partial::Partial;
use super::perfect::Perfect;
use crate::unit::{INFINITY, Weight};

/// Gives the arcs of a hierarchy their weights, in memory that is used again and again.
#[derive(Debug)]
pub struct Customizer {
    pub(super) hierarchy: Arc<Hierarchy>,
    /// The work of all nodes before each, in triangles; length nodes + 1.
    pub(super) work: Vec<u64>,
    /// One for each thread that works at the same time.
    pub(super) scratch: Vec<Mutex<Scratch>>,
    pub(super) perfect: Perfect,
    pub(super) partial: Partial,
}

/// A row, spread out by the depths of its upper ends.
#[derive(Debug)]
pub(super) struct Scratch(pub(super) Box<[Weight; 1 << 16]>);

/// A run of nodes with the weights of all their arcs.
pub(super) struct Part<'a> {
    pub(super) nodes: Range<u32>,
    pub(super) weight: &'a mut [Weight],
}

impl Default for Scratch {
    fn default() -> Self {
        let boxed = vec![INFINITY; 1 << 16].into_boxed_slice();
        Self(boxed.try_into().expect("it is that long"))
    }
}

impl Customizer {
    /// For a hierarchy.
    pub fn new(hierarchy: &Arc<Hierarchy>) -> Self {
        let mut work = Vec::with_capacity(hierarchy.node_count() + 1);
        let mut sum = 0;
        work.push(sum);
        for row in 0..2 * hierarchy.node_count() {
            // What a loop costs to begin with is worth some triangles.
            sum += 4 + hierarchy.lower(row).iter().map(|triangles| 6 + u64::from(triangles.len)).sum::<u64>();
            if row % 2 == 1 {
                work.push(sum);
            }
        }
        Self {
            hierarchy: Arc::clone(hierarchy),
            work,
            scratch: vec![Mutex::default()],
            perfect: Perfect::default(),
            partial: Partial::default(),
        }
    }

    /// Gives all arcs the weights that follow from those of the graph's arcs, on one thread.
    ///
    /// Row by row from below (Dibbelt, Strasser and Wagner 2016, section 5.3), but so that each row is written once: the
    /// triangles of a row are looked at when its turn comes.
    ///
    /// # Errors
    /// If there is not one weight for each arc, or one is above [`INFINITY`]. Nothing has changed then.
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
        into.input.copy_from_slice(weights);
        into.forget();
        Ok(())
    }

    pub(super) fn check(&self, customized: &Customized) {
        assert!(Arc::ptr_eq(&self.hierarchy, &customized.hierarchy), "the weights are of another hierarchy");
    }

    /// Customizes all rows in order.
    pub(super) fn run(&self, into: &mut Customized) {
        let Customized { input, weight, .. } = into;
        self.in_order(Part { nodes: 0..self.hierarchy.node_count() as u32, weight }, input);
    }

    /// Customizes all rows of some nodes in order; all that they rest on is there.
    pub(super) fn in_order(&self, part: Part<'_>, input: &[Weight]) {
        self.in_order_from(part.nodes.start, part, input);
    }

    /// The same from one of the nodes on; those before it are done.
    pub(super) fn in_order_from(&self, start: u32, part: Part<'_>, input: &[Weight]) {
        let base = self.first_arc(part.nodes.start);
        self.with_scratch(|scratch| {
            for row in 2 * start as usize..2 * part.nodes.end as usize {
                let arcs = self.hierarchy.rows.range(row);
                let (below, own) = part.weight.split_at_mut(arcs.start - base);
                let own = &mut own[..arcs.len()];
                self.hierarchy.start_row(row, own, input);
                self.hierarchy.finish_row(row, own, below, base, scratch, |_| true);
            }
        });
    }

    /// Lends the memory of the current thread.
    pub(super) fn with_scratch<R>(&self, run: impl FnOnce(&mut Scratch) -> R) -> R {
        let own = rayon::current_thread_index().map_or(0, |index| index + 1);
        let scratch = self.scratch.get(own).unwrap_or(&self.scratch[0]);
        run(&mut scratch.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Where the arcs of a node begin.
    pub(super) fn first_arc(&self, node: u32) -> usize {
        self.hierarchy.rows.first[2 * node as usize] as usize
    }
}

impl Hierarchy {
    /// Gives the arcs of a row what the graph's arcs weigh.
    #[inline]
    pub(super) fn start_row(&self, row: usize, own: &mut [Weight], input: &[Weight]) {
        let arcs = self.rows.range(row);
        own.fill(INFINITY);
        let inputs = self.first_input[arcs.start] as usize..self.first_input[arcs.end] as usize;
        for &(arc, from) in &self.input[inputs] {
            let weight = &mut own[arc as usize - arcs.start];
            *weight = (*weight).min(input[from as usize]);
        }
    }

    /// Gives the arcs of a row what the triangles below them weigh, if that is less. The arcs of lower nodes from number
    /// `base` on are in `below`; `which` tells of the first arc of such a node whether it is its turn.
    #[inline]
    pub(super) fn finish_row(
        &self,
        row: usize,
        own: &mut [Weight],
        below: &[Weight],
        base: usize,
        scratch: &mut Scratch,
        which: impl Fn(u32) -> bool,
    ) {
        let triangles = self.lower(row);
        if triangles.is_empty() {
            return;
        }
        let depths = &self.rows.depth[self.rows.range(row)];
        for (&depth, &weight) in depths.iter().zip(&*own) {
            scratch.0[usize::from(depth)] = weight;
        }
        for triangles in triangles.iter().filter(|triangles| which(triangles.start)) {
            let via = below[triangles.via as usize - base];
            if via < INFINITY {
                self.relax(triangles, via, below, base, scratch);
            }
        }
        for (&depth, weight) in depths.iter().zip(own) {
            *weight = scratch.0[usize::from(depth)];
        }
    }

    /// Looks at the triangles that have a lower node in common.
    #[inline]
    pub(super) fn relax(
        &self,
        triangles: &super::hierarchy::LowerTriangles,
        via: Weight,
        below: &[Weight],
        base: usize,
        scratch: &mut Scratch,
    ) {
        let (start, len) = (triangles.start as usize, triangles.len as usize);
        let depths = &self.rows.depth[start..start + len];
        for (&depth, &weight) in depths.iter().zip(&below[start - base..start - base + len]) {
            let least = &mut scratch.0[usize::from(depth)];
            *least = (*least).min(via + weight);
        }
    }
}
