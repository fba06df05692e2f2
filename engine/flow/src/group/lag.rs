use etaflow_road::{Span, Timestamp};

use crate::event::Offset;

/// How far a group's commits are behind the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLag {
    /// By so many records, of those that the log still has.
    pub records: u64,
    /// By so much time: from the arrival of the last record that is committed to that of the newest. 0 when none is left;
    /// unknown before the first is committed, and when the log no longer has the one that was committed last.
    pub behind: Option<Span>,
}

impl GroupLag {
    /// That of a group that has committed all before `committed`, of a log of that extent. `arrival` says when a record
    /// came in.
    pub(super) fn of(
        committed: Offset,
        start: Offset,
        end: Offset,
        mut arrival: impl FnMut(Offset) -> Option<Timestamp>,
    ) -> Self {
        let records = end.0.saturating_sub(committed.max(start).0);
        if records == 0 {
            return Self { records, behind: Some(Span::ZERO) };
        }
        let last = committed.0.checked_sub(1).map(Offset).filter(|&last| last >= start);
        let behind = last.and_then(|last| {
            let committed_at = arrival(last)?;
            Some(arrival(Offset(end.0 - 1))?.since(committed_at).max(Span::ZERO))
        });
        Self { records, behind }
    }
}
