//! Operators that are written down and read back, for the tests of each.

use proptest::prelude::*;

use super::{Digest, Entities, Operator, StateDigest};

/// A written entity: its number and its bytes.
pub(crate) type Written = (u64, Vec<u8>);

/// All entities of some shards, as a snapshot has them: in the order of their numbers, each once.
pub(crate) fn written<E: Entities>(shards: &[E]) -> Vec<Written> {
    let mut all = Vec::new();
    for shard in shards {
        let mut from = 0;
        while let Some(number) = shard.next_entity(from) {
            let mut bytes = Vec::new();
            assert!(number >= from && shard.encode_entity(number, &mut bytes), "{number} is there from {from} on");
            all.push((number, bytes));
            from = number + 1;
        }
        let mut bytes = Vec::new();
        assert!(!shard.encode_entity(from, &mut bytes) && bytes.is_empty(), "nothing is there from {from} on");
    }
    all.sort();
    all.dedup();
    assert!(all.windows(2).all(|pair| pair[0].0 < pair[1].0), "an entity is in two shards, and not the same");
    all
}

/// Has each shard take in what is its own.
pub(crate) fn read_back<E: Entities>(shards: &mut [E], entities: &[Written]) {
    for (number, bytes) in entities {
        let mut taken = 0;
        for shard in shards.iter_mut().filter(|shard| shard.takes(*number, bytes)) {
            shard.decode_entity(*number, bytes).expect("it was just written");
            assert!(shard.decode_entity(*number, bytes).is_err(), "it comes twice");
            taken += 1;
        }
        assert_ne!(taken, 0, "nobody takes entity {number}");
    }
    assert_eq!(written(shards), entities);
}

/// Of the state of all shards.
pub(crate) fn digest<O: Operator>(shards: &[O]) -> Digest {
    let mut digest = StateDigest::default();
    shards.iter().for_each(|shard| shard.digest(&mut digest));
    digest.finish()
}

/// What is done to bytes: each is a place, and what becomes of it there.
#[derive(Debug, Clone)]
pub(crate) enum Harm {
    /// Another byte.
    Replace(prop::sample::Index, u8),
    /// A bit is another.
    Flip(prop::sample::Index, u8),
    /// All from there on is gone.
    Cut(prop::sample::Index),
    /// Four bytes become a number that is seldom right.
    Number(prop::sample::Index, u32),
    /// There is more.
    Append(u8),
}

/// One to three harms.
pub(crate) fn harms() -> impl Strategy<Value = Vec<Harm>> {
    let index = any::<prop::sample::Index>;
    let odd = prop_oneof![Just(0), Just(1), Just(u32::MAX), Just(u32::MAX / 2), Just(1 << 31), any::<u32>()];
    let harm = prop_oneof![
        3 => (index(), any::<u8>()).prop_map(|(at, byte)| Harm::Replace(at, byte)),
        3 => (index(), 0_u8..8).prop_map(|(at, bit)| Harm::Flip(at, bit)),
        1 => index().prop_map(Harm::Cut),
        3 => (index(), odd).prop_map(|(at, number)| Harm::Number(at, number)),
        1 => any::<u8>().prop_map(Harm::Append),
    ];
    prop::collection::vec(harm, 1..4)
}

/// The bytes after they were harmed.
pub(crate) fn harmed(bytes: &[u8], harms: &[Harm]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for harm in harms {
        let length = bytes.len().max(1);
        match harm {
            Harm::Append(byte) => bytes.push(*byte),
            _ if bytes.is_empty() => {}
            Harm::Replace(at, byte) => bytes[at.index(length)] = *byte,
            Harm::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Harm::Cut(at) => bytes.truncate(at.index(length)),
            Harm::Number(at, number) => {
                let from = at.index(length).min(length.saturating_sub(4));
                bytes.iter_mut().skip(from).zip(number.to_le_bytes()).for_each(|(byte, new)| *byte = new);
            }
        }
    }
    bytes
}

/// Reads entities of which one was harmed, and says whether all were read. What was, is written again as it was.
pub(crate) fn read_harmed<E: Entities>(shard: &mut E, entities: &[Written], at: usize, harms: &[Harm]) -> bool {
    let mut whole = true;
    for (nth, (number, bytes)) in entities.iter().enumerate() {
        let bytes = if nth == at % entities.len() { harmed(bytes, harms) } else { bytes.clone() };
        match shard.decode_entity(*number, &bytes) {
            Ok(()) => {
                let mut again = Vec::new();
                assert!(shard.encode_entity(*number, &mut again));
                assert_eq!(again, bytes);
            }
            Err(error) => {
                assert_eq!(error.number, *number);
                assert!(!shard.encode_entity(*number, &mut Vec::new()), "nothing is left of it");
                whole = false;
            }
        }
    }
    whole
}
