//! An engine's directory: events taken in, the log followed and looked into.

mod error;
mod follow;
mod ingest;
mod input;
mod inspect;
mod moment;
mod past;
mod replay;
mod status;
mod tail;
mod verify;

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use etaflow::{DiskStorage, EngineConfig, Policy, Retention, Storage, SyncPolicy, Writer, WriterConfig};
use etaflow_road::open_network;

pub use error::DirectoryError;
pub use ingest::{Acknowledged, LINE_BYTES_MAX};
pub use inspect::{Checkpoint, Group, Inspection, Segment, Snapshot};
pub use past::{AsOf, DriverNow, PromiseLine, TripNow, WayNow};
pub use replay::Learned;
pub use status::{Ended, Said, Status};
pub use tail::RecordLine;
pub use verify::{FindingLine, Harm, Verification};

use follow::End;
use ingest::Unused;
use input::Input;

use crate::cli::{AsOfArgs, Commit, FollowArgs, IngestArgs, LogArgs, ReplayArgs, TailArgs};

/// Takes in the events of `input` until it ends or a signal comes, and says on `out` up to where they are durable, and on
/// `notes` why some are not used.
///
/// # Errors
/// If the directory cannot be used, the input cannot be read, or the log cannot be written.
pub fn ingest(
    args: &IngestArgs,
    input: impl Read + Send + 'static,
    out: &mut impl Write,
    notes: &mut impl Write,
) -> Result<(), DirectoryError> {
    let storage = DiskStorage::create(&args.dir).map_err(|source| folder(&args.dir, source))?;
    let mut config: WriterConfig = EngineConfig::default().writer();
    config.log.sync = match args.sync {
        Commit::Always => SyncPolicy::Sync,
        Commit::Every(interval) => SyncPolicy::Interval(interval),
        Commit::Os => SyncPolicy::Os,
    };
    config.log.segment_bytes = args.segment_bytes;
    config.log.retention = Retention { age_max: args.keep_for, bytes_max: args.keep_bytes };
    config.tick = args.tick;
    let writer = Writer::open(Arc::new(storage), &config)?;
    // That nobody hears of it does not stop anything.
    let _ = writeln!(notes, "{}", writer.recovery());
    let ended = Arc::default();
    follow::end_with_signals(&ended)?;
    let input = Input::new(input, ended).map_err(DirectoryError::In)?;
    let mut publisher = writer.publisher(Policy::Await);
    let mut unused = Unused::new(writer.dead_letters(), notes);
    let taken = ingest::ingest(&mut publisher, args.form, input, out, &mut unused);
    drop(publisher);
    let ended = writer.shutdown_blocking();
    // The log's own reason says more than that it takes nothing any more.
    let summary = match (taken, ended) {
        (_, Err(error)) => return Err(error.into()),
        (Err(error), _) => return Err(error),
        (Ok(_), Ok(summary)) => summary,
    };
    let _ = writeln!(notes, "{}; {} records in the log", summary.accounts, summary.records);
    Ok(())
}

/// Follows an engine's log until a signal, or the end of stdin if that is asked for, and says on `out` how it stands.
///
/// # Errors
/// If the directory or the network cannot be used, or the engine fails.
pub fn follow(args: &FollowArgs, out: &mut impl Write) -> Result<(), DirectoryError> {
    let storage = open(&args.dir)?;
    let end = End::default();
    follow::end_with_signals(&end.now)?;
    if args.until_eof {
        follow::end_with(std::io::stdin(), &end.caught_up)?;
    }
    let network = Arc::new(open_network(&args.network)?);
    follow::follow(args, network, storage, &end, out)
}

/// Looks into a directory.
///
/// # Errors
/// If there is no log in it, or it cannot be read.
pub fn inspect(args: &LogArgs) -> Result<Inspection, DirectoryError> {
    inspect::inspect(&args.dir, &open(&args.dir)?)
}

/// Reads every byte of a directory, and says what is not as it was written.
///
/// # Errors
/// If there is no log in it, or a file cannot be read.
pub fn verify(args: &LogArgs) -> Result<Verification, DirectoryError> {
    verify::verify(&args.dir, &open(&args.dir)?)
}

/// Prints records.
///
/// # Errors
/// If there is no log, or the records are not there, or are damaged.
pub fn tail(args: &TailArgs, out: &mut impl Write) -> Result<(), DirectoryError> {
    tail::tail(&open(&args.log.dir)?, args, out)
}

/// Says what was known of a trip, and told, at some time.
///
/// # Errors
/// If there is no log or no network, the trip had not been heard of, or the time is none that is kept.
pub fn as_of(args: &AsOfArgs) -> Result<AsOf, DirectoryError> {
    let storage = open(&args.log.dir)?;
    past::as_of(args, Arc::new(open_network(&args.network)?), storage)
}

/// Learns a speed profile from a log, and keeps it.
///
/// # Errors
/// If there is no log or no network, the group cannot be used, or the profile cannot be kept.
pub fn replay(args: &ReplayArgs) -> Result<Learned, DirectoryError> {
    let storage = open(&args.log.dir)?;
    replay::replay(args, Arc::new(open_network(&args.network)?), storage)
}

fn open(dir: &Path) -> Result<Arc<dyn Storage>, DirectoryError> {
    Ok(Arc::new(DiskStorage::open(dir).map_err(|source| folder(dir, source))?))
}

fn folder(dir: &Path, source: std::io::Error) -> DirectoryError {
    let path = dir.to_owned();
    match source.kind() {
        std::io::ErrorKind::NotFound => DirectoryError::Missing { path },
        _ => DirectoryError::Folder { path, source },
    }
}
