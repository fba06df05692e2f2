//! What more than one room knows of a directory: what is called how in it.

/// Where the engine's states are.
pub(crate) const SNAPSHOTS: &str = "snapshots";
/// What their files' names end with.
pub(crate) const SNAPSHOT_ENDING: &str = ".snap";

/// Where the marks of groups are.
pub(crate) const GROUPS: &str = "groups";

/// Where the marks of sinks are.
pub(crate) const SINKS: &str = "sinks";

/// Whether a mark can have this name, or whoever it belongs to: it is then one file's, in any folder. Locks and what is
/// being made have a dot in theirs.
pub(crate) fn is_mark_name(name: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    (1..=64).contains(&name.len()) && name.bytes().all(fine)
}

/// The file in `folder` that is named by a number, which all are that have an offset.
pub(crate) fn numbered(folder: &str, number: u64, ending: &str) -> String {
    format!("{folder}/{number:020}{ending}")
}

/// The number that a file is named by; `None` for a foreign name.
pub(crate) fn number_of(name: &str, ending: &str) -> Option<u64> {
    let digits = name.strip_suffix(ending)?;
    let canonical = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if canonical { digits.parse().ok() } else { None }
}
