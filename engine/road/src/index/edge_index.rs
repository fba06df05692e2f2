use rustc_hash::FxHashMap;

use super::cell::{Cells, Line};
use super::directory::Directory;
use crate::geo::{Coord, LocalFrame};
use crate::id::EdgeId;
use crate::network::Network;

/// In place of a twin where there is none.
pub(super) const NO_TWIN: u32 = u32::MAX;

/// Longer segments are in no cell; every search looks at each of them. Roads have none; a ferry may.
const LONG_M: f64 = 100e3;

/// Finds the edges of a [`Network`] that are near a place, anywhere on the globe.
///
/// Distances are those of the plane that touches the globe at the place asked for ([`LocalFrame`]). Memory is 32 bytes
/// for each cell of about 64 m that a segment comes within 50 m of: some 200 to 300 bytes a segment in a city.
#[derive(Debug)]
pub struct EdgeIndex {
    pub(super) cells: Cells,
    pub(super) directory: Directory,
    /// Cell by cell, in each by edge.
    pub(super) entries: Vec<Entry>,
    /// Segments that are in no cell.
    pub(super) long: Vec<Entry>,
    pub(super) cell_count: usize,
}

/// A segment, as copied into a cell: half a cache line. It stands for both directions where one is the other's mirror.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) lat_e7: i32,
    pub(super) lon_e7: i32,
    pub(super) lat_step: i32,
    pub(super) lon_step: i32,
    pub(super) edge: u32,
    pub(super) twin: u32,
    /// Where on the edge the segment begins, and how long it is.
    pub(super) first_mm: u32,
    pub(super) length_mm: u32,
}

const VACANT: Entry =
    Entry { lat_e7: 0, lon_e7: 0, lat_step: 0, lon_step: 0, edge: 0, twin: NO_TWIN, first_mm: 0, length_mm: 0 };

impl EdgeIndex {
    /// Indexes all edges of a network. It goes with that network only.
    pub fn new(network: &Network) -> Self {
        let cells = Cells::new();
        let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
        let mut long = Vec::new();
        let mut draft = Draft::default();
        for edge in network.edges() {
            draft.cut(network, edge);
            for (line, entry) in &draft.segments {
                match line {
                    Some(line) => cells.along(*line, |cell| *counts.entry(cell).or_default() += 1),
                    None => long.push(*entry),
                }
            }
        }
        let mut counts: Vec<(u64, u32)> = counts.into_iter().collect();
        counts.sort_unstable();
        let directory = Directory::new(&counts);
        let total = counts.iter().map(|&(_, count)| count as usize).sum();
        let mut entries = vec![VACANT; total];
        let mut filled: FxHashMap<u64, usize> =
            counts.iter().map(|&(cell, _)| (cell, directory.get(cell).start)).collect();
        for edge in network.edges() {
            draft.cut(network, edge);
            for (line, entry) in &draft.segments {
                let Some(line) = line else { continue };
                cells.along(*line, |cell| {
                    let next = filled.entry(cell).or_default();
                    entries[*next] = *entry;
                    *next += 1;
                });
            }
        }
        Self { cells, directory, entries, long, cell_count: counts.len() }
    }

    /// How many bytes it takes.
    pub fn bytes(&self) -> usize {
        (self.entries.len() + self.long.len()) * size_of::<Entry>() + self.cell_count.next_power_of_two() * 2 * 16
    }
}

/// The segments of one edge.
#[derive(Default)]
struct Draft {
    /// Without a line, a segment is long.
    segments: Vec<(Option<Line>, Entry)>,
    /// Where each point of the shape is on the edge, in millimetres.
    offsets: Vec<u32>,
}

impl Draft {
    fn cut(&mut self, network: &Network, edge: EdgeId) {
        self.segments.clear();
        let twin = mirror(network, edge);
        if twin.is_some_and(|twin| twin < edge) {
            return;
        }
        let shape = network.shape(edge);
        self.measure(shape, network.length_mm(edge));
        for (nth, pair) in shape.windows(2).enumerate() {
            let (first_mm, end_mm) = (self.offsets[nth], self.offsets[nth + 1]);
            // Points on one another add nothing, unless they are all there is.
            if pair[0] == pair[1] && shape.len() > 2 && end_mm - first_mm < network.length_mm(edge) {
                continue;
            }
            let line = Line::new(pair[0], pair[1]);
            let entry = Entry {
                lat_e7: pair[0].lat_e7(),
                lon_e7: pair[0].lon_e7(),
                lat_step: line.lat_step as i32,
                lon_step: line.lon_step as i32,
                edge: edge.0,
                twin: twin.map_or(NO_TWIN, |twin| twin.0),
                first_mm,
                length_mm: end_mm - first_mm,
            };
            let frame = LocalFrame::at(pair[0]);
            let long = frame.to_xy(pair[1]).distance(frame.to_xy(pair[0])) > LONG_M;
            self.segments.push(((!long).then_some(line), entry));
        }
    }

    /// Spreads the length of an edge over its shape, as [`Network::coord_at`] does.
    fn measure(&mut self, shape: &[Coord], length_mm: u32) {
        self.offsets.clear();
        let step = |pair: &[Coord]| pair[0].distance(pair[1]).0;
        let total: f64 = shape.windows(2).map(step).sum();
        let mut so_far = 0.0;
        self.offsets.push(0);
        for pair in shape.windows(2) {
            so_far += step(pair);
            let share = if total > 0.0 { (so_far / total).min(1.0) } else { 1.0 };
            self.offsets.push((share * f64::from(length_mm)).round() as u32);
        }
        // The sum in the loop is the same as the total, term by term; this says so.
        if let Some(last) = self.offsets.last_mut() {
            *last = length_mm;
        }
    }
}

/// The twin of an edge, if it has the same shape the other way around.
fn mirror(network: &Network, edge: EdgeId) -> Option<EdgeId> {
    let twin = network.twin(edge)?;
    let same =
        network.length_mm(twin) == network.length_mm(edge) && network.shape(twin).iter().rev().eq(network.shape(edge));
    (same && twin != edge).then_some(twin)
}
