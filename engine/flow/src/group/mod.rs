//! Consumer groups on the log: who reads all of it at his own pace, and goes on where he was.
//!
//! Any number of groups read one log, and disturb neither it nor each other. Each has a name, and how far it has come is
//! [committed](LogGroup::commit) in a file of its own, `groups/<name>`: a reader that ends, or is killed, begins there in
//! its next life. So every record is read at least once, and again if its end came before the commit; who applies a
//! record twice as if it was once, or commits in one go with what it does, has it exactly once. A group is read by one at
//! a time: the second is refused.
//!
//! A group gets what is durable, and nothing before that: what it acted on cannot be lost any more with the log's end. The
//! log keeps what a group has not committed, however long that takes; a group that nobody reads any more is to be
//! [removed](remove_group).
//!
//! [`LogGroup`] reads in the process that writes the log, [`FileGroup`] in any other, with the log's notes.

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
