use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What became of every event that was offered.
///
/// In JSON it has one more key, `accounted`: whether [`is_balanced`](Self::is_balanced).
///
/// ```
/// # use etaflow_simulator::Accounting;
/// let mut accounting = Accounting { offered: 10, accepted: 7, duplicate: 1, ..Accounting::default() };
/// assert!(!accounting.is_balanced());
/// accounting.dead_lettered.insert("late".to_owned(), 2);
/// assert!(accounting.is_balanced());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(into = "Balanced", from = "Balanced")]
pub struct Accounting {
    /// Events that the sources sent.
    pub offered: u64,
    /// Those that the engine used.
    pub accepted: u64,
    /// Those that a full queue turned away with an error.
    pub refused: u64,
    /// Those that a newer fix of the same driver replaced in a full queue.
    pub conflated: u64,
    /// Those that had come before.
    pub duplicate: u64,
    /// Those that could not be used, by reason.
    pub dead_lettered: BTreeMap<String, u64>,
}

impl Accounting {
    /// How many events could not be used.
    pub fn dead_lettered_total(&self) -> u64 {
        self.dead_lettered.values().sum()
    }

    /// How many events went through the pipeline: those that were accepted, duplicate or dead-lettered, and not those
    /// that a full queue turned away.
    pub fn taken(&self) -> u64 {
        self.accepted + self.duplicate + self.dead_lettered_total()
    }

    /// How many events are known to have gone somewhere.
    pub fn accounted_for(&self) -> u64 {
        self.taken() + self.refused + self.conflated
    }

    /// Whether every event that was offered is accounted for, exactly.
    pub fn is_balanced(&self) -> bool {
        self.offered == self.accounted_for()
    }
}

/// As it is written.
#[derive(Serialize, Deserialize)]
struct Balanced {
    offered: u64,
    accepted: u64,
    refused: u64,
    conflated: u64,
    duplicate: u64,
    dead_lettered: BTreeMap<String, u64>,
    /// Follows from the others, so it is not read back.
    #[serde(default)]
    accounted: bool,
}

impl From<Accounting> for Balanced {
    fn from(accounting: Accounting) -> Self {
        let accounted = accounting.is_balanced();
        let Accounting { offered, accepted, refused, conflated, duplicate, dead_lettered } = accounting;
        Self { offered, accepted, refused, conflated, duplicate, dead_lettered, accounted }
    }
}

impl From<Balanced> for Accounting {
    fn from(row: Balanced) -> Self {
        let Balanced { offered, accepted, refused, conflated, duplicate, dead_lettered, accounted: _ } = row;
        Self { offered, accepted, refused, conflated, duplicate, dead_lettered }
    }
}
