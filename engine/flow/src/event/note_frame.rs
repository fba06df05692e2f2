//! Notes as the log keeps them.
//!
//! One after the other, little-endian, without gaps. The log's file names the version; this is version 1.
//!
//! | bytes | what |
//! |---|---|
//! | 0..8 | offset |
//! | 8 | kind: 0 source, 1 driver, 2 trip, 3 trip forgotten, 4 opaque id |
//! | 9..13 | the number (0 to 3) |
//! | 13.. | the key (0 to 2): how many bytes its text has, and the text; or 0, and the number that it is in 8 bytes |
//! | 9..25 | the fingerprint (4) |

use super::key::{KEY_MAX_BYTES, Key};
use super::note::{Note, Noted};
use super::record::{DriverId, Offset, SourceId, TripId};
use crate::bytes::{ByteReader, BytesError};

/// How many bytes a note has in the log at most.
pub const NOTE_MAX_BYTES: usize = 8 + 1 + 4 + 1 + KEY_MAX_BYTES;

/// Why bytes are not notes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoteError {
    /// A field is not what it must be, or is cut short.
    #[error("of the notes, {0}")]
    Field(#[from] BytesError),
    /// A kind that is not known here.
    #[error("of the notes, kind {kind} at byte {at} is unknown, must be 0 to 4")]
    Kind {
        /// Which.
        kind: u8,
        /// Where, from the beginning of the bytes.
        at: usize,
    },
}

/// Appends notes to `out` as the log keeps them. Their keys are such as [`Key::new`] makes.
///
/// ```
/// # use etaflow::{DriverId, Key, Note, Noted, Offset, decode_notes, encode_notes};
/// let what = Noted::Driver { driver: DriverId(0), key: Key::new("anna")? };
/// let notes = [Note { offset: Offset(7), what }];
/// let mut bytes = Vec::new();
/// encode_notes(&notes, &mut bytes);
/// assert_eq!(decode_notes(&bytes)?, notes);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn encode_notes(notes: &[Note], out: &mut Vec<u8>) {
    for Note { offset, what } in notes {
        out.extend(offset.0.to_le_bytes());
        match what {
            Noted::Source { source, key } => put_named(out, 0, source.0, key),
            Noted::Driver { driver, key } => put_named(out, 1, driver.0, key),
            Noted::Trip { trip, key } => put_named(out, 2, trip.0, key),
            Noted::TripForgotten { trip } => {
                out.push(3);
                out.extend(trip.0.to_le_bytes());
            }
            Noted::OpaqueId { fingerprint } => {
                out.push(4);
                out.extend(fingerprint.to_le_bytes());
            }
        }
    }
}

fn put_named(out: &mut Vec<u8>, kind: u8, number: u32, key: &Key) {
    out.push(kind);
    out.extend(number.to_le_bytes());
    key.encode(out);
}

/// Reads what [`encode_notes`] wrote: all of it, and nothing that it would have written otherwise.
///
/// # Errors
/// If it is not exactly that.
pub fn decode_notes(bytes: &[u8]) -> Result<Vec<Note>, NoteError> {
    let mut reader = ByteReader::new(bytes);
    let mut notes = Vec::new();
    while reader.left() > 0 {
        let offset = Offset(reader.u64("an offset")?);
        let at = reader.at();
        let what = match reader.u8("a kind")? {
            0 => Noted::Source {
                source: SourceId(reader.u32("a source's number")?),
                key: Key::decode(&mut reader, "a source's key")?,
            },
            1 => Noted::Driver {
                driver: DriverId(reader.u32("a driver's number")?),
                key: Key::decode(&mut reader, "a driver's key")?,
            },
            2 => Noted::Trip {
                trip: TripId(reader.u32("a trip's number")?),
                key: Key::decode(&mut reader, "a trip's key")?,
            },
            3 => Noted::TripForgotten { trip: TripId(reader.u32("a trip's number")?) },
            4 => Noted::OpaqueId { fingerprint: reader.u128("a fingerprint")? },
            kind => return Err(NoteError::Kind { kind, at }),
        };
        notes.push(Note { offset, what });
    }
    Ok(notes)
}
