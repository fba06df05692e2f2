use std::path::Path;
use std::sync::Arc;

use etaflow::{DiskStorage, Entries, Log, LogFiles, Offset, SegmentLog, SegmentLogConfig, Storage, SyncPolicy};

use super::keeper::{Failure, Keeper, Kept, Tally};
use super::load::{INTERVAL, Load};

/// Our log as it comes: a sync every 5 ms, in a thread of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ours;

/// Opens the log in a folder, or begins one.
pub(super) fn open(folder: &Path) -> Result<SegmentLog, Failure> {
    let storage: Arc<dyn Storage> = Arc::new(DiskStorage::open(folder)?);
    let config = SegmentLogConfig { sync: SyncPolicy::Interval(INTERVAL), ..SegmentLogConfig::default() };
    Ok(SegmentLog::open(storage, &config)?.0)
}

impl Keeper for Ours {
    fn name(&self) -> &'static str {
        "ours"
    }

    fn append(&self, folder: &Path, load: &mut Load) -> Result<(), Failure> {
        let log = open(folder)?;
        load.begin();
        while let Some(batch) = load.next_batch() {
            log.append(batch, &[])?;
        }
        log.sync()?;
        load.end();
        Ok(())
    }

    fn open(&self, folder: &Path) -> Result<Box<dyn Kept>, Failure> {
        let storage: Arc<dyn Storage> = Arc::new(DiskStorage::open(folder)?);
        Ok(Box::new(Opened { files: LogFiles::open(storage)? }))
    }
}

struct Opened {
    files: LogFiles,
}

impl Kept for Opened {
    fn scan(&self, mut tally: Tally) -> Result<Tally, Failure> {
        let mut reader = self.files.reader(Offset(0))?;
        let mut entries = Entries::default();
        while reader.next_into(&mut entries)? {
            tally.take(&entries.records);
        }
        Ok(tally)
    }
}
