//! Reading of what was written in little-endian, in the order of writing.

use etaflow_road::{Coord, EdgeId, Network, Position, Timestamp, Weight};

/// Reads values off bytes, one after the other, and never past their end.
#[derive(Debug, Clone)]
pub(crate) struct ByteReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// The bytes are not what was expected there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at} {why}")]
pub struct BytesError {
    /// What was to be read.
    pub what: &'static str,
    /// Where, from the beginning of the bytes.
    pub at: usize,
    /// What is wrong with it.
    pub why: &'static str,
}

impl<'a> ByteReader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes were read.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// How many are left.
    pub(crate) const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// That what was read last, or is to be read, is wrong.
    pub(crate) const fn error(&self, what: &'static str, why: &'static str) -> BytesError {
        BytesError { what, at: self.at, why }
    }

    /// Some bytes as they are.
    pub(crate) fn take(&mut self, what: &'static str, count: usize) -> Result<&'a [u8], BytesError> {
        if count > self.left() {
            return Err(self.error(what, "is cut short"));
        }
        let taken = &self.bytes[self.at..self.at + count];
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], BytesError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(what, N)?);
        Ok(array)
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, BytesError> {
        self.array(what).map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self, what: &'static str) -> Result<u16, BytesError> {
        self.array(what).map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, BytesError> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self, what: &'static str) -> Result<u64, BytesError> {
        self.array(what).map(u64::from_le_bytes)
    }

    pub(crate) fn u128(&mut self, what: &'static str) -> Result<u128, BytesError> {
        self.array(what).map(u128::from_le_bytes)
    }

    pub(crate) fn i64(&mut self, what: &'static str) -> Result<i64, BytesError> {
        self.array(what).map(i64::from_le_bytes)
    }

    pub(crate) fn f32(&mut self, what: &'static str) -> Result<f32, BytesError> {
        self.array(what).map(f32::from_le_bytes)
    }

    pub(crate) fn time(&mut self, what: &'static str) -> Result<Timestamp, BytesError> {
        self.i64(what).map(Timestamp::from_micros)
    }

    /// A place on an edge. Whether the network has that edge, and it is as long, is for the caller to see to.
    pub(crate) fn position(&mut self, what: &'static str) -> Result<Position, BytesError> {
        Ok(Position { edge: EdgeId(self.u32(what)?), offset_mm: self.u32(what)? })
    }

    /// An edge of a network.
    pub(crate) fn edge_of(&mut self, what: &'static str, network: &Network) -> Result<EdgeId, BytesError> {
        let edge = EdgeId(self.u32(what)?);
        if edge.index() < network.edge_count() {
            Ok(edge)
        } else {
            Err(self.error(what, "is on no edge of the network"))
        }
    }

    /// A place on an edge of a network.
    pub(crate) fn position_on(&mut self, what: &'static str, network: &Network) -> Result<Position, BytesError> {
        let (edge, offset_mm) = (self.edge_of(what, network)?, self.u32(what)?);
        if offset_mm > network.length_mm(edge) {
            return Err(self.error(what, "is past the end of its edge"));
        }
        Ok(Position { edge, offset_mm })
    }

    /// A place on the globe.
    pub(crate) fn coord(&mut self, what: &'static str) -> Result<Coord, BytesError> {
        let (lat, lon) = (self.u32(what)? as i32, self.u32(what)? as i32);
        Coord::from_e7(lat, lon).map_err(|_| self.error(what, "is not on the globe"))
    }

    /// A number from 0 to 1.
    pub(crate) fn share(&mut self, what: &'static str) -> Result<f32, BytesError> {
        let share = self.f32(what)?;
        if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(self.error(what, "is not within 0 and 1")) }
    }

    /// Bits of which only those of `known` can be set.
    pub(crate) fn marks(&mut self, what: &'static str, known: u8) -> Result<u8, BytesError> {
        let marks = self.u8(what)?;
        if marks & !known == 0 { Ok(marks) } else { Err(self.error(what, "has a bit that means nothing")) }
    }

    /// One travel time for each of so many edges, whatever they are.
    pub(crate) fn weights(&mut self, what: &'static str, edges: usize) -> Result<Vec<Weight>, BytesError> {
        if self.u32(what)? as usize != edges {
            return Err(self.error(what, "is of another network: it has not as many edges"));
        }
        let bytes = self.take(what, edges.saturating_mul(size_of::<Weight>()))?;
        let weight = |bytes: &[u8]| Weight::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        Ok(bytes.chunks_exact(size_of::<Weight>()).map(weight).collect())
    }

    /// That nothing is left.
    pub(crate) fn end(&self) -> Result<(), BytesError> {
        if self.left() == 0 { Ok(()) } else { Err(self.error("the rest", "is more than was written")) }
    }
}

/// Appends a place on an edge.
pub(crate) fn put_position(out: &mut Vec<u8>, position: Position) {
    out.extend(position.edge.0.to_le_bytes());
    out.extend(position.offset_mm.to_le_bytes());
}

/// Appends a time.
pub(crate) fn put_time(out: &mut Vec<u8>, time: Timestamp) {
    out.extend(time.micros().to_le_bytes());
}

/// Appends a place on the globe.
pub(crate) fn put_coord(out: &mut Vec<u8>, coord: Coord) {
    out.extend(coord.lat_e7().to_le_bytes());
    out.extend(coord.lon_e7().to_le_bytes());
}

/// Appends the travel times of all edges of a network.
pub(crate) fn put_weights(out: &mut Vec<u8>, weights: &[Weight]) {
    out.extend((weights.len() as u32).to_le_bytes());
    let begin = out.len();
    out.resize(begin + size_of_val(weights), 0);
    for (bytes, weight) in out[begin..].chunks_exact_mut(size_of::<Weight>()).zip(weights) {
        bytes.copy_from_slice(&weight.to_le_bytes());
    }
}
