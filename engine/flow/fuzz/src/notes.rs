use etaflow::{decode_notes, encode_notes};

/// The notes of a batch.
pub fn notes(bytes: &[u8]) {
    if let Ok(notes) = decode_notes(bytes) {
        let mut again = Vec::new();
        encode_notes(&notes, &mut again);
        assert_eq!(again, bytes, "{notes:?}");
    }
}
