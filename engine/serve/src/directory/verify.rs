use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etaflow::{
    Finding, FindingKind, GroupInfo, JournalError, JournalSink, LogFiles, MarkError, MarkFile, ProfileError, Profiles,
    SnapshotError, SnapshotFileError, SnapshotStore, Storage, Verified, groups, sinks,
};
use serde::Serialize;

use super::error::DirectoryError;

/// What was found when every byte of an engine's directory was read: the answer of `etaflow log verify`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verification {
    /// The directory.
    pub dir: PathBuf,
    /// Whether nothing is damaged.
    pub whole: bool,
    /// How many files the log has,
    pub segments: u64,
    /// how many bytes they have,
    pub bytes: u64,
    /// and how many records that are whole.
    pub records: u64,
    /// How many names in them are whole.
    pub notes: u64,
    /// How many states of the sequencer are whole,
    pub checkpoints: u64,
    /// how many snapshots,
    pub snapshots: u64,
    /// how many marks of groups and sinks,
    pub groups: u64,
    /// how many speed profiles,
    pub profiles: u64,
    /// and how many journals of effects.
    pub journals: u64,
    /// All that is not as it was written.
    pub findings: Vec<FindingLine>,
}

/// Something in an engine's directory that is not as it was written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FindingLine {
    /// How bad it is.
    pub is: Harm,
    /// In which file.
    pub path: PathBuf,
    /// Where in it, in bytes; null if it is the file as a whole.
    pub byte: Option<u64>,
    /// The record that should be there; null if it is none.
    pub offset: Option<u64>,
    /// What is wrong.
    pub what: String,
}

/// How bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Harm {
    /// A file that is none of the directory's: nobody reads it.
    Foreign,
    /// The end of the log is not whole: it is being written, or is cut off when the log is opened. Nothing that was
    /// acknowledged is in it.
    Unfinished,
    /// Bytes are not what was written.
    Damage,
}

/// Reads every byte.
///
/// # Errors
/// If there is no log, or a file cannot be read.
pub(super) fn verify(dir: &Path, storage: &Arc<dyn Storage>) -> Result<Verification, DirectoryError> {
    let mut findings = Vec::new();
    let log = LogFiles::open(Arc::clone(storage))?.verify(|finding| findings.push(FindingLine::of_log(finding)))?;
    let Verified { segments, bytes, records, notes, checkpoints, .. } = log;
    let snapshots = snapshots(storage, &mut findings)?;
    let groups = marks(&**storage, &mut findings)?;
    let profiles = profiles(storage, &mut findings)?;
    let journals = journals(dir, &**storage, &mut findings)?;
    let whole = findings.iter().all(|finding| finding.is != Harm::Damage);
    let dir = dir.to_owned();
    Ok(Verification {
        dir,
        whole,
        segments,
        bytes,
        records,
        notes,
        checkpoints,
        snapshots,
        groups,
        profiles,
        journals,
        findings,
    })
}

fn snapshots(storage: &Arc<dyn Storage>, findings: &mut Vec<FindingLine>) -> Result<u64, DirectoryError> {
    let store = SnapshotStore::new(Arc::clone(storage), SnapshotStore::KEEP);
    let mut whole = 0;
    for info in store.list()? {
        match store.read(info.offset) {
            Ok(_) => whole += 1,
            // An engine has let go of it meanwhile.
            Err(SnapshotFileError::Io { kind: std::io::ErrorKind::NotFound, .. }) => {}
            Err(SnapshotFileError::Content { error, .. }) => {
                let byte = match &error {
                    SnapshotError::Truncated { at, .. }
                    | SnapshotError::Checksum { at, .. }
                    | SnapshotError::Malformed { at, .. } => *at,
                    _ => 0,
                };
                findings.push(FindingLine::damage(info.path, Some(byte), error.to_string()));
            }
            Err(error @ SnapshotFileError::Misnamed { .. }) => {
                findings.push(FindingLine::damage(info.path, None, error.to_string()));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(whole)
}

fn marks(storage: &dyn Storage, findings: &mut Vec<FindingLine>) -> Result<u64, DirectoryError> {
    let mut whole = 0;
    let all = groups(storage)?.into_iter().map(|group| ("groups", group));
    for (folder, GroupInfo { name, .. }) in all.chain(sinks(storage)?.into_iter().map(|sink| ("sinks", sink))) {
        let path = format!("{folder}/{name}");
        match MarkFile::damage(storage, &path) {
            Ok(damaged) if damaged.is_empty() => whole += 1,
            Ok(damaged) => findings.extend(damaged.into_iter().map(|at| {
                let what =
                    "one of the mark's two places is not whole: the other one, which may be a little older, counts";
                FindingLine::damage(storage.show(&path), Some(at), what.to_owned())
            })),
            Err(error @ MarkError::Io { .. }) => return Err(DirectoryError::Mark(error)),
            Err(error) => findings.push(FindingLine::damage(storage.show(&path), None, error.to_string())),
        }
    }
    Ok(whole)
}

fn profiles(storage: &Arc<dyn Storage>, findings: &mut Vec<FindingLine>) -> Result<u64, DirectoryError> {
    let kept = Profiles::of_any_network(Arc::clone(storage));
    let mut whole = 0;
    for id in kept.list()? {
        match kept.find(id) {
            Ok(_) => whole += 1,
            Err(error @ ProfileError::Io { .. }) => return Err(error.into()),
            Err(error) => {
                findings.push(FindingLine::damage(storage.show(&Profiles::path(id)), None, error.to_string()));
            }
        }
    }
    Ok(whole)
}

/// The files of the directory that are the log's and no journals, besides locks.
const OWN: [&str; 2] = ["etaflow", "durable"];

/// Looks for journals among the files that are not the log's, which may have any name.
fn journals(dir: &Path, storage: &dyn Storage, findings: &mut Vec<FindingLine>) -> Result<u64, DirectoryError> {
    let mut names = storage.list("").map_err(|source| DirectoryError::Folder { path: dir.to_owned(), source })?;
    names.sort_unstable();
    let mut whole = 0;
    for name in names.iter().filter(|name| !name.ends_with(".lock") && !name.ends_with(".new")) {
        match JournalSink::read(storage, name) {
            Ok(_) => whole += 1,
            Err(JournalError::Foreign { .. }) if OWN.contains(&name.as_str()) => {}
            Err(JournalError::Foreign { path }) => {
                let what = "no file of the engine's, unless it is a journal of effects whose beginning is damaged";
                findings.push(FindingLine { is: Harm::Foreign, path, byte: None, offset: None, what: what.to_owned() });
            }
            Err(JournalError::Damaged { path, at }) => {
                let what = "the journal of effects is damaged: cut it off there to go on; what it had after that is not \
                            written again";
                findings.push(FindingLine::damage(path, Some(at), what.to_owned()));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(whole)
}

impl FindingLine {
    fn of_log(finding: Finding) -> Self {
        let Finding { path, at, offset, kind, what, .. } = finding;
        let is = match kind {
            FindingKind::Foreign => Harm::Foreign,
            FindingKind::Unfinished => Harm::Unfinished,
            // What is not known here is not passed over.
            _ => Harm::Damage,
        };
        Self { is, path, byte: Some(at), offset: offset.map(|offset| offset.0), what: what.to_owned() }
    }

    fn damage(path: PathBuf, byte: Option<u64>, what: String) -> Self {
        Self { is: Harm::Damage, path, byte, offset: None, what }
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            dir, segments, bytes, records, checkpoints, snapshots, groups, profiles, journals, findings, ..
        } = self;
        for finding in findings {
            writeln!(f, "{finding}")?;
        }
        write!(
            f,
            "{}: whole are {records} records in {segments} segments ({bytes} bytes), {checkpoints} states of the \
             sequencer, {snapshots} snapshots, {groups} marks, {profiles} speed profiles, {journals} journals",
            dir.display()
        )?;
        match findings.iter().filter(|finding| finding.is == Harm::Damage).count() {
            0 => write!(f, "; nothing is damaged"),
            damages => write!(f, "; {damages} damaged"),
        }
    }
}

impl fmt::Display for FindingLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { is, path, byte, offset, what } = self;
        let is = match is {
            Harm::Foreign => "foreign",
            Harm::Unfinished => "unfinished",
            Harm::Damage => "damaged",
        };
        // Some say their path themselves.
        let shown = path.display().to_string();
        write!(f, "{is}: ")?;
        if !what.contains(&shown) {
            write!(f, "{shown}: ")?;
        }
        if let Some(byte) = byte.filter(|_| !what.contains("at byte")) {
            write!(f, "byte {byte}: ")?;
        }
        write!(f, "{what}")?;
        offset.map_or(Ok(()), |offset| write!(f, ", at offset {offset}"))
    }
}
