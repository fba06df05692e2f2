//! A profile's file, version 1. Little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | "etafprof" |
//! | 4 | version: 1 |
//! | 1, 1, 2 | days, road classes, bins of a day |
//! | 8, 8 | the length of a day and the offset from UTC: microseconds, with sign |
//! | 8, 4 | the network: its mark, and how many edges it has |
//! | 8, 8 | the log was read up to this offset; traversals |
//! | 4, 4 | edges that were driven on, `n`; cells, `m` |
//! | 2 each | paces of the classes, class by class, slot by slot |
//! | 4n, 2n, 2n | edges, ascending; their paces relative to their class's; how many cells each has |
//! | 2m, 2m | the cells, edge by edge: slots, ascending; paces |
//! | 4 | CRC-32C of all before |
//!
//! A slot is a bin of the week, or, after these and if days are told apart, a time of day on any day.

use etaflow_road::{EdgeId, RoadClass, Span};
use xxhash_rust::xxh3::xxh3_64;

use super::error::ProfileFormatError;
use super::usual::{Parts, SpeedProfile};
use super::week::WeekBins;
use crate::bytes::{ByteReader, BytesError};
use crate::event::{Offset, ProfileId};

const MAGIC: &[u8; 8] = b"etafprof";
const VERSION: u32 = 1;

/// Of the checksum.
const CRC_BYTES: usize = 4;

impl SpeedProfile {
    /// As it is kept.
    pub fn encode(&self) -> Vec<u8> {
        self.parts.encode()
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// If it is not exactly that.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProfileFormatError> {
        let mut reader = ByteReader::new(bytes);
        if reader.take("the beginning", MAGIC.len()).ok() != Some(&MAGIC[..]) {
            return Err(ProfileFormatError::Foreign);
        }
        let version = reader.u32("the version")?;
        if version != VERSION {
            return Err(ProfileFormatError::Version(version));
        }
        let (content, checksum) = bytes.split_at(bytes.len().saturating_sub(CRC_BYTES).max(reader.at()));
        let found = ByteReader::new(checksum).u32("the checksum")?;
        let content_crc = crc32c::crc32c(content);
        if found != content_crc {
            return Err(ProfileFormatError::Checksum { found, content: content_crc });
        }
        let mut reader = ByteReader::new(content);
        reader.take("the beginning", MAGIC.len() + size_of::<u32>())?;
        let parts = Parts::decode(&mut reader)?;
        Ok(Self { id: ProfileId(xxh3_64(bytes)), parts })
    }
}

impl Parts {
    pub(super) fn encode(&self) -> Vec<u8> {
        let cells = self.slots.len();
        let mut out = Vec::with_capacity(72 + self.classes.len() * 2 + self.edges.len() * 8 + cells * 4);
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        out.extend([self.bins.days, RoadClass::ALL.len() as u8]);
        out.extend(self.bins.bins_per_day.to_le_bytes());
        out.extend(self.bins.day.micros().to_le_bytes());
        out.extend(self.bins.offset.micros().to_le_bytes());
        out.extend(self.network.to_le_bytes());
        out.extend(self.edge_count.to_le_bytes());
        out.extend(self.upto.0.to_le_bytes());
        out.extend(self.traversals.to_le_bytes());
        out.extend((self.edges.len() as u32).to_le_bytes());
        out.extend((cells as u32).to_le_bytes());
        let mut put = |numbers: &[u16]| numbers.iter().for_each(|number| out.extend(number.to_le_bytes()));
        put(&self.classes);
        self.edges.iter().for_each(|edge| out.extend(edge.0.to_le_bytes()));
        let mut put = |numbers: &[u16]| numbers.iter().for_each(|number| out.extend(number.to_le_bytes()));
        put(&self.ratios);
        let counts: Vec<u16> = self.first.windows(2).map(|pair| (pair[1] - pair[0]) as u16).collect();
        put(&counts);
        put(&self.slots);
        put(&self.paces);
        out.extend(crc32c::crc32c(&out).to_le_bytes());
        out
    }

    fn decode(reader: &mut ByteReader<'_>) -> Result<Self, BytesError> {
        let (days, class_count) = (reader.u8("days")?, reader.u8("road classes")?);
        let bins = WeekBins {
            days,
            bins_per_day: reader.u16("bins of a day")?,
            day: Span::from_micros(reader.i64("the length of a day")?),
            offset: Span::from_micros(reader.i64("the offset from UTC")?),
        };
        bins.validate().map_err(|_| reader.error("how the week is cut", "is out of its bounds"))?;
        if usize::from(class_count) != RoadClass::ALL.len() {
            return Err(reader.error("the number of road classes", "is another than there are"));
        }
        let (network, edge_count) = (reader.u64("the network's mark")?, reader.u32("the network's edges")?);
        let (upto, traversals) = (Offset(reader.u64("the offset")?), reader.u64("traversals")?);
        let (own, cells) = (reader.u32("edges")? as usize, reader.u32("cells")? as usize);
        let classes = paces(reader, "paces of classes", RoadClass::ALL.len() * usize::from(bins.slots()))?;
        let edges: Vec<EdgeId> = numbers(reader, "edges", own, |bytes| EdgeId(u32::from_le_bytes(bytes)))?;
        if !edges.is_sorted_by(|a, b| a < b) || edges.last().is_some_and(|last| last.0 >= edge_count) {
            return Err(reader.error("edges", "are not in order, or not of the network"));
        }
        let ratios = paces(reader, "paces of edges", own)?;
        let counts = numbers(reader, "cells of edges", own, u16::from_le_bytes)?;
        let slots = numbers(reader, "slots", cells, u16::from_le_bytes)?;
        let first = firsts(&counts, &slots, bins.slots())
            .ok_or_else(|| reader.error("cells", "are more or fewer than their edges have, or not in order"))?;
        let paces = paces(reader, "paces of cells", cells)?;
        reader.end()?;
        Ok(Self { network, edge_count, bins, upto, traversals, classes, edges, ratios, first, slots, paces })
    }
}

/// Where the cells of each edge begin, if the edges have as many as there are and each has its own in order.
fn firsts(counts: &[u16], slots: &[u16], slot_count: u16) -> Option<Vec<u32>> {
    let mut first = Vec::with_capacity(counts.len() + 1);
    first.push(0);
    let mut begin = 0;
    for &count in counts {
        let end = begin + usize::from(count);
        let own = slots.get(begin..end)?;
        if !own.is_sorted_by(|a, b| a < b) || own.last().is_some_and(|&last| last >= slot_count) {
            return None;
        }
        first.push(end as u32);
        begin = end;
    }
    (begin == slots.len()).then_some(first)
}

fn paces(reader: &mut ByteReader<'_>, what: &'static str, count: usize) -> Result<Vec<u16>, BytesError> {
    let paces = numbers(reader, what, count, u16::from_le_bytes)?;
    if paces.contains(&0) { Err(reader.error(what, "are of nothing that moves")) } else { Ok(paces) }
}

/// So many numbers, one after the other. Nothing is set aside for more than there are bytes.
fn numbers<T, const N: usize>(
    reader: &mut ByteReader<'_>,
    what: &'static str,
    count: usize,
    number: impl Fn([u8; N]) -> T,
) -> Result<Vec<T>, BytesError> {
    let bytes = reader.take(what, count.saturating_mul(N))?;
    let (numbers, _) = bytes.as_chunks::<N>();
    Ok(numbers.iter().map(|&bytes| number(bytes)).collect())
}
