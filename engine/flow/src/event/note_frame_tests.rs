use proptest::prelude::*;

use super::*;

fn keys() -> impl Strategy<Value = Key> {
    let text = prop_oneof!["\\PC{1,30}", "[0-9]{1,21}", "[a-z]{128}"];
    prop_oneof![any::<u64>().prop_map(Key::Number), text.prop_map(|text| Key::new(&text).unwrap())]
}

fn notes() -> impl Strategy<Value = Vec<Note>> {
    let what = prop_oneof![
        (any::<u32>(), keys()).prop_map(|(number, key)| Noted::Source { source: SourceId(number), key }),
        (any::<u32>(), keys()).prop_map(|(number, key)| Noted::Driver { driver: DriverId(number), key }),
        (any::<u32>(), keys()).prop_map(|(number, key)| Noted::Trip { trip: TripId(number), key }),
        any::<u32>().prop_map(|number| Noted::TripForgotten { trip: TripId(number) }),
        any::<u128>().prop_map(|fingerprint| Noted::OpaqueId { fingerprint }),
    ];
    let note = (any::<u64>(), what).prop_map(|(offset, what)| Note { offset: Offset(offset), what });
    prop::collection::vec(note, 0..12)
}

fn encode(notes: &[Note]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_notes(notes, &mut bytes);
    bytes
}

/// A driver's note with that for its key.
fn with_key(key: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0; 8];
    bytes.push(1);
    bytes.extend([0; 4]);
    bytes.extend(key);
    bytes
}

#[test]
fn what_is_no_note_is_refused_by_name() {
    for (bytes, message) in [
        (vec![0; 7], "of the notes, an offset at byte 0 is cut short"),
        (vec![0; 8], "of the notes, a kind at byte 8 is cut short"),
        ([[0; 8].as_slice(), &[5]].concat(), "of the notes, kind 5 at byte 8 is unknown, must be 0 to 4"),
        (with_key(&[]), "of the notes, a driver's key at byte 13 is cut short"),
        (with_key(&[2, b'x']), "of the notes, a driver's key at byte 14 is cut short"),
        (with_key(&[2, b'4', b'2']), "of the notes, a driver's key at byte 16 is a number held as text"),
        (with_key(&[2, b'x', 0xff]), "of the notes, a driver's key at byte 16 is not UTF-8"),
        (
            with_key(&[[129].as_slice(), &[b'x'; 129]].concat()),
            "of the notes, a driver's key at byte 143 is longer than a key can be",
        ),
    ] {
        assert_eq!(decode_notes(&bytes).unwrap_err().to_string(), message);
    }
}

#[test]
fn the_longest_note_is_as_long_as_it_says() {
    let what = Noted::Driver { driver: DriverId(u32::MAX), key: Key::new(&"x".repeat(KEY_MAX_BYTES)).unwrap() };
    assert_eq!(encode(&[Note { offset: Offset(u64::MAX), what }]).len(), NOTE_MAX_BYTES);
}

proptest! {
    #[test]
    fn notes_are_read_back_as_they_were_written(notes in notes()) {
        let bytes = encode(&notes);
        prop_assert!(bytes.len() <= notes.len() * NOTE_MAX_BYTES);
        prop_assert_eq!(decode_notes(&bytes).unwrap(), notes);
    }

    #[test]
    fn what_is_read_is_written_the_same(notes in notes(), changes in prop::collection::vec(any::<(u16, u8)>(), 0..4), cut in any::<u16>()) {
        let mut bytes = encode(&notes);
        for (at, to) in changes {
            let length = bytes.len();
            if length > 0 {
                bytes[usize::from(at) % length] = to;
            }
        }
        bytes.truncate(usize::from(cut));
        if let Ok(notes) = decode_notes(&bytes) {
            prop_assert_eq!(encode(&notes), bytes);
        }
    }

    #[test]
    fn any_bytes_are_notes_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(notes) = decode_notes(&bytes) {
            prop_assert_eq!(encode(&notes), bytes);
        }
    }
}
