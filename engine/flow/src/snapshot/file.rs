//! The form of a snapshot in a file.
//!
//! ```text
//! magic (8 bytes), version (u32), length of the header (u32), header, CRC-32C of everything so far (u32)
//! per part: kind (u8), 3 zeros, length of its content (u64), content, CRC-32C of all that (u32)
//! "END.", number of parts (u32), length of the file (u64), CRC-32C of the parts' checksums and of this (u32)
//! ```
//! Numbers are little-endian. The header: offset (u64), the tick's number (u64), time (i64) and watermark (i64), nodes
//! (u64), edges (u64), the network's digest (u128), number of parts (u32), the settings' length (u32) and the settings.

use std::io;

use etaflow_road::Timestamp;

use super::error::SnapshotError;
use super::image::{Fingerprint, Image, Part};
use crate::bytes::{ByteReader, BytesError};
use crate::event::Offset;
use crate::stream::{Digest, Tick};

/// What every snapshot begins with. The line ends and the end-of-file sign show when a transfer has taken it for text.
pub(super) const MAGIC: [u8; 8] = *b"\x89ETS\r\n\x1a\n";
pub(super) const VERSION: u32 = 1;
const END: [u8; 4] = *b"END.";
/// Magic, version and the header's length.
const PREFIX_BYTES: usize = 16;
/// More than any header has.
const HEADER_BYTES_MAX: u32 = 1 << 20;
/// Kind, zeros and length.
const PART_PREFIX_BYTES: usize = 12;
const CHECKSUM_BYTES: usize = 4;
const TRAILER_BYTES: usize = 20;

/// A snapshot's bytes.
///
/// # Panics
/// If the settings have a MiB or more.
pub fn encode(image: &Image) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(image.bytes() as usize + 4_096);
    write(image, |piece| {
        bytes.extend_from_slice(piece);
        Ok(())
    })
    .expect("memory takes it");
    bytes
}

/// The snapshot that was written as these bytes. It takes as much memory as they do.
///
/// # Errors
/// If they are not what was written.
pub fn decode(bytes: &[u8]) -> Result<Image, SnapshotError> {
    let source = |into: &mut [u8], at: u64| -> io::Result<usize> {
        let rest = usize::try_from(at).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
        let count = into.len().min(rest.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    };
    match read(bytes.len() as u64, source) {
        Ok(image) => Ok(image),
        Err(ReadError::Content(error)) => Err(error),
        Err(ReadError::Io(error)) => unreachable!("memory can be read: {error}"),
    }
}

/// Writes a snapshot piece by piece.
pub(super) fn write(image: &Image, mut put: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let header = header(image);
    let mut total = header.len() as u64;
    put(&header)?;
    let mut checksums = 0;
    for part in &image.parts {
        let mut prefix = [0; PART_PREFIX_BYTES];
        prefix[0] = part.kind;
        prefix[4..].copy_from_slice(&(part.bytes.len() as u64).to_le_bytes());
        let checksum = crc32c::crc32c_append(crc32c::crc32c(&prefix), &part.bytes).to_le_bytes();
        checksums = crc32c::crc32c_append(checksums, &checksum);
        put(&prefix)?;
        put(&part.bytes)?;
        put(&checksum)?;
        total += (prefix.len() + part.bytes.len() + checksum.len()) as u64;
    }
    let mut trailer = END.to_vec();
    trailer.extend((image.parts.len() as u32).to_le_bytes());
    trailer.extend((total + TRAILER_BYTES as u64).to_le_bytes());
    trailer.extend(crc32c::crc32c_append(checksums, &trailer).to_le_bytes());
    put(&trailer)
}

fn header(image: &Image) -> Vec<u8> {
    let Image { offset, tick, fingerprint, parts } = image;
    let mut header = Vec::new();
    for number in [offset.0, tick.number, tick.time.micros() as u64, tick.watermark.micros() as u64] {
        header.extend(number.to_le_bytes());
    }
    header.extend(fingerprint.nodes.to_le_bytes());
    header.extend(fingerprint.edges.to_le_bytes());
    header.extend(fingerprint.network.0.to_le_bytes());
    header.extend((parts.len() as u32).to_le_bytes());
    header.extend((fingerprint.settings.len() as u32).to_le_bytes());
    header.extend(fingerprint.settings.as_bytes());
    assert!(header.len() < HEADER_BYTES_MAX as usize, "settings of {} bytes", fingerprint.settings.len());
    let mut bytes = MAGIC.to_vec();
    bytes.extend(VERSION.to_le_bytes());
    bytes.extend((header.len() as u32).to_le_bytes());
    bytes.append(&mut header);
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

/// Why a snapshot could not be read from where it is.
#[derive(Debug)]
pub(super) enum ReadError {
    Io(io::Error),
    Content(SnapshotError),
}

impl From<SnapshotError> for ReadError {
    fn from(error: SnapshotError) -> Self {
        Self::Content(error)
    }
}

impl From<BytesError> for ReadError {
    fn from(BytesError { what, at, why }: BytesError) -> Self {
        malformed(what, at as u64, why).into()
    }
}

/// Reads a snapshot of `size` bytes, which `source` reads at a place.
pub(super) fn read(size: u64, source: impl FnMut(&mut [u8], u64) -> io::Result<usize>) -> Result<Image, ReadError> {
    let mut reader = Reader { size, at: 0, source };
    let (mut image, count) = reader.header()?;
    let mut checksums = 0;
    for nth in 0..count {
        image.parts.push(reader.part(nth, &mut checksums)?);
    }
    reader.trailer(count, checksums)?;
    Ok(image)
}

struct Reader<S> {
    size: u64,
    at: u64,
    source: S,
}

impl<S: FnMut(&mut [u8], u64) -> io::Result<usize>> Reader<S> {
    /// The next bytes. No memory is taken for more than there are.
    fn take(&mut self, what: impl Fn() -> String, length: u64) -> Result<Vec<u8>, ReadError> {
        let cut_off = |at: u64| SnapshotError::Truncated { what: what(), at };
        if length > self.size - self.at {
            return Err(cut_off(self.at).into());
        }
        let mut bytes = vec![0; usize::try_from(length).map_err(|_| cut_off(self.at))?];
        let read = (self.source)(&mut bytes, self.at).map_err(ReadError::Io)?;
        if read < bytes.len() {
            return Err(cut_off(self.at).into());
        }
        self.at += length;
        Ok(bytes)
    }

    fn header(&mut self) -> Result<(Image, u32), ReadError> {
        let start = (self.size).min(MAGIC.len() as u64);
        let magic = self.take(|| "the header".to_owned(), start)?;
        if magic != MAGIC {
            // What is cut off within these bytes is not foreign.
            return Err(match MAGIC.starts_with(&magic) {
                true => SnapshotError::Truncated { what: "the header".to_owned(), at: 0 },
                false => SnapshotError::Foreign { found: magic },
            }
            .into());
        }
        let rest = self.take(|| "the header".to_owned(), (PREFIX_BYTES - MAGIC.len()) as u64)?;
        let mut reader = ByteReader::new(&rest);
        let (version, length) = (reader.u32("the version")?, reader.u32("the length of the header")?);
        if version > VERSION {
            return Err(SnapshotError::Version { found: version }.into());
        }
        if length > HEADER_BYTES_MAX {
            return Err(malformed("the length of the header", 12, "is more than any header has").into());
        }
        let header = self.take(|| "the header".to_owned(), u64::from(length))?;
        let expected = self.take(|| "the header".to_owned(), CHECKSUM_BYTES as u64)?;
        let found = [&magic, &rest, &header].iter().fold(0, |sum, bytes| crc32c::crc32c_append(sum, bytes));
        check(|| "the header".to_owned(), 0, found, &expected)?;
        let parsed = parse(&header, version);
        Ok(parsed.map_err(|error| malformed("the header", (PREFIX_BYTES + error.at) as u64, error.why))?)
    }

    fn part(&mut self, nth: u32, checksums: &mut u32) -> Result<Part, ReadError> {
        let what = || format!("part {nth}");
        let start = self.at;
        let prefix = self.take(what, PART_PREFIX_BYTES as u64)?;
        let mut reader = ByteReader::new(&prefix);
        let (kind, blank, length) = (reader.u8("its kind")?, reader.take("zeros", 3)?, reader.u64("its length")?);
        let bytes = self.take(what, length)?;
        let checksum = self.take(what, CHECKSUM_BYTES as u64)?;
        check(what, start, crc32c::crc32c_append(crc32c::crc32c(&prefix), &bytes), &checksum)?;
        if blank != [0; 3] {
            return Err(malformed(&what(), start, "has something where nothing is to be").into());
        }
        *checksums = crc32c::crc32c_append(*checksums, &checksum);
        Ok(Part { kind, bytes })
    }

    fn trailer(&mut self, count: u32, checksums: u32) -> Result<(), ReadError> {
        let what = || "the end".to_owned();
        let start = self.at;
        let trailer = self.take(what, TRAILER_BYTES as u64)?;
        let (content, checksum) = trailer.split_at(TRAILER_BYTES - CHECKSUM_BYTES);
        check(what, start, crc32c::crc32c_append(checksums, content), checksum)?;
        let mut reader = ByteReader::new(content);
        let (end, parts, bytes) = (reader.take("its letters", 4)?, reader.u32("the parts")?, reader.u64("the bytes")?);
        if end != END || parts != count || bytes != self.at {
            return Err(malformed("the end", start, "is that of another snapshot").into());
        }
        if self.at != self.size {
            return Err(malformed("the end", start, "is not the end of the file").into());
        }
        Ok(())
    }
}

fn parse(header: &[u8], version: u32) -> Result<(Image, u32), BytesError> {
    let mut reader = ByteReader::new(header);
    if version == 0 {
        return Err(reader.error("the version", "is none that there was"));
    }
    let (offset, number) = (Offset(reader.u64("the offset")?), reader.u64("the tick")?);
    let (time, watermark): (Timestamp, Timestamp) = (reader.time("the tick's time")?, reader.time("the watermark")?);
    let (nodes, edges) = (reader.u64("the nodes")?, reader.u64("the edges")?);
    let network = Digest(reader.u128("the network")?);
    let (count, length) = (reader.u32("the parts")?, reader.u32("the settings")?);
    let settings = std::str::from_utf8(reader.take("the settings", length as usize)?);
    let settings = settings.map_err(|_| reader.error("the settings", "are no text"))?.to_owned();
    reader.end()?;
    let fingerprint = Fingerprint { nodes, edges, network, settings };
    Ok((Image { offset, tick: Tick { number, time, watermark }, fingerprint, parts: Vec::new() }, count))
}

/// Whether the checksum that was found is the one that was written, as `written` has it.
fn check(what: impl Fn() -> String, at: u64, found: u32, written: &[u8]) -> Result<(), ReadError> {
    let expected = ByteReader::new(written).u32("the checksum")?;
    let damaged = || SnapshotError::Checksum { what: what(), at, found, expected };
    if found == expected { Ok(()) } else { Err(damaged().into()) }
}

fn malformed(what: &str, at: u64, problem: &'static str) -> SnapshotError {
    SnapshotError::Malformed { what: what.to_owned(), at, problem }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
