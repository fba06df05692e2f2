use serde::{Deserialize, Serialize};

use super::accounting::Accounting;
use super::bound::Bound;
use super::latency::Percentiles;
use super::machine::Machine;
use super::sample::{Outage, Sample};
use crate::score::{EtaSummary, Score};

/// Everything that is known about a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// What it came to.
    pub summary: Summary,
    /// How it went, in the order of time.
    pub samples: Vec<Sample>,
}

/// What a run came to: the JSON that `--json` prints.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// What it is about, in a sentence; may be empty.
    pub description: String,
    /// What all randomness came from.
    pub seed: u64,
    /// How long the run was, in seconds of the scenario's time.
    pub duration_s: f64,
    /// How long it took until the last event had come through, in seconds of the wall clock.
    pub wall_s: f64,
    /// What became of every event.
    #[serde(flatten)]
    pub accounting: Accounting,
    /// Events through the whole pipeline in a second of the wall clock: those that no full queue turned away, over
    /// [`wall_s`](Self::wall_s).
    pub events_per_s: f64,
    /// From when an event was due until what follows from it could be asked for, of all events in the log, outside
    /// outages and the recovery from them; `None` if nothing was measured.
    pub latency_ms: Option<Percentiles>,
    /// The same, in outages and the recovery from them.
    pub latency_outage_ms: Option<Percentiles>,
    /// The largest number of events that were taken in and had not come through.
    pub lag_max_events: u64,
    /// The longest it took from the end of an outage until the engine had caught up, in seconds of the wall clock.
    /// `None`: there was no outage, or no end of the recovery from it.
    pub catch_up_s: Option<f64>,
    /// How far predicted arrival times were off, by how much time was left.
    pub eta: EtaSummary,
    /// How far they were off at set moments of the trips; only where the trips are known to their end.
    pub score: Option<Score>,
    /// Of the engine's state at the end.
    pub state_digest: String,
    /// Of everything it said.
    pub outputs_digest: String,
    /// In the order of time.
    pub outages: Vec<Outage>,
    /// What was done to the events on the way.
    pub faults: Vec<FaultCount>,
    /// What the scenario promises.
    pub bounds: Vec<Bound>,
    /// How the run was set up, in the order to be shown.
    pub configuration: Vec<Setting>,
    /// What it ran on.
    pub machine: Machine,
}

impl Summary {
    /// Whether every bound was held and every event is accounted for.
    pub fn is_held(&self) -> bool {
        self.accounting.is_balanced() && self.bounds.iter().all(|bound| bound.held)
    }

    /// How many bounds were not held.
    pub fn bounds_breached(&self) -> usize {
        self.bounds.iter().filter(|bound| !bound.held).count()
    }

    /// The longest recovery of [`outages`](Self::outages), for [`catch_up_s`](Self::catch_up_s).
    pub fn longest_catch_up_s(&self) -> Option<f64> {
        let each: Option<Vec<f64>> = self.outages.iter().map(Outage::catch_up_s).collect();
        each?.into_iter().reduce(f64::max)
    }
}

/// How often one kind of fault was injected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultCount {
    /// Its name.
    pub name: String,
    /// What it does, in a few words; may be empty.
    pub detail: String,
    /// How many events it touched, or how often it happened.
    pub injected: u64,
}

/// One line of how a run was set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its value, with the unit.
    pub value: String,
}
