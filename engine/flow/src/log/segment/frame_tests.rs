use etaflow_road::Timestamp;
use proptest::prelude::*;

use super::frame::*;
use super::header::{IndexEntry, Seal, SegmentHeader};
use super::samples::{notes, records};
use crate::event::{Entries, Offset};

/// A batch as a reader takes it: whole, or not at all.
fn read(bytes: &[u8]) -> Result<(BatchHeader, Entries), &'static str> {
    let header = BatchHeader::decode(bytes.first_chunk().ok_or("the header is cut short")?)?;
    let batch = bytes.get(..header.batch_bytes()).ok_or("the batch is cut short")?;
    check_batch(batch)?;
    let mut entries = Entries::default();
    decode_batch(&header, batch, header.base..header.end(), true, &mut entries)?;
    Ok((header, entries))
}

fn batch(from: u64, count: u64) -> (Entries, Vec<u8>) {
    let records = records(from, count);
    let notes = notes(&records);
    let mut bytes = Vec::new();
    encode_batch(&records, &notes, Timestamp::from_secs(7), Offset(from / 2), &mut bytes);
    (Entries { records, notes }, bytes)
}

proptest! {
    #[test]
    fn a_batch_is_read_as_it_was_written(from in 0_u64..1 << 40, count in 1_u64..300, cut: (u64, u64)) {
        let (written, bytes) = batch(from, count);
        let (header, found) = read(&bytes).map_err(TestCaseError::fail)?;
        prop_assert_eq!(header.batch_bytes(), bytes.len());
        prop_assert_eq!((header.base, header.end(), header.synced), (Offset(from), Offset(from + count), Offset(from / 2)));
        prop_assert_eq!(header.time, Timestamp::from_secs(7));
        prop_assert_eq!(&found, &written);
        // And so is any part of it.
        let (low, high) = (from + cut.0 % (count + 1), from + cut.1 % (count + 1));
        let mut part = Entries::default();
        decode_batch(&header, &bytes, Offset(low)..Offset(high), true, &mut part).map_err(TestCaseError::fail)?;
        let within = |offset: Offset| (low..high).contains(&offset.0);
        prop_assert!(part.records.iter().eq(written.records.iter().filter(|record| within(record.offset))));
        prop_assert!(part.notes.iter().eq(written.notes.iter().filter(|note| within(note.offset))));
    }

    #[test]
    fn no_part_of_a_batch_passes_for_it(from in 0_u64..1 << 40, count in 1_u64..40, cut: usize, fill: u8) {
        let (_, mut bytes) = batch(from, count);
        let cut = cut % bytes.len();
        prop_assert!(read(&bytes[..cut]).is_err());
        // Nor with something else in place of the rest, unless that is what it was.
        if bytes[cut..].iter().any(|&byte| byte != fill) {
            bytes[cut..].fill(fill);
            prop_assert!(read(&bytes).is_err());
        }
    }

    #[test]
    fn no_two_bits_can_be_others_unseen(from in 0_u64..1 << 40, count in 1_u64..40, bits: (usize, usize)) {
        let (_, mut bytes) = batch(from, count);
        let bits = [bits.0 % (bytes.len() * 8), bits.1 % (bytes.len() * 8)];
        for (nth, bit) in bits.iter().enumerate() {
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert!(nth == 1 && bits[0] == bits[1] || read(&bytes).is_err());
        }
    }

    #[test]
    fn headers_and_seals_are_read_as_they_were_written_and_not_otherwise(
        base: u64,
        micros: i64,
        index in prop::collection::vec((any::<u64>(), any::<u64>(), any::<i64>()), 0..20),
        at in 0_u64..1 << 40,
        bit: usize,
    ) {
        let time = Timestamp::from_micros(micros);
        let header = SegmentHeader { base: Offset(base), created: time };
        let mut bytes = header.encode();
        prop_assert_eq!(SegmentHeader::decode(&bytes), Ok(header));
        let flipped = bit % (bytes.len() * 8);
        bytes[flipped / 8] ^= 1 << (flipped % 8);
        prop_assert!(SegmentHeader::decode(&bytes).is_err());

        let entry = |(offset, at, micros)| IndexEntry { offset: Offset(offset), at, time: Timestamp::from_micros(micros) };
        let seal = Seal { end: Offset(base), time, index: index.into_iter().map(entry).collect() };
        let mut bytes = seal.encode(at);
        prop_assert_eq!(Seal::found_by(bytes.last_chunk().expect("longer")), Some(at));
        prop_assert_eq!(Seal::decode(&bytes, at), Ok(seal.clone()));
        prop_assert!(Seal::decode(&bytes, at + 1).is_err());
        let cut = bit % bytes.len();
        prop_assert!(Seal::decode(&bytes[..cut], at).is_err());
        let flipped = bit % (bytes.len() * 8);
        bytes[flipped / 8] ^= 1 << (flipped % 8);
        prop_assert!(Seal::decode(&bytes, at).is_err());
    }
}
