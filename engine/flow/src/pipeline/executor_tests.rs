use etaflow_road::{SyntheticCity, Timestamp};

use super::*;
use crate::event::{Payload, Record, RoadRef, SourceId};
use crate::log::{LogError, MemoryLog, MemoryLogConfig};

/// A log of one road that is not on the map, which is told as a dead letter.
fn start(tap: Tap) -> (Executor, Arc<dyn Log>) {
    let network = Arc::new(SyntheticCity { nodes: 1_000, ..SyntheticCity::default() }.build());
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new(&MemoryLogConfig::default()));
    let outputs = Outputs { tap: Some(tap), ..Outputs::default() };
    let config = Config { shards: 2, ..Config::default() };
    let executor =
        Executor::start(network, &config, Arc::clone(&log), Offset(0).into(), outputs).expect("within bounds");
    let time = Timestamp::from_secs(1);
    let payload = Payload::Closed(RoadRef { from_node: -1, to_node: -2 });
    let (offset, source) = (Offset(0), SourceId(0));
    log.append(&[Record { offset, time, ingest_time: time, waited_us: 0, source, id: 0, payload }], &[]).expect("open");
    (executor, log)
}

#[test]
fn what_is_applied_is_not_told_before_the_tap_has_it() {
    let (go, wait) = sync_channel::<()>(1);
    let (executor, log) = start(Box::new(move |_| wait.recv().expect("the test goes on")));
    let handle = executor.handle();
    while handle.applied() < Offset(1) {
        std::thread::yield_now();
    }
    assert_eq!(handle.told(), Offset(0));
    log.close();
    go.send(()).expect("the tap waits");
    assert_eq!(executor.join().expect("nothing fails").outputs, 1);
    assert_eq!(handle.told(), Offset(1));
}

#[test]
fn a_tap_that_panics_is_named_and_stops_all() {
    let (executor, log) = start(Box::new(|_| panic!("no more room")));
    let handle = executor.handle();
    while handle.applied() < Offset(1) {
        std::thread::yield_now();
    }
    let mut offset = 1;
    // Nothing more is taken in, as soon as a shard has seen it.
    loop {
        let time = Timestamp::from_secs(2);
        let payload = Payload::Reopened(RoadRef { from_node: -1, to_node: -2 });
        let source = SourceId(0);
        let record =
            Record { offset: Offset(offset), time, ingest_time: time, waited_us: 0, source, id: offset, payload };
        match log.append(&[record], &[]) {
            Ok(()) => offset += 1,
            Err(error) => break assert_eq!(error, LogError::Closed),
        }
    }
    let failure = executor.join().expect_err("the tap has failed");
    assert_eq!(failure, ExecutorError::TapPanicked { message: "no more room".to_owned() });
}
