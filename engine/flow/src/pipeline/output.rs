use crate::eta::EtaUpdate;
use crate::event::{Offset, Reason};

/// What the pipeline tells the outside, in the order of the records that caused it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Output {
    /// A trip's arrival time.
    Eta(EtaUpdate),
    /// A record that could not be used.
    DeadLetter {
        /// Which.
        offset: Offset,
        /// Why.
        reason: Reason,
    },
}

impl Output {
    /// The record that caused it.
    pub fn offset(&self) -> Offset {
        match self {
            Self::Eta(update) => update.offset,
            Self::DeadLetter { offset, .. } => *offset,
        }
    }

    /// Its place among the outputs of all shards. No two have the same: a record causes one output a trip.
    pub(super) fn order(&self) -> (Offset, u64) {
        match self {
            Self::Eta(update) => (update.offset, u64::from(update.trip.0) + 1),
            Self::DeadLetter { offset, .. } => (*offset, 0),
        }
    }

    /// Its bytes, of which the digest of all outputs is made.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Eta(update) => {
                out.push(0);
                update.encode(out);
            }
            Self::DeadLetter { offset, reason } => {
                out.push(1);
                out.extend(offset.0.to_le_bytes());
                out.push(*reason as u8);
            }
        }
    }
}
