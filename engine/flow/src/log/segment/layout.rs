//! Which file is where.

use std::io;

use crate::event::Offset;
use crate::log::LogError;
use crate::storage::directory::{GROUPS, SNAPSHOTS, number_of, numbered};
use crate::storage::{Storage, read_all, replace};

/// Names a directory as one of ours.
pub(super) const MARKER: &str = "etaflow";
/// What the marker says.
pub(super) const MARKER_TEXT: &[u8] = b"etaflow directory, version 1\n";
/// Held by the one who writes.
pub(super) const WRITER_LOCK: &str = "writer.lock";
/// The durable mark.
pub(super) const MARK: &str = "durable";
/// Where segments are.
pub(super) const SEGMENTS: &str = "log";
/// Where the sequencer's states are.
pub(super) const CHECKPOINTS: &str = "checkpoints";

/// Files that may be there before the marker is.
const EARLIER: [&str; 3] = [WRITER_LOCK, "engine.lock", "etaflow.new"];

/// The file of the segment that begins at `base`.
pub(super) fn segment_path(base: Offset) -> String {
    numbered(SEGMENTS, base.0, ".seg")
}

/// The file of the checkpoint whose next offset is `at`.
pub(super) fn checkpoint_path(at: Offset) -> String {
    numbered(CHECKPOINTS, at.0, ".ckpt")
}

/// Files of a folder that are named by offsets, in their order, and the names of those that are not.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) offsets: Vec<Offset>,
    pub(super) foreign: Vec<String>,
}

pub(super) fn list(storage: &dyn Storage, folder: &'static str, ending: &str) -> Result<Listing, LogError> {
    let names = storage.list(folder).map_err(|error| LogError::io(storage.show(folder), "listing it", &error))?;
    let mut listing = Listing::default();
    for name in names {
        match number_of(&name, ending) {
            Some(number) => listing.offsets.push(Offset(number)),
            None => listing.foreign.push(name),
        }
    }
    Ok(listing)
}

pub(super) fn list_segments(storage: &dyn Storage) -> Result<Listing, LogError> {
    list(storage, SEGMENTS, ".seg")
}

/// Whether the directory is one of ours; an empty one can become one.
pub(super) fn check_marker(storage: &dyn Storage) -> Result<Marked, LogError> {
    let shown = || storage.show(MARKER);
    let text = read_all(storage, MARKER, 4_096).map_err(|error| LogError::io(shown(), "reading it", &error))?;
    let Some(text) = text else {
        let names = storage.list("").map_err(|error| LogError::io(storage.show(""), "listing it", &error))?;
        let strange = names.iter().any(|name| !EARLIER.contains(&name.as_str()));
        let segments = !list_segments(storage)?.offsets.is_empty();
        return if strange || segments { Err(not_a_log(storage, FOREIGN)) } else { Ok(Marked::No) };
    };
    if text == MARKER_TEXT {
        return Ok(Marked::Yes);
    }
    let version = std::str::from_utf8(&text).ok().and_then(|text| {
        text.strip_prefix("etaflow directory, version ")?.strip_suffix('\n')?.parse().ok().filter(|&found| found > 1)
    });
    Err(match version {
        Some(found) => LogError::NewerVersion { path: shown(), found, known: 1 },
        None => not_a_log(storage, OTHER),
    })
}

const FOREIGN: &str = "there are files in it, but none is named `etaflow`; take an empty directory";
const OTHER: &str = "its file `etaflow` does not say that it is one; if it is, that file is damaged: put it back, or a copy of \
                     that of another log";
pub(super) const EMPTY: &str = "there is nothing in it yet: whoever writes begins one";

/// The directory is none of ours.
pub(super) fn not_a_log(storage: &dyn Storage, why: &'static str) -> LogError {
    LogError::NotALog { path: storage.show(""), why }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marked {
    Yes,
    /// Nothing is there yet.
    No,
}

/// Makes the directory one of ours, with all its folders: those that a crash has taken too.
pub(super) fn mark(storage: &dyn Storage, marked: Marked) -> Result<(), LogError> {
    let folders = [SEGMENTS, CHECKPOINTS, SNAPSHOTS, GROUPS];
    let made = folders.into_iter().try_for_each(|folder| storage.create_folder(folder));
    made.and_then(|()| storage.sync_folder(""))
        .and_then(|()| if marked == Marked::No { replace(storage, MARKER, MARKER_TEXT) } else { Ok(()) })
        .map_err(|error: io::Error| LogError::io(storage.show(""), "making it a log's directory", &error))
}
