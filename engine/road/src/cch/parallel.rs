use std::ops::Range;

use super::customized::{CustomizeError, Customized};
use super::customizer::{Customizer, Part};
use super::front::Front;
use crate::unit::Weight;

/// Into how many parts for each thread the work is cut at most. More would be shared out more fairly, but what two parts
/// leave to the nodes above both has to be put together.
const PARTS_PER_THREAD: u64 = 4;

impl Customizer {
    /// Does what [`customize`](Self::customize) does, on all threads of the current `rayon` pool.
    ///
    /// By the elimination tree (Buchhold, Sanders and Wagner 2019): subtrees depend on nothing outside of them, their
    /// arcs have consecutive numbers, and what two of them leave to the nodes above both is put together.
    ///
    /// # Errors
    /// As those of [`customize`](Self::customize).
    ///
    /// # Panics
    /// If `into` is of another hierarchy.
    pub fn customize_in_parallel(&mut self, into: &mut Customized, weights: &[Weight]) -> Result<(), CustomizeError> {
        self.take(into, weights)?;
        self.run_in_parallel(into);
        Ok(())
    }

    /// The same, for who writes the weights of the arcs by their places.
    pub(crate) fn customize_places(&mut self, into: &mut Customized, write: impl FnOnce(&mut [Weight])) {
        self.check(into);
        write(&mut into.input);
        into.forget();
        self.run_in_parallel(into);
    }

    fn run_in_parallel(&self, into: &mut Customized) {
        if rayon::current_num_threads() == 1 {
            return self.run(into);
        }
        let Customized { input, weight, .. } = into;
        let nodes = 0..self.hierarchy.node_count() as u32;
        self.with_front(|front| self.forest(Part { nodes, weight }, input, front));
    }

    fn work(&self, nodes: &Range<u32>) -> u64 {
        self.work[nodes.end as usize] - self.work[nodes.start as usize]
    }

    fn is_heavy(&self, nodes: &Range<u32>) -> bool {
        let parts = PARTS_PER_THREAD * rayon::current_num_threads() as u64;
        self.work(nodes) * parts > self.work[self.work.len() - 1]
    }

    /// A node with all that is below it.
    fn subtree(&self, root: u32) -> Range<u32> {
        root + 1 - self.hierarchy.tree.size[root as usize]..root + 1
    }

    /// Customizes neighbouring subtrees, of which nothing depends on another.
    fn forest(&self, mut part: Part<'_>, input: &[Weight], front: &mut Front) {
        if !self.is_heavy(&part.nodes) {
            return self.in_order(&mut part, input, front);
        }
        let Some(at) = self.fairest_split(&part.nodes) else { return self.tree(part, input, front) };
        let (first, second) = self.split(part, at);
        let depth = self.hierarchy.tree.depth[at as usize - 1];
        self.with_front(|other| {
            rayon::join(|| self.forest(first, input, front), || self.forest(second, input, other));
            front.merge(other, depth);
        });
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

    /// Customizes a subtree: what is below its trunk, in parallel, and then the trunk, which is the nodes from the top
    /// down to where the tree branches.
    fn tree(&self, mut part: Part<'_>, input: &[Weight], front: &mut Front) {
        let children = |node| self.hierarchy.tree.children(node);
        let mut trunk = vec![part.nodes.end - 1];
        loop {
            let mut heavy = children(trunk[trunk.len() - 1]).filter(|&child| self.is_heavy(&self.subtree(child)));
            match (heavy.next(), heavy.next()) {
                (Some(only), None) => trunk.push(only),
                _ => break,
            }
        }
        let fork = trunk[trunk.len() - 1];
        let below = self.subtree(fork).start..fork;
        self.forest(self.within(&mut part, below), input, front);
        let mut done = self.subtree(fork).start..fork;
        for &node in trunk.iter().rev() {
            // What else branches off here is light, and so is what is left on both sides of what is done.
            let all = self.subtree(node);
            for nodes in [all.start..done.start, done.end..node + 1] {
                self.in_order(&mut self.within(&mut part, nodes), input, front);
            }
            done = all;
        }
    }
}
