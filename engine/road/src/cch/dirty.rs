/// The nodes that are still to be looked at, of which the lowest comes first.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    /// A bit for each node.
    words: Vec<u64>,
    /// All words before this one are 0.
    settled: usize,
}

impl Dirty {
    /// Begins with none of so many nodes.
    pub(super) fn begin(&mut self, nodes: usize) {
        debug_assert!(self.is_empty(), "a dirty node is left");
        self.words.resize(nodes.div_ceil(64), 0);
        self.settled = 0;
    }

    /// Puts a node in that is not below any that has been taken.
    #[inline]
    pub(super) fn insert(&mut self, node: u32) {
        debug_assert!(node as usize / 64 >= self.settled, "a node becomes dirty that has been passed");
        self.words[node as usize / 64] |= 1 << (node % 64);
    }

    /// Takes out the lowest.
    #[inline]
    pub(super) fn take_lowest(&mut self) -> Option<u32> {
        let ahead = self.words[self.settled..].iter().position(|&word| word != 0)?;
        self.settled += ahead;
        let word = &mut self.words[self.settled];
        let bit = word.trailing_zeros();
        *word &= *word - 1;
        Some(self.settled as u32 * 64 + bit)
    }

    pub(super) fn clear(&mut self) {
        self.words.fill(0);
    }

    /// Whether there is none. Looks at all words.
    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|&word| word == 0)
    }
}
