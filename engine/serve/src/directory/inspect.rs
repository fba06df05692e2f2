use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etaflow::{GroupInfo, LogFiles, Offset, SegmentInfo, SnapshotStore, Storage, Timestamp, groups, sinks};
use serde::Serialize;

use super::error::DirectoryError;
use super::moment::moment;

/// What there is in an engine's directory: the answer of `etaflow log inspect`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Inspection {
    /// The directory.
    pub dir: PathBuf,
    /// The oldest record that is kept.
    pub start: u64,
    /// Everything before this offset is durable.
    pub durable: u64,
    /// The files of the log, the oldest first.
    pub segments: Vec<Segment>,
    /// The snapshots, the oldest first.
    pub snapshots: Vec<Snapshot>,
    /// The states of the writer, the oldest first.
    pub checkpoints: Vec<Checkpoint>,
    /// The groups that have begun to read, by name.
    pub groups: Vec<Group>,
    /// The sinks that have begun to be told, by name.
    pub sinks: Vec<Group>,
}

/// A file of the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Segment {
    /// Where it is.
    pub path: PathBuf,
    /// The offset of its first record.
    pub base: u64,
    /// The offset after its last one.
    pub end: u64,
    /// When its first record was taken in, at the earliest: seconds since 1970; null if nothing says so.
    pub from_unix_s: Option<f64>,
    /// When its last record was taken in.
    pub to_unix_s: Option<f64>,
    /// Its size.
    pub bytes: u64,
    /// Whether it is full.
    pub sealed: bool,
}

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    /// Where it is.
    pub path: PathBuf,
    /// From this offset on the log is read when an engine starts from it.
    pub offset: u64,
    /// Its size.
    pub bytes: u64,
}

/// A state of the writer: the names behind the numbers of the log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checkpoint {
    /// Where it is.
    pub path: PathBuf,
    /// It goes on from this offset of the log.
    pub offset: u64,
    /// Its size.
    pub bytes: u64,
}

/// Who reads the log, or is told what follows from it, and remembers how far.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// The first record that it is not done with; null if its file cannot be read.
    pub offset: Option<u64>,
    /// So many records of those that are durable and kept are before it.
    pub lag_records: Option<u64>,
    /// Why its file cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Looks into a directory.
///
/// # Errors
/// If there is no log in it, or it cannot be read.
pub(super) fn inspect(dir: &Path, storage: &Arc<dyn Storage>) -> Result<Inspection, DirectoryError> {
    let files = LogFiles::open(Arc::clone(storage))?;
    let segments = files.segments()?.into_iter().map(Segment::of).collect();
    let snapshots = SnapshotStore::new(Arc::clone(storage), SnapshotStore::KEEP).list()?;
    let snapshots =
        snapshots.into_iter().map(|info| Snapshot { path: info.path, offset: info.offset.0, bytes: info.bytes });
    let checkpoints = files.checkpoints()?.into_iter();
    let checkpoints = checkpoints.map(|info| Checkpoint { path: info.path, offset: info.offset.0, bytes: info.bytes });
    let (start, durable) = (files.start()?, files.durable()?);
    let groups = groups(storage.as_ref())?.into_iter().map(|info| Group::of(info, start, durable));
    let sinks = sinks(storage.as_ref())?.into_iter().map(|info| Group::of(info, start, durable));
    Ok(Inspection {
        dir: dir.to_owned(),
        start: start.0,
        durable: durable.0,
        segments,
        snapshots: snapshots.collect(),
        checkpoints: checkpoints.collect(),
        groups: groups.collect(),
        sinks: sinks.collect(),
    })
}

impl Segment {
    fn of(info: SegmentInfo) -> Self {
        let SegmentInfo { path, base, end, created, newest, bytes, sealed, .. } = info;
        let unix_s = |time: Timestamp| (time != Timestamp::MIN).then(|| time.secs_f64());
        Self { path, base: base.0, end: end.0, from_unix_s: unix_s(created), to_unix_s: unix_s(newest), bytes, sealed }
    }
}

impl Group {
    fn of(info: GroupInfo, start: Offset, durable: Offset) -> Self {
        let lag_records = info.behind(start, durable);
        let (offset, error) = match info.mark {
            Ok(mark) => (Some(mark.offset), None),
            Err(error) => (None, Some(error.to_string())),
        };
        Self { name: info.name, offset, lag_records, error }
    }
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { dir, start, durable, segments, snapshots, checkpoints, groups, sinks } = self;
        let records = durable.saturating_sub(*start);
        write!(f, "{}: {records} records, offsets {start} to {durable}", dir.display())?;
        for segment in segments {
            let Segment { path, base, end, from_unix_s, to_unix_s, bytes, sealed } = segment;
            let state = if *sealed { "full" } else { "being written" };
            write!(f, "\n{}: offsets {base} to {end}, {bytes} bytes, {state}", path.display())?;
            if let (Some(from), Some(to)) = (from_unix_s, to_unix_s) {
                write!(f, ", {} to {}", moment(*from), moment(*to))?;
            }
        }
        for Snapshot { path, offset, bytes } in snapshots {
            write!(f, "\n{}: goes on at offset {offset}, {bytes} bytes", path.display())?;
        }
        for Checkpoint { path, offset, bytes } in checkpoints {
            write!(f, "\n{}: goes on at offset {offset}, {bytes} bytes", path.display())?;
        }
        let groups = groups.iter().map(|group| ("group", group));
        for (what, Group { name, offset, lag_records, error }) in groups.chain(sinks.iter().map(|sink| ("sink", sink)))
        {
            write!(f, "\n{what} {name}: ")?;
            match (offset, lag_records, error) {
                (Some(offset), Some(lag), _) => write!(f, "done up to offset {offset}, {lag} records behind")?,
                (_, _, error) => f.write_str(error.as_deref().unwrap_or("nobody knows how far it is"))?,
            }
        }
        Ok(())
    }
}
