use std::thread;
use std::time::Duration;

use etaflow::{Clock, Timestamp, WallClock};

/// Waits until it is `due`, for those who do something at a steady pace.
pub(crate) fn wait_until(clock: &WallClock, due: Timestamp) {
    loop {
        let left = due.since(clock.now()).micros();
        if left <= 0 {
            return;
        }
        // Nobody wakes this thread before its time; if somebody does, it waits on.
        thread::park_timeout(Duration::from_micros(left as u64));
    }
}
