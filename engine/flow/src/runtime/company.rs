use std::sync::Arc;

use crate::effect::Sink;
use crate::pipeline::Observer;

/// Who looks on while an engine runs, and whom it tells.
#[derive(Default)]
pub struct Company {
    /// Sees what the shards do.
    pub observer: Option<Arc<dyn Observer>>,
    /// Are given what the pipeline tells of trips, each as often as it is promised.
    pub sinks: Vec<Box<dyn Sink>>,
}
