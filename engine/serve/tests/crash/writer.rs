use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use etaflow::{DiskStorage, Event, EventId, Key, LogFiles, Offset};
use serde_json::Value;

use crate::child::{Running, pause};
use crate::city::{Chance, Traffic};

/// How long nothing is sent after something was, at most.
const STEP: Duration = Duration::from_millis(20);

/// The lives of `etaflow ingest`, and who sends to it.
pub(crate) struct WriterLives {
    folder: PathBuf,
    dir: PathBuf,
    chance: Chance,
    traffic: Traffic,
    /// In the order in which they happened.
    unacknowledged: VecDeque<Event>,
    acknowledged: Vec<(Key, u64)>,
    /// The newest offset that was said to be durable.
    durable: u64,
    sent_again: u64,
    killed: u32,
}

/// What one of them was given, and what it has said of that.
struct Given {
    frames: bool,
    /// How many of those that are not acknowledged.
    count: usize,
    /// How many of its input it has acknowledged.
    told: u64,
}

impl WriterLives {
    pub(crate) fn new(folder: &Path, dir: &Path, chance: Chance, traffic: Traffic) -> Self {
        let (unacknowledged, acknowledged) = Default::default();
        let (folder, dir) = (folder.to_owned(), dir.to_owned());
        Self { folder, dir, chance, traffic, unacknowledged, acknowledged, durable: 0, sent_again: 0, killed: 0 }
    }

    pub(crate) fn killed(&self) -> u32 {
        self.killed
    }

    /// Source and number of each event that was acknowledged.
    pub(crate) fn acknowledged(&self) -> &[(Key, u64)] {
        &self.acknowledged
    }

    /// How many events were sent to one that was killed, and then to the next.
    pub(crate) fn sent_again(&self) -> u64 {
        self.sent_again
    }

    /// Makes a log with nothing in it.
    pub(crate) fn begin_log(&mut self) {
        self.start().0.finish();
    }

    fn start(&mut self) -> (Running, Given) {
        let frames = self.chance.below(3) == 0;
        let form = if frames { "frames" } else { "json" };
        let sync = ["5ms", "always", "20ms"][self.chance.below(3)];
        let dir = self.dir.to_str().expect("it is UTF-8");
        // Small segments: some begin, and the sequencer's state is kept, while it is killed.
        let args = [
            &["ingest", "--dir", dir, "--form", form, "--sync", sync][..],
            &["--segment-bytes", "16384", "--tick", "50ms"],
        ];
        (Running::start(&self.folder, "ingest", &args.concat()), Given { frames, count: 0, told: 0 })
    }

    /// Takes events in for a while, and is killed.
    pub(crate) fn live_and_die(&mut self) {
        let (mut process, mut given) = self.start();
        for _ in 0..self.chance.below(60) {
            self.send(&mut process, &mut given);
            if let Some(line) = process.line_within(STEP) {
                self.hear(&mut given, &line);
            }
        }
        // Much at once, of which it is in the midst.
        pause(self.chance.below(500));
        self.send(&mut process, &mut given);
        // Sooner than it syncs, but for one that always does.
        pause(self.chance.below(4));
        for line in process.kill() {
            self.hear(&mut given, &line);
        }
        self.sent_again += given.count as u64;
        self.killed += 1;
    }

    /// Takes in what is left, and ends as it should. Returns where the log ends.
    pub(crate) fn live_to_the_end(&mut self) -> u64 {
        let (mut process, mut given) = self.start();
        self.send(&mut process, &mut given);
        while !self.unacknowledged.is_empty() {
            let line = process.line();
            self.hear(&mut given, &line);
        }
        process.finish();
        let storage = Arc::new(DiskStorage::open(&self.dir).expect("it is there"));
        let Offset(end) = LogFiles::open(storage).and_then(|files| files.durable()).expect("it can be read");
        assert!(end >= self.durable, "durable up to {end}, but {} was said", self.durable);
        end
    }

    /// Sends what has happened, and what was not sent to this one.
    fn send(&mut self, process: &mut Running, given: &mut Given) {
        self.unacknowledged.extend(self.traffic.events());
        let mut bytes = Vec::new();
        for event in self.unacknowledged.range(given.count..) {
            if given.frames {
                let mut frame = [0; Event::FRAME_BYTES];
                event.encode_into(&mut frame).expect("all names are numbers");
                bytes.extend(frame);
            } else {
                bytes.extend(event.to_json().expect("it can be said").into_bytes());
                bytes.push(b'\n');
            }
        }
        given.count = self.unacknowledged.len();
        process.write(&bytes);
    }

    fn hear(&mut self, given: &mut Given, line: &str) {
        let said: Value = serde_json::from_str(line).expect("is JSON");
        let (events, offset) = (said["events"].as_u64().expect("a number"), said["offset"].as_u64().expect("a number"));
        assert!(events >= given.told && offset >= self.durable, "{events} after {}, {line}", given.told);
        let count = (events - given.told) as usize;
        assert!(count <= given.count, "{line}: more than it was given");
        for event in self.unacknowledged.drain(..count) {
            let EventId::Sequence(number) = event.id else { panic!("it has a number") };
            self.acknowledged.push((event.source, number));
        }
        (given.count, given.told) = (given.count - count, events);
        self.durable = offset;
    }
}
