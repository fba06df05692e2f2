use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;

use super::accounts::Accounts;
use super::acknowledge::Acknowledger;
use super::config::WriterConfig;
use super::dead_letters::DeadLetters;
use super::ingest::{Ingest, Start};
use super::spawn;
use crate::bus::{Bus, Policy, Publisher, bus};
use crate::log::{Log, LogError, SegmentLog};

/// The half that writes the log: a bus, and the thread that judges what it brings.
pub(super) struct Writing {
    log: Arc<dyn Log>,
    offers: Offers,
    ingest: JoinHandle<Result<(), LogError>>,
    acknowledger: JoinHandle<()>,
    ending: Ending,
}

/// Takes nothing more in once it is dropped: what was taken in is written, and the threads end by themselves.
struct Ending(Bus);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// What has been offered, and what of it has not come through.
#[derive(Clone)]
pub(super) struct Offers {
    bus: Bus,
    /// Records that were written, but for ticks.
    logged: Arc<AtomicU64>,
    duplicates: Arc<AtomicU64>,
    dead_letters: DeadLetters,
}

impl Writing {
    /// Takes events in at once, and writes them as soon as it is told where to begin. If it never is, what was taken in
    /// counts as refused.
    pub(super) fn start(
        config: &WriterConfig,
        (log, segments): (Arc<dyn Log>, Option<SegmentLog>),
        dead_letters: DeadLetters,
        from: Receiver<Start>,
    ) -> Self {
        let (bus, intake) = bus(config.bus.clone());
        let (logged, duplicates) = (Arc::default(), Arc::default());
        let offers = Offers { bus: bus.clone(), logged, duplicates, dead_letters: dead_letters.clone() };
        let acknowledger = Acknowledger::default();
        let ingest = Ingest {
            intake,
            log: Arc::clone(&log),
            segments,
            dead_letters,
            logged: Arc::clone(&offers.logged),
            duplicates: Arc::clone(&offers.duplicates),
            acknowledger: acknowledger.clone(),
        };
        let followed = Arc::clone(&log);
        Self {
            log,
            offers,
            ingest: spawn("etaflow-ingest", move || ingest.run(&from)),
            acknowledger: spawn("etaflow-acknowledge", move || acknowledger.run(&*followed)),
            ending: Ending(bus),
        }
    }

    pub(super) fn publisher(&self, policy: Policy) -> Publisher {
        self.offers.bus.publisher(policy)
    }

    pub(super) fn log(&self) -> &Arc<dyn Log> {
        &self.log
    }

    pub(super) fn offers(&self) -> &Offers {
        &self.offers
    }

    /// Whether nothing is written any more.
    pub(super) fn is_finished(&self) -> bool {
        // A log that has failed is heard of only when something is to be written.
        self.ingest.is_finished() || self.log.failure().is_some()
    }

    /// Takes nothing more in.
    pub(super) fn close(&self) {
        self.ending.0.close();
    }

    /// Takes nothing more in, and waits until all that was taken in is written and acknowledged.
    pub(super) fn join(self) -> Result<(), LogError> {
        self.close();
        let written = self.ingest.join().expect("ingest does not panic");
        self.acknowledger.join().expect("who acknowledges does not panic");
        written
    }
}

impl Offers {
    /// What has become of all events, as far as the writer knows.
    pub(super) fn accounts(&self) -> Accounts {
        let bus = self.bus.counts();
        Accounts {
            offered: bus.offered,
            accepted: self.logged.load(Ordering::Relaxed),
            refused: bus.refused,
            conflated: bus.conflated,
            duplicate: self.duplicates.load(Ordering::Relaxed),
            dead_lettered: self.dead_letters.counts(),
            ..Accounts::default()
        }
    }
}
