use etaflow::{Image, decode_snapshot, encode_snapshot};

use crate::{mend, u32_at};

const MAGIC: &[u8] = b"\x89ETS\r\n\x1a\n\x01\0\0\0";
/// Magic, version and the header's length.
const PREFIX_BYTES: usize = 16;
/// Of the header: up to the settings' length, and where the number of parts is in it.
const FRONT_BYTES: usize = 72;
const PARTS_AT: usize = 64;
const PART_PREFIX_BYTES: usize = 12;
const CHECKSUM_BYTES: usize = 4;
const TRAILER_BYTES: usize = 20;

/// A snapshot of an engine.
pub fn snapshot(bytes: &[u8]) {
    read(bytes);
    if let Some(mended) = mended(bytes) {
        read(&mended);
    }
}

fn read(bytes: &[u8]) {
    let Ok(image) = decode_snapshot(bytes) else { return };
    assert_eq!(encode_snapshot(&image), bytes);
    let Image { parts, .. } = &image;
    for part in parts {
        _ = part.entities().filter(Result::is_ok).count();
        _ = image.entities(part.kind).filter(Result::is_ok).count();
    }
}

/// The bytes as a header and as many parts as there is room for, with lengths and checksums that are right.
fn mended(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    let start = PREFIX_BYTES + FRONT_BYTES;
    if bytes.len() < start + CHECKSUM_BYTES + TRAILER_BYTES {
        return None;
    }
    let room = bytes.len() - start - CHECKSUM_BYTES - TRAILER_BYTES;
    let settings = (u32_at(&bytes, start - 4) as usize).min(room).min(1 << 10);
    bytes[..MAGIC.len()].copy_from_slice(MAGIC);
    bytes[12..16].copy_from_slice(&((FRONT_BYTES + settings) as u32).to_le_bytes());
    bytes[start - 4..start].copy_from_slice(&(settings as u32).to_le_bytes());
    let header_end = start + settings;
    let end = bytes.len() - TRAILER_BYTES;
    let (mut at, mut parts, mut checksums) = (header_end + CHECKSUM_BYTES, 0_u32, 0);
    while end - at >= PART_PREFIX_BYTES + CHECKSUM_BYTES {
        let room = end - at - PART_PREFIX_BYTES - CHECKSUM_BYTES;
        // What is left over is of the last one.
        let claimed = (u32_at(&bytes, at + 4) as usize).min(room);
        let length = if room - claimed < PART_PREFIX_BYTES + CHECKSUM_BYTES { room } else { claimed };
        bytes[at + 4..at + 12].copy_from_slice(&(length as u64).to_le_bytes());
        let checked = at..at + PART_PREFIX_BYTES + length;
        at = checked.end + CHECKSUM_BYTES;
        mend(&mut bytes, checked.clone());
        checksums = crc32c::crc32c_append(checksums, &bytes[checked.end..at]);
        parts += 1;
    }
    bytes.drain(at..end);
    bytes[PREFIX_BYTES + PARTS_AT..PREFIX_BYTES + PARTS_AT + 4].copy_from_slice(&parts.to_le_bytes());
    mend(&mut bytes, 0..header_end);
    let length = bytes.len() as u64;
    let trailer = &mut bytes[at..];
    trailer[..4].copy_from_slice(b"END.");
    trailer[4..8].copy_from_slice(&parts.to_le_bytes());
    trailer[8..16].copy_from_slice(&length.to_le_bytes());
    let checksum = crc32c::crc32c_append(checksums, &trailer[..16]);
    trailer[16..20].copy_from_slice(&checksum.to_le_bytes());
    Some(bytes)
}
