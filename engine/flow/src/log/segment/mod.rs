//! The log in segments on storage.
//!
//! ```text
//! append -> state (encoded, and in memory) -> syncer, or who appends -> writer -> segments, then the durable mark
//! ```
//!
//! A segment is a file of [batches](frame), named by the offset of its first record. A full one is [sealed](header) and on
//! the disk before the next one begins. How far all of it is durable is told in a [file of its own](durability).

mod backlog;
mod checkpoint;
mod config;
#[cfg(test)]
mod crash_tests;
mod cursor;
#[cfg(test)]
mod damage_tests;
mod durability;
mod files;
#[cfg(test)]
mod fixture_tests;
mod frame;
#[cfg(test)]
mod frame_tests;
mod header;
#[cfg(test)]
mod hooked;
mod layout;
mod log;
#[cfg(test)]
mod log_tests;
mod opened;
mod reader;
mod recover;
#[cfg(test)]
mod recover_tests;
mod retention;
#[cfg(test)]
mod retention_tests;
mod rollback;
mod state;
mod syncer;
mod verify;
mod window;
mod writer;

pub use config::{Retention, SegmentLogConfig, SyncPolicy};
pub use files::{CheckpointInfo, LogFiles, SegmentInfo};
pub use log::{LogOpened, SegmentLog};
pub use reader::SegmentReader;
pub use recover::Torn;
pub use verify::{Finding, FindingKind, Verified};

#[cfg(test)]
mod samples;
