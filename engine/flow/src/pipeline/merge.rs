use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;

use xxhash_rust::xxh3::xxh3_128;

use super::assembly::Sharer;
use super::executor::Tap;
use super::output::Output;
use super::worker::Lot;
use crate::bytes::{ByteReader, BytesError};
use crate::event::Offset;
use crate::stream::Digest;

/// Brings the outputs of all shards into the one order: that of the records that caused them, and of the trips.
///
/// An output can go out when every shard has come past its record.
pub(super) struct Merge {
    shards: Vec<Pending>,
    ready: Vec<Output>,
    chain: Chain,
    bytes: Vec<u8>,
    /// Where a snapshot was cut that not all shards have come to yet.
    cut: Option<Offset>,
}

/// Stands for all outputs up to some record: what was before it, and the outputs of the record. It can be written down,
/// and gone on with from there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Chain {
    pub(super) digest: Digest,
    /// How many outputs there were.
    pub(super) count: u64,
}

struct Pending {
    outputs: VecDeque<Output>,
    /// Everything before this offset is in.
    upto: Offset,
}

impl Merge {
    /// Nothing has gone out of the records from `from` on; `chain` stands for what has of those before.
    pub(super) fn new(shards: usize, from: Offset, chain: Chain) -> Self {
        Self {
            shards: (0..shards).map(|_| Pending { outputs: VecDeque::new(), upto: from }).collect(),
            ready: Vec::new(),
            chain,
            bytes: Vec::new(),
            cut: None,
        }
    }

    /// Takes what some records of a shard led to, and gives what can go out now.
    pub(super) fn add(&mut self, Lot { shard, outputs, upto, cut }: Lot) -> &[Output] {
        if cut {
            debug_assert!(self.cut.is_none_or(|at| at == upto), "one snapshot at a time");
            self.cut = Some(upto);
        }
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
        self.ready.sort_by_key(Output::order);
        self.chain.add(&self.ready, &mut self.bytes);
        &self.ready
    }

    /// What stands for all outputs before the offset of a snapshot, once every shard has come to it; once for each.
    ///
    /// A shard's lot ends where the snapshot was cut, so that what has gone out never steps over it.
    pub(super) fn take_cut(&mut self) -> Option<Chain> {
        self.cut.filter(|&cut| cut == self.complete())?;
        self.cut = None;
        Some(self.chain)
    }

    /// Before this offset everything has gone out.
    pub(super) fn complete(&self) -> Offset {
        self.shards.iter().map(|pending| pending.upto).min().unwrap_or_default()
    }

    /// What stands for all that went out.
    pub(super) fn finish(&self) -> Chain {
        self.chain
    }
}

impl Chain {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        out.extend(self.digest.0.to_le_bytes());
        out.extend(self.count.to_le_bytes());
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, BytesError> {
        let mut reader = ByteReader::new(bytes);
        let chain = Self { digest: Digest(reader.u128("the outputs' digest")?), count: reader.u64("the outputs")? };
        reader.end()?;
        Ok(chain)
    }

    /// Adds all outputs of some records, in order.
    fn add(&mut self, outputs: &[Output], bytes: &mut Vec<u8>) {
        for of_record in outputs.chunk_by(|one, next| one.offset() == next.offset()) {
            bytes.clear();
            bytes.extend(self.digest.0.to_le_bytes());
            of_record.iter().for_each(|output| output.encode(bytes));
            self.digest = Digest(xxh3_128(bytes));
        }
        self.count += outputs.len() as u64;
    }
}

/// Gives the outputs of all shards to a tap, in order, until no more come; and to each snapshot what stands for those
/// before it. What stands for all of them.
pub(super) fn put_in_order(
    lots: &Receiver<Lot>,
    mut merge: Merge,
    mut tap: Option<Tap>,
    told: &AtomicU64,
    snapshot: &Sharer,
) -> Chain {
    for lot in lots {
        let ready = merge.add(lot);
        if let Some(tap) = tap.as_mut().filter(|_| !ready.is_empty()) {
            tap(ready);
        }
        told.store(merge.complete().0, Ordering::Release);
        if let Some(chain) = merge.take_cut() {
            snapshot.end_outputs(chain);
        }
    }
    merge.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::event::Reason;

    fn letter(offset: u64) -> Output {
        Output::DeadLetter { offset: Offset(offset), reason: Reason::OffMap }
    }

    /// What goes out of records that belong to shards, if these come with lots in some order and the snapshot is cut at
    /// `cut`; and what stands for what was out by then.
    fn merged(
        owners: &[usize],
        turns: &[usize],
        (from, chain, cut): (u64, Chain, u64),
    ) -> (Vec<Output>, Option<Chain>, Chain) {
        let end = owners.len() as u64;
        let mut merge = Merge::new(3, Offset(from), chain);
        let (mut next, mut out, mut at_cut) = ([from; 3], Vec::new(), None);
        let rest = (0..3).flat_map(|shard| [shard; 100]);
        for shard in turns.iter().copied().chain(rest) {
            let mut upto = (next[shard] + 3).min(end);
            if (next[shard] + 1..upto).contains(&cut) {
                upto = cut;
            }
            let own = next[shard]..upto;
            let outputs = own.filter(|&at| owners[at as usize] == shard).map(letter).collect();
            let lot = Lot { shard, outputs, upto: Offset(upto), cut: next[shard] < cut && upto == cut };
            next[shard] = upto;
            out.extend_from_slice(merge.add(lot));
            if let Some(chain) = merge.take_cut() {
                assert_eq!((at_cut, merge.complete()), (None, Offset(cut)));
                at_cut = Some(chain);
            }
        }
        (out, at_cut, merge.finish())
    }

    proptest! {
        #[test]
        fn any_interleaving_gives_one_order_and_one_chain(
            owners in prop::collection::vec(0_usize..3, 1..60),
            turns in prop::collection::vec(0_usize..3, 0..200),
            cut in any::<prop::sample::Index>(),
        ) {
            let all: Vec<Output> = (0..owners.len() as u64).map(letter).collect();
            let cut = 1 + cut.index(owners.len()) as u64;
            let (out, at_cut, chain) = merged(&owners, &turns, (0, Chain::default(), cut));
            prop_assert_eq!(&out, &all);
            prop_assert_eq!(chain.count, all.len() as u64);
            let at_cut = at_cut.expect("all have come past it");
            prop_assert_eq!(at_cut.count, cut);
            // Whoever goes on from there comes to the same end, whoever the records belong to then.
            let others: Vec<usize> = owners.iter().map(|owner| (owner + 1) % 3).collect();
            let (rest, _, end) = merged(&others, &[], (cut, at_cut, 0));
            prop_assert_eq!(&rest[..], &all[cut as usize..]);
            prop_assert_eq!(end, chain);
        }
    }

    #[test]
    fn a_chain_tells_which_record_an_output_is_of() {
        let chain = |offsets: &[u64]| {
            let mut chain = Chain::default();
            chain.add(&offsets.iter().copied().map(letter).collect::<Vec<_>>(), &mut Vec::new());
            chain
        };
        assert_eq!(chain(&[]), Chain::default());
        assert_ne!(chain(&[1, 2]), chain(&[2, 1]));
        assert_ne!(chain(&[1, 1]), chain(&[1]));
        assert_ne!(chain(&[1]).digest, Digest::default());
    }
}
