use std::fmt;

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

use super::entities::Entities;

/// 128 bits that stand for a state or a stream: equal digests, equal content, but for a chance of 2^-64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Digest(pub u128);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The digest of a state that is a set of entities, whatever the order in which, and the shards from which, they come.
///
/// The sum of the entities' hashes: each entity is hashed with its kind and its number, so that no two can stand in
/// for each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StateDigest {
    sum: u128,
    count: u64,
}

impl StateDigest {
    /// Adds an entity of some kind, with its number and its encoded state.
    pub fn entity(&mut self, kind: u8, number: u64, state: &[u8]) {
        let mut hasher = Xxh3::with_seed(u64::from(kind));
        hasher.update(&number.to_le_bytes());
        hasher.update(state);
        self.sum = self.sum.wrapping_add(hasher.digest128());
        self.count += 1;
    }

    /// Adds all entities of some state, as they are written down.
    pub fn entities<E: Entities>(&mut self, state: &E) {
        let (mut bytes, mut from) = (Vec::new(), Some(0));
        while let Some(number) = from.and_then(|from| state.next_entity(from)) {
            bytes.clear();
            state.encode_entity(number, &mut bytes);
            self.entity(E::KIND, number, &bytes);
            from = number.checked_add(1);
        }
    }

    /// Adds all entities of another part.
    pub fn merge(&mut self, other: Self) {
        self.sum = self.sum.wrapping_add(other.sum);
        self.count += other.count;
    }

    /// The digest of all that was added.
    pub fn finish(self) -> Digest {
        let mut bytes = [0; 24];
        bytes[..16].copy_from_slice(&self.sum.to_le_bytes());
        bytes[16..].copy_from_slice(&self.count.to_le_bytes());
        Digest(xxh3_128(&bytes))
    }
}
