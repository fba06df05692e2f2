use etaflow_road::Span;

use crate::log::LogError;

/// How a [`SegmentLog`](super::SegmentLog) keeps its records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentLogConfig {
    /// A segment that is at least as long is full: 4 KiB to 16 GiB, 256 MiB if not said otherwise. Retention lets go of
    /// whole segments, and the sequencer's state is kept once for each.
    pub segment_bytes: u64,
    /// When what was appended is durable.
    pub sync: SyncPolicy,
    /// So many of the newest records are kept in memory too, for readers that keep up: 64 bytes each, 2^20 if not said
    /// otherwise.
    pub tail_records: usize,
    /// What is let go of.
    pub retention: Retention,
}

impl Default for SegmentLogConfig {
    fn default() -> Self {
        Self {
            segment_bytes: 256 << 20,
            sync: SyncPolicy::default(),
            tail_records: 1 << 20,
            retention: Retention::default(),
        }
    }
}

/// What "durable" promises, and when it comes true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncPolicy {
    /// [`append`](crate::Log::append) comes back when the records are on the disk: they outlive the process, the system
    /// and a power failure. Those who append at the same time share a sync.
    Sync,
    /// Records are on the disk a moment after they were appended: syncs begin so far apart, and what was appended meanwhile
    /// shares one. A sync that is [asked for](super::SegmentLog::sync) does not wait for its time, nor does one of more
    /// than 8 MiB. What [`durable`](crate::Log::durable) has passed outlives the process, the system
    /// and a power failure; what it has not passed may be lost with any of them, newest first and without holes.
    Interval(Span),
    /// Records are durable when the system has them: they outlive the process, but not the system or a power failure.
    Os,
}

impl Default for SyncPolicy {
    /// Every 5 ms.
    fn default() -> Self {
        Self::Interval(Span::from_millis(5))
    }
}

/// How long records are kept. What a snapshot, a group or a [`Hold`](crate::Hold) still needs is kept in any case, and
/// so is everything after the newest state of the sequencer. A group needs what comes after the last but one of its
/// commits: the last may not be on the disk yet.
///
/// Nothing is kept for who follows the log in another process and has no snapshot yet: if he is slower than the log lets
/// go of its records, he ends with [`Truncated`](crate::LogError::Truncated). So keep the log for longer than he needs for
/// his first snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// Let go of segments whose newest record came in so long before the log's newest one.
    pub age_max: Option<Span>,
    /// Let go of the oldest segments while all of them have more bytes.
    pub bytes_max: Option<u64>,
}

const SEGMENT_BYTES_MIN: u64 = 4 << 10;
const SEGMENT_BYTES_MAX: u64 = 16 << 30;

impl SegmentLogConfig {
    pub(super) fn check(&self) -> Result<(), LogError> {
        if !(SEGMENT_BYTES_MIN..=SEGMENT_BYTES_MAX).contains(&self.segment_bytes) {
            let bound = "4 KiB to 16 GiB";
            return Err(LogError::Config { field: "segment_bytes", value: self.segment_bytes, bound });
        }
        match self.sync {
            SyncPolicy::Interval(span) if !(0..=60_000_000).contains(&span.micros()) => {
                let (value, bound) = (span.micros().unsigned_abs(), "0 to 60,000,000 us");
                Err(LogError::Config { field: "sync interval", value, bound })
            }
            _ => Ok(()),
        }
    }
}
