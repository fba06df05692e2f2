use std::cell::Cell;

use super::candidate::Candidate;
use super::cell::PAD_M;
use super::edge_index::{EdgeIndex, Entry};
use super::segment::Segment;
use crate::geo::{Coord, LocalFrame, Xy};
use crate::id::EdgeId;
use crate::network::Network;
use crate::routing::Position;
use crate::unit::Metres;

/// No two places are farther apart, in metres.
const GLOBE_M: f64 = 20.1e6;

/// Halfway around the globe, in 1e-7 degrees.
const HALF_TURN_E7: f64 = 1.8e9;

/// How many entries are looked at before their segments are.
const LOT: usize = 32;

impl EdgeIndex {
    /// The closest point of each edge within `radius` of `at`, closest first (equally close ones by edge), at most
    /// `max`. A street open both ways is two candidates. `out` is cleared first.
    ///
    /// One run of memory up to a radius of 50 m. A radius that is not a number finds nothing.
    pub fn within(&self, network: &Network, at: Coord, radius: Metres, max: usize, out: &mut Vec<Candidate>) {
        self.within_frame(network, LocalFrame::at(at), radius, max, out);
    }

    /// [`within`](Self::within) around the origin of a frame, for who has one.
    pub(crate) fn within_frame(
        &self,
        network: &Network,
        frame: LocalFrame,
        radius: Metres,
        max: usize,
        out: &mut Vec<Candidate>,
    ) {
        out.clear();
        let mut scratch = SCRATCH.take();
        let Scratch { found, ranked } = &mut scratch;
        let search = Search::new(self, frame, radius);
        search.collect(found);
        ranked.clear();
        for (nth, found) in (0..).zip(&*found) {
            let distance_m = found.distance_sq.sqrt() as f32;
            ranked.push(Ranked::new(distance_m, found.edge, nth));
            let twin = self.segments[found.segment as usize].twin();
            ranked.extend(twin.map(|twin| Ranked::new(distance_m, twin, nth)));
        }
        ranked.sort_unstable();
        ranked.truncate(max);
        out.extend(ranked.iter().map(|ranked| search.candidate(network, &found[ranked.nth as usize], *ranked)));
        SCRATCH.set(scratch);
    }

    /// The closest edge within `radius` of `at` that is accepted (of equally close ones the lowest).
    ///
    /// `accept` may be asked about an edge more than once.
    pub fn nearest(
        &self,
        network: &Network,
        at: Coord,
        radius: Metres,
        mut accept: impl FnMut(EdgeId) -> bool,
    ) -> Option<Candidate> {
        if radius.0.is_nan() {
            return None;
        }
        let radius = radius.0.min(GLOBE_M);
        let mut reach = radius.min(PAD_M);
        let mut scratch = SCRATCH.take();
        let found = &mut scratch.found;
        let nearest = loop {
            let search = Search::new(self, LocalFrame::at(at), Metres(reach));
            search.collect(found);
            let mut best: Option<Ranked> = None;
            for (nth, found) in (0..).zip(&*found) {
                let segment = &self.segments[found.segment as usize];
                let distance_m = found.distance_sq.sqrt() as f32;
                for edge in [Some(segment.edge()), segment.twin()].into_iter().flatten() {
                    let ranked = Ranked::new(distance_m, edge, nth);
                    if best.is_none_or(|best| ranked < best) && accept(edge) {
                        best = Some(ranked);
                    }
                }
            }
            if best.is_some() || reach >= radius {
                break best.map(|best| search.candidate(network, &found[best.nth as usize], best));
            }
            reach = (reach * 2.0).clamp(1.0, radius);
        };
        SCRATCH.set(scratch);
        nearest
    }
}

thread_local! {
    /// What a search uses on the way, so that none but a thread's first ones allocate. One within another has its own.
    static SCRATCH: Cell<Scratch> = const { Cell::new(Scratch::new()) };
}

#[derive(Default)]
struct Scratch {
    found: Vec<Found>,
    ranked: Vec<Ranked>,
}

impl Scratch {
    const fn new() -> Self {
        Self { found: Vec::new(), ranked: Vec::new() }
    }
}

/// The closest point of a segment, or of all segments of an edge.
#[derive(Debug, Clone, Copy)]
struct Found {
    distance_sq: f64,
    /// Where on the segment it is.
    fraction: f64,
    segment: u32,
    edge: EdgeId,
}

/// A candidate to be: in the order that they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ranked {
    /// Its distance, whose bits are in the order of their numbers as it is not negative, then its edge.
    key: u64,
    /// Which of those found it is.
    nth: u32,
}

impl Ranked {
    #[inline]
    fn new(distance_m: f32, edge: EdgeId, nth: u32) -> Self {
        Self { key: u64::from(distance_m.to_bits()) << 32 | u64::from(edge.0), nth }
    }

    fn edge(self) -> EdgeId {
        EdgeId(self.key as u32)
    }

    fn distance_m(self) -> f32 {
        f32::from_bits((self.key >> 32) as u32)
    }
}

/// A place in an index, and how far around it to look.
struct Search<'a> {
    index: &'a EdgeIndex,
    at: Coord,
    at_e7: (f64, f64),
    metres_per_e7: Xy,
    radius: f64,
    radius_sq: f64,
    /// The radius in 1e-7 degrees of latitude and of longitude, or a little more.
    reach: (i64, i64),
}

impl<'a> Search<'a> {
    fn new(index: &'a EdgeIndex, frame: LocalFrame, radius: Metres) -> Self {
        let (at, metres_per_e7) = (frame.origin(), frame.metres_per_e7());
        let reach = |per_e7: f64| (radius.0 / per_e7).min(2.0 * HALF_TURN_E7) as i64 + 2;
        Self {
            index,
            at,
            at_e7: (at.lat_e7().into(), at.lon_e7().into()),
            metres_per_e7,
            radius: radius.0,
            radius_sq: radius.0 * radius.0,
            reach: (reach(metres_per_e7.y), reach(metres_per_e7.x)),
        }
    }

    /// The closest point of each edge within the radius; an edge and its mirror are one. `found` is cleared first.
    fn collect(&self, found: &mut Vec<Found>) {
        found.clear();
        if self.radius.is_nan() || self.radius < 0.0 {
            return;
        }
        let index = self.index;
        let mut several = !index.long.is_empty();
        index.long.iter().for_each(|&segment| self.offer(segment, found));
        if self.radius <= PAD_M {
            self.offer_cell(index.cells.at(self.at), found);
        } else {
            let area = index.cells.around(self.at, self.metres_per_e7, self.radius.min(GLOBE_M));
            if area.count() > index.cell_count as u64 {
                // Wider than all there is: the cells of the network are fewer than those of the area.
                found.clear();
                (0..index.segments.len() as u32).for_each(|segment| self.offer(segment, found));
                return;
            }
            several |= area.count() > 1;
            area.for_each(|cell| self.offer_cell(cell, found));
        }
        if several {
            found.sort_unstable_by_key(|found| found.segment);
            found.dedup_by(|next, known| {
                let same = known.edge == next.edge;
                if same && next.distance_sq < known.distance_sq {
                    *known = *next;
                }
                same
            });
        }
    }

    #[inline]
    fn offer_cell(&self, cell: u64, found: &mut Vec<Found>) {
        let sought = self.index.cells.window(cell).around(self.at, self.reach.0, self.reach.1);
        for lot in self.index.entries[self.index.directory.get(cell)].chunks(LOT) {
            let mut may_be_near = [0; LOT];
            let mut count = 0;
            for &Entry { bounds, segment } in lot {
                may_be_near[count] = segment;
                count += usize::from(bounds.meet(sought));
            }
            may_be_near[..count].iter().for_each(|&segment| self.offer(segment, found));
        }
    }

    /// Adds a segment if it is within the radius, in place of the one before if that is of the same edge and not as close.
    #[inline]
    fn offer(&self, segment: u32, found: &mut Vec<Found>) {
        let of: &Segment = &self.index.segments[segment as usize];
        let (distance_sq, fraction) = of.project(self.at_e7, self.metres_per_e7);
        if distance_sq > self.radius_sq {
            return;
        }
        let next = Found { distance_sq, fraction, segment, edge: of.edge() };
        match found.last_mut() {
            Some(known) if known.edge == next.edge => {
                if next.distance_sq < known.distance_sq {
                    *known = next;
                }
            }
            _ => found.push(next),
        }
    }

    /// The point that was found, of the edge or of its mirror.
    #[inline]
    fn candidate(&self, network: &Network, found: &Found, ranked: Ranked) -> Candidate {
        let segment = &self.index.segments[found.segment as usize];
        let mut candidate = segment.candidate(found.fraction, ranked.distance_m(), self.metres_per_e7);
        if ranked.edge() != found.edge {
            // Mirrors are equally long.
            let Position { edge, offset_mm } = candidate.position;
            let offset_mm = network.length_mm(edge).saturating_sub(offset_mm);
            candidate.position = Position { edge: ranked.edge(), offset_mm };
            candidate.heading = candidate.heading.map(|part| -part);
        }
        candidate
    }
}
