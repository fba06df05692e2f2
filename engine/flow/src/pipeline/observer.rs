use std::sync::Arc;

use super::shard::{Effects, Shard};
use crate::eta::Epoch;
use crate::event::{Offset, Record};
use crate::stream::Tick;

/// Sees what each shard does, as soon as it is done and in no order among the shards.
pub trait Observer: Send + Sync {
    /// A shard has taken a lot of records, and what follows from them can be seen.
    fn on_applied(&self, applied: &Applied<'_>);

    /// A shard goes on from a snapshot: what is known of its trips and drivers is said again, before it takes a record.
    /// By default of no effect.
    fn on_restored(&self, restored: &Restored<'_>) {
        _ = restored;
    }
}

/// A shard that goes on from a snapshot, and what it would have shown if it had come to it by itself.
pub struct Restored<'a> {
    /// Which shard.
    pub shard: u32,
    /// It itself.
    pub state: &'a Shard,
    /// The first record that it takes.
    pub offset: Offset,
    /// Every trip's arrival time, and who can take a trip. There are no outputs: all have gone out.
    pub effects: &'a Effects,
    /// The epoch that is in force.
    pub epoch: &'a Arc<Epoch>,
    /// The tick at which the snapshot was cut: it was then that the epoch came into force.
    pub tick: Tick,
}

/// A lot of records that a shard has taken.
pub struct Applied<'a> {
    /// Which shard.
    pub shard: u32,
    /// It itself, which tells the records that it answers for.
    pub state: &'a Shard,
    /// All records of the lot, those of other shards too.
    pub records: &'a [Record],
    /// What followed from them.
    pub effects: &'a Effects,
    /// The epoch that is in force at the end of the lot.
    pub epoch: &'a Arc<Epoch>,
    /// The last tick of the lot, if there was one: it was then that the epoch came into force.
    pub tick: Option<Tick>,
}
