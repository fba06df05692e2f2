use super::hierarchy::Hierarchy;
use crate::unit::{INFINITY, Weight};

impl Hierarchy {
    /// The weights of a row, from the graph's arcs and the triangles below. `spread` is memory, as long as the tree is deep.
    pub(super) fn weigh_row(
        &self,
        row: usize,
        own: &mut [Weight],
        below: &[Weight],
        input: &[Weight],
        spread: &mut [Weight],
    ) {
        let arcs = self.rows.range(row);
        let depths = &self.rows.depth[arcs.clone()];
        own.fill(INFINITY);
        let places = self.places(row..row + 1);
        for (&arc, &input) in self.arc_at[places.clone()].iter().zip(&input[places]) {
            let weight = &mut own[arc as usize - arcs.start];
            *weight = input.min(*weight);
        }
        for (&depth, &weight) in depths.iter().zip(&*own) {
            spread[usize::from(depth)] = weight;
        }
        for triangles in self.lower(row) {
            let via = below[triangles.via as usize];
            if via < INFINITY {
                let onward = triangles.onward();
                for (&depth, &weight) in self.rows.depth[onward.clone()].iter().zip(&below[onward]) {
                    let least = &mut spread[usize::from(depth)];
                    *least = (*least).min(via + weight);
                }
            }
        }
        for (&depth, weight) in depths.iter().zip(own) {
            *weight = spread[usize::from(depth)];
        }
    }

    /// The weight of one arc of a row, from the graph's arcs and the triangles below.
    pub(super) fn weigh(&self, row: usize, arc: usize, below: &[Weight], input: &[Weight]) -> Weight {
        let depth = self.rows.depth[arc];
        let inputs = &input[self.places_of(row, arc as u32)];
        let mut least = inputs.iter().copied().min().unwrap_or(INFINITY);
        for triangles in self.lower(row) {
            let via = below[triangles.via as usize];
            let onward = triangles.onward();
            if via < least
                && let Ok(at) = self.rows.depth[onward.clone()].binary_search(&depth)
            {
                least = least.min(via + below[onward.start + at]);
            }
        }
        least
    }
}
