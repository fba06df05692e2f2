use etaflow::{Clock, Coord, DriverId, GpsFix, Offset, Payload, Record, SourceId, Span, Timestamp, WallClock};

use crate::Random;

/// How many records are appended at once.
pub const BATCH: usize = 64;

/// Every so long all that was appended is made durable.
pub const INTERVAL: Span = Span::from_millis(5);

/// No more are expected to be appended, however fast somebody is.
const RECORDS_PER_MICROSECOND: u64 = 40;

/// When the first record was taken in. Each further one comes a microsecond later.
const START: Timestamp = Timestamp::from_secs(1_700_000_000);

/// How much is appended.
#[derive(Debug, Clone, Copy)]
pub enum Amount {
    /// So many records; a multiple of [`BATCH`].
    Records(u64),
    /// As many as can be in that time.
    For(Span),
}

/// Records to be appended: hands them out, and says how many there were and how long it took.
#[derive(Debug)]
pub struct Load {
    clock: WallClock,
    amount: Amount,
    batch: Vec<Record>,
    handed_out: u64,
    began: Timestamp,
    synced: Timestamp,
    ended: Option<Timestamp>,
}

impl Load {
    /// So much of them. The time runs from now on.
    pub fn new(amount: Amount) -> Self {
        let clock = WallClock::new();
        let began = clock.now();
        Self { clock, amount, batch: fixes(), handed_out: 0, began, synced: began, ended: None }
    }

    /// Begins to measure anew: of no account is what it took to get ready.
    pub fn begin(&mut self) {
        self.began = self.clock.now();
        self.synced = self.began;
    }

    /// The next batch of [`BATCH`] records, if there is one more.
    pub fn next_batch(&mut self) -> Option<&[Record]> {
        let is_over = match self.amount {
            Amount::Records(records) => self.handed_out >= records,
            Amount::For(span) => self.clock.now().since(self.began) >= span,
        };
        if is_over {
            return None;
        }
        for (record, offset) in self.batch.iter_mut().zip(self.handed_out..) {
            number(record, offset);
        }
        self.handed_out += BATCH as u64;
        Some(&self.batch)
    }

    /// Whether [`INTERVAL`] has gone by since this was last true.
    pub fn sync_due(&mut self) -> bool {
        let now = self.clock.now();
        let is_due = now.since(self.synced) >= INTERVAL;
        if is_due {
            self.synced = now;
        }
        is_due
    }

    /// All that was handed out is durable now.
    pub fn end(&mut self) {
        self.ended = Some(self.clock.now());
    }

    /// How many bytes the frames of all records will have, at most or about.
    pub fn bytes(&self) -> u64 {
        let records = match self.amount {
            Amount::Records(records) => records,
            Amount::For(span) => span.micros() as u64 * RECORDS_PER_MICROSECOND,
        };
        records * Record::FRAME_BYTES as u64
    }

    /// How many records were handed out.
    pub fn records(&self) -> u64 {
        self.handed_out
    }

    /// How long it took until all of them were durable.
    ///
    /// # Panics
    /// If nobody has said that they are.
    pub fn elapsed(&self) -> Span {
        self.ended.expect("who appends says when it ends").since(self.began)
    }
}

/// The records that are appended, to be compared to what is read.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    batch: Vec<Record>,
}

impl Default for Expected {
    fn default() -> Self {
        Self { batch: fixes() }
    }
}

impl Expected {
    /// The record at an offset.
    pub(super) fn at(&mut self, offset: u64) -> &Record {
        let record = &mut self.batch[offset as usize % BATCH];
        number(record, offset);
        record
    }
}

/// As many records as a batch has, each a fix somewhere in a city.
fn fixes() -> Vec<Record> {
    let mut random = Random(5);
    let mut fix = || {
        let place =
            Coord::from_degrees(41.1 + 0.1 * random.unit(), -8.6 + 0.1 * random.unit()).expect("a place in Porto");
        let fix = GpsFix::at(place).with_accuracy_m(4.0).with_speed_mps(20.0 * random.unit());
        Payload::Location { driver: DriverId(0), fix: fix.with_heading_deg(360.0 * random.unit()) }
    };
    let record = |payload| Record {
        offset: Offset(0),
        time: START,
        ingest_time: START,
        waited_us: 250,
        source: SourceId(3),
        id: 0,
        payload,
    };
    (0..BATCH).map(|_| record(fix())).collect()
}

/// Makes the record at an offset out of that at the same place of another batch.
fn number(record: &mut Record, offset: u64) {
    record.offset = Offset(offset);
    record.ingest_time = ingest_time(offset);
    record.time = record.ingest_time - Span::from_millis(40);
    record.id = offset;
    if let Payload::Location { driver, .. } = &mut record.payload {
        *driver = DriverId((offset.wrapping_mul(7_919) % 100_000) as u32);
    }
}

/// When the record at an offset was taken in.
pub(super) fn ingest_time(offset: u64) -> Timestamp {
    START + Span::from_micros(offset as i64)
}
