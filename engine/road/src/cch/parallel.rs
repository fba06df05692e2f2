use std::ops::Range;
use std::sync::Mutex;

use super::customized::{CustomizeError, Customized};
use super::customizer::{Customizer, Part};
use crate::unit::Weight;

/// Into how many parts the work is cut at most, that are worth a thread's while.
const PARTS: u64 = 32;

impl Customizer {
    /// Does what [`customize`](Self::customize) does, on all threads of the current `rayon` pool.
    ///
    /// By the elimination tree: subtrees depend on nothing outside of them, and their arcs have consecutive numbers
    /// (Buchhold, Sanders and Wagner 2019). What is above two of them is cut by rows.
    ///
    /// # Errors
    /// As [`customize`](Self::customize).
    ///
    /// # Panics
    /// If `into` is of another hierarchy.
    pub fn customize_in_parallel(&mut self, into: &mut Customized, weights: &[Weight]) -> Result<(), CustomizeError> {
        self.take(into, weights)?;
        let threads = rayon::current_num_threads();
        if threads == 1 {
            self.run(into);
            return Ok(());
        }
        if self.scratch.len() <= threads {
            self.scratch.resize_with(threads + 1, Mutex::default);
        }
        let Customized { input, weight, .. } = into;
        self.forest(Part { nodes: 0..self.hierarchy.node_count() as u32, weight }, input);
        Ok(())
    }

    fn work(&self, nodes: &Range<u32>) -> u64 {
        self.work[nodes.end as usize] - self.work[nodes.start as usize]
    }

    fn is_heavy(&self, nodes: &Range<u32>) -> bool {
        self.work(nodes) * PARTS > self.work[self.work.len() - 1]
    }

    /// A node with all that is below it.
    fn subtree(&self, root: u32) -> Range<u32> {
        root + 1 - self.hierarchy.tree.size[root as usize]..root + 1
    }

    /// Customizes whole subtrees, of which nothing depends on another.
    fn forest(&self, part: Part<'_>, input: &[Weight]) {
        if !self.is_heavy(&part.nodes) {
            return self.in_order(part, input);
        }
        let Some(at) = self.fairest_split(&part.nodes) else { return self.tree(part, input) };
        let (first, second) = self.split(part, at);
        rayon::join(|| self.forest(first, input), || self.forest(second, input));
    }

    /// Where to cut between subtrees, so that both sides have about as much to do; `None` if there is only one.
    fn fairest_split(&self, nodes: &Range<u32>) -> Option<u32> {
        let half = self.work(nodes) / 2;
        let starts = std::iter::successors(Some(nodes.end), |&end| {
            Some(self.subtree(end - 1).start).filter(|&start| start > nodes.start)
        });
        starts.skip(1).min_by_key(|&start| self.work(&(start..nodes.end)).abs_diff(half))
    }

    fn split<'a>(&self, part: Part<'a>, at: u32) -> (Part<'a>, Part<'a>) {
        let (first, second) = part.weight.split_at_mut(self.first_arc(at) - self.first_arc(part.nodes.start));
        (Part { nodes: part.nodes.start..at, weight: first }, Part { nodes: at..part.nodes.end, weight: second })
    }

    /// Some of a part's nodes.
    fn within<'a>(&self, part: &'a mut Part<'_>, nodes: Range<u32>) -> Part<'a> {
        let base = self.first_arc(part.nodes.start);
        let weight = &mut part.weight[self.first_arc(nodes.start) - base..self.first_arc(nodes.end) - base];
        Part { nodes, weight }
    }

    /// Customizes a subtree: what is below its trunk in parallel, and then the trunk, which is the nodes from the top down
    /// to where the tree branches.
    fn tree(&self, mut part: Part<'_>, input: &[Weight]) {
        let children = |node| self.hierarchy.tree.children(node);
        let mut trunk = vec![part.nodes.end - 1];
        let fork = loop {
            let at = trunk[trunk.len() - 1];
            let mut heavy = children(at).filter(|&child| self.is_heavy(&self.subtree(child)));
            match (heavy.next(), heavy.next()) {
                (Some(only), None) => trunk.push(only),
                _ => break at,
            }
        };
        for pair in trunk.windows(2) {
            // What branches off here is light.
            for branch in children(pair[0]).filter(|&child| child != pair[1]) {
                self.in_order(self.within(&mut part, self.subtree(branch)), input);
            }
        }
        let below = part.nodes.start..fork;
        self.forest(self.within(&mut part, below), input);
        trunk.reverse();
        self.trunk(part, &trunk, input);
    }

    /// Customizes the nodes of a trunk, in ascending order: first what follows from below the trunk, each row for itself,
    /// and then what follows from each other.
    fn trunk(&self, part: Part<'_>, trunk: &[u32], input: &[Weight]) {
        let base = self.first_arc(part.nodes.start);
        let fork = self.first_arc(trunk[0]);
        let (below, mut rest) = part.weight.split_at_mut(fork - base);
        let mut rows = Vec::with_capacity(2 * trunk.len());
        let mut at = fork;
        for row in trunk.iter().flat_map(|&node| [2 * node as usize, 2 * node as usize + 1]) {
            let arcs = self.hierarchy.rows.range(row);
            let (_, tail) = std::mem::take(&mut rest).split_at_mut(arcs.start - at);
            let (own, tail) = tail.split_at_mut(arcs.len());
            rows.push((row, own));
            (rest, at) = (tail, arcs.end);
        }
        self.rows_from_below(&mut rows, input, below, base);
        drop(rows);
        self.with_scratch(|scratch| {
            for row in trunk.iter().flat_map(|&node| [2 * node as usize, 2 * node as usize + 1]) {
                let arcs = self.hierarchy.rows.range(row);
                let (below, own) = part.weight.split_at_mut(arcs.start - base);
                let is_here = |start: u32| start as usize >= fork;
                self.hierarchy.finish_row(row, &mut own[..arcs.len()], below, base, scratch, is_here);
            }
        });
    }

    /// Customizes rows as far as follows from what is below all of them.
    fn rows_from_below(&self, rows: &mut [(usize, &mut [Weight])], input: &[Weight], below: &[Weight], base: usize) {
        let work = rows.iter().map(|(row, _)| self.work(&(*row as u32 / 2..*row as u32 / 2 + 1))).sum::<u64>();
        if rows.len() > 1 && work * PARTS > self.work[self.work.len() - 1] {
            let (first, second) = rows.split_at_mut(rows.len() / 2);
            rayon::join(
                || self.rows_from_below(first, input, below, base),
                || self.rows_from_below(second, input, below, base),
            );
            return;
        }
        let end = base + below.len();
        self.with_scratch(|scratch| {
            for (row, own) in rows {
                self.hierarchy.start_row(*row, own, input);
                let is_below = |start: u32| (start as usize) < end;
                self.hierarchy.finish_row(*row, own, below, base, scratch, is_below);
            }
        });
    }
}
