use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::super::id::tests::update;
use super::super::{Guarantee, SinkError};
use super::*;
use crate::event::{Entries, Event, EventData, EventId, Key, Record};
use crate::log::{MemoryLog, MemoryLogConfig};
use crate::sequencer::{Sequencer, SequencerConfig};
use crate::storage::forgetful::ForgetfulDisk;
use crate::storage::{MarkFile, StorageLock};

/// Hands on what it takes, and does not return before that is received.
struct Handing {
    name: &'static str,
    guarantee: Guarantee,
    hand: SyncSender<Vec<Effect>>,
}

impl Sink for Handing {
    fn name(&self) -> &str {
        self.name
    }

    fn guarantee(&self) -> Guarantee {
        self.guarantee
    }

    fn take(&mut self, effects: &[Effect]) -> Result<(), SinkError> {
        self.hand.send(effects.to_vec()).map_err(|_| SinkError::NotTaken("nobody is there".to_owned()))
    }
}

fn handing(name: &'static str, guarantee: Guarantee) -> (Box<dyn Sink>, Receiver<Vec<Effect>>) {
    let (hand, receive) = sync_channel(0);
    (Box::new(Handing { name, guarantee, hand }), receive)
}

/// A log whose records are durable when it is said.
struct SlowLog {
    log: MemoryLog,
    durable: Mutex<Offset>,
}

impl Log for SlowLog {
    fn append(&self, records: &[Record], notes: &[crate::event::Note]) -> Result<(), crate::log::LogError> {
        self.log.append(records, notes)
    }

    fn read(&self, from: Offset) -> Result<Option<crate::log::Batch>, crate::log::LogError> {
        self.log.read(from)
    }

    fn start(&self) -> Offset {
        self.log.start()
    }

    fn end(&self) -> Offset {
        self.log.end()
    }

    fn durable(&self) -> Offset {
        *self.durable.lock().expect("no test panics with it")
    }

    fn is_closed(&self) -> bool {
        self.log.is_closed()
    }

    fn close(&self) {
        self.log.close();
    }

    fn listen(&self) -> event_listener::EventListener {
        self.log.listen()
    }

    fn hold(&self, from: Offset) -> crate::log::Hold {
        self.log.hold(from)
    }
}

struct Bench {
    disk: ForgetfulDisk,
    log: Arc<SlowLog>,
    dictionary: Arc<Dictionary>,
    finish_max: Span,
    lock: Option<Arc<StorageLock>>,
}

impl Bench {
    /// Trips 0 to 9 are called "ride-0" to "ride-9".
    fn new() -> Self {
        let dictionary = Arc::new(Dictionary::new());
        let mut sequencer = Sequencer::new(SequencerConfig::default(), Arc::clone(&dictionary));
        let mut entries = Entries::default();
        for nth in 0..10 {
            let (trip, place) = (Key::new(&format!("ride-{nth}")).expect("a key"), etaflow_road::Coord::default());
            let time = Timestamp::from_secs(1);
            let data = EventData::TripRequested { trip, pickup: place, dropoff: place };
            let (source, id) = (Key::Number(1), EventId::Sequence(nth));
            sequencer.admit(&Event { source, id, time, due: None, data }, time, &mut entries);
        }
        let log = SlowLog { log: MemoryLog::new(&MemoryLogConfig::default()), durable: Mutex::new(Offset(100)) };
        let finish_max = Span::from_secs(600);
        Self { disk: ForgetfulDisk::new(1), log: Arc::new(log), dictionary, finish_max, lock: None }
    }

    fn open(&self, sinks: Vec<Box<dyn Sink>>, from: u64, end: u64) -> Result<Deliverer, DeliveryError> {
        self.open_at(sinks, from, LogEnd::Found(Offset(end)))
    }

    fn open_at(&self, sinks: Vec<Box<dyn Sink>>, from: u64, end: LogEnd) -> Result<Deliverer, DeliveryError> {
        let setup = DeliverySetup {
            storage: Arc::new(self.disk.clone()),
            log: Arc::clone(&self.log) as Arc<dyn Log>,
            dictionary: Arc::clone(&self.dictionary),
            from: Offset(from),
            end,
            backlog: None,
            lock: self.lock.clone(),
        };
        let config = DeliveryConfig { finish_max: self.finish_max, ..DeliveryConfig::default() };
        Deliverer::open(sinks, setup, &config)
    }
}

fn told(offsets: std::ops::Range<u64>) -> Vec<Output> {
    offsets.map(|offset| Output::Eta(update(offset, offset as u32 % 10, false))).collect()
}

/// Comes back when it is so.
fn wait_until(so: impl Fn() -> bool) {
    while !so() {
        std::thread::yield_now();
    }
}

fn names(effects: &[Effect]) -> Vec<String> {
    effects.iter().map(|effect| effect.trip.to_string()).collect()
}

#[test]
fn a_sink_that_is_stuck_holds_up_nobody() {
    let bench = Bench { finish_max: Span::from_millis(1), ..Bench::new() };
    let (stuck, kept) = handing("stuck", Guarantee::AtLeastOnce);
    let (swift, received) = handing("swift", Guarantee::AtLeastOnce);
    let deliverer = bench.open(vec![stuck, swift], 0, 0).expect("opens");
    deliverer.set_live(true);
    for nth in 0..50 {
        deliverer.tell(&told(nth..nth + 1), Offset(nth + 1));
        assert_eq!(names(&received.recv().expect("it takes them")), [format!("ride-{}", nth % 10)]);
    }
    wait_until(|| deliverer.reports()[1].delivered == 50);
    assert!(!deliverer.finish(), "one of them has not ended");
    let reports = deliverer.reports();
    assert_eq!((reports[1].delivered, reports[1].lag_records, reports[1].lag), (50, 0, Span::ZERO));
    assert_eq!((reports[0].delivered, reports[0].waiting, reports[0].lag_records), (0, 50, 50));
    assert_eq!(reports[0].lag, Span::from_secs(49));
    drop(kept);
}

#[test]
fn nothing_is_delivered_that_the_log_could_lose() {
    let bench = Bench::new();
    *bench.log.durable.lock().expect("no test panics with it") = Offset(2);
    let (sink, received) = handing("sink", Guarantee::AtMostOnce);
    let deliverer = bench.open(vec![sink], 0, 0).expect("opens");
    deliverer.set_live(true);
    deliverer.tell(&told(0..5), Offset(5));
    assert_eq!(names(&received.recv().expect("it takes them")), ["ride-0", "ride-1"]);
    // It would be handed more in vain: the rest is not there before the log says so.
    wait_until(|| deliverer.reports()[0].waiting == 3);
    *bench.log.durable.lock().expect("no test panics with it") = Offset(4);
    assert_eq!(names(&received.recv().expect("it takes them")), ["ride-2", "ride-3"]);
    wait_until(|| deliverer.reports()[0].waiting == 1);
}

#[test]
fn a_new_sink_is_not_told_what_was_before_its_time() {
    let bench = Bench::new();
    let (sink, received) = handing("sink", Guarantee::AtLeastOnce);
    let deliverer = bench.open(vec![sink], 0, 3).expect("opens");
    deliverer.set_live(true);
    deliverer.tell(&told(0..5), Offset(5));
    assert_eq!(names(&received.recv().expect("it takes them")), ["ride-3", "ride-4"]);
    assert!(deliverer.finish());
    assert_eq!(deliverer.reports()[0].suppressed, 3);
    let mark = MarkFile::read(&bench.disk, "sinks/sink").expect("it is whole").expect("it is there");
    assert_eq!((mark.offset, mark.within), (4, 5));
}

#[test]
fn what_a_sink_misses_is_said() {
    let bench = Bench::new();
    let open = |from, end| {
        let deliverer = bench.open(vec![handing("sink", Guarantee::AtLeastOnce).0], from, end).expect("opens");
        let report = deliverer.reports().remove(0);
        (report.gap, report.was_ahead)
    };
    assert_eq!(open(0, 10), (None, false));
    assert_eq!(open(20, 30), (Some((Offset(10), Offset(20))), false), "a snapshot was cut without it");
    assert_eq!(open(0, 5), (None, true), "the log was cut off");
    assert_eq!(open(0, 7), (None, false));
}

/// What the writer says of its log need not outlive a power cut, though the log does: it is then told to be shorter than
/// what a sink has done, until the writer has read it again.
#[test]
fn what_was_done_is_not_done_again_for_a_log_that_is_told_to_be_shorter() {
    let bench = Bench::new();
    let mark = || MarkFile::read(&bench.disk, "sinks/sink").expect("it is whole").expect("it is there");
    drop(bench.open(vec![handing("sink", Guarantee::AtLeastOnce).0], 0, 190).expect("opens"));
    let (sink, received) = handing("sink", Guarantee::AtLeastOnce);
    let deliverer = bench.open_at(vec![sink], 150, LogEnd::Told(Offset(150))).expect("opens");
    assert_eq!((mark().offset, deliverer.reports()[0].was_ahead), (190, false));
    *bench.log.durable.lock().expect("no test panics with it") = Offset(192);
    deliverer.set_live(true);
    deliverer.tell(&told(150..192), Offset(192));
    assert_eq!(received.recv().expect("it takes them").len(), 2);
    assert!(deliverer.finish());
    assert_eq!((deliverer.reports()[0].suppressed, mark().offset), (40, 191));
}

/// Says when it is called, and returns when it is told to.
struct Patient {
    called: SyncSender<()>,
    go: Receiver<()>,
}

impl Sink for Patient {
    fn name(&self) -> &str {
        "sink"
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::AtLeastOnce
    }

    fn take(&mut self, _effects: &[Effect]) -> Result<(), SinkError> {
        let waited = self.called.send(()).is_ok() && self.go.recv().is_ok();
        if waited { Ok(()) } else { Err(SinkError::NotTaken("nobody is there".to_owned())) }
    }
}

#[test]
fn a_sink_that_is_left_to_itself_keeps_others_out_and_its_mark_right() {
    let held = Arc::new(());
    let lock = Some(Arc::new(StorageLock::new(Arc::clone(&held))));
    let bench = Bench { finish_max: Span::from_millis(1), lock, ..Bench::new() };
    let ((called, was_called), (let_go, go)) = (sync_channel(1), sync_channel(1));
    let deliverer = bench.open(vec![Box::new(Patient { called, go })], 0, 0).expect("opens");
    deliverer.set_live(true);
    deliverer.tell(&told(0..1), Offset(1));
    was_called.recv().expect("it is called");
    assert!(!deliverer.finish(), "it is left to itself");
    drop(deliverer);
    let Bench { disk, lock, .. } = bench;
    drop(lock);
    assert_eq!(Arc::strong_count(&held), 2, "it still holds the lock");
    let_go.send(()).expect("it waits");
    wait_until(|| Arc::strong_count(&held) == 1);
    let mark = MarkFile::read(&disk, "sinks/sink").expect("it is whole").expect("it is there");
    assert_eq!((mark.offset, mark.within), (0, 1));
}

#[test]
fn sinks_have_names_of_their_own() {
    let bench = Bench::new();
    for (names, said) in [
        (vec!["a", "a"], "two sinks are called a"),
        (vec!["../a"], "a sink is called \"../a\", must be 1 to 64 of a-z, 0-9, - and _"),
        (vec![""], "a sink is called \"\", must be 1 to 64 of a-z, 0-9, - and _"),
    ] {
        let sinks = names.into_iter().map(|name| handing(name, Guarantee::AtMostOnce).0).collect();
        assert_eq!(bench.open(sinks, 0, 0).err().map(|error| error.to_string()).as_deref(), Some(said));
    }
}
