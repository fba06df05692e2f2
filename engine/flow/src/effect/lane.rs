use std::sync::Arc;

use super::config::DeliveryConfig;
use super::courier::Courier;
use super::deliverer::LogEnd;
use super::id::Effect;
use super::lost::LostFile;
use super::mailbox::Mailbox;
use super::outbox::Outbox;
use super::report::DeliveryError;
use super::{Guarantee, Sink};
use crate::event::Offset;
use crate::storage::{Mark, MarkFile, Storage};

/// The way to a sink, as those see it who feed it.
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) guarantee: Guarantee,
    pub(super) mailbox: Arc<Mailbox>,
    /// The records whose effects it was not done with and that are not told again.
    pub(super) gap: Option<(Offset, Offset)>,
    /// Its mark was beyond the log's end.
    pub(super) was_ahead: bool,
}

impl Lane {
    /// Begins where the sink was left. `kept` is what waited for it when the snapshot was cut; outputs are told from `from`
    /// on, and the durable log ends where `end` says.
    pub(super) fn open(
        sink: Box<dyn Sink>,
        storage: &Arc<dyn Storage>,
        kept: Option<&[Effect]>,
        (from, end): (Offset, LogEnd),
        config: &DeliveryConfig,
    ) -> Result<(Self, Courier), DeliveryError> {
        let name = sink.name().to_owned();
        let failed = |error| DeliveryError::Mark { sink: name.clone(), error };
        let mut marks = MarkFile::open(Arc::clone(storage), format!("sinks/{name}")).map_err(failed)?;
        let at_end = Mark { offset: end.offset().0, within: 0 };
        let found = marks.mark();
        let was_ahead = found.is_some_and(|mark| end.has_lost(mark));
        let done = found.filter(|_| !was_ahead).unwrap_or(at_end);
        if found != Some(done) {
            marks.set(done).map_err(failed)?;
        }
        let mut outbox = Outbox::new(config, done);
        for effect in kept.into_iter().flatten() {
            if outbox.wants(effect.id) {
                outbox.offer(effect.clone());
            }
        }
        let mailbox = Arc::new(Mailbox::new(outbox));
        let lane = Self {
            name,
            guarantee: sink.guarantee(),
            mailbox: Arc::clone(&mailbox),
            gap: (kept.is_none() && done.offset < from.0).then_some((Offset(done.offset), from)),
            was_ahead,
        };
        let lost = LostFile::new(Arc::clone(storage), &lane.name);
        Ok((lane, Courier::new(sink, (marks, lost), mailbox, config, end)))
    }
}
