use std::path::Path;

use etaflow::Record;

use super::load::{Expected, Load};

/// Why records could not be kept, or not be read.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Ours or a peer's way to keep records in a folder.
pub trait Keeper {
    /// Who it is, and how it is used.
    fn name(&self) -> &'static str;

    /// Appends the load in an empty folder: every record durable within [`INTERVAL`](super::INTERVAL), as far as the disk
    /// is up to it. Says when the measuring begins, and when all is durable.
    ///
    /// # Errors
    /// If that cannot be done.
    fn append(&self, folder: &Path, load: &mut Load) -> Result<(), Failure>;

    /// Opens what is in the folder.
    ///
    /// # Errors
    /// If that cannot be done.
    fn open(&self, folder: &Path) -> Result<Box<dyn Kept>, Failure>;
}

/// Records that are kept and can be read.
pub trait Kept {
    /// Reads all records in order.
    ///
    /// # Errors
    /// If they cannot be read, or a checksum is wrong.
    fn scan(&self, tally: Tally) -> Result<Tally, Failure>;
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// How many records.
    pub records: u64,
    /// The sum of what they say.
    sum: u64,
    /// To be compared to what was read.
    expected: Option<Expected>,
}

impl Tally {
    /// Compares each record to what was appended.
    pub fn comparing() -> Self {
        Self { expected: Some(Expected::default()), ..Self::default() }
    }

    /// Some more records.
    ///
    /// # Panics
    /// If one is to be compared and is not what was appended.
    pub fn take(&mut self, records: &[Record]) {
        if let Some(expected) = &mut self.expected {
            for (record, offset) in records.iter().zip(self.records..) {
                assert_eq!(record, expected.at(offset), "the record at {offset} is not the one that was appended");
            }
        }
        self.records += records.len() as u64;
        self.sum = records.iter().fold(self.sum, |sum, record| sum.wrapping_add(record.id));
    }

    /// Some more records, as they were kept: any number of whole frames.
    ///
    /// # Errors
    /// If they are none.
    pub fn take_frames(&mut self, frames: &[u8]) -> Result<(), Failure> {
        for frame in frames.chunks(Record::FRAME_BYTES) {
            self.take(&[Record::decode(frame)?]);
        }
        Ok(())
    }

    /// That these were all that were appended, each of them once.
    ///
    /// # Panics
    /// If not.
    pub fn check(&self, appended: u64) {
        let sum = (0..appended).fold(0_u64, u64::wrapping_add);
        assert_eq!((self.records, self.sum), (appended, sum), "each record is read once");
    }
}

/// Records one after the other, as a peer keeps a batch of them.
pub(super) fn encode(records: &[Record], frames: &mut Vec<u8>) {
    frames.clear();
    for record in records {
        frames.extend_from_slice(&record.encode());
    }
}
