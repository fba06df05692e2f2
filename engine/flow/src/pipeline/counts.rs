use std::collections::BTreeMap;

use crate::bytes::{ByteReader, BytesError};
use crate::event::Reason;

/// What has become of a shard's records. Ticks are not counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records that were used.
    pub accepted: u64,
    /// Records that could not be used, by reason.
    pub dead_lettered: BTreeMap<Reason, u64>,
    /// Edge traversals that were seen.
    pub traversals: u64,
    /// Drivers' places that were given at once and turned out to be on another edge.
    pub revisions: u64,
}

impl Counts {
    /// Adds another shard's.
    pub fn merge(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.traversals += other.traversals;
        self.revisions += other.revisions;
        for (&reason, count) in &other.dead_lettered {
            *self.dead_lettered.entry(reason).or_default() += count;
        }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        for count in [self.accepted, self.traversals, self.revisions] {
            out.extend(count.to_le_bytes());
        }
        for (&reason, count) in &self.dead_lettered {
            out.push(reason as u8);
            out.extend(count.to_le_bytes());
        }
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, BytesError> {
        let mut reader = ByteReader::new(bytes);
        let (accepted, traversals) = (reader.u64("the records used")?, reader.u64("the traversals")?);
        let mut counts = Self { accepted, traversals, revisions: reader.u64("the revisions")?, ..Self::default() };
        while reader.left() > 0 {
            let code = reader.u8("a reason")?;
            let reason = Reason::ALL.into_iter().find(|&reason| reason as u8 == code);
            let reason = reason.ok_or_else(|| reader.error("a reason", "is none"))?;
            if counts.dead_lettered.insert(reason, reader.u64("the records of a reason")?).is_some() {
                return Err(reader.error("a reason", "comes twice"));
            }
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn counts_are_read_as_they_were_written(
            (accepted, traversals, revisions) in any::<(u64, u64, u64)>(),
            dead in prop::collection::btree_map(prop::sample::select(&Reason::ALL[..]), any::<u64>(), 0..9),
        ) {
            let counts = Counts { accepted, dead_lettered: dead, traversals, revisions };
            let mut bytes = Vec::new();
            counts.encode(&mut bytes);
            prop_assert_eq!(Counts::decode(&bytes), Ok(counts));
            let cut_off = bytes.len() - 1;
            prop_assert!(Counts::decode(&bytes[..cut_off]).is_err());
        }
    }
}
