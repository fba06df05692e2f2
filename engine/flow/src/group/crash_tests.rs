//! Whatever a crash takes, a group goes on at or before what it has done, and gets all that the log has kept.

use std::sync::Arc;

use proptest::prelude::*;

use super::tests::{record, records};
use super::*;
use crate::log::{Log, Retention, SegmentLog, SegmentLogConfig, SyncPolicy};
use crate::storage::Storage;
use crate::storage::forgetful::ForgetfulDisk;

#[derive(Debug, Clone)]
enum Step {
    Append(u64),
    Sync,
    Read,
    Commit,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![(1..30_u64).prop_map(Step::Append), Just(Step::Sync), Just(Step::Read), Just(Step::Commit)];
    prop::collection::vec(step, 0..25)
}

proptest! {
    #[test]
    fn after_a_crash_nothing_is_passed_over(
        seed in any::<u64>(),
        lives in prop::collection::vec((10..80_u64, 0..3_u64, steps(), any::<bool>()), 1..8),
    ) {
        let disk = ForgetfulDisk::new(seed);
        let storage: Arc<dyn Storage> = Arc::new(disk.clone());
        let config = SegmentLogConfig {
            segment_bytes: 4 << 10,
            sync: SyncPolicy::default(),
            tail_records: 20,
            // All goes that nobody needs.
            retention: Retention { bytes_max: Some(0), age_max: None },
        };
        // What is done for certain, and what was handed out in all lives without a gap.
        let (mut done, mut had) = (0, 0);
        for (power, failures, steps, process_alone) in lives {
            let (segments, opened) = SegmentLog::open_stepwise(Arc::clone(&storage), &config).expect("a crash harms no log");
            let log: Arc<dyn Log> = Arc::new(segments.clone());
            let mut group = LogGroup::open(Arc::clone(&storage), Arc::clone(&log), "billing", StartFrom::Earliest)
                .expect("what was committed was durable");
            prop_assert!(group.committed().0 >= done, "{:?} after {done}", group.committed());
            prop_assert!(group.committed().0 <= had && group.committed() <= opened.end);
            done = group.committed().0;
            disk.cut_power(power);
            disk.fail_syncs(failures);
            for step in steps {
                match step {
                    Step::Append(count) => {
                        drop(log.append(&records(log.end().0, count), &[]));
                        if segments.checkpoint_due() {
                            segments.put_checkpoint(log.end(), Vec::new());
                        }
                    }
                    Step::Sync => drop(segments.sync()),
                    Step::Read => {
                        let first = group.next_offset().0;
                        if let Ok(Some(batch)) = group.poll() {
                            let found = batch.records();
                            prop_assert!(found.iter().zip(first..).all(|(found, offset)| *found == record(offset)));
                            prop_assert!(first <= had, "nothing between {had} and {first} was handed out");
                            had = had.max(group.next_offset().0);
                            prop_assert!(group.next_offset() <= log.durable());
                        }
                    }
                    Step::Commit => {
                        let next = group.next_offset();
                        if group.commit(next).is_ok() {
                            done = next.0;
                        }
                    }
                }
            }
            drop((group, log, segments));
            if process_alone { disk.restart() } else { disk.crash() }
        }
    }
}
