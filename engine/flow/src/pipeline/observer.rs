use std::sync::Arc;

use super::shard::{Effects, Shard};
use crate::eta::Epoch;
use crate::event::Record;
use crate::stream::Tick;

/// Sees what each shard does, as soon as it is done and in no order among the shards.
pub trait Observer: Send + Sync {
    /// A shard has taken a lot of records, and what follows from them can be seen.
    fn on_applied(&self, applied: &Applied<'_>);
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
