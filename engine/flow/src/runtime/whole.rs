use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use super::config::WriterConfig;
use super::failure::EngineError;
use super::ingest::{Pulse, Start};
use super::monitor::Stop;
use super::recover::{Course, Ready};
use super::restore::Restorer;
use super::shared::Shared;
use crate::effect::LogEnd;
use crate::event::Offset;
use crate::log::{Log, LogFiles, LogOpened};
use crate::sequencer::{Dictionary, Sequencer};
use crate::storage::Storage;

/// How often it is looked whether the last tick can come.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// The course of a whole engine, whose pipeline follows the log that its other half writes: once the pipeline goes on, the
/// writing half can.
pub(super) struct Whole {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) files: LogFiles,
    pub(super) config: WriterConfig,
    pub(super) dictionary: Arc<Dictionary>,
    pub(super) log: Arc<dyn Log>,
    pub(super) opened: LogOpened,
    pub(super) begin: SyncSender<Start>,
    /// Once it is ready.
    pub(super) start: Option<(Sequencer, Pulse)>,
}

impl Course for Whole {
    fn ready(&mut self, from: Offset) -> Result<Ready, EngineError> {
        let restorer = Restorer { storage: &self.storage, files: &self.files };
        let (sequencer, absorbed) = restorer.sequencer(&self.config.sequencer, &self.dictionary, from)?;
        let pulse = Pulse::going_on(self.config.time, self.config.tick, restorer.clock()?);
        self.start = Some((sequencer, pulse));
        let (log, torn) = (Arc::clone(&self.log), self.opened.torn.take());
        Ok(Ready { log, is_short: false, end: LogEnd::Found(self.opened.end), absorbed, torn })
    }

    fn go(self: Box<Self>, shared: &Arc<Shared>) -> Result<(), EngineError> {
        let Self { log, begin, start, .. } = *self;
        let (sequencer, pulse) = start.expect("it is ready before it goes on");
        let (shared, sequencer) = (Arc::clone(shared), sequencer.with_profiles(shared.profiles().clone()));
        let at_end = shared.config().snapshots.at_end;
        let before_last_tick = move || have_cut_next(&shared, &*log);
        let before_last_tick = at_end.then(|| Box::new(before_last_tick) as Box<dyn FnOnce() + Send>);
        // Its other half is there, or is dropped: then nobody waits for this.
        _ = begin.send(Start { sequencer, pulse, is_alone: false, before_last_tick });
        Ok(())
    }
}

/// Has a snapshot cut at the tick that is logged next.
fn have_cut_next(shared: &Shared, log: &dyn Log) {
    // A tick to which no shard has come may not be left, nor a snapshot that is under way.
    let pause = Stop::default();
    while !shared.is_finished() && (shared.applied() < log.end() || shared.is_cutting()) {
        pause.wait(LOOK_AGAIN);
    }
    shared.request_snapshot();
}
