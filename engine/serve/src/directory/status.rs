use std::collections::BTreeMap;
use std::fmt;

use etaflow::{Counts, EngineState, Lag, Summary};
use serde::{Deserialize, Serialize};

/// What `etaflow follow --json` says, a line each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Said {
    /// First: how it came back.
    Recovered {
        /// In a line for people.
        how: String,
        /// The offset from which on the log is replayed.
        from_offset: u64,
        /// How long it took until it could answer again, in seconds.
        took_s: f64,
    },
    /// Then, again and again: how it stands.
    Status(Status),
    /// Last: what it came to.
    Ended(Ended),
}

/// How an engine stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// `recovering`, `catching_up` or `live`.
    pub state: String,
    /// Everything before this offset of the log is in the answers.
    pub offset: u64,
    /// So many records are not yet; null while it recovers, since that is not known then.
    pub lag_records: Option<u64>,
    /// So old is the newest that is, beside the newest of the log, in seconds; null if that is not known.
    pub lag_s: Option<f64>,
    /// In so many seconds it will have caught up; null if that is not known.
    pub catch_up_s: Option<f64>,
    /// So many trips can be asked for.
    pub trips: usize,
}

/// What an engine came to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Ended {
    /// How many records the log had that it has taken.
    pub records: u64,
    /// Events that were used.
    pub accepted: u64,
    /// Events of the log that could not be used, by reason.
    pub dead_lettered: BTreeMap<String, u64>,
    /// How many outputs there were.
    pub outputs: u64,
    /// Of the whole state.
    pub state_digest: String,
    /// Of all outputs in order.
    pub outputs_digest: String,
}

impl Status {
    pub(super) fn of(lag: &Lag, offset: u64, trips: usize) -> Self {
        Self {
            state: lag.state.name().to_owned(),
            offset,
            lag_records: lag.records,
            lag_s: lag.behind.map(|behind| behind.secs_f64()),
            catch_up_s: lag.catch_up.map(|catch_up| catch_up.secs_f64()),
            trips,
        }
    }

    /// Whether it is behind, and works on it.
    pub fn is_catching_up(&self) -> bool {
        self.state == EngineState::CatchingUp.name()
    }

    /// Whether it is up to date.
    pub fn is_live(&self) -> bool {
        self.state == EngineState::Live.name()
    }
}

impl Ended {
    pub(super) fn of(summary: &Summary) -> Self {
        let Counts { accepted, dead_lettered, .. } = &summary.counts;
        Self {
            records: summary.records,
            accepted: *accepted,
            dead_lettered: dead_lettered.iter().map(|(reason, &count)| (reason.name().to_owned(), count)).collect(),
            outputs: summary.outputs,
            state_digest: summary.state_digest.to_string(),
            outputs_digest: summary.outputs_digest.to_string(),
        }
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recovered { how, .. } => f.write_str(how),
            Self::Status(status) => status.fmt(f),
            Self::Ended(ended) => ended.fmt(f),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { state, offset, lag_records, lag_s, catch_up_s, trips } = self;
        write!(f, "{}: offset {offset}, {trips} trips", state.replace('_', " "))?;
        if let Some(lag_records @ 1..) = lag_records {
            write!(f, ", {lag_records} records behind")?;
            match lag_s {
                Some(seconds) => write!(f, " ({seconds:.1} s)")?,
                None => write!(f, " (how long is not known)")?,
            }
            match catch_up_s {
                Some(seconds) => write!(f, ", caught up in {seconds:.1} s")?,
                None => write!(f, ", when it will have caught up is not known")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, accepted, dead_lettered, outputs, state_digest, outputs_digest } = self;
        writeln!(f, "{records} records, {accepted} events used, {outputs} outputs")?;
        for (reason, count) in dead_lettered {
            writeln!(f, "{count} events not used: {reason}")?;
        }
        write!(f, "state {state_digest}, outputs {outputs_digest}")
    }
}
