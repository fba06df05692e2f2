use super::customized::{Customized, Needed};
use super::hierarchy::HEIGHT_MAX;
use super::rows::Rows;
use crate::unit::{INFINITY, Weight};

/// What a search knows of the way to a node.
pub(super) trait Label: Copy + Ord {
    /// Nothing.
    const NONE: Self;

    /// How long it is, and from which node it comes.
    fn new(distance: Weight, from: u32) -> Self;

    fn distance(self) -> Weight;
}

/// How long it is.
impl Label for Weight {
    const NONE: Self = INFINITY;

    #[inline]
    fn new(distance: Weight, _: u32) -> Self {
        distance
    }

    #[inline]
    fn distance(self) -> Weight {
        self
    }
}

/// How long it is, and from which node it comes: in one number, so that the less of two is found without a branch that
/// nobody could foresee.
impl Label for u64 {
    const NONE: Self = (INFINITY as Self) << 32;

    #[inline]
    fn new(distance: Weight, from: u32) -> Self {
        Self::from(distance) << 32 | Self::from(from)
    }

    #[inline]
    fn distance(self) -> Weight {
        (self >> 32) as Weight
    }
}

/// By depth: what a search knows of the ancestors of the node that it has come from.
#[derive(Debug)]
pub(super) struct Labels<L>(Box<[L; HEIGHT_MAX]>);

/// The arcs that searches look at.
#[derive(Clone, Copy)]
pub(super) struct Arcs<'a> {
    first: &'a [u32],
    depth: &'a [u16],
    weight: &'a [Weight],
}

impl<L: Label + std::fmt::Debug> Labels<L> {
    pub(super) fn new() -> Self {
        Self(vec![L::NONE; HEIGHT_MAX].into_boxed_slice().try_into().expect("it is that long"))
    }

    /// Knows nothing of the ancestors from a depth down to another.
    pub(super) fn forget(&mut self, from: u16, to: u16) {
        self.0[usize::from(from)..=usize::from(to)].fill(L::NONE);
    }

    #[inline]
    pub(super) fn get(&self, depth: u16) -> L {
        // No depth is larger than the array is long: the remainder says so to the compiler.
        self.0[usize::from(depth) % HEIGHT_MAX]
    }

    #[inline]
    pub(super) fn distance(&self, depth: u16) -> Weight {
        self.get(depth).distance()
    }

    /// Puts a label where it is better than what is known.
    #[inline]
    pub(super) fn offer(&mut self, depth: u16, label: L) {
        let known = &mut self.0[usize::from(depth) % HEIGHT_MAX];
        *known = label.min(*known);
    }

    pub(super) fn set(&mut self, depth: u16, label: L) {
        self.0[usize::from(depth) % HEIGHT_MAX] = label;
    }

    /// Goes up all arcs of a row, from a node that is `distance` away.
    #[inline]
    pub(super) fn relax(&mut self, arcs: Arcs<'_>, row: usize, distance: Weight) {
        let from = (row / 2) as u32;
        for (depth, weight) in arcs.row(row) {
            self.offer(depth, L::new(distance + weight, from));
        }
    }

    /// The least distance from a depth up.
    pub(super) fn least(&self, depth: u16) -> Weight {
        self.0[..=usize::from(depth)].iter().fold(INFINITY, |least, label| least.min(label.distance()))
    }

    /// The least sum of two distances from a depth up, and where it is, or else `bound`.
    pub(super) fn best_with(&self, other: &Self, depth: u16, bound: Weight) -> (Weight, u16) {
        let sums = || {
            let pairs = self.0.iter().zip(&*other.0).take(usize::from(depth) + 1);
            pairs.map(|(there, back)| there.distance() + back.distance())
        };
        let best = sums().fold(INFINITY, Weight::min);
        if best >= bound {
            return (bound, 0);
        }
        let top = sums().position(|sum| sum == best).expect("it is one of them");
        (best, top as u16)
    }
}

impl Customized {
    #[inline]
    pub(super) fn arcs(&self) -> Arcs<'_> {
        if self.is_perfect {
            let Needed { first, depth, weight } = &self.needed;
            return Arcs { first, depth, weight };
        }
        let Rows { first, depth } = &self.hierarchy.rows;
        Arcs { first, depth, weight: &self.weight }
    }
}

impl<'a> Arcs<'a> {
    /// The arcs of a row: the depths of their upper ends, and their weights.
    #[inline]
    pub(super) fn row(self, row: usize) -> impl Iterator<Item = (u16, Weight)> + 'a {
        let (start, end) = (self.first[row] as usize, self.first[row + 1] as usize);
        self.depth[start..end].iter().copied().zip(self.weight[start..end].iter().copied())
    }
}
