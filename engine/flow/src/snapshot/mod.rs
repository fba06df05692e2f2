//! Snapshots: the state of all shards at a tick, written aside in the background, and read back after a crash.
//!
//! An [`Image`] is the state itself, in parts; [`encode`] and [`decode`] are the form that it has in a file, and a
//! [`SnapshotStore`] keeps the newest few of these files.

mod error;
mod file;
mod image;
mod store;

pub use error::{SnapshotError, SnapshotFileError};
pub use file::{decode, encode};
pub use image::{Fingerprint, Image, Part};
pub use store::{Found, PassedOver, SnapshotInfo, SnapshotStore};
