use super::customized::{Customized, Needed};
use super::customizer::{Customizer, Scratch};
use super::hierarchy::{Hierarchy, climb};
use crate::unit::{INFINITY, Weight};

/// The memory of a perfect customization.
#[derive(Debug, Default)]
pub(super) struct Perfect {
    /// Per arc: the distance between its ends.
    distance: Vec<Weight>,
    /// What the arcs of a row weigh, by depth; [`INFINITY`] elsewhere.
    row: Scratch,
    needed: Needed,
}

impl Customizer {
    /// Finds the arcs that shortest paths need: all others are left out by searches from then on, until weights change.
    ///
    /// Worth its time, some customizations', if thousands of questions follow.
    ///
    /// From above: the distance between the ends of an arc is its weight, or that of a way by a common upper neighbour
    /// (Dibbelt, Strasser and Wagner 2016, section 5.4).
    ///
    /// # Panics
    /// If `customized` is of another hierarchy.
    pub fn perfect(&mut self, customized: &mut Customized) {
        self.check(customized);
        let Self { hierarchy, perfect, scratch, .. } = self;
        let scratch = scratch[0].get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        perfect.distance.clone_from(&customized.weight);
        let mut chain = Vec::new();
        for node in (0..hierarchy.node_count() as u32).rev() {
            climb(&hierarchy.tree, node, &mut chain);
            for side in 0..2 {
                perfect.row(hierarchy, 2 * node as usize + side, &chain, scratch);
            }
        }
        let needed = customized.needed.get_or_insert_with(|| std::mem::take(&mut perfect.needed));
        needed.first.clear();
        needed.depth.clear();
        needed.weight.clear();
        needed.first.push(0);
        for row in 0..2 * hierarchy.node_count() {
            let arcs = hierarchy.rows.range(row);
            let distances = customized.weight[arcs.clone()].iter().zip(&perfect.distance[arcs.clone()]);
            for (&depth, (&weight, &distance)) in hierarchy.rows.depth[arcs].iter().zip(distances) {
                if weight == distance && weight < INFINITY {
                    needed.depth.push(depth);
                    needed.weight.push(weight);
                }
            }
            needed.first.push(needed.depth.len() as u32);
        }
    }
}

impl Perfect {
    /// Finds the distances between the ends of a row's arcs; those of all rows above are known.
    fn row(&mut self, hierarchy: &Hierarchy, row: usize, chain: &[u32], scratch: &mut Scratch) {
        let (arcs, side) = (hierarchy.rows.range(row), row % 2);
        let depths = &hierarchy.rows.depth[arcs.clone()];
        if depths.len() < 2 {
            return;
        }
        let upper_row = |depth: u16, side: usize| 2 * chain[usize::from(depth)] as usize + side;
        let best = &mut scratch.0;
        for (&depth, &weight) in depths.iter().zip(&self.distance[arcs.clone()]) {
            self.row.0[usize::from(depth)] = weight;
            best[usize::from(depth)] = weight;
        }
        // By way of a node to one above it.
        for &depth in depths {
            let weight = self.row.0[usize::from(depth)];
            if weight < INFINITY {
                let onward = hierarchy.rows.range(upper_row(depth, side));
                for (&end, &distance) in hierarchy.rows.depth[onward.clone()].iter().zip(&self.distance[onward]) {
                    let least = &mut best[usize::from(end)];
                    *least = (*least).min(weight + distance);
                }
            }
        }
        // By way of a node to one below it.
        for (&depth, at) in depths.iter().zip(arcs) {
            let onward = hierarchy.rows.range(upper_row(depth, 1 - side));
            let ends = hierarchy.rows.depth[onward.clone()].iter().zip(&self.distance[onward]);
            let least = ends.fold(best[usize::from(depth)], |least, (&end, &distance)| {
                least.min(self.row.0[usize::from(end)] + distance)
            });
            self.distance[at] = least;
        }
        for &depth in depths {
            self.row.0[usize::from(depth)] = INFINITY;
        }
    }
}
