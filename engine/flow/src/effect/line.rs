//! The lines of a journal.

use etaflow_road::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::{Effect, EffectId};
use crate::eta::{Arrival, Cause, EtaUpdate};
use crate::event::{DriverId, Key, Offset, TripId};

/// What has no end for so long is no line.
const LINE_BYTES_MAX: usize = 1 << 16;

/// An effect, the number of the call in which it was taken, and how many were taken after it in that call.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) effect: Effect,
    pub(super) call: u64,
    pub(super) left: usize,
}

/// A line as JSON has it.
#[derive(Serialize, Deserialize)]
struct Written {
    offset: u64,
    trip_number: u32,
    trip: String,
    driver_number: Option<u32>,
    driver: Option<String>,
    cause: String,
    as_of: i64,
    fix_at: Option<i64>,
    direction_confidence: Option<f32>,
    epoch: u64,
    pickup_at: Option<i64>,
    arrival: Option<[i64; 3]>,
    call: u64,
    left: usize,
}

impl Line {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let Effect { id, trip, driver, update } = &self.effect;
        let written = Written {
            offset: id.offset.0,
            trip_number: id.trip.0,
            trip: trip.to_string(),
            driver_number: update.driver.map(|driver| driver.0),
            driver: driver.as_ref().map(Key::to_string),
            cause: update.cause.name().to_owned(),
            as_of: update.as_of.micros(),
            fix_at: update.fix_at.map(Timestamp::micros),
            direction_confidence: update.direction_confidence,
            epoch: update.epoch,
            pickup_at: update.pickup_at.map(Timestamp::micros),
            arrival: update.arrival.map(|Arrival { p10, p50, p90 }| [p10, p50, p90].map(Timestamp::micros)),
            call: self.call,
            left: self.left,
        };
        let json = serde_json::to_string(&written).expect("strings and numbers are JSON");
        out.extend(format!("{:08x} {json}\n", crc32c::crc32c(json.as_bytes())).into_bytes());
    }

    /// Reads a line, with its end, if it is whole.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let line = line.strip_suffix(b"\n")?;
        let (checksum, json) = (std::str::from_utf8(line.get(..8)?).ok()?, line.get(8..)?.strip_prefix(b" ")?);
        if checksum != format!("{:08x}", crc32c::crc32c(json)) {
            return None;
        }
        let written: Written = serde_json::from_slice(json).ok()?;
        let time = Timestamp::from_micros;
        let update = EtaUpdate {
            trip: TripId(written.trip_number),
            driver: written.driver_number.map(DriverId),
            offset: Offset(written.offset),
            cause: Cause::from_name(&written.cause)?,
            as_of: time(written.as_of),
            fix_at: written.fix_at.map(time),
            direction_confidence: written.direction_confidence,
            epoch: written.epoch,
            pickup_at: written.pickup_at.map(time),
            arrival: written.arrival.map(|at| at.map(time)).map(|[p10, p50, p90]| Arrival { p10, p50, p90 }),
        };
        let key = |text: &str| Key::new(text).ok();
        let driver = written.driver.as_deref().map(key);
        let driver = if driver == Some(None) { return None } else { driver.flatten() };
        let effect = Effect { id: EffectId::of(&update), trip: key(&written.trip)?, driver, update };
        Some(Self { effect, call: written.call, left: written.left })
    }
}

/// Goes through the lines of a journal as its bytes come, and finds out how far it is whole.
///
/// A call's lines are written and synced together, and the next call's after that. So a crash can leave anything of the
/// last call, in any order; of those before it, nothing is amiss. A line that is not whole, with a later call's after it,
/// is a damage.
pub(super) struct Scan<F> {
    each: F,
    rest: Vec<u8>,
    /// Where `rest` begins.
    at: u64,
    /// The effects of the call that is not seen whole yet.
    open: Vec<Effect>,
    open_left: Option<usize>,
    torn: bool,
    damaged: bool,
    found: Found,
}

/// What is whole in a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// Where the last whole call ends,
    pub(super) size: u64,
    /// and where it begins.
    pub(super) last_at: u64,
    /// How many there are.
    pub(super) calls: u64,
    /// The last effect.
    pub(super) last: Option<EffectId>,
}

impl<F: FnMut(Effect)> Scan<F> {
    /// Of bytes that begin at `at`; shows each effect of a whole call.
    pub(super) fn new(at: u64, each: F) -> Self {
        let found = Found { size: at, last_at: at, calls: 0, last: None };
        Self { each, rest: Vec::new(), at, open: Vec::new(), open_left: None, torn: false, damaged: false, found }
    }

    /// Takes the next bytes.
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.rest.extend_from_slice(bytes);
        let rest = std::mem::take(&mut self.rest);
        let mut left = &rest[..];
        while let Some(end) = left.iter().position(|&byte| byte == b'\n') {
            let (line, next) = left.split_at(end + 1);
            left = next;
            self.at += line.len() as u64;
            self.line(line);
        }
        if left.len() > LINE_BYTES_MAX {
            self.torn = true;
            self.at += left.len() as u64;
            left = &[];
        }
        self.rest = left.to_vec();
    }

    fn line(&mut self, line: &[u8]) {
        let Some(Line { effect, call, left }) = Line::read(line) else {
            self.torn = true;
            // The end of a line may be what is not whole, and the next one be in the same.
            let mut inside =
                line.windows(2).zip(2..).filter(|(ends, _)| ends[0] == b'}').map(|(_, from)| &line[from..]);
            self.damaged |= inside.any(|line| Line::read(line).is_some_and(|later| later.call > self.found.calls));
            return;
        };
        if self.torn {
            self.damaged |= call > self.found.calls;
            return;
        }
        if call != self.found.calls || self.open_left.is_some_and(|open| open != left + 1) {
            self.torn = true;
            self.damaged |= call > self.found.calls;
            return;
        }
        self.open.push(effect);
        self.open_left = Some(left);
        if left == 0 {
            let last = self.open.last().map(|last| last.id);
            self.found = Found { size: self.at, last_at: self.found.size, calls: call + 1, last };
            self.open_left = None;
            self.open.drain(..).for_each(&mut self.each);
        }
    }

    /// What was found when all bytes have come; or where the call begins that is damaged.
    pub(super) fn finish(self) -> Result<Found, u64> {
        if self.damaged { Err(self.found.size) } else { Ok(self.found) }
    }
}
