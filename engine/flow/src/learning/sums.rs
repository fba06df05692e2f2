use etaflow_road::{EdgeId, Network, RoadClass};
use rustc_hash::FxHashMap;

use crate::profile::WeekBins;
use crate::stream::Aggregate;
use crate::traffic::{Evidence, Traversal};

/// Who took longer than so many times what the map says counts as one who took that: one of them on a short edge would
/// otherwise outweigh many. It is as slow as a road is ever said to be.
const SLOWEST: u64 = 30;

/// What was driven, by edge and bin of the week, and by road class and bin.
///
/// Integers, so that the order of addition is of no matter, and parts of a log can be added up apart and
/// [merged](Self::merge).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileSums {
    bins: WeekBins,
    cells_max: usize,
    cells: FxHashMap<(EdgeId, u16), Evidence>,
    /// By class, and within it by bin.
    classes: Vec<Driven>,
    traversals: u64,
    left_out: u64,
}

/// Time driven, and time that the map allows for the same stretches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Driven {
    pub(super) driven_us: u64,
    pub(super) allowed_us: u64,
}

impl Driven {
    pub(super) fn add(&mut self, other: Self) {
        self.driven_us = self.driven_us.saturating_add(other.driven_us);
        self.allowed_us = self.allowed_us.saturating_add(other.allowed_us);
    }

    /// Of what was driven on an edge.
    pub(super) fn on(network: &Network, edge: EdgeId, evidence: &Evidence) -> Self {
        let (length, free_flow) = (network.length_mm(edge).max(1), network.free_flow(edge));
        let allowed_us = u128::from(evidence.length_mm) * u128::from(free_flow) * 1_000 / u128::from(length);
        Self { driven_us: evidence.duration_ms.saturating_mul(1_000), allowed_us: allowed_us as u64 }
    }
}

impl ProfileSums {
    /// Nothing yet; at most `cells_max` sums of an edge in a bin.
    pub fn new(bins: WeekBins, cells_max: usize) -> Self {
        let classes = vec![Driven::default(); RoadClass::ALL.len() * usize::from(bins.count())];
        Self { bins, cells_max, cells: FxHashMap::default(), classes, traversals: 0, left_out: 0 }
    }

    /// Adds a traversal.
    pub fn add(&mut self, network: &Network, traversal: &Traversal) {
        let Traversal { edge, length_mm, duration_ms, left_at } = *traversal;
        let (whole, free_flow) = (u64::from(network.length_mm(edge).max(1)), u64::from(network.free_flow(edge)));
        let slowest = u128::from(free_flow * SLOWEST) * u128::from(length_mm) / u128::from(whole);
        let duration_ms = u128::from(duration_ms).min(slowest.max(1)) as u64;
        let one = Evidence { samples: 1, length_mm: length_mm.into(), duration_ms };
        let bin = self.bins.at(left_at).0;
        let class = network.class(edge) as usize * usize::from(self.bins.count()) + usize::from(bin);
        self.classes[class].add(Driven::on(network, edge, &one));
        self.traversals += 1;
        self.add_cell((edge, bin), &one);
    }

    fn add_cell(&mut self, cell: (EdgeId, u16), evidence: &Evidence) {
        let full = self.cells.len() >= self.cells_max;
        match self.cells.get_mut(&cell) {
            Some(sum) => sum.merge(evidence),
            None if full => self.left_out += u64::from(evidence.samples),
            None => {
                self.cells.insert(cell, *evidence);
            }
        }
    }

    /// Adds all that others have, which cut the week in the same way; false, and nothing, if they do not. The same sums
    /// come of any order, as long as nothing has to be [left out](Self::left_out).
    pub fn merge(&mut self, other: &Self) -> bool {
        if self.bins != other.bins {
            return false;
        }
        for (sum, other) in self.classes.iter_mut().zip(&other.classes) {
            sum.add(*other);
        }
        self.traversals += other.traversals;
        self.left_out += other.left_out;
        // In order: which are left out must not depend on the map's.
        for (edge, bin, evidence) in other.in_order() {
            self.add_cell((edge, bin), &evidence);
        }
        true
    }

    /// How many traversals were added.
    pub fn traversals(&self) -> u64 {
        self.traversals
    }

    /// How many of them counted for their road's class alone, since there is no room for more cells.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// How many sums of an edge in a bin there are.
    pub fn cells(&self) -> usize {
        self.cells.len()
    }

    /// How the week is cut.
    pub fn bins(&self) -> &WeekBins {
        &self.bins
    }

    /// All sums, by edge and bin.
    pub(super) fn in_order(&self) -> Vec<(EdgeId, u16, Evidence)> {
        let mut cells: Vec<_> = self.cells.iter().map(|(&(edge, bin), &evidence)| (edge, bin, evidence)).collect();
        cells.sort_unstable_by_key(|&(edge, bin, _)| (edge, bin));
        cells
    }

    /// What was driven on roads of a class in a bin.
    pub(super) fn class(&self, class: usize, bin: u16) -> Driven {
        self.classes[class * usize::from(self.bins.count()) + usize::from(bin)]
    }
}
