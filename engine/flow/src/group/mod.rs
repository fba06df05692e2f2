//! Consumer groups on the log: who reads all of it at his own pace, and goes on where he was.
//!
//! What they promise is said at [`LogGroup`].

mod error;
mod file_group;
mod lag;
mod list;
mod log_group;
mod position;

#[cfg(test)]
mod crash_tests;
#[cfg(test)]
mod tests;

use etaflow_road::Timestamp;

pub use error::GroupError;
pub use file_group::FileGroup;
pub use lag::GroupLag;
pub use list::{GroupInfo, groups, remove_group, sinks};
pub use log_group::LogGroup;

use crate::event::Offset;

/// Where a group begins that has nothing committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartFrom {
    /// With the oldest record that the log has.
    Earliest,
    /// With what becomes durable from now on.
    Latest,
    /// With that record.
    Offset(Offset),
    /// With the first record that came in then or later; with what comes next, if none did.
    Time(Timestamp),
}
