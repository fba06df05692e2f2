use std::collections::VecDeque;

use xxhash_rust::xxh3::Xxh3;

use super::output::Output;
use crate::event::Offset;
use crate::stream::Digest;

/// Brings the outputs of all shards into the one order: that of the records that caused them, and of the trips.
///
/// An output can go out when every shard has come past its record.
pub(super) struct Merge {
    shards: Vec<Pending>,
    ready: Vec<Output>,
    hasher: Xxh3,
    bytes: Vec<u8>,
    count: u64,
}

struct Pending {
    outputs: VecDeque<Output>,
    /// Everything before this offset is in.
    upto: Offset,
}

impl Merge {
    pub(super) fn new(shards: usize, from: Offset) -> Self {
        Self {
            shards: (0..shards).map(|_| Pending { outputs: VecDeque::new(), upto: from }).collect(),
            ready: Vec::new(),
            hasher: Xxh3::new(),
            bytes: Vec::new(),
            count: 0,
        }
    }

    /// Takes what a shard's records before `upto` led to, and gives what can go out now.
    pub(super) fn add(&mut self, shard: usize, outputs: Vec<Output>, upto: Offset) -> &[Output] {
        let pending = &mut self.shards[shard];
        debug_assert!(upto >= pending.upto);
        pending.outputs.extend(outputs);
        pending.upto = upto;
        self.ready.clear();
        let complete = self.complete();
        for pending in &mut self.shards {
            let count = pending.outputs.partition_point(|output| output.offset() < complete);
            self.ready.extend(pending.outputs.drain(..count));
        }
        // Stable, since one trip can have two outputs of one record, and both are of one shard.
        self.ready.sort_by_key(Output::order);
        self.bytes.clear();
        for output in &self.ready {
            output.encode(&mut self.bytes);
        }
        self.hasher.update(&self.bytes);
        self.count += self.ready.len() as u64;
        &self.ready
    }

    /// Before this offset everything has gone out.
    pub(super) fn complete(&self) -> Offset {
        self.shards.iter().map(|pending| pending.upto).min().unwrap_or_default()
    }

    /// The digest of all that went out, and how many that was.
    pub(super) fn finish(&self) -> (Digest, u64) {
        (Digest(self.hasher.digest128()), self.count)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::Reason;

    proptest! {
        #[test]
        fn any_interleaving_gives_one_order(
            owners in prop::collection::vec(0_usize..3, 1..60),
            turns in prop::collection::vec(0_usize..3, 0..200),
        ) {
            let letter = |offset: u64| Output::DeadLetter { offset: Offset(offset), reason: Reason::OffMap };
            let all: Vec<Output> = (0..owners.len() as u64).map(letter).collect();
            let end = Offset(owners.len() as u64);
            let mut merge = Merge::new(3, Offset(0));
            let mut next = [Offset(0); 3];
            let mut out = Vec::new();
            let mut step = |shard: usize, upto: Offset, next: &mut [Offset; 3], out: &mut Vec<Output>| {
                let own = (next[shard].0..upto.0).filter(|&at| owners[at as usize] == shard).map(letter).collect();
                next[shard] = upto;
                out.extend_from_slice(merge.add(shard, own, upto));
            };
            for shard in turns {
                let upto = Offset((next[shard].0 + 3).min(end.0));
                step(shard, upto, &mut next, &mut out);
            }
            for shard in 0..3 {
                step(shard, end, &mut next, &mut out);
            }
            prop_assert_eq!(out, all);
        }
    }
}
