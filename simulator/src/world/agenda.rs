use std::cmp::Reverse;
use std::collections::BinaryHeap;

use etaflow_road::{EdgeId, Timestamp};

/// What is going to happen apart from the drivers' steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Job {
    /// Speeds are worked out anew.
    Refresh,
    /// A rider asks for a trip, and the next request is scheduled.
    Request,
    /// A rider asks for a trip.
    RequestOnce,
    /// A driver is looked for.
    Dispatch { trip: u32 },
    /// A rider changes their mind.
    Cancel { trip: u32 },
    /// A trip that was under way at the start becomes known.
    Announce { trip: u32 },
    /// Something happens on a road.
    Incident,
    /// The incident on that edge is over.
    Cleared { edge: EdgeId },
}

/// Jobs by the time they are due; those due at once, in the order in which they were added.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    jobs: BinaryHeap<Reverse<(Timestamp, u64, Job)>>,
    added: u64,
}

impl Agenda {
    pub(super) fn add(&mut self, due: Timestamp, job: Job) {
        self.jobs.push(Reverse((due, self.added, job)));
        self.added += 1;
    }

    /// When the next job is due.
    pub(super) fn due(&self) -> Option<Timestamp> {
        self.jobs.peek().map(|Reverse((due, ..))| *due)
    }

    pub(super) fn pop(&mut self) -> Option<(Timestamp, Job)> {
        self.jobs.pop().map(|Reverse((due, _, job))| (due, job))
    }
}
