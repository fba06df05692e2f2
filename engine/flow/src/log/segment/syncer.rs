//! The thread that writes and syncs.

use std::time::Duration;

use event_listener::Listener;

use super::config::SyncPolicy;
use super::log::{EARLY_BYTES, Shared};
use crate::log::LogError;
use crate::time::{Clock, WallClock};

/// Commits what is pending, at the pace of the policy, until the log is closed or has failed.
pub(super) fn run(shared: &Shared) {
    let _guard = PanicGuard::new(shared);
    let clock = WallClock::new();
    let interval = match shared.config.sync {
        SyncPolicy::Interval(interval) => interval.micros().max(0),
        SyncPolicy::Sync | SyncPolicy::Os => 0,
    };
    let mut due = clock.now();
    loop {
        let work = shared.work.listen();
        let (idle, closed, failed, full) = {
            let state = shared.state();
            (!state.wants_commit(), state.closed, state.failure.is_some(), state.pending_bytes >= EARLY_BYTES)
        };
        if failed {
            return;
        }
        if closed {
            // Its error is the log's failure.
            _ = shared.commit(true, |_| false);
            return;
        }
        if idle {
            work.wait();
            continue;
        }
        let wait = due.since(clock.now()).micros();
        if wait > 0 && !full {
            work.wait_timeout(Duration::from_micros(wait as u64));
            continue;
        }
        due = clock.now() + etaflow_road::Span::from_micros(interval);
        _ = shared.commit(false, |_| false);
    }
}

/// Fails the log when a panic drops it: nobody writes any more then, and those who wait would wait for good.
pub(super) struct PanicGuard<'a> {
    shared: &'a Shared,
    /// It was made when a panic was under way, which is then none of its own.
    before: bool,
}

impl<'a> PanicGuard<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        Self { shared, before: std::thread::panicking() }
    }
}

impl Drop for PanicGuard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() && !self.before {
            self.shared.fail(LogError::Panicked);
        }
    }
}
