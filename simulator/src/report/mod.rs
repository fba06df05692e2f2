//! What a run came to: a summary for machines and people, a page with charts, and a display of its progress.
//!
//! A run fills a [`Report`]: the [`Summary`] with its accounting, figures and bounds, and the [`Sample`]s, one for each
//! second or finer. [`Report::write`] turns it into `summary.json`, `samples.csv` and `report.html` (one file, no
//! scripts, nothing from outside); [`Summary::to_terminal`] says the same in at most 40 lines. [`LatencyRecorder`]
//! measures and [`Progress`] shows what happens meanwhile.

mod accounting;
mod bound;
mod chart;
mod latency;
mod machine;
mod markup;
mod numeral;
mod page;
mod progress;
mod sample;
mod summary;
mod terminal;
mod write;

pub use accounting::Accounting;
pub use bound::{Bound, Direction};
pub use latency::{LatencyRecorder, Percentiles};
pub use machine::Machine;
pub use progress::{Progress, ProgressStyle};
pub use sample::{EngineState, Outage, Sample};
pub use summary::{FaultCount, Report, Setting, Summary};
pub(crate) use write::make_folder;
pub use write::{ReportError, ReportFiles};
