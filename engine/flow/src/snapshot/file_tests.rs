use proptest::prelude::*;

use super::*;

fn image(parts: Vec<Part>) -> Image {
    let tick = Tick { number: 7, time: Timestamp::from_secs(1_000), watermark: Timestamp::from_secs(995) };
    let network = Digest(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
    let fingerprint = Fingerprint { nodes: 12, edges: 34, network, settings: "Config {\n    pane: 5,\n}".to_owned() };
    Image { offset: Offset(1_234), tick, fingerprint, parts }
}

fn small() -> Image {
    let mut drivers = Part::new(b'd');
    for number in [3, 5, 8] {
        drivers.push(number, |out| {
            out.extend([number as u8; 9]);
            true
        });
    }
    image(vec![drivers, Part::new(b'x'), Part { kind: 0, bytes: vec![1, 2, 3] }])
}

/// The bytes with a checksum that fits, of all before it.
fn resealed(mut bytes: Vec<u8>, upto: usize) -> Vec<u8> {
    let checksum = crc32c::crc32c(&bytes[..upto]).to_le_bytes();
    bytes[upto..upto + 4].copy_from_slice(&checksum);
    bytes
}

proptest! {
    #[test]
    fn a_snapshot_is_read_as_it_was_written(
        parts in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..200)), 0..9),
    ) {
        let image = image(parts.into_iter().map(|(kind, bytes)| Part { kind, bytes }).collect());
        prop_assert_eq!(decode(&encode(&image)), Ok(image));
    }

    #[test]
    fn what_is_no_snapshot_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..300), begun in any::<bool>()) {
        let bytes = if begun { [MAGIC.as_slice(), &VERSION.to_le_bytes(), &bytes].concat() } else { bytes };
        prop_assert!(decode(&bytes).is_err());
    }

    #[test]
    fn what_is_put_in_or_taken_out_is_found(at in any::<prop::sample::Index>(), bytes in prop::collection::vec(any::<u8>(), 1..9)) {
        let whole = encode(&small());
        let at = at.index(whole.len() + 1);
        let longer = [&whole[..at], &bytes, &whole[at..]].concat();
        prop_assert!(decode(&longer).is_err());
        let shorter = [&whole[..at], &whole[(at + bytes.len()).min(whole.len())..]].concat();
        prop_assert!(shorter.len() == whole.len() || decode(&shorter).is_err());
    }
}

#[test]
fn one_that_is_cut_off_anywhere_is_said_to_be() {
    let whole = encode(&small());
    for length in 0..whole.len() {
        let error = decode(&whole[..length]).expect_err("it is cut off");
        assert!(matches!(error, SnapshotError::Truncated { .. }), "after {length} bytes: {error}");
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let whole = encode(&small());
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(decode(&flipped).is_err(), "bit {bit}");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let whole = encode(&small());
    let expect = |bytes: &[u8], text: &str| {
        let error = decode(bytes).expect_err("something is wrong").to_string();
        assert!(error.contains(text), "{error}");
    };
    expect(b"PK\x03\x04 and so on", "not a snapshot: it begins with [80, 75, 3, 4");
    let mut newer = whole.clone();
    newer[8] = 2;
    expect(&newer, "has version 2, at most 1 can be read: a newer program wrote it");
    expect(&[whole.clone(), vec![0]].concat(), "is not the end of the file");
    let mut damaged = whole.clone();
    damaged[PREFIX_BYTES] ^= 1;
    expect(&damaged, "checksum of the header, at byte 0, is");
    let header_end = PREFIX_BYTES + ByteReader::new(&whole[12..]).u32("a length").expect("there") as usize;
    damaged.clone_from(&whole);
    damaged[header_end + 4 + PART_PREFIX_BYTES] ^= 1;
    expect(&damaged, &format!("checksum of part 0, at byte {}, is", header_end + 4));
    // A part that says to be longer than any memory.
    damaged.clone_from(&whole);
    damaged[header_end + 8..header_end + 16].copy_from_slice(&u64::MAX.to_le_bytes());
    expect(&damaged, &format!("cut off in part 0, at byte {}", header_end + 4 + PART_PREFIX_BYTES));
    // Settings that are no text, rightly sealed.
    damaged.clone_from(&whole);
    damaged[header_end - 1] = 0xff;
    expect(&resealed(damaged, header_end), "are no text");
    // A part of another snapshot, whole in itself.
    let mut other = small();
    other.parts[2].bytes = vec![1, 2, 4];
    let other = encode(&other);
    let end = whole.len() - TRAILER_BYTES;
    expect(&[&other[..end], &whole[end..]].concat(), "checksum of the end");
}

/// Bytes that version 1 wrote: they can be read forever.
#[test]
fn a_snapshot_of_the_first_version_can_be_read() {
    let bytes = include_bytes!("fixture_v1.snap");
    assert_eq!(decode(bytes), Ok(small()));
    assert_eq!(encode(&small()), bytes, "version 1 is written as it was");
}
