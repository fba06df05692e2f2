use super::customized::{Customized, Needed};
use super::customizer::Customizer;
use super::hierarchy::Hierarchy;
use super::search::{IN, OUT};
use crate::unit::{INFINITY, Weight};

/// The memory of a perfect customization.
#[derive(Debug, Default)]
pub(super) struct Perfect {
    /// How deep the hierarchy is.
    height: usize,
    /// By way of upper neighbours, the distances between the ancestors of the current node that share an arc, from the
    /// row's depth to the column's; [`INFINITY`] for all others. Where arcs are left out because no weights make them
    /// finite, a way up that needs one is not seen: a distance is that of some way, and may be not the least.
    distance: Vec<Weight>,
    /// Per depth: the node that `distance` holds.
    chain: Vec<u32>,
    /// Per arc: whether a shortest path needs it.
    is_needed: Vec<bool>,
    /// The distances of the current row.
    row: Vec<Weight>,
}

impl Customizer {
    /// Finds the arcs that shortest paths need: all others are left out by searches from then on, until weights change.
    ///
    /// Worth its time, some customizations', if thousands of questions follow.
    ///
    /// From above: the distance between the ends of an arc is its weight, or that of a way by a common upper neighbour
    /// (Dibbelt, Strasser and Wagner 2016, the perfect customization). Of equally long ways all are kept, so that paths are
    /// those that would be found without it. As ways up are only along arcs that the hierarchy has, in a directed graph a
    /// few arcs are kept, too, that no shortest path needs.
    ///
    /// # Panics
    /// If `customized` is of another hierarchy.
    pub fn perfect(&mut self, customized: &mut Customized) {
        self.check(customized);
        let Self { hierarchy, perfect, .. } = self;
        perfect.find(hierarchy, &customized.weight);
        let Needed { first, depth, weight } = &mut customized.needed;
        first.clear();
        depth.clear();
        weight.clear();
        first.push(0);
        for row in 0..2 * hierarchy.node_count() {
            for arc in hierarchy.rows.range(row).filter(|&arc| perfect.is_needed[arc]) {
                depth.push(hierarchy.rows.depth[arc]);
                weight.push(customized.weight[arc]);
            }
            first.push(depth.len() as u32);
        }
        customized.is_perfect = true;
    }
}

impl Perfect {
    fn find(&mut self, hierarchy: &Hierarchy, weight: &[Weight]) {
        self.height = hierarchy.height();
        self.distance.clear();
        self.distance.resize(self.height * self.height, INFINITY);
        self.is_needed.clear();
        self.is_needed.resize(weight.len(), false);
        self.chain.clear();
        for node in (0..hierarchy.node_count() as u32).rev() {
            let depth = usize::from(hierarchy.tree.depth[node as usize]);
            // From above, the nodes of a depth come one after the other, each with its ancestors in place.
            self.forget_from(hierarchy, depth);
            for side in [OUT, IN] {
                self.row(hierarchy, node, side, weight);
            }
            self.chain.push(node);
        }
    }

    /// Forgets the nodes from a depth down.
    fn forget_from(&mut self, hierarchy: &Hierarchy, depth: usize) {
        while self.chain.len() > depth {
            let node = self.chain.pop().expect("it is longer than that") as usize;
            let own = self.chain.len();
            for side in [OUT, IN] {
                for &end in &hierarchy.rows.depth[hierarchy.rows.range(2 * node + side)] {
                    let at = self.at(side, own, usize::from(end));
                    self.distance[at] = INFINITY;
                }
            }
        }
    }

    /// Where the distance of an arc is whose lower and upper ends are at these depths.
    #[inline]
    fn at(&self, side: usize, lower: usize, upper: usize) -> usize {
        if side == OUT { lower * self.height + upper } else { upper * self.height + lower }
    }

    /// Finds the distances between the ends of a row's arcs; those of all ancestors are known.
    fn row(&mut self, hierarchy: &Hierarchy, node: u32, side: usize, weight: &[Weight]) {
        let arcs = hierarchy.rows.range(2 * node as usize + side);
        let depths = &hierarchy.rows.depth[arcs.clone()];
        let weights = &weight[arcs.clone()];
        self.row.clear();
        self.row.extend_from_slice(weights);
        let from = |depth: u16| &self.distance[usize::from(depth) * self.height..][..self.height];
        if side == OUT {
            for (&by, &first) in depths.iter().zip(weights).filter(|&(_, &first)| first < INFINITY) {
                let onward = from(by);
                for (&end, least) in depths.iter().zip(&mut self.row) {
                    *least = (*least).min(first + onward[usize::from(end)]);
                }
            }
        } else {
            for (&end, least) in depths.iter().zip(&mut self.row) {
                let onward = from(end);
                for (&by, &last) in depths.iter().zip(weights) {
                    *least = (*least).min(onward[usize::from(by)] + last);
                }
            }
        }
        let own = usize::from(hierarchy.tree.depth[node as usize]);
        for (at, (&depth, arc)) in depths.iter().zip(arcs).enumerate() {
            let place = self.at(side, own, usize::from(depth));
            self.distance[place] = self.row[at];
            self.is_needed[arc] = self.row[at] == weights[at] && weights[at] < INFINITY;
        }
    }
}
