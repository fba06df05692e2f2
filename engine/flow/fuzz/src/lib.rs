//! What is asked of each reader of files, whatever it is given: it does not panic, takes no more memory than the bytes
//! explain, and what it reads is what would be written.
//!
//! A checksum keeps nearly all that a fuzzer makes from what is behind it. So each target reads the bytes as they are, and
//! once more with checksums that are right.

mod checkpoint;
mod frames;
mod mark;
mod notes;
mod segment;
mod snapshot;
mod state;

pub use checkpoint::checkpoint;
pub use frames::frames;
pub use mark::mark;
pub use notes::notes;
pub use segment::segment;
pub use snapshot::snapshot;
pub use state::{network, state};

/// Puts the checksum of what is before it into four bytes.
fn mend(bytes: &mut [u8], checked: std::ops::Range<usize>) {
    let checksum = crc32c::crc32c(&bytes[checked.clone()]);
    bytes[checked.end..checked.end + 4].copy_from_slice(&checksum.to_le_bytes());
}

/// Four bytes as a number.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
