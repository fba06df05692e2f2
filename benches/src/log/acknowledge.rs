//! How long it takes until somebody who offers records at a steady pace can be told that they are durable, and how long the
//! disk alone takes for as much.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use etaflow::{Clock, Log, Offset, Record, Span, Timestamp, WallClock};
use event_listener::Listener;

use super::keeper::Failure;
use super::load::{Amount, BATCH, INTERVAL, Load};
use super::ours::open;
use crate::pace::wait_until;

/// How many records are offered a second.
pub(super) const OFFERED_PER_S: u64 = 100_000;

/// How long a batch of them takes to be offered.
const PACE: Span = Span::from_micros((BATCH as u64 * 1_000_000 / OFFERED_PER_S) as i64);

/// If nothing becomes durable for so long, nothing will.
const PATIENCE: Duration = Duration::from_secs(30);

/// Offers records for a time, and takes how long after its time each batch is durable, in microseconds.
pub(super) fn acknowledged(folder: &Path, time: Span) -> Result<Vec<u32>, Failure> {
    let log = open(folder)?;
    let batches = (time.micros() / PACE.micros()).max(1) as usize;
    let mut load = Load::new(Amount::Records((batches * BATCH) as u64));
    let clock = WallClock::new();
    let start = clock.now();
    // Of each batch that is not durable yet: the offset after it, and when it was due.
    let waiting = Mutex::new(VecDeque::<(Offset, Timestamp)>::new());
    thread::scope(|scope| {
        let told = scope.spawn(|| tell(&log, &clock, &waiting, batches));
        for nth in 0.. {
            let due = start + Span::from_micros(nth * PACE.micros());
            wait_until(&clock, due);
            let Some(batch) = load.next_batch() else { break };
            let end = Offset(batch[0].offset.0 + BATCH as u64);
            waiting.lock().expect("no code panics while it waits").push_back((end, due));
            if let Err(error) = log.append(batch, &[]) {
                log.close();
                return Err(error.into());
            }
        }
        told.join().expect("does not panic")
    })
}

/// Takes the time at which each of so many batches becomes durable.
fn tell(
    log: &dyn Log,
    clock: &WallClock,
    waiting: &Mutex<VecDeque<(Offset, Timestamp)>>,
    batches: usize,
) -> Result<Vec<u32>, Failure> {
    let mut latencies = Vec::with_capacity(batches);
    while latencies.len() < batches {
        let changed = log.listen();
        let (durable, now) = (log.durable(), clock.now());
        let mut waiting = waiting.lock().expect("no code panics while it waits");
        let before = latencies.len();
        while let Some(&(end, due)) = waiting.front()
            && end <= durable
        {
            waiting.pop_front();
            latencies.push(now.since(due).micros() as u32);
        }
        drop(waiting);
        if latencies.len() == before && (log.is_closed() || changed.wait_timeout(PATIENCE).is_none()) {
            return Err("nothing becomes durable any more".into());
        }
    }
    Ok(latencies)
}

/// Writes as much as is offered in an interval at the end of a file, and makes it durable, again and again for a time; how
/// long the disk takes for the latter, in microseconds.
pub(super) fn synced(folder: &Path, time: Span) -> io::Result<Vec<u32>> {
    let mut file = File::create_new(folder.join("probe"))?;
    let bytes = vec![0x5a; (OFFERED_PER_S as i64 * INTERVAL.micros() / 1_000_000) as usize * Record::FRAME_BYTES];
    let clock = WallClock::new();
    let start = clock.now();
    let mut latencies = Vec::new();
    for nth in 0.. {
        wait_until(&clock, start + Span::from_micros(nth * INTERVAL.micros()));
        if clock.now().since(start) >= time && nth > 0 {
            break;
        }
        file.write_all(&bytes)?;
        let written = clock.now();
        file.sync_data()?;
        latencies.push(clock.now().since(written).micros() as u32);
    }
    Ok(latencies)
}
