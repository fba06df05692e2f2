//! The binary file of a network.
//!
//! ```text
//! magic (8 bytes), version (u32), number of sections (u32)
//! per section: tag (4 letters), CRC-32 of its content (u32), length of its content in bytes (u64)
//! CRC-32 of everything so far (u32)
//! the contents, end to end
//! ```
//! Numbers are little-endian. As in PNG, a reader passes over a section that it does not know if the tag's first letter
//! is small, and refuses the file if it is large; so later versions can add what older ones may ignore.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use super::attributes::{EdgeFlags, RoadClass};
use super::graph::{Network, NetworkError, Parts};
use crate::cch::{Order, OrderError};
use crate::geo::Coord;
use crate::id::NodeId;

/// What every network file begins with. The line ends and the end-of-file sign show when a transfer has taken it for
/// text.
pub(crate) const MAGIC: [u8; 8] = *b"\x89ETF\r\n\x1a\n";
const VERSION: u32 = 1;
/// More sections than any version has.
const SECTIONS_MAX: u32 = 64;
/// 16 bytes for each of as many things as 32-bit numbers can address.
const SECTION_BYTES_MAX: u64 = 16 << 32;
const TAGS: [[u8; 4]; 7] = [*b"NODE", *b"OUTS", *b"EDGE", *b"SHPF", *b"SHPP", *b"NAME", *b"TURN"];
/// The order of the edges, which a network need not have: their numbers, the first to be contracted first.
const ORDER_TAG: [u8; 4] = *b"ordr";
const POINT_BYTES: usize = 16;
const EDGE_BYTES: usize = 22;

/// Why a network file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkFileError {
    /// The file cannot be opened, read or written.
    #[error("cannot read or write the network file: {0}")]
    Io(#[from] std::io::Error),
    /// Where the file should be is a directory, a device, a pipe or the like.
    #[error("there is something else than a file already, which a network file does not take the place of")]
    Occupied,
    /// The file is something else.
    #[error("not a network file: it begins with {found:?} instead of {MAGIC:?}")]
    Foreign {
        /// What it begins with.
        found: Vec<u8>,
    },
    /// The file is of a version that this one cannot read.
    #[error("the network file has version {found}, at most {supported} can be read")]
    Version {
        /// Its version.
        found: u32,
        /// The newest that can be read.
        supported: u32,
    },
    /// The file ends before it should.
    #[error("the network file is cut off in {section:?}")]
    Truncated {
        /// The section in which it ends; "header" if before all.
        section: String,
    },
    /// The file goes on after it should have ended.
    #[error("the network file goes on after its last section")]
    Trailing,
    /// The content is not what was written.
    #[error("the network file is damaged: checksum of {section:?} is {found:#010x} instead of {expected:#010x}")]
    Checksum {
        /// The damaged section; "header" if it is what comes before all.
        section: String,
        /// The checksum of what is there.
        found: u32,
        /// The checksum of what was written.
        expected: u32,
    },
    /// A section is missing, doubled, not known, or of a length that it cannot have.
    #[error("section {section:?} of the network file {problem}")]
    Section {
        /// The section.
        section: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The section that orders the edges does not.
    #[error("section \"ordr\" of the network file holds no order of the edges: {0}")]
    Order(#[from] OrderError),
    /// The content breaks a rule of networks.
    #[error("the network file holds no valid network: {0}")]
    Network(#[from] NetworkError),
}

impl Network {
    /// Writes the network; the same network always gives the same bytes.
    ///
    /// # Errors
    /// If `writer` fails.
    pub fn write_to(&self, mut writer: impl Write) -> Result<(), NetworkFileError> {
        let mut sections: Vec<_> = TAGS.into_iter().zip(encode(self.parts())).collect();
        if let Some(order) = self.edge_order() {
            sections.push((ORDER_TAG, encode_numbers(order.nodes())));
        }
        let mut header = MAGIC.to_vec();
        header.extend(VERSION.to_le_bytes());
        header.extend((sections.len() as u32).to_le_bytes());
        for (tag, content) in &sections {
            header.extend(tag);
            header.extend(crc32fast::hash(content).to_le_bytes());
            header.extend((content.len() as u64).to_le_bytes());
        }
        let checksum = crc32fast::hash(&header);
        header.extend(checksum.to_le_bytes());
        writer.write_all(&header)?;
        for (_, content) in &sections {
            writer.write_all(content)?;
        }
        writer.flush()?;
        Ok(())
    }

    /// Reads what [`write_to`](Self::write_to) wrote, up to the end of `reader`.
    ///
    /// # Errors
    /// If `reader` fails, or if what it gives is no network file, of a newer version, cut off, damaged, or holds
    /// something that is no network. No more memory is taken than the file is long.
    pub fn read_from(mut reader: impl Read) -> Result<Self, NetworkFileError> {
        let sections = read_header(&mut reader)?;
        let mut contents: [Option<Vec<u8>>; TAGS.len() + 1] = Default::default();
        for section in sections {
            let content = read_content(&mut reader, &section)?;
            let Some(at) = TAGS.iter().chain([&ORDER_TAG]).position(|tag| *tag == section.tag) else {
                if section.tag[0].is_ascii_lowercase() {
                    continue;
                }
                return Err(section.problem("is not known to this version"));
            };
            if contents[at].replace(content).is_some() {
                return Err(section.problem("is there twice"));
            }
        }
        if reader.read(&mut [0])? > 0 {
            return Err(NetworkFileError::Trailing);
        }
        let order = contents[TAGS.len()].take();
        let mut found = Vec::with_capacity(TAGS.len());
        for (tag, content) in TAGS.into_iter().zip(contents) {
            found.push(content.ok_or_else(|| problem(tag, "is missing"))?);
        }
        let network = Self::from_parts(decode(&found)?)?;
        match order {
            Some(content) => Ok(network.with_edge_order(Order::new(decode_numbers(&content, ORDER_TAG)?)?)?),
            None => Ok(network),
        }
    }

    /// Writes the network to a file, which takes the place of an older one only when it is complete; of the one that
    /// `path` leads to, if it is a link.
    ///
    /// # Errors
    /// If the file cannot be written, or there is something else than a file already.
    pub fn save(&self, path: &Path) -> Result<(), NetworkFileError> {
        let path = &place_of_file(path)?;
        let mut aside = path.as_os_str().to_owned();
        aside.push(".part");
        let file = File::create(&aside)?;
        let written = self.write_to(BufWriter::new(&file)).and_then(|()| Ok(file.sync_all()?));
        let renamed = written.and_then(|()| Ok(fs::rename(&aside, path)?));
        if renamed.is_err() {
            // The first error is the one to tell; that the rest stays behind is no more than untidy.
            let _ = fs::remove_file(&aside);
        }
        renamed
    }

    /// Reads the network from a file.
    ///
    /// # Errors
    /// As [`read_from`](Self::read_from).
    pub fn load(path: &Path) -> Result<Self, NetworkFileError> {
        Self::read_from(BufReader::new(File::open(path)?))
    }
}

/// Where a file goes that is to be at `path`. A file takes the place of whatever has its name, be it a device.
fn place_of_file(path: &Path) -> Result<PathBuf, NetworkFileError> {
    match fs::metadata(path) {
        Ok(there) if there.is_file() => Ok(fs::canonicalize(path)?),
        Ok(_) => Err(NetworkFileError::Occupied),
        // Nothing is there, or what prevents a look prevents writing too.
        Err(_) => Ok(path.to_owned()),
    }
}

struct Section {
    tag: [u8; 4],
    checksum: u32,
    bytes: u64,
}

impl Section {
    fn problem(&self, problem_found: &'static str) -> NetworkFileError {
        problem(self.tag, problem_found)
    }
}

fn problem(tag: [u8; 4], problem: &'static str) -> NetworkFileError {
    NetworkFileError::Section { section: name(tag), problem }
}

fn name(tag: [u8; 4]) -> String {
    String::from_utf8_lossy(&tag).into_owned()
}

/// Reads up to `bytes` bytes, taking memory only as they come.
fn read_up_to(reader: &mut impl Read, bytes: u64) -> Result<Vec<u8>, NetworkFileError> {
    let mut content = Vec::with_capacity(bytes.min(1 << 20) as usize);
    reader.take(bytes).read_to_end(&mut content)?;
    Ok(content)
}

fn read_header(reader: &mut impl Read) -> Result<Vec<Section>, NetworkFileError> {
    let mut header = read_up_to(reader, 16)?;
    if !header.starts_with(&MAGIC) {
        header.truncate(MAGIC.len());
        return Err(NetworkFileError::Foreign { found: header });
    }
    let truncated = || NetworkFileError::Truncated { section: "header".into() };
    if header.len() < 16 {
        return Err(truncated());
    }
    let version = u32_at(&header, 8);
    if version > VERSION || version == 0 {
        return Err(NetworkFileError::Version { found: version, supported: VERSION });
    }
    let count = u32_at(&header, 12);
    if count > SECTIONS_MAX {
        return Err(NetworkFileError::Section {
            section: "header".into(),
            problem: "lists more sections than any version has",
        });
    }
    let table = read_up_to(reader, 16 * u64::from(count) + 4)?;
    if table.len() < 16 * count as usize + 4 {
        return Err(truncated());
    }
    let (table, checksum) = table.split_at(16 * count as usize);
    header.extend(table);
    let (found, expected) = (crc32fast::hash(&header), u32_at(checksum, 0));
    if found != expected {
        return Err(NetworkFileError::Checksum { section: "header".into(), found, expected });
    }
    let sections = table.chunks_exact(16).map(|entry| Section {
        tag: [entry[0], entry[1], entry[2], entry[3]],
        checksum: u32_at(entry, 4),
        bytes: u64_at(entry, 8),
    });
    Ok(sections.collect())
}

fn read_content(reader: &mut impl Read, section: &Section) -> Result<Vec<u8>, NetworkFileError> {
    if section.bytes > SECTION_BYTES_MAX {
        return Err(section.problem("is longer than 64 GiB"));
    }
    let content = read_up_to(reader, section.bytes)?;
    if (content.len() as u64) < section.bytes {
        return Err(NetworkFileError::Truncated { section: name(section.tag) });
    }
    let (found, expected) = (crc32fast::hash(&content), section.checksum);
    if found != expected {
        return Err(NetworkFileError::Checksum { section: name(section.tag), found, expected });
    }
    Ok(content)
}

/// The contents of the sections, in the order of [`TAGS`].
fn encode(parts: &Parts) -> [Vec<u8>; 7] {
    let points = |coords: &[Coord], keys: &[i64]| -> Vec<u8> {
        let mut bytes = Vec::with_capacity(coords.len() * POINT_BYTES);
        for (coord, key) in coords.iter().zip(keys) {
            bytes.extend(coord.lat_e7().to_le_bytes());
            bytes.extend(coord.lon_e7().to_le_bytes());
            bytes.extend(key.to_le_bytes());
        }
        bytes
    };
    let mut edges = Vec::with_capacity(parts.head.len() * EDGE_BYTES);
    for edge in 0..parts.head.len() {
        for number in
            [parts.head[edge].0, parts.length_mm[edge], parts.free_flow[edge], parts.name[edge], parts.twin[edge]]
        {
            edges.extend(number.to_le_bytes());
        }
        edges.extend([parts.class[edge] as u8, parts.flags[edge].bits()]);
    }
    let mut names = Vec::new();
    for name in &parts.names {
        names.extend((name.len() as u32).to_le_bytes());
        names.extend(name.as_bytes());
    }
    [
        points(&parts.coord, &parts.node_key),
        encode_numbers(&parts.first_out),
        edges,
        encode_numbers(&parts.first_point),
        points(&parts.point, &parts.point_key),
        names,
        encode_numbers(&parts.turn),
    ]
}

fn encode_numbers(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn decode(contents: &[Vec<u8>]) -> Result<Parts, NetworkFileError> {
    let mut parts = Parts::default();
    (parts.coord, parts.node_key) = decode_points(&contents[0], TAGS[0], "coord")?;
    parts.first_out = decode_numbers(&contents[1], TAGS[1])?;
    decode_edges(entries(&contents[2], TAGS[2], EDGE_BYTES)?, &mut parts)?;
    parts.first_point = decode_numbers(&contents[3], TAGS[3])?;
    (parts.point, parts.point_key) = decode_points(&contents[4], TAGS[4], "point")?;
    parts.names = decode_names(&contents[5])?;
    parts.turn = decode_numbers(&contents[6], TAGS[6])?;
    // The edges are in the order of their tails, so these need not be stored.
    for (node, pair) in parts.first_out.windows(2).enumerate() {
        if pair[0] > pair[1] || pair[1] as usize > parts.head.len() {
            let rule = "offsets rise and do not exceed the number of edges";
            return Err(NetworkError::Rule { array: "first_out", at: node, rule }.into());
        }
        parts.tail.resize(pair[1] as usize, NodeId(node as u32));
    }
    Ok(parts)
}

/// A section's content as entries of `bytes` bytes each.
fn entries(content: &[u8], tag: [u8; 4], bytes: usize) -> Result<std::slice::ChunksExact<'_, u8>, NetworkFileError> {
    if content.len().is_multiple_of(bytes) {
        Ok(content.chunks_exact(bytes))
    } else {
        Err(problem(tag, "has a length that is no multiple of its entries'"))
    }
}

fn decode_numbers(content: &[u8], tag: [u8; 4]) -> Result<Vec<u32>, NetworkFileError> {
    Ok(entries(content, tag, 4)?.map(|entry| u32_at(entry, 0)).collect())
}

fn decode_points(
    content: &[u8],
    tag: [u8; 4],
    array: &'static str,
) -> Result<(Vec<Coord>, Vec<i64>), NetworkFileError> {
    let entries = entries(content, tag, POINT_BYTES)?;
    let (mut coords, mut keys) = (Vec::with_capacity(entries.len()), Vec::with_capacity(entries.len()));
    for (at, entry) in entries.enumerate() {
        let coord = Coord::from_e7(u32_at(entry, 0) as i32, u32_at(entry, 4) as i32);
        coords.push(coord.map_err(|_| NetworkError::Rule { array, at, rule: "a coordinate is on the globe" })?);
        keys.push(u64_at(entry, 8) as i64);
    }
    Ok((coords, keys))
}

fn decode_edges(entries: std::slice::ChunksExact<'_, u8>, parts: &mut Parts) -> Result<(), NetworkFileError> {
    for (at, entry) in entries.enumerate() {
        parts.head.push(NodeId(u32_at(entry, 0)));
        parts.length_mm.push(u32_at(entry, 4));
        parts.free_flow.push(u32_at(entry, 8));
        parts.name.push(u32_at(entry, 12));
        parts.twin.push(u32_at(entry, 16));
        let class = RoadClass::from_u8(entry[20]);
        parts.class.push(class.ok_or(NetworkError::Rule { array: "class", at, rule: "a class is known" })?);
        let flags = EdgeFlags::from_bits(entry[21]);
        parts.flags.push(flags.ok_or(NetworkError::Rule { array: "flags", at, rule: "every flag is known" })?);
    }
    Ok(())
}

fn decode_names(mut content: &[u8]) -> Result<Vec<Box<str>>, NetworkFileError> {
    let mut names = Vec::new();
    while !content.is_empty() {
        let length = content.split_off(..4).map(|bytes| u32_at(bytes, 0) as usize);
        let name = length.and_then(|length| content.split_off(..length));
        let name = name.ok_or_else(|| problem(TAGS[5], "ends within a name"))?;
        let name = std::str::from_utf8(name).map_err(|_| problem(TAGS[5], "holds a name that is not UTF-8"))?;
        names.push(name.into());
    }
    Ok(names)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
