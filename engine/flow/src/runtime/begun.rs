use std::sync::{Arc, Mutex, PoisonError};

use crate::effect::{Deliverer, SinkReport};
use crate::event::Offset;
use crate::log::Hold;
use crate::pipeline::{Counts, ExecutorHandle};

/// What there is once a following half follows its log.
pub(super) struct Begun {
    handle: ExecutorHandle,
    /// What had become of the records before.
    before: Counts,
    deliverer: Option<Arc<Deliverer>>,
    /// Keeps what was not told yet.
    hold: Mutex<Option<Hold>>,
}

impl Begun {
    pub(super) fn new(
        handle: ExecutorHandle,
        before: Counts,
        deliverer: Option<Arc<Deliverer>>,
        hold: Option<Hold>,
    ) -> Self {
        Self { handle, before, deliverer, hold: Mutex::new(hold) }
    }

    pub(super) fn handle(&self) -> &ExecutorHandle {
        &self.handle
    }

    pub(super) fn deliverer(&self) -> Option<&Deliverer> {
        self.deliverer.as_deref()
    }

    /// How the sinks get along.
    pub(super) fn sinks(&self) -> Vec<SinkReport> {
        self.deliverer().map(Deliverer::reports).unwrap_or_default()
    }

    /// What has become of the records since it began: accepted, traversals and revisions.
    pub(super) fn counts(&self) -> Counts {
        let (now, before) = (self.handle.counts(), &self.before);
        Counts {
            accepted: now.accepted - before.accepted,
            traversals: now.traversals - before.traversals,
            revisions: now.revisions - before.revisions,
            ..Counts::default()
        }
    }

    /// Lets go of the records that were told; before which that is.
    pub(super) fn let_go(&self) -> Offset {
        let told = self.handle.told();
        if let Some(hold) = &*self.hold.lock().unwrap_or_else(PoisonError::into_inner) {
            hold.advance(told);
        }
        told
    }

    /// Lets go of all records.
    pub(super) fn let_go_of_all(&self) {
        *self.hold.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
