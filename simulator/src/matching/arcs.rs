use std::collections::HashMap;

use etaflow_road::{Coord, EdgeId, Network, Position};

/// The number of a stretch of road between two nodes of the input, in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ArcId(pub(super) u32);

/// The arcs that a network's edges consist of.
#[derive(Debug)]
pub(super) struct Arcs {
    /// By edge, where its pieces begin; one more than there are edges.
    first: Vec<usize>,
    pieces: Vec<Piece>,
    /// By arc, where it begins and ends.
    ends: Vec<[Coord; 2]>,
    lengths_m: Vec<f64>,
    by_keys: HashMap<[i64; 2], ArcId>,
}

/// An arc as a part of an edge.
#[derive(Debug, Clone, Copy)]
struct Piece {
    arc: ArcId,
    /// How far along the edge it ends, in millimetres; it begins where the one before ends.
    end_mm: f64,
}

impl Arcs {
    pub(super) fn new(network: &Network) -> Self {
        let (first, pieces) = (vec![0], Vec::new());
        let mut arcs = Self { first, pieces, ends: Vec::new(), lengths_m: Vec::new(), by_keys: HashMap::new() };
        for edge in network.edges() {
            arcs.add(network, edge);
        }
        arcs
    }

    fn add(&mut self, network: &Network, edge: EdgeId) {
        let (shape, keys) = (network.shape(edge), network.shape_keys(edge));
        let lengths: Vec<f64> = shape.windows(2).map(|pair| pair[0].distance(pair[1]).0).collect();
        let scale = f64::from(network.length_mm(edge)) / lengths.iter().sum::<f64>().max(1e-9);
        let mut end_mm = 0.0;
        for (nth, length_m) in lengths.into_iter().enumerate() {
            let next = ArcId(self.ends.len() as u32);
            let arc = *self.by_keys.entry([keys[nth], keys[nth + 1]]).or_insert(next);
            if arc == next {
                self.ends.push([shape[nth], shape[nth + 1]]);
                self.lengths_m.push(length_m);
            }
            end_mm += length_m * scale;
            self.pieces.push(Piece { arc, end_mm });
        }
        self.first.push(self.pieces.len());
    }

    /// The arc between two nodes, which are told by their keys.
    pub(super) fn get(&self, keys: [i64; 2]) -> Option<ArcId> {
        self.by_keys.get(&keys).copied()
    }

    /// All arcs.
    pub(super) fn iter(&self) -> impl Iterator<Item = ArcId> + use<> {
        (0..self.ends.len() as u32).map(ArcId)
    }

    pub(super) fn length_m(&self, arc: ArcId) -> f64 {
        self.lengths_m[arc.0 as usize]
    }

    pub(super) fn ends(&self, arc: ArcId) -> [Coord; 2] {
        self.ends[arc.0 as usize]
    }

    /// The arcs of an edge of which more than half is between two offsets, in millimetres.
    pub(super) fn driven(&self, edge: EdgeId, from_mm: u32, to_mm: u32) -> impl Iterator<Item = ArcId> + '_ {
        let mut begin_mm = 0.0;
        self.pieces(edge).iter().filter_map(move |piece| {
            let begin = std::mem::replace(&mut begin_mm, piece.end_mm);
            let covered = piece.end_mm.min(f64::from(to_mm)) - begin.max(f64::from(from_mm));
            (covered > (piece.end_mm - begin) / 2.0).then_some(piece.arc)
        })
    }

    /// The arc that a place is on.
    pub(super) fn at(&self, place: Position) -> ArcId {
        let pieces = self.pieces(place.edge);
        let found = pieces.iter().find(|piece| f64::from(place.offset_mm) <= piece.end_mm);
        found.or(pieces.last()).expect("an edge has two ends at least").arc
    }

    fn pieces(&self, edge: EdgeId) -> &[Piece] {
        &self.pieces[self.first[edge.0 as usize]..self.first[edge.0 as usize + 1]]
    }
}
