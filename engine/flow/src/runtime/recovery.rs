use std::fmt;
use std::path::PathBuf;

use etaflow_road::{Span, Timestamp};

use crate::event::Offset;
use crate::log::Torn;

/// How an engine, or one of its halves, has come back to where it had ended. Its `Display` is one line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Recovery {
    /// The log's oldest record, and the one that comes next.
    pub log: (Offset, Offset),
    /// What was cut off the log's end, since a crash had left it half written. It was not durable.
    pub torn: Option<Torn>,
    /// The sequencer's state from which the names, and what came before, were brought up to date; `None` if that was done
    /// from the first record on.
    pub checkpoint: Option<Offset>,
    /// So many records were read for that.
    pub absorbed: u64,
    /// The snapshot that it goes on from; `None` for a writer, and if it begins with nothing known.
    pub snapshot: Option<RestoredSnapshot>,
    /// Files that were newer than the one that was used, and of no use.
    pub passed_over: Vec<Unusable>,
    /// The first record that is taken again.
    pub from: Offset,
    /// How long all of it took, until it went on.
    pub took: Span,
}

/// The snapshot that an engine goes on from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RestoredSnapshot {
    /// The first record that is not in it.
    pub offset: Offset,
    /// The time of its tick.
    pub time: Timestamp,
    /// How many bytes its parts have.
    pub bytes: u64,
    /// How long it took to read it.
    pub read: Span,
    /// How long it took to make the state of it.
    pub restored: Span,
}

/// A file that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unusable {
    /// Which.
    pub path: PathBuf,
    /// Why not.
    pub why: String,
}

impl Recovery {
    /// The offset of the snapshot that it goes on from.
    pub(super) fn snapshot_at(&self) -> Option<Offset> {
        self.snapshot.as_ref().map(|snapshot| snapshot.offset)
    }

    /// How many records of the log are taken again.
    pub fn to_replay(&self) -> u64 {
        self.log.1.0.saturating_sub(self.from.0)
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, why } = self;
        // Most say where they are by themselves.
        let path = path.display().to_string();
        if why.contains(&path) { f.write_str(why) } else { write!(f, "{path}: {why}") }
    }
}

impl fmt::Display for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (start, end) = self.log;
        write!(
            f,
            "recovered in {} ms: log from offset {start} to {end}",
            self.took.millis(),
            start = start.0,
            end = end.0
        )?;
        if let Some(Torn { path, at, bytes, .. }) = &self.torn {
            write!(f, "; cut {bytes} bytes of a torn end off {} at byte {at}", path.display())?;
        }
        for unusable in &self.passed_over {
            write!(f, "; passed over {unusable}")?;
        }
        match &self.snapshot {
            Some(RestoredSnapshot { offset, time, bytes, read, restored }) => write!(
                f,
                "; snapshot of offset {}, tick at {time}, {bytes} bytes, read in {} ms, restored in {} ms",
                offset.0,
                read.millis(),
                restored.millis(),
            )?,
            None if start.0 > 0 => write!(f, "; no snapshot, and what came before offset {} is not known", start.0)?,
            None => f.write_str("; no snapshot")?,
        }
        match self.checkpoint {
            Some(checkpoint) => write!(f, "; names from the state at offset {}", checkpoint.0)?,
            None => f.write_str("; names from the first record on")?,
        }
        write!(f, " and {} records after it; {} records to replay", self.absorbed, self.to_replay())
    }
}
