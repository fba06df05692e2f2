use etaflow::{Event, EventData, EventId, Key};
use etaflow_road::Timestamp;

/// An event that the world says, when it is due at the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emission {
    /// When.
    pub due: Timestamp,
    /// What.
    pub event: Event,
}

/// The sources that the world's events come from, each with its own numbering: a gateway for the phones of a part of
/// the drivers, and the dispatch service.
#[derive(Debug)]
pub(super) struct Sources {
    gateways: u32,
    next: Vec<u64>,
}

impl Sources {
    pub(super) fn new(gateways: u32) -> Self {
        let gateways = gateways.max(1);
        Self { gateways, next: vec![0; gateways as usize + 1] }
    }

    /// An event that the phone of `driver` sends.
    #[inline]
    pub(super) fn phone(&mut self, driver: u32, due: Timestamp, data: EventData) -> Emission {
        self.number(driver % self.gateways, due, data)
    }

    /// An event that the dispatch service sends.
    pub(super) fn dispatch(&mut self, due: Timestamp, data: EventData) -> Emission {
        self.number(self.gateways, due, data)
    }

    #[inline]
    fn number(&mut self, source: u32, due: Timestamp, data: EventData) -> Emission {
        let sequence = self.next[source as usize];
        self.next[source as usize] += 1;
        let (source, id) = (Key::Number(u64::from(source)), EventId::Sequence(sequence));
        Emission { due, event: Event { source, id, time: due, due: Some(due), data } }
    }
}
