//! What more than one room knows of a directory: what is called how in it.

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
