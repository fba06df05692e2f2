use super::customized::{CustomizeError, Customized};
use super::customizer::Customizer;
use super::hierarchy::{Hierarchy, NO_ARC, climb};
use super::search::{IN, OUT};
use crate::unit::{INFINITY, Weight};

/// A partial customization that has taken this part of a full one's time is finished as a full one.
const SHARE: u64 = 8;
/// The work of looking for an arc in a row, in triangles.
const LOOKUP: u64 = 6;

/// The memory of a partial customization.
#[derive(Debug, Default)]
pub(super) struct Partial {
    /// The nodes that have an arc that may change, a bit for each.
    dirty: Vec<u64>,
    /// The words of `dirty` before this one are 0.
    settled: usize,
    /// The ancestors of the current node, by depth.
    chain: Vec<u32>,
    /// Per arc: the least that a changed triangle offers, [`INFINITY`] if none does.
    offer: Vec<Weight>,
    /// Per arc: whether something that its weight rested on has become heavier.
    suspect: Vec<bool>,
    /// What the arcs out of the current node weighed before, and those into it.
    before: [Vec<Weight>; 2],
    /// The arcs out of the current node that have changed, and those into it.
    changed: [Vec<u32>; 2],
    /// The input arcs that change, and their old weights.
    inputs: Vec<(u32, Weight)>,
    /// A row, by the depths of its upper ends.
    spread: Vec<Weight>,
    work: u64,
}

impl Customizer {
    /// Gives some arcs of the graph new weights, and all arcs those that follow. Of several changes of an arc the last
    /// counts.
    ///
    /// Exact. Dirty arcs are looked at from below, and what has really changed makes others dirty: an arc only if a
    /// triangle offers less than it weighs, or no longer offers what it weighs. Once that has taken an eighth of a full
    /// customization, the rest is done as one, so that it never takes much longer.
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
        customized.forget();
        let mut partial = std::mem::take(&mut self.partial);
        partial.begin(&self.hierarchy, customized, changes);
        let budget = self.work[self.work.len() - 1] / SHARE;
        while let Some(node) = partial.next_dirty() {
            if partial.work > budget {
                partial.give_up(&self.hierarchy, node);
                self.run(customized);
                break;
            }
            for side in [OUT, IN] {
                self.settle(customized, node, side, &mut partial);
            }
            partial.spread(&self.hierarchy, &customized.weight, node);
        }
        self.partial = partial;
        Ok(())
    }

    /// Finds the new weights of a row, and which of them are new.
    fn settle(&self, customized: &mut Customized, node: u32, side: usize, partial: &mut Partial) {
        let row = 2 * node as usize + side;
        let arcs = self.hierarchy.rows.range(row);
        let (below, rest) = customized.weight.split_at_mut(arcs.start);
        let own = &mut rest[..arcs.len()];
        partial.before[side].clear();
        partial.before[side].extend_from_slice(own);
        let suspects = partial.suspect[arcs.clone()].iter().filter(|&&suspect| suspect).count() as u64;
        let triangles = self.hierarchy.lower(row);
        let whole = triangles.iter().map(|triangles| LOOKUP + u64::from(triangles.len)).sum::<u64>();
        let each = triangles.len() as u64 * LOOKUP;
        partial.work += 1 + arcs.len() as u64 / 4 + whole.min(suspects * each);
        if suspects * each > whole {
            self.hierarchy.weigh_row(row, own, below, &customized.input, &mut partial.spread);
        } else {
            for (at, arc) in arcs.clone().enumerate() {
                own[at] = if partial.suspect[arc] {
                    self.hierarchy.weigh(row, arc, below, &customized.input)
                } else {
                    own[at].min(partial.offer[arc])
                };
            }
        }
        partial.offer[arcs.clone()].fill(INFINITY);
        partial.suspect[arcs.clone()].fill(false);
        let pairs = own.iter().zip(&partial.before[side]).zip(arcs);
        partial.changed[side].clear();
        partial.changed[side].extend(pairs.filter(|((now, before), _)| now != before).map(|(_, arc)| arc as u32));
    }
}

impl Hierarchy {
    /// The weights of a row, from the graph's arcs and the triangles below.
    fn weigh_row(&self, row: usize, own: &mut [Weight], below: &[Weight], input: &[Weight], spread: &mut Vec<Weight>) {
        let arcs = self.rows.range(row);
        let depths = &self.rows.depth[arcs.clone()];
        spread.resize(self.height(), INFINITY);
        own.fill(INFINITY);
        for &(arc, from) in self.inputs_between(arcs.start, arcs.end) {
            let weight = &mut own[arc as usize - arcs.start];
            *weight = (*weight).min(input[from as usize]);
        }
        for (&depth, &weight) in depths.iter().zip(&*own) {
            spread[usize::from(depth)] = weight;
        }
        for triangles in self.lower(row) {
            let via = below[triangles.via as usize];
            if via >= INFINITY {
                continue;
            }
            let (start, len) = (triangles.start as usize, triangles.len as usize);
            for (&depth, &weight) in self.rows.depth[start..start + len].iter().zip(&below[start..start + len]) {
                let least = &mut spread[usize::from(depth)];
                *least = (*least).min(via + weight);
            }
        }
        for (&depth, weight) in depths.iter().zip(own) {
            *weight = spread[usize::from(depth)];
        }
    }

    /// The weight of one arc of a row, from the graph's arcs and the triangles below.
    fn weigh(&self, row: usize, arc: usize, below: &[Weight], input: &[Weight]) -> Weight {
        let depth = self.rows.depth[arc];
        let inputs = self.inputs(arc as u32).iter().map(|&(_, from)| input[from as usize]);
        let mut least = inputs.min().unwrap_or(INFINITY);
        for triangles in self.lower(row) {
            let via = below[triangles.via as usize];
            let (start, len) = (triangles.start as usize, triangles.len as usize);
            if via < least
                && let Ok(at) = self.rows.depth[start..start + len].binary_search(&depth)
            {
                least = least.min(via + below[start + at]);
            }
        }
        least
    }
}

impl Partial {
    fn begin(&mut self, hierarchy: &Hierarchy, customized: &mut Customized, changes: &[(u32, Weight)]) {
        let arcs = hierarchy.arc_count();
        self.dirty.resize(hierarchy.node_count().div_ceil(64), 0);
        self.offer.resize(arcs, INFINITY);
        self.suspect.resize(arcs, false);
        (self.work, self.settled) = (0, 0);
        self.inputs.clear();
        for &(input, weight) in changes {
            self.inputs.push((input, std::mem::replace(&mut customized.input[input as usize], weight)));
        }
        for at in 0..self.inputs.len() {
            let (input, before) = self.inputs[at];
            let (arc, now) = (hierarchy.arc_of_input[input as usize], customized.input[input as usize]);
            if arc != NO_ARC && self.note(arc, before, now, customized.weight[arc as usize]) {
                self.work += LOOKUP;
                let row = hierarchy.rows.first.partition_point(|&first| first <= arc) - 1;
                self.mark(row as u32 / 2);
            }
        }
    }

    /// Notes that something an arc's weight may rest on has changed; whether the arc is dirty by that.
    #[inline]
    fn note(&mut self, arc: u32, before: Weight, now: Weight, weight: Weight) -> bool {
        if now < weight {
            let offer = &mut self.offer[arc as usize];
            *offer = now.min(*offer);
            true
        } else if before == weight && now > before {
            self.suspect[arc as usize] = true;
            true
        } else {
            false
        }
    }

    fn mark(&mut self, node: u32) {
        self.dirty[node as usize / 64] |= 1 << (node % 64);
    }

    /// Forgets all that is dirty, from `node` on.
    fn give_up(&mut self, hierarchy: &Hierarchy, node: u32) {
        self.mark(node);
        while let Some(node) = self.next_dirty() {
            let arcs =
                hierarchy.rows.first[2 * node as usize] as usize..hierarchy.rows.first[2 * node as usize + 2] as usize;
            self.offer[arcs.clone()].fill(INFINITY);
            self.suspect[arcs].fill(false);
        }
    }

    /// Takes out the lowest dirty node; none becomes dirty below it.
    fn next_dirty(&mut self) -> Option<u32> {
        let ahead = self.dirty[self.settled..].iter().position(|&word| word != 0)?;
        self.settled += ahead;
        let word = &mut self.dirty[self.settled];
        let bit = word.trailing_zeros();
        *word &= *word - 1;
        Some(self.settled as u32 * 64 + bit)
    }

    /// Notes what the changed arcs of a node make of the arcs that close triangles above it.
    fn spread(&mut self, hierarchy: &Hierarchy, weight: &[Weight], node: u32) {
        if self.changed.iter().all(Vec::is_empty) {
            return;
        }
        climb(&hierarchy.tree, node, &mut self.chain);
        let [out, into] = [OUT, IN].map(|side| hierarchy.rows.range(2 * node as usize + side));
        let changed = std::mem::take(&mut self.changed);
        for &arc in &changed[IN] {
            for onward in out.clone() {
                let old = (self.before[IN][arc as usize - into.start], self.before[OUT][onward - out.start]);
                self.triangle(hierarchy, weight, (arc as usize, onward), old);
            }
        }
        for &onward in &changed[OUT] {
            for arc in into.clone().filter(|&arc| changed[IN].binary_search(&(arc as u32)).is_err()) {
                let old = (self.before[IN][arc - into.start], self.before[OUT][onward as usize - out.start]);
                self.triangle(hierarchy, weight, (arc, onward as usize), old);
            }
        }
        self.changed = changed;
    }

    /// Notes what has become of a way through a node, by an arc into it and one out of it that weighed `old`.
    #[inline]
    fn triangle(&mut self, hierarchy: &Hierarchy, weight: &[Weight], by: (usize, usize), old: (Weight, Weight)) {
        let before = (old.0 + old.1).min(INFINITY);
        let now = (weight[by.0] + weight[by.1]).min(INFINITY);
        let (tail, head) = (hierarchy.rows.depth[by.0], hierarchy.rows.depth[by.1]);
        self.work += 1;
        if before == now || tail == head {
            return;
        }
        self.work += LOOKUP;
        let node = self.chain[usize::from(tail.max(head))];
        let row = 2 * node as usize + if tail > head { OUT } else { IN };
        let arc = hierarchy.rows.arc(row, tail.min(head)).expect("contraction closes each triangle");
        if self.note(arc, before, now, weight[arc as usize]) {
            self.mark(node);
        }
    }
}
