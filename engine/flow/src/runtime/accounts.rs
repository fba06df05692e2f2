use std::collections::BTreeMap;
use std::fmt;

use crate::event::Reason;
use crate::pipeline::Counts;
use crate::stream::Digest;

/// What has become of all events: `offered + replayed = accepted + refused + conflated + duplicate + dead_lettered`,
/// exactly, once the engine is drained.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    /// Given to a publisher.
    pub offered: u64,
    /// Were in the log, and are followed from there: when the engine began, or by a writer of another process.
    pub replayed: u64,
    /// Used.
    pub accepted: u64,
    /// Found no place on the bus.
    pub refused: u64,
    /// Fixes that a newer one of the same driver replaced.
    pub conflated: u64,
    /// Had come before.
    pub duplicate: u64,
    /// Could not be used, by reason.
    pub dead_lettered: BTreeMap<Reason, u64>,
    /// Edge traversals that were seen.
    pub traversals: u64,
    /// Drivers' places that were given at once and turned out to be on another edge.
    pub revisions: u64,
}

impl Accounts {
    /// How many could not be used.
    pub fn dead(&self) -> u64 {
        self.dead_lettered.values().sum()
    }

    /// Whether every event that was offered is accounted for.
    pub fn balance(&self) -> bool {
        let known = self.accepted + self.refused + self.conflated + self.duplicate + self.dead();
        self.offered + self.replayed == known
    }
}

/// In one line; reasons and outcomes that did not occur are left out.
impl fmt::Display for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} events", self.offered)?;
        if self.replayed > 0 {
            write!(f, " and {} of the log", self.replayed)?;
        }
        write!(f, ": {} accepted", self.accepted)?;
        let others = [("refused", self.refused), ("conflated", self.conflated), ("duplicate", self.duplicate)];
        let dead = self.dead_lettered.iter().map(|(reason, &count)| (reason.name(), count));
        others
            .into_iter()
            .chain(dead)
            .filter(|(_, count)| *count > 0)
            .try_for_each(|(name, count)| write!(f, ", {count} {name}"))
    }
}

/// What there is to say when an engine has been shut down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// What has become of all events since it was started.
    pub accounts: Accounts,
    /// What has become of the log's records, from the first on: before it was started, too.
    pub counts: Counts,
    /// How many records the log has had, ticks among them.
    pub records: u64,
    /// How many outputs there were.
    pub outputs: u64,
    /// Of the whole state.
    pub state_digest: Digest,
    /// Of all outputs in order.
    pub outputs_digest: Digest,
}

/// What there is to say when a writer has been shut down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterSummary {
    /// What has become of all events; those that are in the log count as accepted, whoever may find later that they
    /// cannot be used.
    pub accounts: Accounts,
    /// How many records the log has had, ticks among them.
    pub records: u64,
}
