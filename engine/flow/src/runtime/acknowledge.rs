use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_listener::{Event, Listener};

use crate::bus::Barrier;
use crate::event::Offset;
use crate::log::Log;

/// How many may wait before those who have given up are looked for.
const SWEEP_FROM: usize = 1_024;

/// Answers those who wait until what they have published is durable, on a thread of its own: the one that writes the log
/// waits for no disk. Clones are the same.
///
/// A publisher asks one question at a time, so that as many wait as there are publishers, and no more.
#[derive(Clone, Default)]
pub(super) struct Acknowledger {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    asked: Event,
}

#[derive(Default)]
struct Waiting {
    /// In the order of their offsets.
    barriers: VecDeque<(Offset, Barrier)>,
    sweep_at: usize,
    over: bool,
}

impl Acknowledger {
    /// Will answer when everything before `offset` is durable.
    pub(super) fn ask(&self, offset: Offset, barrier: Barrier) {
        let mut waiting = self.lock();
        waiting.barriers.push_back((offset, barrier));
        if waiting.barriers.len() >= waiting.sweep_at.max(SWEEP_FROM) {
            waiting.barriers.retain(|(_, barrier)| !barrier.is_abandoned());
            waiting.sweep_at = 2 * waiting.barriers.len();
        }
        drop(waiting);
        self.shared.asked.notify(1);
    }

    /// Nobody will ask any more.
    pub(super) fn end(&self) {
        self.lock().over = true;
        self.shared.asked.notify(1);
    }

    /// Answers until nobody will ask any more and all are answered.
    pub(super) fn run(&self, log: &dyn Log) {
        loop {
            let (asked, changed) = (self.shared.asked.listen(), log.listen());
            let waiting = self.answer(log);
            match (waiting.barriers.is_empty(), waiting.over) {
                (true, true) => return,
                (true, false) => {
                    drop(waiting);
                    asked.wait();
                }
                // Who asks meanwhile asks for more.
                (false, _) => {
                    drop(waiting);
                    changed.wait();
                }
            }
        }
    }

    /// Answers those who can be. Nobody asks before what is left was looked at: he would be taken for one whose records are
    /// not durable yet, and nothing more would come of them.
    fn answer(&self, log: &dyn Log) -> MutexGuard<'_, Waiting> {
        let durable = log.durable();
        let failure = log.failure().map(|failure| failure.to_string());
        let mut waiting = self.lock();
        while let Some((offset, barrier)) = waiting.barriers.front() {
            match &failure {
                _ if *offset <= durable => barrier.answer(Ok(*offset)),
                Some(why) => barrier.answer(Err(why.clone())),
                None => break,
            }
            waiting.barriers.pop_front();
        }
        waiting
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.shared.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use event_listener::EventListener;

    use super::*;
    use crate::bus::{Bus, BusConfig, Incoming, Intake, Policy, PublishError, bus};
    use crate::event::{Note, Record};
    use crate::log::{Batch, Hold, LogError};

    /// A log that is as durable as it is told to be.
    #[derive(Default)]
    struct SlowDisk {
        durable: AtomicU64,
        failure: Mutex<Option<LogError>>,
        changed: Event,
    }

    impl SlowDisk {
        fn sync_to(&self, offset: u64) {
            self.durable.store(offset, Ordering::SeqCst);
            self.changed.notify(usize::MAX);
        }

        fn fail(&self, why: LogError) {
            *self.failure.lock().unwrap() = Some(why);
            self.changed.notify(usize::MAX);
        }
    }

    impl Log for SlowDisk {
        fn append(&self, _: &[Record], _: &[Note]) -> Result<(), LogError> {
            Err(LogError::Closed)
        }
        fn read(&self, _: Offset) -> Result<Option<Batch>, LogError> {
            Ok(None)
        }
        fn start(&self) -> Offset {
            Offset(0)
        }
        fn end(&self) -> Offset {
            Offset(u64::MAX)
        }
        fn durable(&self) -> Offset {
            Offset(self.durable.load(Ordering::SeqCst))
        }
        fn failure(&self) -> Option<LogError> {
            self.failure.lock().unwrap().clone()
        }
        fn is_closed(&self) -> bool {
            false
        }
        fn close(&self) {}
        fn listen(&self) -> EventListener {
            self.changed.listen()
        }
        fn hold(&self, _: Offset) -> Hold {
            Hold::new(|_| {})
        }
    }

    /// Somebody asks, and then his question is taken off the bus.
    fn ask(bus: &Bus, intake: &mut Intake) -> (std::thread::JoinHandle<Result<Offset, PublishError>>, Barrier) {
        let mut publisher = bus.publisher(Policy::Await);
        let asking = std::thread::spawn(move || publisher.acknowledge_blocking());
        let Some(Incoming::Barrier(barrier)) = intake.recv_blocking() else { panic!("there is a question") };
        (asking, barrier)
    }

    #[test]
    fn who_asks_is_answered_when_the_log_is_durable_and_not_before() {
        let (log, acknowledger) = (SlowDisk::default(), Acknowledger::default());
        let (bus, mut intake) = bus(BusConfig::default());
        std::thread::scope(|scope| {
            scope.spawn(|| acknowledger.run(&log));
            log.sync_to(3);
            let mut asked: Vec<_> = [3, 5, 5, 8, 9]
                .map(|offset| {
                    let (asking, barrier) = ask(&bus, &mut intake);
                    acknowledger.ask(Offset(offset), barrier.clone());
                    (asking, barrier)
                })
                .into_iter()
                .collect();
            let mut answered = |count: usize| asked.drain(..count).map(|(asking, _)| asking.join().unwrap()).collect();
            let first: Vec<_> = answered(1);
            assert_eq!(first, [Ok(Offset(3))]);
            log.sync_to(7);
            let next: Vec<_> = answered(2);
            assert_eq!(next, [Ok(Offset(5)), Ok(Offset(5))]);
            assert!(asked.iter().all(|(asking, barrier)| !asking.is_finished() && !barrier.is_abandoned()));
            // What is durable is, whatever happens then.
            log.durable.store(8, Ordering::SeqCst);
            log.fail(LogError::Closed);
            let rest: Vec<_> = asked.into_iter().map(|(asking, _)| asking.join().unwrap()).collect();
            assert_eq!(rest, [Ok(Offset(8)), Err(PublishError::NotDurable { why: "the log is closed".to_owned() })]);
            acknowledger.end();
        });
    }

    #[test]
    fn those_who_have_given_up_take_no_room() {
        let acknowledger = Acknowledger::default();
        let (bus, mut intake) = bus(BusConfig::default());
        let (asking, barrier) = ask(&bus, &mut intake);
        barrier.answer(Ok(Offset(0)));
        asking.join().unwrap().unwrap();
        for _ in 0..10 * SWEEP_FROM {
            acknowledger.ask(Offset(1), barrier.clone());
            assert!(acknowledger.lock().barriers.len() < SWEEP_FROM);
        }
    }
}
