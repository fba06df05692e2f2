use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::OsmError;
use super::wire::Wire;

/// The format's own limit on a blob's header.
const HEADER_BYTES_MAX: u32 = 64 * 1024;
/// The format's own limit on a blob, packed or not.
const BLOB_BYTES_MAX: u64 = 32 * 1024 * 1024;
/// What a file may require of its reader that we can do.
const FEATURES: [&str; 3] = ["OsmSchema-V0.6", "DenseNodes", "Sort.Type_then_ID"];

/// Where the data blobs of a file are, so that they can be read again and by several threads.
#[derive(Debug)]
pub(super) struct BlobFile<R> {
    reader: Mutex<R>,
    data: Vec<Place>,
    /// Blobs of a type that we do not know, which are passed over as the format asks.
    pub(super) unknown: u64,
}

#[derive(Debug, Clone, Copy)]
struct Place {
    offset: u64,
    bytes: u32,
}

impl<R: Read + Seek + Send> BlobFile<R> {
    /// Walks over the blobs' headers and checks that we can read what the file holds.
    pub(super) fn open(mut reader: R) -> Result<Self, OsmError> {
        let end = reader.seek(SeekFrom::End(0))?;
        reader.seek(SeekFrom::Start(0))?;
        let mut offset = 0;
        let mut data = Vec::new();
        let mut unknown = 0;
        let mut header_seen = false;
        while offset < end {
            let (kind, place) = read_header(&mut reader, offset, end, header_seen)?;
            match kind.as_slice() {
                b"OSMHeader" => {
                    check_features(&unpack(&read_at(&mut reader, place)?)?)?;
                    header_seen = true;
                }
                _ if !header_seen => return Err(OsmError::NotPbf),
                b"OSMData" => data.push(place),
                _ => unknown += 1,
            }
            offset = place.offset + u64::from(place.bytes);
            reader.seek(SeekFrom::Start(offset))?;
        }
        if !header_seen {
            return Err(OsmError::NotPbf);
        }
        Ok(Self { reader: Mutex::new(reader), data, unknown })
    }

    /// Applies `f` to each unpacked data blob on up to `threads` threads; the results are in the file's order, and an
    /// error is that of the first blob that has one.
    pub(super) fn map<T: Send>(
        &self,
        threads: usize,
        f: impl Fn(&[u8]) -> Result<T, OsmError> + Sync,
    ) -> Result<Vec<T>, OsmError> {
        let next = AtomicUsize::new(0);
        let failed = AtomicBool::new(false);
        let work = || {
            let mut done = Vec::new();
            // Blobs are handed out in order, so whatever is before a failed one is being worked on and will be heard.
            while !failed.load(Ordering::Relaxed) {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(&place) = self.data.get(at) else { break };
                let result =
                    self.read(place).and_then(|packed| f(&unpack(&packed)?)).map_err(|error| error.at(place.offset));
                if result.is_err() {
                    failed.store(true, Ordering::Relaxed);
                }
                done.push((at, result));
            }
            done
        };
        let threads = threads.clamp(1, self.data.len().max(1));
        let mut done = std::thread::scope(|scope| {
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut done = work();
            for other in others {
                match other.join() {
                    Ok(more) => done.extend(more),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            done
        });
        done.sort_unstable_by_key(|&(at, _)| at);
        done.into_iter().map(|(_, result)| result).collect()
    }

    fn read(&self, place: Place) -> Result<Vec<u8>, OsmError> {
        let mut reader = self.reader.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        read_at(&mut *reader, place)
    }
}

fn read_at(reader: &mut (impl Read + Seek), place: Place) -> Result<Vec<u8>, OsmError> {
    let mut bytes = vec![0; place.bytes as usize];
    reader.seek(SeekFrom::Start(place.offset))?;
    reader.read_exact(&mut bytes).map_err(|error| short(error, place.offset))?;
    Ok(bytes)
}

fn short(error: std::io::Error, offset: u64) -> OsmError {
    if error.kind() == ErrorKind::UnexpectedEof { OsmError::Truncated { offset } } else { OsmError::Io(error) }
}

/// Reads a blob's header: its type and where its content is.
fn read_header(
    reader: &mut (impl Read + Seek),
    offset: u64,
    end: u64,
    header_seen: bool,
) -> Result<(Vec<u8>, Place), OsmError> {
    // What is wrong before the first header block has been read is more likely no pbf at all.
    let foreign = |error: OsmError| if header_seen { error } else { OsmError::NotPbf };
    let mut length = [0; 4];
    reader.read_exact(&mut length).map_err(|error| foreign(short(error, offset)))?;
    let length = u32::from_be_bytes(length);
    if length > HEADER_BYTES_MAX {
        let error = OsmError::TooLong { what: "blob header", bytes: length.into(), limit: HEADER_BYTES_MAX.into() };
        return Err(foreign(error.at(offset)));
    }
    let mut header = vec![0; length as usize];
    reader.read_exact(&mut header).map_err(|error| foreign(short(error, offset)))?;
    let (kind, bytes) = parse_header(&header).map_err(|error| foreign(error.at(offset)))?;
    if bytes > BLOB_BYTES_MAX {
        return Err(foreign(OsmError::TooLong { what: "blob", bytes, limit: BLOB_BYTES_MAX }.at(offset)));
    }
    let place = Place { offset: offset + 4 + u64::from(length), bytes: bytes as u32 };
    if place.offset + bytes > end {
        return Err(OsmError::Truncated { offset });
    }
    Ok((kind, place))
}

fn parse_header(header: &[u8]) -> Result<(Vec<u8>, u64), OsmError> {
    let mut wire = Wire::new(header);
    let (mut kind, mut bytes) = (None, None);
    while let Some((field, value)) = wire.field()? {
        match field {
            1 => kind = Some(value.bytes()?.to_vec()),
            3 => bytes = Some(value.number()?),
            _ => {}
        }
    }
    match (kind, bytes) {
        (Some(kind), Some(bytes)) => Ok((kind, bytes)),
        _ => Err(OsmError::Malformed { what: "a blob header without type or size" }),
    }
}

/// Takes a blob's content out of its envelope.
fn unpack(blob: &[u8]) -> Result<Vec<u8>, OsmError> {
    let mut wire = Wire::new(blob);
    let (mut raw, mut raw_size, mut zlib) = (None, 0, None);
    while let Some((field, value)) = wire.field()? {
        match field {
            1 => raw = Some(value.bytes()?),
            2 => raw_size = value.number()?,
            3 => zlib = Some(value.bytes()?),
            4 => return Err(OsmError::Unsupported { what: "lzma compression".into() }),
            5 => return Err(OsmError::Unsupported { what: "bzip2 compression".into() }),
            6 => return Err(OsmError::Unsupported { what: "lz4 compression".into() }),
            7 => return Err(OsmError::Unsupported { what: "zstd compression".into() }),
            _ => {}
        }
    }
    if let Some(raw) = raw {
        return Ok(raw.to_vec());
    }
    let Some(zlib) = zlib else { return Err(OsmError::Malformed { what: "a blob without content" }) };
    if raw_size > BLOB_BYTES_MAX {
        return Err(OsmError::TooLong { what: "unpacked blob", bytes: raw_size, limit: BLOB_BYTES_MAX });
    }
    inflate(zlib, raw_size as usize)
}

fn inflate(zlib: &[u8], raw_size: usize) -> Result<Vec<u8>, OsmError> {
    let mut raw = Vec::with_capacity(raw_size);
    let mut decompress = flate2::Decompress::new(true);
    let status = decompress.decompress_vec(zlib, &mut raw, flate2::FlushDecompress::Finish);
    if matches!(status, Ok(flate2::Status::StreamEnd)) && raw.len() == raw_size {
        Ok(raw)
    } else {
        Err(OsmError::Malformed { what: "a blob that does not unpack to the size it says" })
    }
}

fn check_features(header: &[u8]) -> Result<(), OsmError> {
    let mut wire = Wire::new(header);
    while let Some((field, value)) = wire.field()? {
        if field == 4 {
            let feature = String::from_utf8_lossy(value.bytes()?);
            if !FEATURES.contains(&feature.as_ref()) {
                return Err(OsmError::Unsupported { what: format!("the required feature {feature:?}") });
            }
        }
    }
    Ok(())
}
