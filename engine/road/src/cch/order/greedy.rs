/// A few nodes that are to be ordered, with those around them that come later anyway: sets of neighbours as bits.
#[derive(Clone)]
pub(super) struct Greedy {
    /// How many are to be ordered: the first.
    inner: usize,
    /// How many numbers a set takes.
    words: usize,
    /// Per node and way (there, back): the set of nodes that an arc leads to, that an arc comes from.
    near: [Vec<u64>; 2],
    /// Per node: how high the tree of those that come before it is.
    height: Vec<u32>,
}

impl Greedy {
    /// Without arcs yet.
    pub(super) fn new(inner: usize, outer: usize) -> Self {
        let nodes = inner + outer;
        let words = nodes.div_ceil(64);
        Self { inner, words, near: [vec![0; nodes * words], vec![0; nodes * words]], height: vec![0; inner] }
    }

    /// Adds an arc.
    pub(super) fn add(&mut self, tail: usize, head: usize) {
        if tail != head {
            self.near[0][tail * self.words + head / 64] |= 1 << (head % 64);
            self.near[1][head * self.words + tail / 64] |= 1 << (tail % 64);
        }
    }

    /// The order in which each next one costs the least; of those that cost the same, the one with the lowest tree
    /// below.
    pub(super) fn order(&mut self) -> Vec<u32> {
        let mut left: Vec<usize> = (0..self.inner).collect();
        let mut cost: Vec<u64> = left.iter().map(|&node| self.cost(node)).collect();
        let mut order = Vec::with_capacity(self.inner);
        while let Some(at) = (0..left.len()).min_by_key(|&at| (cost[left[at]], self.height[left[at]], left[at])) {
            let node = left.swap_remove(at);
            order.push(node as u32);
            for other in self.contract(node) {
                cost[other] = self.cost(other);
            }
        }
        order
    }

    fn row(&self, way: usize, node: usize) -> &[u64] {
        &self.near[way][node * self.words..(node + 1) * self.words]
    }

    fn degree(&self, way: usize, node: usize) -> u64 {
        self.row(way, node).iter().map(|word| u64::from(word.count_ones())).sum()
    }

    fn pairs(&self, node: usize) -> u64 {
        self.degree(0, node) * self.degree(1, node)
    }

    /// What there is against a node to be the next: the arcs that are added, above all, which were measured to tell more
    /// than the pairs that are gone through.
    fn cost(&self, node: usize) -> u64 {
        4 * self.fill(node) + self.pairs(node)
    }

    /// How many arcs its contraction adds to those that there are, where all that is around is joined already.
    fn fill(&self, node: usize) -> u64 {
        let out = self.row(0, node);
        let mut fill = 0;
        for from in members(self.row(1, node)) {
            let has = self.row(0, from);
            let to = if from < self.inner { self.words } else { self.inner.div_ceil(64) };
            for word in 0..to {
                let new = out[word] & !has[word] & if from < self.inner { u64::MAX } else { self.inner_word(word) };
                fill += u64::from(new.count_ones());
            }
            fill -= u64::from(from < self.inner) * (out[from / 64] >> (from % 64) & 1);
        }
        fill
    }

    /// The part of a set that is inner.
    fn inner_word(&self, word: usize) -> u64 {
        match self.inner.saturating_sub(64 * word) {
            0 => 0,
            count if count < 64 => (1 << count) - 1,
            _ => u64::MAX,
        }
    }

    /// Joins what leads to a node with what it leads to, and takes it out. The inner ones that this concerns.
    fn contract(&mut self, node: usize) -> Vec<usize> {
        let rows = [self.row(0, node).to_vec(), self.row(1, node).to_vec()];
        let mut concerned: Vec<usize> = Vec::new();
        for way in [0, 1] {
            for other in members(&rows[1 - way]).take_while(|&other| other < self.inner) {
                let row = &mut self.near[way][other * self.words..(other + 1) * self.words];
                for (word, more) in row.iter_mut().zip(&rows[way]) {
                    *word |= more;
                }
                row[other / 64] &= !(1 << (other % 64));
                row[node / 64] &= !(1 << (node % 64));
                self.height[other] = self.height[other].max(self.height[node] + 1);
                concerned.push(other);
            }
        }
        concerned
    }
}

/// The members of a set, in order.
fn members(set: &[u64]) -> impl Iterator<Item = usize> + '_ {
    set.iter().enumerate().flat_map(|(at, &word)| {
        let mut rest = word;
        std::iter::from_fn(move || {
            let bit = rest.trailing_zeros();
            (rest != 0).then(|| {
                rest &= rest - 1;
                64 * at + bit as usize
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_adds_nothing_goes_first() {
        // A star of three streets from node 1, which is bound to two outside.
        let mut greedy = Greedy::new(5, 2);
        for (one, other) in [(1, 0), (1, 2), (1, 3), (3, 4), (1, 5), (1, 6)] {
            greedy.add(one, other);
            greedy.add(other, one);
        }
        // Each of the five with each, but for the two outside.
        assert_eq!(greedy.fill(1), 5 * 4 - 2);
        assert_eq!(greedy.order(), [0, 2, 4, 3, 1]);
    }
}
