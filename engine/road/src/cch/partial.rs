use std::ops::Range;

use super::customized::{CustomizeError, Customized};
use super::customizer::Customizer;
use super::dirty::Dirty;
use super::hierarchy::Hierarchy;
use super::rows::NO_ARC;
use super::search::{IN, OUT};
use super::tree::NO_NODE;
use crate::unit::{INFINITY, Weight};

/// From how many suspects of a row on it is faster to weigh all of it.
const SUSPECTS_MAX: usize = 2;

/// When a full customization is done instead: the work of a partial one is less regular, and takes more than twice as
/// long as the same count of triangles.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// If more than one arc of the graph in so many changes, that is plain without counting.
    pub(super) inputs_per_change: usize,
    /// What of a full customization's work may lie ahead.
    pub(super) outlook: f64,
    /// What of a full customization's work may have been done.
    pub(super) work: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { inputs_per_change: 400, outlook: 0.125, work: 0.4 }
    }
}

/// The memory of a partial customization.
///
/// Matrices are square and go by depth, from the row's to the column's, as those of a `Front`: they hold what concerns
/// the arcs between the ancestors of the current node.
#[derive(Debug, Default)]
pub(super) struct Partial {
    pub(super) limits: Limits,
    height: usize,
    /// The nodes that have an arc that may change.
    dirty: Dirty,
    /// The nodes that may become dirty, a bit for each.
    reached: Vec<u64>,
    /// By depth: the ancestors whose arcs are in `weight`.
    chain: Vec<u32>,
    /// What the arcs weigh.
    weight: Vec<Weight>,
    /// The least that a changed triangle offers; [`INFINITY`] if none does.
    offer: Vec<Weight>,
    /// Whether something that the arc's weight rested on has become heavier.
    suspect: Vec<bool>,
    /// The arcs that input arcs have become which change, ascending, with the old and the new weights of these.
    inputs: Vec<(u32, Weight, Weight)>,
    /// The arcs out of the current node, and those into it.
    row: [Row; 2],
    /// Weights by the depths of upper ends.
    spread: Vec<Weight>,
    /// What has been done, in about the time that a full customization takes for a triangle.
    work: u64,
}

/// What becomes of the arcs of a row.
#[derive(Debug, Default)]
struct Row {
    before: Vec<Weight>,
    offer: Vec<Weight>,
    suspect: Vec<bool>,
    /// Which have changed, by their places in the row.
    changed: Vec<usize>,
}

impl Customizer {
    /// Gives some arcs of the graph new weights, and all arcs those that follow. Of several changes of an arc the last
    /// counts.
    ///
    /// Exact. Dirty arcs are looked at from below, and what has really changed makes others dirty: an arc only if a
    /// triangle offers less than it weighs, or no longer offers what it weighs. If so much could change that a full
    /// customization is faster, one is done instead, on one thread. If no weight is another than it was, nothing is done:
    /// what was [`perfect`](Self::perfect) stays it.
    ///
    /// # Errors
    /// If there is no such arc, or a weight is above [`INFINITY`]. Nothing has changed then.
    ///
    /// # Panics
    /// If `customized` is of another hierarchy.
    pub fn change(&mut self, customized: &mut Customized, changes: &[(u32, Weight)]) -> Result<(), CustomizeError> {
        self.check(customized);
        let arcs = self.hierarchy.input_count();
        for &(arc, weight) in changes {
            if arc as usize >= arcs {
                return Err(CustomizeError::Arc { arc, arcs });
            }
            if weight > INFINITY {
                return Err(CustomizeError::Weight { arc, weight });
            }
        }
        if changes.len() * self.partial.limits.inputs_per_change > arcs {
            for &(arc, weight) in changes {
                // A self-loop has no place.
                if let Some(input) = customized.input.get_mut(self.hierarchy.place[arc as usize] as usize) {
                    *input = weight;
                }
            }
            customized.forget();
            self.run(customized);
            return Ok(());
        }
        self.partial.begin(&self.hierarchy, customized, changes);
        if self.partial.inputs.is_empty() {
            return Ok(());
        }
        customized.forget();
        if !self.partial.run(&self.hierarchy, customized, self.work[self.work.len() - 1]) {
            self.run(customized);
        }
        self.partial.debug_assert_clear();
        Ok(())
    }
}

impl Partial {
    /// Makes the changes that it has begun with; `false` if a full customization, whose work is `whole`, should be faster:
    /// then the weights of arcs are not what they should be.
    fn run(&mut self, hierarchy: &Hierarchy, into: &mut Customized, whole: u64) -> bool {
        let outlook = (whole as f64 * self.limits.outlook) as u64;
        if !self.mark_inputs(hierarchy, outlook) {
            self.dirty.clear();
            return false;
        }
        self.inputs.sort_unstable();
        let budget = (whole as f64 * self.limits.work) as u64;
        let mut next_input = 0;
        while let Some(node) = self.dirty.take_lowest() {
            if self.work > budget {
                self.give_up(hierarchy, node);
                return false;
            }
            self.load(hierarchy, &into.weight, node);
            let end = hierarchy.rows.first[2 * node as usize + 2];
            let inputs = next_input..next_input + self.inputs[next_input..].partition_point(|input| input.0 < end);
            next_input = inputs.end;
            for side in [OUT, IN] {
                self.settle(hierarchy, into, node, side, inputs.clone());
            }
            self.spread(hierarchy, &into.weight, node);
        }
        true
    }

    /// Gives the input arcs their new weights, and has those that really change in `inputs`.
    fn begin(&mut self, hierarchy: &Hierarchy, customized: &mut Customized, changes: &[(u32, Weight)]) {
        self.height = hierarchy.height();
        self.dirty.begin(hierarchy.node_count());
        for matrix in [&mut self.weight, &mut self.offer] {
            matrix.resize(self.height * self.height, INFINITY);
        }
        self.suspect.resize(self.height * self.height, false);
        self.spread.resize(self.height, INFINITY);
        self.work = 0;
        self.chain.clear();
        self.inputs.clear();
        for &(input, weight) in changes {
            let place = hierarchy.place[input as usize];
            if place != NO_ARC {
                let before = std::mem::replace(&mut customized.input[place as usize], weight);
                self.inputs.push((place, before, weight));
            }
        }
        for (place, _, now) in &mut self.inputs {
            // Of several changes of an arc the last counts for all.
            *now = customized.input[*place as usize];
            *place = hierarchy.arc_at[*place as usize];
        }
        self.inputs.retain(|&(_, before, now)| before != now);
    }

    /// Marks the nodes whose arcs change; `false` if their work and that of all their ancestors, which may change too, is
    /// more than `budget`.
    fn mark_inputs(&mut self, hierarchy: &Hierarchy, budget: u64) -> bool {
        self.reached.clear();
        self.reached.resize(hierarchy.node_count().div_ceil(64), 0);
        let mut work = 0;
        for at in 0..self.inputs.len() {
            let mut node = hierarchy.row_of(self.inputs[at].0) as u32 / 2;
            self.dirty.insert(node);
            while node != NO_NODE {
                let (word, bit) = (&mut self.reached[node as usize / 64], 1 << (node % 64));
                if *word & bit != 0 {
                    break;
                }
                *word |= bit;
                let arcs = hierarchy.rows.first[2 * node as usize + 2] - hierarchy.rows.first[2 * node as usize];
                work += 64 + 4 * u64::from(arcs);
                node = hierarchy.tree.parent[node as usize];
            }
            if work > budget {
                return false;
            }
        }
        true
    }

    /// Forgets all that is dirty, from `node` on.
    fn give_up(&mut self, hierarchy: &Hierarchy, node: u32) {
        self.dirty.insert(node);
        while let Some(node) = self.dirty.take_lowest() {
            for side in [OUT, IN] {
                self.take_row(hierarchy, node, side);
            }
        }
    }

    /// Whatever became of a change, nothing of it is left to disturb the next.
    fn debug_assert_clear(&self) {
        debug_assert!(self.dirty.is_empty(), "a dirty node is left");
        debug_assert!(self.offer.iter().all(|&offer| offer == INFINITY), "an offer is left");
        debug_assert!(self.suspect.iter().all(|&suspect| !suspect), "a suspect is left");
    }

    /// Where the arc is whose lower and upper ends are at these depths.
    #[inline]
    fn at(&self, side: usize, lower: u16, upper: u16) -> usize {
        let (from, to) = if side == OUT { (lower, upper) } else { (upper, lower) };
        usize::from(from) * self.height + usize::from(to)
    }

    /// Has the arcs of all ancestors of a node in `weight`.
    fn load(&mut self, hierarchy: &Hierarchy, weight: &[Weight], node: u32) {
        let depth = hierarchy.tree.depth[node as usize];
        self.chain.resize(usize::from(depth) + 1, NO_NODE);
        let (mut at, mut depth) = (node, depth);
        while std::mem::replace(&mut self.chain[usize::from(depth)], at) != at {
            for side in [OUT, IN] {
                let arcs = hierarchy.rows.range(2 * at as usize + side);
                self.work += 4 + arcs.len() as u64;
                for (&end, &weight) in hierarchy.rows.depth[arcs.clone()].iter().zip(&weight[arcs]) {
                    let place = self.at(side, depth, end);
                    self.weight[place] = weight;
                }
            }
            at = hierarchy.tree.parent[at as usize];
            if at == NO_NODE {
                break;
            }
            depth -= 1;
        }
    }

    /// Takes what is noted of a node's arcs.
    fn take_row(&mut self, hierarchy: &Hierarchy, node: u32, side: usize) {
        let depth = hierarchy.tree.depth[node as usize];
        let mut row = std::mem::take(&mut self.row[side]);
        row.offer.clear();
        row.suspect.clear();
        for &end in &hierarchy.rows.depth[hierarchy.rows.range(2 * node as usize + side)] {
            let place = self.at(side, depth, end);
            row.offer.push(std::mem::replace(&mut self.offer[place], INFINITY));
            row.suspect.push(std::mem::replace(&mut self.suspect[place], false));
        }
        self.row[side] = row;
    }

    /// Finds the new weights of a row, and which of them are new.
    fn settle(
        &mut self,
        hierarchy: &Hierarchy,
        customized: &mut Customized,
        node: u32,
        side: usize,
        inputs: Range<usize>,
    ) {
        let row = 2 * node as usize + side;
        let arcs = hierarchy.rows.range(row);
        self.take_row(hierarchy, node, side);
        let noted = &mut self.row[side];
        let (below, rest) = customized.weight.split_at_mut(arcs.start);
        let own = &mut rest[..arcs.len()];
        noted.before.clear();
        noted.before.extend_from_slice(own);
        for &(arc, before, now) in self.inputs[inputs].iter().filter(|input| arcs.contains(&(input.0 as usize))) {
            let at = arc as usize - arcs.start;
            noted.offer[at] = noted.offer[at].min(now);
            noted.suspect[at] |= before == own[at] && now > before;
        }
        let suspects = noted.suspect.iter().filter(|&&suspect| suspect).count();
        let triangles = hierarchy.lower(row).len() as u64;
        self.work += 32 + 4 * arcs.len() as u64 + suspects.min(SUSPECTS_MAX + 1) as u64 * 8 * triangles;
        if suspects > SUSPECTS_MAX {
            hierarchy.weigh_row(row, own, below, &customized.input, &mut self.spread);
        } else {
            for (at, weight) in own.iter_mut().enumerate() {
                *weight = if noted.suspect[at] {
                    hierarchy.weigh(row, arcs.start + at, below, &customized.input)
                } else {
                    noted.offer[at].min(*weight)
                };
            }
        }
        noted.changed.clear();
        noted.changed.extend((0..own.len()).filter(|&at| own[at] != noted.before[at]));
    }

    /// Notes what the changed arcs of a node make of the arcs that close triangles above it.
    fn spread(&mut self, hierarchy: &Hierarchy, weight: &[Weight], node: u32) {
        let [out, into] = std::mem::take(&mut self.row);
        let arcs = [OUT, IN].map(|side| hierarchy.rows.range(2 * node as usize + side));
        let [out_depth, in_depth] = [OUT, IN].map(|side| &hierarchy.rows.depth[arcs[side].clone()]);
        let [out_weight, in_weight] = [OUT, IN].map(|side| &weight[arcs[side].clone()]);
        self.work += 2 * (into.changed.len() * out_depth.len() + out.changed.len() * in_depth.len()) as u64;
        for &at in &into.changed {
            let by = (in_depth[at], into.before[at], in_weight[at]);
            for onward in 0..out_depth.len() {
                self.triangle(by, (out_depth[onward], out.before[onward], out_weight[onward]));
            }
        }
        for &onward in &out.changed {
            let by = (out_depth[onward], out.before[onward], out_weight[onward]);
            // Those that have changed themselves have had their turn.
            for at in (0..in_depth.len()).filter(|&at| into.before[at] == in_weight[at]) {
                self.triangle((in_depth[at], into.before[at], in_weight[at]), by);
            }
        }
        self.row = [out, into];
    }

    /// Notes what has become of a way through a node, by an arc into it and one out of it, each given by the depth of its
    /// upper end and what it weighed and weighs.
    #[inline]
    fn triangle(&mut self, by: (u16, Weight, Weight), onward: (u16, Weight, Weight)) {
        let before = (by.1 + onward.1).min(INFINITY);
        let now = (by.2 + onward.2).min(INFINITY);
        let place = usize::from(by.0) * self.height + usize::from(onward.0);
        let weight = self.weight[place];
        let rises = before == weight && now > before;
        if by.0 != onward.0 && (now < weight || rises) {
            self.offer[place] = self.offer[place].min(now);
            self.suspect[place] |= rises;
            self.dirty.insert(self.chain[usize::from(by.0.max(onward.0))]);
        }
    }
}
