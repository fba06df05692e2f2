use std::sync::Arc;

use etaflow::{Dictionary, Sequencer, SequencerConfig};

/// Magic and version.
const HEAD: &[u8] = b"\x89ETC\r\n\x1a\n\x01\0\0\0";

/// The state of a sequencer.
pub fn checkpoint(bytes: &[u8]) {
    read(bytes);
    let content = bytes.strip_prefix(HEAD).unwrap_or(bytes);
    let mut mended = [HEAD, content].concat();
    mended.extend(crc32c::crc32c(&mended).to_le_bytes());
    read(&mended);
}

fn read(bytes: &[u8]) {
    let names = Dictionary::new().restore(bytes);
    let restored = restore(bytes);
    let Some(sequencer) = restored else { return };
    assert_eq!(names.ok(), Some(sequencer.next_offset()), "a dictionary takes what a sequencer takes");
    let written = sequencer.checkpoint();
    let again = restore(&written).expect("it was just written");
    assert_eq!(again.checkpoint(), written);
}

fn restore(bytes: &[u8]) -> Option<Sequencer> {
    Sequencer::restore(SequencerConfig::default(), Arc::new(Dictionary::new()), bytes).ok()
}
