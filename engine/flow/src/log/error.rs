use std::io;
use std::path::PathBuf;

/// What can go wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// A record's offset is not the one that comes next.
    #[error("offset {found} does not follow the log, which ends at {end}")]
    Gap {
        /// The record's.
        found: u64,
        /// The one that comes next.
        end: u64,
    },
    /// A note belongs to none of the records that it was to be appended with, or is not in their order.
    #[error("a note of offset {offset} is not of the records that it comes with, or not in their order")]
    Note {
        /// The note's.
        offset: u64,
    },
    /// The records were let go, since the log is bounded.
    #[error("offset {from} is no longer kept, the log starts at {start}")]
    Truncated {
        /// Asked for.
        from: u64,
        /// The oldest there is.
        start: u64,
    },
    /// There is no such record yet.
    #[error("offset {from} is past the end of the log, {end}")]
    PastEnd {
        /// Asked for.
        from: u64,
        /// The one that comes next.
        end: u64,
    },
    /// Nothing can be added any more.
    #[error("the log is closed")]
    Closed,
    /// A setting is out of its range.
    #[error("{field} is {value}, must be {bound}")]
    Config {
        /// Which.
        field: &'static str,
        /// What it is.
        value: u64,
        /// What it must be.
        bound: &'static str,
    },
    /// A file could not be read or written.
    #[error("{}: {action}: {message}{}", path.display(), advice(*kind))]
    Io {
        /// Which.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why not.
        kind: io::ErrorKind,
        /// Why not, as the system says it.
        message: String,
    },
    /// Somebody else writes there.
    #[error("{}: another process, or another engine of this one, has the directory; end it, or take another", path.display())]
    Locked {
        /// The lock's file.
        path: PathBuf,
    },
    /// The directory holds something else.
    #[error("{}: is no log, since {why}", path.display())]
    NotALog {
        /// The directory.
        path: PathBuf,
        /// How one sees that, and what to do.
        why: &'static str,
    },
    /// A file is of a version that is not known here.
    #[error("{}: is of version {found}, and at most {known} is known here; read it with the program that wrote it, or a newer one", path.display())]
    NewerVersion {
        /// Which.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The newest known.
        known: u32,
    },
    /// A file is not there though the ones before and after it are.
    #[error(
        "{}: offsets {from} to {to} are missing: put the file back, or remove the files before it to go on without them",
        path.display()
    )]
    Missing {
        /// The file that should be there.
        path: PathBuf,
        /// The first offset that is missing.
        from: u64,
        /// The last one.
        to: u64,
    },
    /// Bytes are not what was written.
    #[error("{}: byte {at}: {what}, at offset {offset}: {}", path.display(), repair(*at, *offset, *durable))]
    Damaged {
        /// In which file.
        path: PathBuf,
        /// Where in it, in bytes.
        at: u64,
        /// The record that should be there.
        offset: u64,
        /// Everything before this offset was on the disk.
        durable: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// Who wrote it has panicked: a mistake of this program.
    #[error("who wrote it has panicked, and has said why")]
    Panicked,
    /// A write or a sync failed before: nothing is taken any more, since nobody knows what is on the disk.
    #[error("the log takes nothing any more since a write failed: {0}; start again when that is put right")]
    Failed(Box<LogError>),
}

impl LogError {
    pub(crate) fn io(path: PathBuf, action: &'static str, error: &io::Error) -> Self {
        Self::Io { path, action, kind: error.kind(), message: error.to_string() }
    }
}

/// What can be done about an error of the system.
fn advice(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "; make room, then start again",
        io::ErrorKind::PermissionDenied => "; let this user read and write there",
        io::ErrorKind::ReadOnlyFilesystem => "; it must be writable",
        _ => "",
    }
}

/// What can be done about damage.
fn repair(at: u64, offset: u64, durable: u64) -> String {
    let lost = if offset < durable { format!(" (offsets {offset} to {})", durable - 1) } else { String::new() };
    format!(
        "put back a copy of the file; to go on without what follows{lost}, cut the file to {at} bytes, remove the files \
         after it and the file `durable`"
    )
}
