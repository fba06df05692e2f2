use etaflow::{Event, Record};

/// Records of a log and events of a broker, which both have frames of 64 bytes.
pub fn frames(bytes: &[u8]) {
    for frame in bytes.chunks(Record::FRAME_BYTES) {
        if let Ok(record) = Record::decode(frame) {
            assert_eq!(record.encode(), frame, "{record:?}");
        }
        if let Ok(event) = Event::decode(frame) {
            let mut again = [0; Event::FRAME_BYTES];
            event.encode_into(&mut again).expect("it has such a form");
            assert_eq!(again, frame, "{event:?}");
        }
    }
}
