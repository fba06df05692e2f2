use rustc_hash::FxHashMap;

use super::cell::Cells;
use super::directory::Directory;
use super::segment::{Segment, segments};
use super::window::Bounds;
use crate::network::Network;

/// Longer segments are in no cell; every search looks at each of them. Roads have none; a ferry may.
const LONG_M: f64 = 100e3;

/// Finds the edges of a [`Network`] that are near a place, anywhere on the globe.
///
/// Distances are those of the plane that touches the globe at the place asked for
/// ([`LocalFrame`](crate::LocalFrame)). Memory is 32 bytes a segment, and 8 for each cell of about 128 m that it comes
/// within 50 m of: some 70 bytes a segment in a city.
#[derive(Debug)]
pub struct EdgeIndex {
    pub(super) cells: Cells,
    pub(super) directory: Directory,
    /// Cell by cell, in each in the order of segments.
    pub(super) entries: Vec<Entry>,
    /// Those of an edge are together and in their order.
    pub(super) segments: Vec<Segment>,
    /// Segments that are in no cell.
    pub(super) long: Vec<u32>,
    pub(super) cell_count: usize,
}

/// A segment, and about where it is in a cell.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Entry {
    pub(super) bounds: Bounds,
    pub(super) segment: u32,
}

impl EdgeIndex {
    /// Indexes all edges of a network. It goes with that network only.
    pub fn new(network: &Network) -> Self {
        let cells = Cells::new();
        let segments = segments(network);
        let is_long = |segment: &Segment| segment.metres() > LONG_M;
        let long = (0..).zip(&segments).filter(|(_, segment)| is_long(segment)).map(|(nth, _)| nth).collect();
        let short = || (0..).zip(&segments).filter(|(_, segment)| !is_long(segment));
        let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
        for (_, segment) in short() {
            cells.along(segment.line(), |cell, _| *counts.entry(cell).or_default() += 1);
        }
        let mut counts: Vec<(u64, u32)> = counts.into_iter().collect();
        counts.sort_unstable();
        let directory = Directory::new(&counts);
        let total = counts.iter().map(|&(_, count)| count as usize).sum();
        let mut entries = vec![Entry::default(); total];
        let mut filled: FxHashMap<u64, usize> =
            counts.iter().map(|&(cell, _)| (cell, directory.get(cell).start)).collect();
        for (nth, segment) in short() {
            cells.along(segment.line(), |cell, bounds| {
                let next = filled.entry(cell).or_default();
                entries[*next] = Entry { bounds, segment: nth };
                *next += 1;
            });
        }
        Self { cells, directory, entries, segments, long, cell_count: counts.len() }
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        size_of_val(&self.entries[..])
            + size_of_val(&self.segments[..])
            + size_of_val(&self.long[..])
            + self.directory.bytes()
    }
}
